"""What mixed clips show of both actors that sound, against the share that their label has.

A mixed clip has the label λ y_1 + (1 - λ) y_2. On AVSprites it is known where what sounds is, in
both clips, so that it can be counted how much of either is left. In silent classes that is the
actor which moves as if it did. Writes `benchmarks/results/mix_evidence.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from machine import describe_machine
from mix_measures import evidence, percent, touches
from mmengine.registry import init_default_scope
from torch import Tensor

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.apis.grid.config_hash import portable
from mmavssl.apis.grid.made import digest_of
from mmavssl.datasets.avsprites.folder import INFO_FILE
from mmavssl.datasets.collate import av_collate
from mmavssl.models.localizers.audio_input import LOGMEL, localizer_audio
from mmavssl.models.maskers.map_weights import is_silent
from mmavssl.models.mixers import TokenMix
from mmavssl.registry import DATASETS, MIXERS, MODELS
from mmavssl.structures import DrawIndex
from mmavssl.structures.crop_boxes import cell_coverage
from mmavssl.utils.configs import load_config
from mmavssl.utils.mix_evidence_table import table

ROOT = Path(__file__).parents[1]
OUT = ROOT / 'benchmarks' / 'results' / 'mix_evidence.json'
CONFIGS = {
    'tube': 'ablations/avsprites_2shot_av_tube_contrast.py',
    'frame': 'ablations/avsprites_2shot_frame.py',
    'random': 'ablations/avsprites_2shot_random.py',
    'uniform': 'controls/avsprites_2shot_uniform.py',
    'center_prior': 'controls/avsprites_2shot_center_prior.py',
    'fnac': 'avsprites_2shot.py',
    'oracle': 'controls/avsprites_2shot_oracle.py',
    'fnac_evidence': 'ablations/avsprites_2shot_evidence.py',
    'oracle_evidence': 'controls/avsprites_2shot_oracle_evidence.py',
}
#: Its views have the boxes of the actors that sound.
VIEWS = 'controls/avsprites_2shot_oracle.py'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=Path('data/avsprites'))
    parser.add_argument('--localizer', help='checkpoint of FNAC (default: the one of the config)')
    parser.add_argument('--setting', default='default', help='name of the data in the results')
    parser.add_argument('--num-clips', type=int, default=256)
    parser.add_argument('--repeats', type=int, default=8, help='mixes of each clip')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', type=Path, default=OUT, help='JSON file; other settings stay')
    args = parser.parse_args(argv)
    args.localizer = args.localizer or default_localizer()
    return args


def default_localizer() -> str:
    """Return the checkpoint that the config of ASL-Mix names."""
    cfg = load_config(str(ROOT / 'configs/asl_mix' / CONFIGS['fnac']))
    return cfg.model.mixer.masker.localizer.init_cfg.checkpoint


def load_views(args: argparse.Namespace) -> dict[str, Tensor]:
    """Return strong views of training clips, with the boxes of what sounds in them."""
    cfg = load_config(str(ROOT / 'configs/asl_mix' / VIEWS))
    init_default_scope(cfg.default_scope)
    dataset = cfg.train_dataloader.dataset.unlabeled.to_dict()
    strong = next(step for step in dataset['pipeline'] if step['type'] == 'MultiView')['strong']
    boxes = next(step for step in strong if step['type'] == 'LoadBoxes')
    boxes['boxes_file'] = str(args.data / 'boxes_train.npz')
    dataset.update(
        data_root=str(args.data), ann_file='manifest_train.csv', source='unlabeled'
    )
    clips = DATASETS.build(dataset)
    steps = torch.linspace(0, len(clips) - 1, args.num_clips).long().tolist()
    samples = [clips[DrawIndex(index)] for index in steps]
    return av_collate(samples)['inputs']['strong']


def build_mixer(name: str, localizer: str) -> tuple[TokenMix, torch.nn.Module]:
    """Return the mixer of a config and what normalizes its frames."""
    cfg = load_config(str(ROOT / 'configs/asl_mix' / CONFIGS[name]))
    if name.startswith('fnac'):
        cfg.model.mixer.masker.localizer.init_cfg.checkpoint = localizer
    mixer = MIXERS.build(cfg.model.mixer.to_dict())
    mixer.init_weights()
    return mixer.eval(), MODELS.build(cfg.model.data_preprocessor)


@torch.no_grad()
def measure(name: str, view: dict[str, Tensor], args: argparse.Namespace) -> dict[str, Tensor]:
    """Return what `evidence` says of each mix of a clip, (repeats, B)."""
    mixer, preprocessor = build_mixer(name, args.localizer)
    video = preprocessor.normalize(view['video'])
    frames = preprocessor.unnormalize(video).transpose(1, 2)
    sound = localizer_audio(view, mixer.audio_input) if mixer.needs_localization else None
    coverage = cell_coverage(view['boxes'], mixer.token_grid(video)[1:]).flatten(2)
    torch.manual_seed(args.seed)
    found = []
    for _ in range(args.repeats):
        partner = torch.randperm(len(video)).roll(1)
        mixed = mixer(video, view['audio'], partner, frames=frames, audio_clean=sound)
        found.append(evidence(mixed.mask, coverage, coverage[partner], mixed.ratio))
        if mixed.heatmap is not None:
            found[-1]['map_on_actor'] = touches(mixed.heatmap.flatten(2), coverage)
    return {key: torch.stack([each[key] for each in found]) for key in found[0]}


def provenance(args: argparse.Namespace) -> dict:
    """Return what figures are of; what the clips follow from stands for them."""
    content = {
        'data': str(args.data),
        'data_sha256': digest_of(args.data / INFO_FILE),
        'localizer': args.localizer,
        'localizer_sha256': digest_of(Path(args.localizer)),
        'num_clips': args.num_clips,
        'repeats': args.repeats,
        'seed': args.seed,
        'machine': describe_machine(),
    }
    return portable(content, ROOT)


def figures(args: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """Return the figures of all masks; where clips are silent, also by what the first clip is."""
    view = load_views(args)
    silent = is_silent(localizer_audio(view, LOGMEL))
    parts = {'masks': torch.ones_like(silent)}
    if silent.any():
        parts.update(first_sounds=~silent, first_is_silent=silent)
    values = {name: measure(name, view, args) for name in CONFIGS}
    return {
        part: {name: percent(value, chosen) for name, value in values.items()}
        for part, chosen in parts.items()
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    result = json.loads(args.out.read_text()) if args.out.exists() else {'settings': {}}
    result['settings'][args.setting] = {**provenance(args), **figures(args)}
    args.out.write_text(json.dumps(result, indent=2) + '\n')
    print(table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
