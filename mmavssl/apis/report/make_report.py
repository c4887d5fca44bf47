"""One page about a training run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image

from mmavssl.apis.clip_classifier import load_classifier
from mmavssl.apis.export import default_network
from mmavssl.apis.mask_clips import find_partners, load_test_clips
from mmavssl.apis.mask_panels import mask_panels
from mmavssl.apis.report.run_facts import cost, results, settings, time_and_memory
from mmavssl.apis.report.run_files import RunFiles, find_run
from mmavssl.apis.report.tested_clips import confusion_of, examples, predict_clips
from mmavssl.evaluation.functional.accuracy import class_accuracy
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.visualization import report_page as page
from mmavssl.visualization.class_figures import draw_confusion, to_picture
from mmavssl.visualization.curves import curves_figure, read_scalars
from mmavssl.visualization.mask_figure import draw_mask_figure

EXAMPLES = 6
MASKED_CLIPS = 4


def make_report(
    folder: Path,
    out: Path,
    max_clips: int = 200,
    warn: Callable[[str], None] = lambda text: None,
) -> list[str]:
    """Write one page about a run: settings, curves, classes, examples, masks, cost and time.

    Args:
        folder: work directory of tools/train.py.
        out: HTML file to write.
        max_clips: of the test list that the newest checkpoint sees, one view each.
        warn: called with a line for each thing that is left out, and why.

    Returns:
        The titles of the sections.

    Raises:
        DataError: the folder holds no run.
        ConfigError: its config cannot be read any more.
    """
    run = find_run(folder, warn)
    cfg = load_config(str(run.config))
    scalars = read_scalars(run.scalars)
    sections = [page.Section('Settings', [page.facts_table(settings(cfg))])]
    curves = [page.figure_html(to_picture(curves_figure(run.scalars)[0]), 'training curves')]
    if rows := results(scalars):  # a run may leave validation out
        curves.append(page.numbers_table(('validation', 'last', 'best'), rows))
    sections.append(page.Section('Curves', curves))
    parts = {'Classes': partial(class_parts, max_clips=max_clips), 'Masks': mask_parts}
    for title, part in parts.items():
        try:
            sections.append(page.Section(title, part(cfg, run)))
        except (ConfigError, DataError) as error:
            warn(f'{title} are left out. {error}')
            sections.append(page.Section(title, [page.remark(f'Left out: {error}')]))
    facts = {**cost(cfg), **time_and_memory(scalars)}
    sections.append(page.Section('Cost and time', [page.facts_table(facts)]))
    text = page.folded(run.config.name, run.config.read_text())
    sections.append(page.Section('Config', [text]))
    page.save_report(out, f'{cfg.model.type}: {folder.name}', sections)
    return [section.title for section in sections]


def class_parts(cfg: Config, run: RunFiles, max_clips: int) -> list[str]:
    """Return the confusion, the accuracy of each class, and examples right and wrong.

    They are of the network that the config tests, the student where it tests both.

    Raises:
        ConfigError: no checkpoint, or none with a recognizer that fits.
        DataError: the test list cannot be used.
    """
    if run.checkpoint is None:
        raise ConfigError(f'{run.folder} has no checkpoint.')
    role = default_network(cfg)
    classifier, _ = load_classifier(cfg, run.checkpoint, role)
    clips, classes = predict_clips(cfg, classifier, max_clips)
    confusion = confusion_of(clips)
    counts, accuracy = confusion.sum(dim=1).tolist(), class_accuracy(confusion).tolist()
    rows = [
        (name, str(count), f'{value:.0f}' if count else '')
        for name, count, value in zip(classes, counts, accuracy, strict=True)
    ]
    right, wrong = examples(clips, EXAMPLES)
    share = sum(clip.is_right for clip in clips) / len(clips)
    return [
        page.remark(
            f'The {role} of {run.checkpoint.name} on {len(clips)} clips of the test list, one '
            f'view each: {100 * share:.1f} % right. tools/test.py averages several views.'
        ),
        page.figure_html(draw_confusion(confusion.numpy(), classes), 'confusion matrix'),
        page.numbers_table(('class', 'clips', 'right (%)'), rows),
        *shown('Wrong, the surest first', wrong, classes),
        *shown('Right, the least sure first', right, classes),
    ]


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
        return [
            html
            for name, path in run.pictures.items()
            for html in (
                f'<h3>{path.stem}</h3>',
                page.figure_html(np.array(Image.open(path).convert('RGB')), name),
            )
        ]
    if not (cfg.model.get('mixer') or {}).get('masker'):
        raise ConfigError('The method has no masks.')
    samples = load_test_clips(cfg, MASKED_CLIPS)
    panels = mask_panels(cfg, samples, find_partners(samples), seed=0)
    return [
        page.remark('Clips of the test list; train.py --visualize draws those of training.'),
        page.figure_html(draw_mask_figure(panels), 'localization maps, masks and mixed clips'),
    ]
