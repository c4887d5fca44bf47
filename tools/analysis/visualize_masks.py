"""Draw what guides the mix: frames, localization map, ASL-guided and tube mask, mixed clip.

Examples:
    python tools/analysis/visualize_masks.py configs/asl_mix/avsprites_2shot.py
    python tools/analysis/visualize_masks.py configs/asl_mix/ucf51_1shot.py a.mp4 b.mp4 --out m.mp4

A picture has the frames of a clip side by side. A video (`--out` ends with `.mp4`) plays the clips
one after the other, each frame as long as in its clip, with the clip's own sound.
"""

import argparse
import copy
import sys
from collections.abc import Sequence
from pathlib import Path

PICTURES = ('.png', '.jpg', '.jpeg')
VIDEO = '.mp4'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Draw localization maps and masks of the clips of a data set, or of videos.'
    )
    parser.add_argument('config', help='config of a method with an ASL-guided masker')
    parser.add_argument('videos', nargs='*', help='videos (default: from the test list)')
    parser.add_argument('--num-clips', type=int, default=4, help='clips of the test list to draw')
    parser.add_argument('--seed', type=int, default=0, help='of the masks')
    parser.add_argument(
        '--out', type=Path, default=Path('masks.png'),
        help='picture (.png, .jpg) or video (.mp4) to write (default: masks.png)',
    )  # fmt: skip
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to the config'
    )
    return parser.parse_args(argv)


def check_out(out: Path, videos: list[str]) -> None:
    """Raise a ConfigError if nothing can, or should, be written to that file."""
    from mmavssl.utils.errors import ConfigError

    if out.suffix not in (*PICTURES, VIDEO):
        endings = ', '.join((*PICTURES, VIDEO))
        raise ConfigError(f'--out {out}: expected a file name that ends with one of {endings}.')
    if out.resolve() in [Path(video).resolve() for video in videos]:
        raise ConfigError(f'--out {out} is one of the videos to draw. Name another file.')


def one_view_pipeline(pipeline: list[dict]) -> list[dict]:
    """Return the test pipeline with one clip from the middle, one crop, and the sound itself."""
    pipeline = copy.deepcopy(list(pipeline))
    for transform in pipeline:
        if transform['type'] == 'SampleClip':
            transform['num_clips'] = 1
        if transform['type'] == 'ThreeCrop':
            transform['type'] = 'CenterCrop'
        if transform['type'] == 'PackAVInputs':
            transform['keep_waveform'] = True
    return pipeline


def load_samples(cfg, videos: list[str], count: int) -> list[dict]:
    """Run the pipeline on the videos, or on clips of different classes of the test list."""
    from mmavssl.registry import DATASETS, TRANSFORMS

    dataset_cfg = dict(cfg.test_dataloader.dataset)
    pipeline = one_view_pipeline(dataset_cfg['pipeline'])
    if not videos:
        dataset = DATASETS.build({**dataset_cfg, 'pipeline': pipeline})
        return [dataset[index] for index in range(min(count, len(dataset)))]
    transforms = [TRANSFORMS.build(transform) for transform in pipeline]
    samples = []
    for index, video in enumerate(videos):
        results = {'video_path': video, 'source': 'test', 'sample_idx': index}
        for transform in transforms:
            results = transform(results)
        samples.append(results)
    return samples


def draw(cfg, samples: list[dict], seed: int) -> list:
    """Mix every clip with the next one and return its panel."""
    import torch

    from mmavssl.models.localizers.audio_input import localizer_audio
    from mmavssl.models.maskers import TubeToken
    from mmavssl.registry import MIXERS, MODELS
    from mmavssl.visualization.mask_figure import ClipPanel

    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    mixer = MIXERS.build(cfg.model.mixer)
    localizer = getattr(mixer.masker, 'localizer', None)
    if hasattr(localizer, 'init_weights'):  # a plugin need not have any
        localizer.init_weights()
    mixer.eval()
    views = [sample['inputs'] for sample in samples]
    clips = torch.cat([view['video'] for view in views])
    audio = torch.cat([view['audio'] for view in views]) if 'audio' in views[0] else None
    sound = None
    if mixer.needs_localization:
        sounds = [localizer_audio(view, mixer.audio_input) for view in views]
        sound = None if sounds[0] is None else torch.cat(sounds)
    video = preprocessor.normalize(clips)
    torch.manual_seed(seed)
    frames = preprocessor.unnormalize(video).transpose(1, 2)
    partner = torch.arange(len(clips)).roll(-1)
    mixed = mixer(video, audio, partner, frames=frames, audio_clean=sound)
    tube = TubeToken()(mixed.ratio, mixer.token_grid(video))
    pictures = (preprocessor.unnormalize(mixed.video) * 255).round().byte()
    return [
        ClipPanel(
            frames=clips[i].permute(1, 2, 3, 0).numpy(),
            title=f'{Path(sample["data_samples"].video_path).name}, '
            f'mixed {float(mixed.ratio[i]):.2f} : {1 - float(mixed.ratio[i]):.2f}',
            heatmap=None if mixed.heatmap is None else mixed.heatmap[i].numpy(),
            masks={'guided mask': mixed.mask[i].numpy(), 'tube mask': tube.mask[i].numpy()},
            mixed=pictures[i].permute(1, 2, 3, 0).numpy(),
        )
        for i, sample in enumerate(samples)
    ]


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
    save_mask_video(out, clips)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.errors import ConfigError, DataError

    try:
        check_out(args.out, args.videos)
        cfg = load_config(args.config, args.cfg_options)
        if not cfg.model.get('mixer', {}).get('masker'):
            raise ConfigError(f'{args.config} has no `model.mixer.masker`: there is no mask.')
        samples = load_samples(cfg, args.videos, args.num_clips)
        save(args.out, draw(cfg, samples, args.seed), samples)
    except (ConfigError, DataError) as error:
        print(f'visualize_masks: {error}', file=sys.stderr)
        return 2
    print(args.out)
    return 0


if __name__ == '__main__':
    sys.exit(main())
