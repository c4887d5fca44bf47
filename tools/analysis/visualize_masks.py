"""Draw what guides the mix: frames, localization map, ASL-guided and tube mask, mixed clip.

Examples:
    python tools/analysis/visualize_masks.py configs/asl_mix/avsprites_2shot.py
    python tools/analysis/visualize_masks.py configs/asl_mix/ucf51_1shot.py a.mp4 b.mp4 --out m.mp4

A picture has the frames of a clip side by side. A video (`--out` ends with `.mp4`) plays the clips
one after the other, each frame as long as in its clip, with the clip's own sound. Every clip is
mixed with the next one; a single one with a clip of the config's test list, if it is on the disk.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path, positive
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmengine.config import Config

PICTURES = ('.png', '.jpg', '.jpeg')
VIDEO = '.mp4'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Draw localization maps and masks of the clips of a data set, or of videos.'
    )
    parser.add_argument('config', help='config of a method with an ASL-guided masker')
    parser.add_argument('videos', nargs='*', help='videos (default: from the test list)')
    parser.add_argument(
        '--weights', help='checkpoint of a run, whose localizer draws if it is kept in there'
    )
    parser.add_argument(
        '--num-clips', type=positive, default=4, help='clips of the test list to draw'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the masks')
    parser.add_argument(
        '--out', type=given_path, default=Path('masks.png'),
        help='picture (.png, .jpg) or video (.mp4) to write (default: masks.png)',
    )  # fmt: skip
    add_reading_arguments(parser)
    return parser.parse_intermixed_args(argv)


def check_out(out: Path, videos: list[str]) -> None:
    """Raise a ConfigError if nothing can, or should, be written to that file."""
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.outputs import check_output

    if out.suffix not in (*PICTURES, VIDEO):
        endings = ', '.join((*PICTURES, VIDEO))
        raise ConfigError(f'--out {out}: expected a file name that ends with one of {endings}.')
    if out.resolve() in [Path(video).resolve() for video in videos]:
        raise ConfigError(f'--out {out} is one of the videos to draw. Name another file.')
    check_output(out)


def check_videos(videos: list[str]) -> None:
    """Raise a ConfigError at the first file that is not there; a storage tells of its own."""
    from mmavssl.utils.errors import ConfigError

    for video in videos:
        if '://' not in video and not Path(video).is_file():
            what = 'is a folder: name the videos' if Path(video).is_dir() else 'does not exist'
            raise ConfigError(f'{video} {what}. Expected video files to draw after the config.')


def check_test_list(cfg: Config) -> None:
    """Raise at what is not there of the test list, or does not fit the head, as training does."""
    from mmavssl.datasets.clip_check import check_clips
    from mmavssl.utils.data_check import check_files

    check_files(cfg, training=False)
    check_clips(cfg, ('test_dataloader',))


def visualize(args: argparse.Namespace) -> None:
    """Load the clips, mix them, and write the file."""
    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)
    from mmavssl.apis.localizer_weights import saved_localizer
    from mmavssl.apis.mask_clips import find_partners, load_another, load_test_clips, load_videos
    from mmavssl.apis.mask_panels import mask_panels
    from mmavssl.utils.checkpoints import read_checkpoint
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.errors import ConfigError

    check_videos(args.videos)
    check_out(args.out, args.videos)
    cfg = load_config(args.config, args.cfg_options, safe=args.safe_config)
    if not (cfg.model.get('mixer') or {}).get('masker'):
        raise ConfigError(f'{args.config} has no `model.mixer.masker`: there is no mask.')
    saved = saved_localizer(read_checkpoint(args.weights)) if args.weights else None
    if args.videos:
        samples = load_videos(cfg, args.videos)
    else:
        check_test_list(cfg)
        samples = load_test_clips(cfg, args.num_clips, progress=True)
    drawn, partners = list(samples), find_partners(samples)
    if None in partners and (other := load_another(cfg, samples[0])) is not None:
        partners = [len(samples)] * len(samples)
        samples = [*samples, other]
    save(args.out, mask_panels(cfg, samples, partners, args.seed, saved), drawn)
    if None in partners:
        print(
            f'visualize_masks: no other clip to mix {drawn[0]["data_samples"].video_path} with, '
            'so the row of mixed frames is left out. Name a second video.',
            file=sys.stderr,
        )
    print(args.out)


def save(out: Path, panels: list, samples: list[dict]) -> None:
    """Write the picture, or the video of the clips with their times and sounds."""
    from mmavssl.visualization import ASLVisualizer, PlayedClip, save_mask_video

    if out.suffix != VIDEO:
        ASLVisualizer.save_clips(out, panels)
        return
    clips = []
    for panel, sample in zip(panels, samples, strict=True):
        [[begin, end]] = sample['data_samples'].clip_times
        sound = sample['inputs'].get('waveform')
        clips.append(PlayedClip(panel, end - begin, None if sound is None else sound[0].numpy()))
    save_mask_video(out, clips, progress=True)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('visualize_masks', visualize, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
