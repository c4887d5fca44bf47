"""One page about a training run."""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image

from mmavssl.apis.localizer_weights import saved_localizer
from mmavssl.apis.mask_clips import find_partners, load_test_clips
from mmavssl.apis.mask_panels import mask_panels
from mmavssl.apis.report.run_environment import environment
from mmavssl.apis.report.run_facts import (
    cost,
    picture_title,
    results,
    settings,
    time_and_memory,
)
from mmavssl.apis.report.run_files import RunFiles, find_run
from mmavssl.apis.report.tested_clips import (
    TestedClip,
    confusion_of,
    examples,
    predict_clips,
)
from mmavssl.apis.report.tested_networks import load_networks
from mmavssl.evaluation.functional.accuracy import agreement, class_accuracy
from mmavssl.utils.checkpoints import read_checkpoint
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.visualization import report_page as page
from mmavssl.visualization.class_figures import draw_confusion, to_picture
from mmavssl.visualization.curves import curves_figure, read_scalars
from mmavssl.visualization.mask_figure import draw_mask_figure
from mmavssl.visualization.networks_figure import draw_networks

EXAMPLES = 6
MASKED_CLIPS = 4


def make_report(
    folder: Path,
    out: Path,
    max_clips: int = 200,
    warn: Callable[[str], None] = lambda text: None,
    progress: bool = False,
) -> list[str]:
    """Write one page about a run: settings, curves, classes, masks, cost, time, environment.

    Args:
        folder: work directory of tools/train.py.
        out: HTML file to write.
        max_clips: of the test list that the newest checkpoint sees, one view each; equally many
            of each class.
        warn: called with a line for each thing that is left out, and why.
        progress: show a bar.

    Returns:
        The titles of the sections.

    Raises:
        DataError: the folder holds no run.
        ConfigError: its config cannot be read any more.
    """
    run = find_run(folder, warn)
    cfg = load_config(str(run.config))
    scalars = read_scalars(run.folder)
    sections = [page.Section('Settings', [page.facts_table(settings(cfg))])]
    curves = [page.figure_html(to_picture(curves_figure(run.folder)[0]), 'training curves')]
    if rows := results(scalars):  # a run may leave validation out
        curves.append(page.numbers_table(('validation', 'last', 'best'), rows))
    sections.append(page.Section('Curves', curves))
    pictures = 'Pictures of training' if run.pictures else 'Masks'
    classes = partial(class_parts, max_clips=max_clips, progress=progress)
    parts = {'Classes': classes, pictures: mask_parts}
    for title, part in parts.items():
        try:
            sections.append(page.Section(title, part(cfg, run)))
        except (ConfigError, DataError) as error:
            warn(f'{title} are left out. {error}')
            sections.append(page.Section(title, [page.remark(f'Left out: {error}')]))
    facts = {**cost(cfg), **time_and_memory(scalars)}
    sections.append(page.Section('Cost and time', [page.facts_table(facts)]))
    sections.append(page.Section('Environment', [page.facts_table(environment(run))]))
    text = page.folded(run.config.name, run.config.read_text())
    sections.append(page.Section('Config', [text]))
    page.save_report(out, f'{cfg.model.type}: {folder.name}', sections)
    return [section.title for section in sections]


def class_parts(
    cfg: Config, run: RunFiles, max_clips: int, progress: bool = False
) -> list[str]:
    """Return the confusion, the accuracy of each class, and examples right and wrong.

    They are of the network that the config tests, the student where it tests both. Where there
    are both, the accuracy is that of each, and a picture compares them.

    Raises:
        ConfigError: no checkpoint, or none with a recognizer that fits.
        DataError: the test list cannot be used.
    """
    if run.checkpoint is None:
        raise ConfigError(f'{run.folder} has no checkpoint.')
    networks = load_networks(cfg, run.checkpoint)
    clips, classes = predict_clips(cfg, networks, max_clips, progress)
    right, wrong = examples(clips, EXAMPLES)
    share = sum(clip.is_right for clip in clips) / len(clips)
    return [
        page.remark(
            f'The {networks.role} of {run.checkpoint.name} on {len(clips)} clips of the test '
            f'list (of each class equally many, as far as there are), one view each: '
            f'{100 * share:.1f} % right. tools/test.py averages several views of all clips.'
        ),
        page.figure_html(draw_confusion(confusion_of(clips).numpy(), classes), 'confusion matrix'),
        *network_parts(networks.seen_by(clips), classes),
        *shown('Wrong, the surest first', wrong, classes),
        *shown('Right, the least sure first', right, classes),
    ]


def network_parts(seen: dict[str, list[TestedClip]], classes: list[str]) -> list[str]:
    """Return the accuracy of each network in each class, and a picture of two side by side."""
    confusions = {role: confusion_of(clips) for role, clips in seen.items()}
    counts = next(iter(confusions.values())).sum(dim=1).tolist()
    columns = [class_accuracy(confusion).tolist() for confusion in confusions.values()]
    rows = [
        (name, str(count), *(f'{value:.0f}' if count else '' for value in values))
        for name, count, *values in zip(classes, counts, *columns, strict=True)
    ]
    table = page.numbers_table(('class', 'clips', *(f'{role} right (%)' for role in seen)), rows)
    if len(seen) < 2:
        return [table]
    labels, *_ = (torch.tensor([clip.label for clip in clips]) for clips in seen.values())
    predicted = [torch.tensor([clip.predicted for clip in clips]) for clips in seen.values()]
    matrices = {role: confusion.numpy() for role, confusion in confusions.items()}
    picture = draw_networks(matrices, agreement(labels, *predicted), classes)
    return [page.figure_html(picture, ' and '.join(seen)), table]


def shown(title: str, clips: list, classes: list[str]) -> list[str]:
    """Return clips under a title; nothing where there are none."""
    if not clips:
        return []
    articles = [
        page.example_html(clip.name, clip.frames, clip.probs, clip.label, classes)
        for clip in clips
    ]
    return [f'<h3>{title}</h3>', page.examples_html(articles)]


def mask_parts(cfg: Config, run: RunFiles) -> list[str]:
    """Return the last pictures of training, or masks of test clips where there are none.

    Raises:
        ConfigError: the method mixes nothing.
        DataError: the test list cannot be used.
    """
    if run.pictures:
        titles = {picture_title(path.stem): path for path in run.pictures.values()}
        return [
            html
            for title, path in titles.items()
            for html in (
                f'<h3>{escape(title)}</h3>',
                page.figure_html(np.array(Image.open(path).convert('RGB')), title),
            )
        ]
    if not (cfg.model.get('mixer') or {}).get('masker'):
        raise ConfigError('The method has no masks.')
    samples = load_test_clips(cfg, MASKED_CLIPS)
    saved = saved_localizer(read_checkpoint(str(run.checkpoint))) if run.checkpoint else None
    panels = mask_panels(cfg, samples, find_partners(samples), seed=0, saved=saved)
    return [
        page.remark('Clips of the test list; train.py --visualize draws those of training.'),
        page.figure_html(draw_mask_figure(panels), 'localization maps, masks and mixed clips'),
    ]
