"""Files that a program can be exported to, by suffix. What they need is imported when used."""

import importlib
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmavssl.utils.errors import ConfigError

BATCH = 'batch'
OUTPUT = 'scores'
MAX_BATCH = 65535  # torch before 2.7 wants a bound
METADATA_FILE = 'mmavssl.json'  # in a .pt2 archive
OLDEST_OPSET = 18  # that torch's exporter writes

Inputs = dict[str, Tensor]
Runner = Callable[[Inputs], Tensor]


class ONNXFormat:
    """ONNX, with the metadata as properties of the model: texts, or JSON.

    Args:
        opset: version of ONNX's operators, 18 or newer.
    """

    packages = ('onnx', 'onnxscript')
    check_packages = ('onnxruntime',)

    def __init__(self, opset: int | None = None) -> None:
        self.opset = OLDEST_OPSET if opset is None else opset
        if self.opset < OLDEST_OPSET:
            raise ConfigError(f'Expected `opset` to be {OLDEST_OPSET} or more, but got {opset}.')

    def save(
        self,
        program: torch.export.ExportedProgram,
        example: Inputs,
        path: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Write the program; weights of more than 1.5 GiB go to ``<path>.data``.

        Raises:
            ConfigError: the installed packages do not write this opset.
        """
        axes = {name: {0: BATCH} for name in example} if is_dynamic(program) else None
        with quiet():
            try:
                onnx_program = torch.onnx.export(
                    program,
                    kwargs=example,
                    dynamo=True,
                    verbose=False,
                    opset_version=self.opset,
                    input_names=list(example),
                    output_names=[OUTPUT],
                    dynamic_shapes=axes,
                )
            except Exception as error:  # the exporter and its packages have many
                raise self._failure(first_line(error)) from error
        written = onnx_program.model.opset_imports.get('')
        if written != self.opset:
            raise self._failure(f'they write {written}')
        model = onnx_program.model
        for name, value in metadata.items():
            model.metadata_props[name] = value if isinstance(value, str) else json.dumps(value)
        onnx_program.save(path)

    def _failure(self, reason: str) -> ConfigError:
        packages = ('torch', *self.packages)
        versions = ', '.join(f'{package} {version(package)}' for package in packages)
        return ConfigError(
            f'{versions} cannot write the network with opset {self.opset}: {reason}.'
        )

    @staticmethod
    def load(path: Path) -> Runner:
        """Return what runs the file, by onnxruntime on the CPU.

        Raises:
            ConfigError: onnxruntime does not read it.
        """
        import onnxruntime

        try:
            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        except Exception as error:  # its classes have no public base
            raise ConfigError(
                f'onnxruntime {onnxruntime.__version__} does not read what was written: '
                f'{first_line(error)}'
            ) from error

        def run(inputs: Inputs) -> Tensor:
            arrays = {name: value.numpy() for name, value in inputs.items()}
            return torch.from_numpy(session.run([OUTPUT], arrays)[0])

        return run


class TorchFormat:
    """The archive of ``torch.export``, with the metadata as JSON in an extra file.

    Args:
        opset: must be None.
    """

    packages = check_packages = ()

    def __init__(self, opset: int | None = None) -> None:
        if opset is not None:
            raise ConfigError(f'`opset` {opset} is for .onnx alone. Leave it out for .pt2.')

    @staticmethod
    def save(
        program: torch.export.ExportedProgram,
        example: Inputs,
        path: Path,
        metadata: Mapping[str, Any],
    ) -> None:
        """Write the program."""
        with quiet():
            torch.export.save(program, path, extra_files={METADATA_FILE: json.dumps(metadata)})

    @staticmethod
    def load(path: Path) -> Runner:
        """Return what runs the file."""
        with quiet():
            module = torch.export.load(path).module()
        return lambda inputs: module(**inputs)


FORMATS = {'.onnx': ONNXFormat, '.pt2': TorchFormat}


def choose_format(out: Path, opset: int | None, check: bool) -> ONNXFormat | TorchFormat:
    """Return the format of a file name, whose packages are there.

    Args:
        out: file to write.
        opset: of ONNX, or None for the default.
        check: whether the file will be run.

    Raises:
        ConfigError: unknown suffix, a setting that the format does not have, missing packages.
    """
    if out.suffix not in FORMATS:
        endings = ' or '.join(FORMATS)
        raise ConfigError(f'{out}: expected a file name that ends with {endings}.')
    chosen = FORMATS[out.suffix](opset)
    require(chosen.packages, f'Writing {out.suffix}')
    if check:
        require(chosen.check_packages, f'Checking {out.suffix}', ' (or do not check: --no-check)')
    return chosen


def require(packages: tuple[str, ...], purpose: str, otherwise: str = '') -> None:
    """Raise unless the packages can be imported."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ConfigError(
                f'{purpose} needs {" and ".join(packages)} ({first_line(error)}). To install: '
                f'pip install {" ".join(packages)}{otherwise}'
            ) from error


def to_program(model: nn.Module, example: Inputs, dynamic: bool) -> torch.export.ExportedProgram:
    """Trace a model in eval mode.

    Args:
        model: to be called with the example's names.
        example: inputs; at least two samples if ``dynamic``, since one would be taken for all.
        dynamic: whether the batch size is open.
    """
    axis = {0: torch.export.Dim(BATCH, max=MAX_BATCH)} if dynamic else None
    shapes = dict.fromkeys(example, axis)
    with torch.no_grad(), quiet(), plain_encoder_layers():
        return torch.export.export(model, (), kwargs=example, dynamic_shapes=shapes, strict=False)


def is_dynamic(program: torch.export.ExportedProgram) -> bool:
    """Whether the program leaves a size open."""
    return bool(program.range_constraints)


def first_line(error: BaseException) -> str:
    """Return the beginning of what an error says, or the error that caused it."""
    while error.__cause__:
        error = error.__cause__
    return str(error).strip().partition('\n')[0].rstrip('.') or type(error).__name__


@contextmanager
def plain_encoder_layers() -> Iterator[None]:
    """Trace torch's encoder layers as they are written; their fused form has no equal in ONNX."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what torch's exporters say about themselves; what they raise says enough."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(disabled)
