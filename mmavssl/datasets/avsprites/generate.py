"""Generating a whole data set: videos, manifests, class names, boxes."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from mmavssl.datasets.avsprites.bounds import accuracy_bounds
from mmavssl.datasets.avsprites.folder import building_folder, reusable
from mmavssl.datasets.avsprites.recipe import Recipe
from mmavssl.datasets.avsprites.scene import render_clip
from mmavssl.datasets.avsprites.writer import write_clip
from mmavssl.structures.box_file import save_boxes
from mmavssl.utils.errors import ConfigError

VERSION = 2  # to be raised by whoever changes what the same configuration looks or sounds like
SPLITS = ('train', 'test')
CHUNK = 8
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AVSpritesConfig:
    """All that the content of a data set follows from.

    Args:
        recipe: kinds, clip format and difficulty.
        seed: non-negative; every clip has a generator of its own, see `clip_rng`.
        num_train: clips in the training split; classes take turns, so they are balanced.
        num_test: clips in the test split.
    """

    recipe: Recipe
    seed: int = 0
    num_train: int = 800
    num_test: int = 240

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f'Expected `seed` to be >= 0, but got {self.seed!r}.')
        classes = len(self.recipe.class_names)
        for name in ('num_train', 'num_test'):
            if getattr(self, name) < classes:
                raise ConfigError(
                    f'Expected `{name}` to be at least the number of classes ({classes}), '
                    f'but got {getattr(self, name)!r}.'
                )

    def counts(self) -> dict[str, int]:
        """Return the number of clips of each split."""
        return {'train': self.num_train, 'test': self.num_test}

    def digest(self) -> str:
        """Return a hash of the configuration and the version of the generator."""
        content = {**asdict(self), 'recipe': self.recipe.as_dict()}
        text = json.dumps({'version': VERSION, **content}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ClipKey:
    """One clip of a data set: number ``index`` of a split."""

    split: str
    index: int
    label: int
    name: str

    @property
    def path(self) -> str:
        """Path of the video relative to the data root."""
        return f'videos/{self.split}/{self.name}.mp4'


def clip_keys(config: AVSpritesConfig) -> list[ClipKey]:
    """Return all clips in the order of the manifests, the training split first."""
    names = config.recipe.class_names
    return [
        ClipKey(split, i, i % len(names), f'{names[i % len(names)]}_{i // len(names):04d}')
        for split, count in config.counts().items()
        for i in range(count)
    ]


def clip_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Return the generator of one clip, independent of all the others'."""
    return np.random.default_rng((seed, SPLITS.index(split), index))


def generate(
    out_dir: str | Path,
    config: AVSpritesConfig,
    workers: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict:
    """Write a data set, unless the folder holds exactly this one already.

    Either the whole data set appears at ``out_dir`` or nothing does.

    Args:
        out_dir: folder to create. See the package's docstring for its layout.
        config: what to write.
        workers: processes; the result does not depend on their number.
        overwrite: replace another AVSprites data set in ``out_dir``.
        progress: called with the number of clips done and of all clips.

    Returns:
        The content of ``avsprites.json``, with an additional ``reused``: whether it was there.

    Raises:
        ConfigError: ``out_dir`` holds something else.
    """
    out_dir = Path(out_dir)
    info = describe(config)
    paths = [key.path for key in clip_keys(config)]
    if reusable(out_dir, info['digest'], paths, overwrite):
        return {**info, 'reused': True}
    with building_folder(out_dir) as folder:
        _write_all(folder, config, workers, progress)
        (folder / 'avsprites.json').write_text(json.dumps(info, indent=2) + '\n')
    return {**info, 'reused': False}


def describe(config: AVSpritesConfig) -> dict:
    """Return what ``avsprites.json`` says: configuration, classes and accuracy bounds."""
    recipe = config.recipe
    classes = [
        {'name': name, 'actor': recipe.actors[actor].name, 'sound': sound}
        for name, sound, (actor, _) in zip(
            recipe.class_names, recipe.sound_names, recipe.class_table, strict=True
        )
    ]
    return {
        'version': VERSION,
        'digest': config.digest(),
        'seed': config.seed,
        'counts': config.counts(),
        'classes': classes,
        'bounds': accuracy_bounds(recipe.heard, recipe.difficulty.num_distractors),
        'recipe': recipe.as_dict(),
    }


def _write_all(
    folder: Path, config: AVSpritesConfig, workers: int, progress: Progress | None
) -> None:
    keys = clip_keys(config)
    for split in SPLITS:
        (folder / 'videos' / split).mkdir(parents=True)
    boxes: dict[str, dict[str, np.ndarray]] = {split: {} for split in SPLITS}
    for key, box in zip(keys, _render(folder, config, keys, workers), strict=True):
        boxes[key.split][key.name] = box
        if progress:
            progress(sum(map(len, boxes.values())), len(keys))
    (folder / 'classes.txt').write_text('\n'.join(config.recipe.class_names) + '\n')
    for split in SPLITS:
        save_boxes(folder / f'boxes_{split}.npz', boxes[split])
        with open(folder / f'manifest_{split}.csv', 'w', newline='') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(['path', 'label'])
            writer.writerows([key.path, key.label] for key in keys if key.split == split)


def _render(
    folder: Path, config: AVSpritesConfig, keys: list[ClipKey], workers: int
) -> Iterator[np.ndarray]:
    if workers <= 1:
        # One thread, as in the workers: OpenCV's results depend on how it divides the work.
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield from (render_file(folder, config, key) for key in keys)
        finally:
            cv2.setNumThreads(threads)
        return
    # `spawn`: a forked child of a process that has used torch or OpenCV threads may hang.
    with ProcessPoolExecutor(
        workers, mp_context=get_context('spawn'), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        tasks = [folder] * len(keys), [config] * len(keys), keys
        yield from pool.map(render_file, *tasks, chunksize=CHUNK)


def render_file(folder: Path, config: AVSpritesConfig, key: ClipKey) -> np.ndarray:
    """Render and write one clip and return its boxes (T, 4)."""
    recipe = config.recipe
    clip = render_clip(recipe, key.label, clip_rng(config.seed, key.split, key.index))
    write_clip(
        folder / key.path, clip.frames, clip.waveform, recipe.clip.fps, recipe.clip.sample_rate
    )
    return clip.boxes
