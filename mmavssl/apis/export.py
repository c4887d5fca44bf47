"""A trained recognizer as one file for deployment, without mmavssl: ONNX or ``torch.export``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

from mmavssl.apis.clip_classifier import ClipClassifier, load_classifier
from mmavssl.apis.export_formats import OUTPUT, Runner, choose_format
from mmavssl.apis.tested_data import classes_of_test_data, default_network, first_test_data
from mmavssl.apis.tracing import BATCH, Inputs, to_program
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import check_output
from mmavssl.utils.progress import progress_bar
from mmavssl.utils.without_secrets import without_secrets

TOLERANCE = 1e-4
CHECKED_BATCHES = 3
#: Below this, float32 has no digits of a probability left.
SMALLEST_SCORE = 1e-30


class Exported(NamedTuple):
    """What was written.

    Attributes:
        files: the first one is what was asked for.
        metadata: what it says about itself.
        difference: largest one of its log-probabilities to the network's, None if not checked.
    """

    files: list[Path]
    metadata: dict[str, Any]
    difference: float | None


def export_recognizer(
    cfg: Config,
    checkpoint: str | Path,
    out: Path,
    use: str | None = None,
    batch_size: int | None = 1,
    opset: int | None = None,
    check: bool = True,
    progress: bool = False,
) -> Exported:
    """Write the recognizer of a checkpoint as a program, and compare the two on random clips.

    The file appears when all of this is done; one of this name stays as it is until then.

    Args:
        cfg: the config that the checkpoint was trained with; ``input_size`` says what goes in.
        checkpoint: of tools/train.py.
        out: file to write, ``.onnx`` or ``.pt2``.
        use: ``student`` or ``teacher``. None: the one that the config tests, or the student.
        batch_size: clips at a time; None leaves it open.
        opset: version of ONNX's operators, None for 18.
        check: whether to run the file and the network on the same random clips.
        progress: show a bar.

    Raises:
        ConfigError: a package is missing, the checkpoint does not fit, ``out`` cannot be written,
            or the program differs from the network by more than 1e-4.
    """
    form = choose_format(out, opset, check)
    check_output(out)
    init_default_scope(cfg.get('default_scope', 'mmavssl'))
    role = use or default_network(cfg)
    model, facts = load_classifier(cfg, checkpoint, role)
    shapes = input_shapes(cfg, model.hears)
    example = random_inputs(shapes, batch_size or 2)
    try:
        num_classes = classify(model, example).shape[1]
    except ValueError as error:
        raise ConfigError(
            f'The network does not take clips of the `input_size` in the config: {error}'
        ) from error
    metadata = {
        **facts,
        **describe_inputs(cfg, example, num_classes, batch_size),
        'classes': classes_of_test_data(cfg, num_classes),
    }
    with progress_bar('Exporting', 3, shown=progress) as advance:  # traced, written, compared
        program = to_program(model, example, dynamic=batch_size is None)
        advance()
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='.export_', dir=out.parent) as folder:
            draft = Path(folder, out.name)
            form.save(program, example, draft, metadata)
            advance()
            difference = None
            if check:
                counts = range(1, CHECKED_BATCHES + 1)
                sizes = [batch_size] * CHECKED_BATCHES if batch_size else counts
                clips = [random_inputs(shapes, size, seed) for seed, size in enumerate(sizes)]
                difference = check_program(form.load(draft), model, clips)
            advance()
            others = [file.name for file in Path(folder).iterdir() if file != draft]
            for name in (*others, out.name):
                Path(folder, name).replace(out.with_name(name))
    return Exported([out, *map(out.with_name, others)], metadata, difference)


def input_shapes(cfg: Mapping, hears: bool) -> dict[str, tuple[int, ...]]:
    """Return the shape of a clip (3, T, H, W) and, if it is heard, of its log-mel (T_a, F).

    Args:
        cfg: with ``input_size``.
        hears: whether there is audio.

    Raises:
        ConfigError: ``input_size`` lacks a size.
    """
    size = cfg.get('input_size', {})
    needed = ['num_frames', 'size', *(['audio_frames', 'num_mel_bins'] if hears else [])]
    missing = [name for name in needed if name not in size]
    if missing:
        raise ConfigError(
            f'Expected `input_size` in the config to say {", ".join(needed)}, but '
            f'{", ".join(missing)} is missing.'
        )
    shapes = {'video': (3, size['num_frames'], size['size'], size['size'])}
    if hears:
        shapes['audio'] = (size['audio_frames'], size['num_mel_bins'])
    return shapes


def random_inputs(
    shapes: Mapping[str, tuple[int, ...]], batch_size: int, seed: int = 0
) -> Inputs:
    """Return noise, each clip in another colour."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randint(128, (batch_size, *shape), dtype=torch.uint8, generator=generator)

    inputs = {'video': draw(*shapes['video']) + draw(3, 1, 1, 1)}
    if 'audio' in shapes:
        inputs['audio'] = torch.randn(batch_size, *shapes['audio'], generator=generator)
    return inputs


def describe_inputs(
    cfg: Mapping, example: Inputs, num_classes: int, batch_size: int | None
) -> dict[str, Any]:
    """Return what the program takes and gives, and how the config's test makes and averages it."""
    batch = batch_size or BATCH
    dataset = first_test_data(cfg)
    return {
        'inputs': {
            name: {
                'dtype': str(value.dtype).removeprefix('torch.'),
                'shape': [batch, *value.shape[1:]],
            }
            for name, value in example.items()
        },
        'outputs': {OUTPUT: {'dtype': 'float32', 'shape': [batch, num_classes]}},
        'test_pipeline': without_secrets(dataset.get('pipeline', [])),
        'average': cfg['model'].get('average', 'prob'),
    }


def classify(model: ClipClassifier, inputs: Inputs) -> Tensor:
    """Run the network as it is."""
    with torch.no_grad():
        return model(**inputs)


def check_program(run: Runner, model: ClipClassifier, batches: list[Inputs]) -> float:
    """Return the largest difference of log-probabilities between a program and the network.

    Those of small probabilities tell as much of the logits as those of large ones do.

    Raises:
        ConfigError: it is more than 1e-4, or no number; or the network gives all clips the same.
    """
    expected = log_scores(torch.cat([classify(model, inputs) for inputs in batches]))
    actual = log_scores(torch.cat([run(inputs) for inputs in batches]))
    difference = float((actual - expected).abs().max())
    if not difference <= TOLERANCE:
        raise ConfigError(
            f'The log-probabilities of the program differ from those of the network by up to '
            f'{difference:.1e}, more than {TOLERANCE:.0e}: it was not written.'
        )
    variation = float((expected.amax(dim=0) - expected.amin(dim=0)).max())
    if not variation > TOLERANCE:
        raise ConfigError(
            'The network gives the same scores to all random clips, so that comparing them says '
            'nothing of the program. Is it trained? To write it all the same: --no-check.'
        )
    return difference


def log_scores(scores: Tensor) -> Tensor:
    """Return log-probabilities, those of vanishing probabilities alike."""
    return scores.clamp(min=SMALLEST_SCORE).log()
