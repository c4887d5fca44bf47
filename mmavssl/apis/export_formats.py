"""Files that a program can be exported to, by suffix. What they need is imported when used."""

import importlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmavssl.apis.tracing import BATCH, Inputs, is_dynamic, quiet
from mmavssl.utils.errors import ConfigError

OUTPUT = 'scores'
METADATA_FILE = 'mmavssl.json'  # in a .pt2 archive
OLDEST_OPSET = 18  # that torch's exporter writes

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
        try:
            with quiet():
                onnx_program = self._convert(program, example)
                label(onnx_program.model, metadata, is_dynamic(program))
                onnx_program.save(path)
        except Exception as error:  # the exporter and its packages have many
            raise self._failure(first_line(error)) from error
        written = onnx_program.model.opset_imports.get('')
        if written != self.opset:
            raise self._failure(f'they write {written}')

    def _convert(
        self, program: torch.export.ExportedProgram, example: Inputs
    ) -> torch.onnx.ONNXProgram:
        axes = {name: {0: BATCH} for name in example} if is_dynamic(program) else None
        return torch.onnx.export(
            program,
            kwargs=example,
            dynamo=True,
            verbose=False,
            opset_version=self.opset,
            input_names=list(example),
            output_names=[OUTPUT],
            dynamic_shapes=axes,
        )

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


def label(model: Any, metadata: Mapping[str, Any], dynamic: bool) -> None:
    """Add metadata to an ONNX model, and the name of the open size, which torch 2.6 leaves out.

    Args:
        model: of the package onnx_ir.
        metadata: by name.
        dynamic: whether the batch size is open.
    """
    for name, value in metadata.items():
        model.metadata_props[name] = value if isinstance(value, str) else json.dumps(value)
    if dynamic:
        for value in (*model.graph.inputs, *model.graph.outputs):
            value.shape[0] = BATCH


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


def first_line(error: BaseException) -> str:
    """Return the beginning of what an error says, or the error that caused it."""
    while error.__cause__:
        error = error.__cause__
    return str(error).strip().partition('\n')[0].rstrip('.') or type(error).__name__
