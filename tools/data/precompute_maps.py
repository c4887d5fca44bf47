"""Compute the localization maps of a config's unlabeled clips once, for `LoadSoundMap`.

The localizer is frozen, so its maps can be looked up instead of computed in every iteration
(docs/map_cache.md says what that saves and what it changes).

Example:
    python tools/data/precompute_maps.py configs/asl_mix/avsprites_2shot.py data/avsprites/maps
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmavssl.utils.cli import add_reading_arguments, if_stopped, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Compute the localization maps of the unlabeled clips of a config once.'
    )
    parser.add_argument('config', help='config of a method whose masker has a localizer')
    parser.add_argument('out_dir', type=given_path, help='folder to fill; goes on where it stopped')
    parser.add_argument('--num-maps', type=int, default=16, help='maps of each video')
    parser.add_argument('--map-size', type=int, default=14, help='rows and columns of a map')
    parser.add_argument('--short-side', type=int, default=224, help='of the frames, in pixels')
    parser.add_argument('--workers', type=int, default=2, help='processes that load')
    parser.add_argument('--device', default='cpu', help='of the localizer, e.g. cuda')
    add_reading_arguments(parser)
    return parser.parse_args(argv)


@if_stopped('The same command goes on from here.')
def precompute(args: argparse.Namespace) -> None:
    """Fill the folder."""
    from mmengine.registry import init_default_scope

    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)
    from mmavssl.apis.precompute_maps import precompute_maps
    from mmavssl.structures.map_cache import MapCache
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.device import available_device

    available_device(args.device)  # or an error
    cfg = load_config(args.config, args.cfg_options, safe=args.safe_config)
    init_default_scope(cfg.default_scope)
    done = 0
    for problem in precompute_maps(
        cfg, args.out_dir, args.num_maps, args.map_size, args.short_side, args.workers,
        args.device, progress=True,
    ):  # fmt: skip
        done += 1
        if problem:
            print(f'precompute_maps: {problem}', file=sys.stderr)
    if not done:
        print(f'{args.out_dir} is finished already, by this config: nothing to do.')
    counts = MapCache(args.out_dir).counts
    print(
        f'{args.out_dir}: maps of {counts.videos - counts.unreadable} videos; '
        f'{counts.unreadable} could not be read; {counts.constant} of {counts.maps} maps are '
        'constant (without sound, of one colour, or by the localizer): masks will be drawn '
        'uniformly there.'
    )


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('precompute_maps', precompute, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
