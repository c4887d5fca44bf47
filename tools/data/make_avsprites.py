"""Make the AVSprites data set: H.264 and AAC files, manifests, boxes.

Example:
    python tools/data/make_avsprites.py data/avsprites --workers 2
    python tools/data/make_avsprites.py data/avsprites_held_out --recipe held_out --seed 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mmavssl.utils.cli import run_tool
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmavssl.datasets.avsprites.generate import AVSpritesConfig

#: As in mmavssl.datasets.avsprites, whose import takes seconds.
RECIPES = ('default', 'held_out')
APPEARANCES = ('colour', 'shape')
DISTRACTOR_MOTIONS = ('drift', 'slow', 'events')
CLIP_OPTIONS = ('size', 'fps', 'seconds')
DIFFICULTY_OPTIONS = (
    'appearance', 'num_distractors', 'distractor_scale', 'distractor_motion', 'actor_size',
    'pixel_noise', 'audio_noise', 'silent_classes',
)  # fmt: skip


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Make the AVSprites data set. The same options give the same clips.'
    )
    parser.add_argument('out_dir', help='folder to create')
    parser.add_argument(
        '--recipe', choices=RECIPES, default='default',
        help='kinds of actors and sounds, and so the classes: 4 of each and 8 classes; held_out '
        'has none in common with default (default: default)',
    )  # fmt: skip
    parser.add_argument(
        '--seed', type=int, default=0,
        help='of all that is drawn: places, sizes, times, noise; another one gives other clips of '
        'the same classes (default: 0)',
    )  # fmt: skip
    parser.add_argument('--num-train', type=int, default=800, help='training clips (default: 800)')
    parser.add_argument('--num-test', type=int, default=240, help='test clips (default: 240)')
    parser.add_argument(
        '--num-kinds', type=int,
        help='kinds of actors and of sounds, from 2; there are twice as many classes (default: 4)',
    )  # fmt: skip
    parser.add_argument('--workers', type=int, default=1, help='processes (default: 1)')
    parser.add_argument('--overwrite', action='store_true', help='replace another AVSprites set')
    recipe = parser.add_argument_group('changes to the recipe')
    recipe.add_argument('--size', type=int, help='side of the frame in pixels (default: 80)')
    recipe.add_argument('--fps', type=int, help='frames a second (default: 16)')
    recipe.add_argument('--seconds', type=float, help='duration of a clip (default: 3)')
    recipe.add_argument(
        '--appearance', choices=APPEARANCES,
        help='what tells kinds of actors apart besides their motion: colour and shape, or the '
        'shape alone, as colours are random (default: colour)',
    )  # fmt: skip
    recipe.add_argument(
        '--num-distractors', type=int, help='silent actors in a clip (default: 1)'
    )
    recipe.add_argument(
        '--distractor-scale', type=float,
        help="their greatest size relative to the actor's (default: 0.4)",
    )  # fmt: skip
    recipe.add_argument(
        '--distractor-motion', choices=DISTRACTOR_MOTIONS,
        help="they drift only; move as their kind does, but slowly; or as fast as an actor "
        '(default: slow)',
    )  # fmt: skip
    recipe.add_argument(
        '--actor-size', type=float, nargs=2, metavar=('LOW', 'HIGH'),
        help="diameter as a part of the frame's side (default: 0.3 0.4)",
    )  # fmt: skip
    recipe.add_argument(
        '--pixel-noise', type=float, help='standard deviation in grey levels (default: 4)'
    )
    recipe.add_argument('--audio-noise', type=float, help='standard deviation (default: 0.005)')
    recipe.add_argument('--silent-classes', type=int, help='classes without sound (default: 0)')
    args = parser.parse_args(argv)
    args.actor_size = args.actor_size and tuple(args.actor_size)
    return args


def make_config(args: argparse.Namespace) -> AVSpritesConfig:
    """Turn the command line into a configuration."""
    from mmavssl.datasets.avsprites.generate import AVSpritesConfig
    from mmavssl.datasets.avsprites.shipped import get_recipe

    def given(names: Sequence[str]) -> dict:
        return {name: getattr(args, name) for name in names if getattr(args, name) is not None}

    recipe = get_recipe(args.recipe, args.num_kinds)
    recipe = replace(
        recipe,
        clip=replace(recipe.clip, **given(CLIP_OPTIONS)),
        difficulty=replace(recipe.difficulty, **given(DIFFICULTY_OPTIONS)),
    )
    return AVSpritesConfig(recipe, args.seed, args.num_train, args.num_test)


def make(args: argparse.Namespace) -> None:
    """Write the data set and report."""
    from mmavssl.datasets.avsprites.generate import generate
    from mmavssl.utils.progress import progress_bar

    begin, config = time.perf_counter(), make_config(args)
    with progress_bar('Making', args.num_train + args.num_test) as advance:
        info = generate(
            args.out_dir, config, args.workers, args.overwrite, lambda done, total: advance()
        )
    if info['reused']:
        print(f'{args.out_dir} holds this data set already.')
    else:
        print(f'Wrote {args.out_dir} in {time.perf_counter() - begin:.1f} s.')
    print('Accuracy of the best possible classifier with')
    for evidence, bound in info['bounds'].items():
        print(f'  {evidence:28s} {100 * bound:5.1f}%')


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('make_avsprites', make, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
