"""Still images of single sprites, to pretrain a frame encoder on."""

from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from mmavssl.datasets.avsprites.drawing import Sprite, add_noise, draw_background, draw_colours
from mmavssl.datasets.avsprites.motions import MOTIONS
from mmavssl.datasets.avsprites.recipe import Recipe
from mmavssl.datasets.avsprites.scene import MAX_TILT, pick_hue
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.registry import DATASETS
from mmavssl.structures import AVDataSample, DrawIndex
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import MAX_SIDE, check_range

TRAIN_KEY, TEST_KEY = 0, 1


@DATASETS.register_module()
class AVSpritesStills(Dataset):
    """One sprite of a random kind, size, place and pose on a random background, in one frame.

    The label is the kind of the actor. It is to AVSprites what ImageNet is to real videos: a
    network that begins with recognizing single frames. Images are rendered when asked for and
    follow from (seed, epoch, repeat, index), so every epoch has new ones; a test set is fixed.

    Args:
        recipe: name of a shipped recipe, or a recipe.
        length: number of images in an epoch; the kinds take turns.
        size: side of the image in pixels, at least 16.
        sprite_size: least and greatest diameter as a part of the side.
        appearance: ``'colour'`` or ``'shape'`` as in `Difficulty`; None leaves it to the recipe.
        seed: of everything drawn.
        test_mode: return test samples, with one view; other images than those for training.
    """

    def __init__(
        self,
        recipe: str | Recipe = 'default',
        length: int = 4000,
        size: int = 64,
        sprite_size: tuple[float, float] = (0.25, 0.55),
        appearance: str | None = None,
        seed: int = 0,
        test_mode: bool = False,
    ) -> None:
        recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
        check_range('length', length, 1, 10**9)
        check_range('size', size, 16, MAX_SIDE)
        check_range('seed', seed, 0)
        if not 0 < sprite_size[0] <= sprite_size[1] <= 0.9:
            raise ConfigError(
                f'Expected `sprite_size` to be (low, high) in (0, 0.9], but got {sprite_size!r}.'
            )
        if appearance is not None:
            recipe = replace(recipe, difficulty=replace(recipe.difficulty, appearance=appearance))
        self.recipe = recipe
        self.length = length
        self.size = size
        self.sprite_size = tuple(sprite_size)
        self.seed = seed
        self.test_mode = test_mode

    @property
    def metainfo(self) -> dict:
        """Names of the classes: the kinds of actors."""
        return {'classes': tuple(actor.name for actor in self.recipe.actors)}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int | DrawIndex) -> dict:
        draw = index if isinstance(index, DrawIndex) else DrawIndex(index)
        if not 0 <= draw.index < self.length:
            raise IndexError(f'Expected `index` in [0, {self.length}), but got {draw.index!r}.')
        label = draw.index % self.recipe.num_kinds
        # A test image is the same in every epoch.
        key = (TEST_KEY, 0, 0) if self.test_mode else (TRAIN_KEY, draw.epoch, draw.repeat)
        rng = np.random.default_rng((self.seed, *key, draw.index))
        video = torch.from_numpy(self._render(label, rng)).permute(2, 0, 1)[:, None].contiguous()
        source = 'test' if self.test_mode else 'labeled'
        sample = AVDataSample(metainfo={'sample_idx': draw.index, 'source': source})
        sample.set_gt_label(label)
        inputs = {'video': video[None]} if self.test_mode else {'weak': {'video': video}}
        return {'inputs': inputs, 'data_samples': sample}

    def _render(self, label: int, rng: np.random.Generator) -> np.ndarray:
        kind = self.recipe.actors[label]
        diameter = rng.uniform(*self.sprite_size)
        # Half of the sprites stand still, the others are caught in their motion.
        phase = np.array([rng.uniform(0, 1) * rng.integers(2)])
        centre = self.size * rng.uniform(diameter / 2, 1 - diameter / 2, (1, 2))
        sprite = Sprite(
            shape=kind.shape,
            colours=draw_colours(pick_hue(self.recipe, kind, rng), rng),
            radius=self.size * diameter / 2,
            centres=centre,
            pose=MOTIONS[kind.motion](phase),
            tilt=rng.uniform(-MAX_TILT, MAX_TILT),
        )
        frames = draw_background(self.size, np.zeros(1), rng)
        sprite.draw(frames)
        return add_noise(frames, self.recipe.difficulty.pixel_noise, rng)[0]
