"""Write one network of a training checkpoint as safetensors, with where it comes from.

The file holds tensors only; its metadata name the MMEngine epoch and the sha256 of the tensors,
and a JSON file of the same name repeats them for readers. Those of a student or teacher have the
class names and what predicting needs of the config in the checkpoint as well, so that
tools/predict.py, tools/demo.py and tools/export.py take the file alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from torch import Tensor


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', help='checkpoint of a training run')
    parser.add_argument('out', type=given_path, help='file to write, *.safetensors')
    parser.add_argument(
        '--use', '--network', default='teacher', metavar='NETWORK',
        help="prefix of the tensors to keep: 'teacher' (default), 'student', 'student.backbone'",
    )  # fmt: skip
    parser.add_argument(
        '--config', metavar='NAME',
        help='name of the config for the metadata; its content is that in the checkpoint',
    )  # fmt: skip
    return parser.parse_args(argv)


def publish(args: argparse.Namespace) -> None:
    """Convert the checkpoint."""
    from mmavssl.utils.checkpoints import read_checkpoint
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.published_weights import SUFFIX
    from mmavssl.utils.roles import ROLES
    from mmavssl.utils.weight_writers import check_out, write_safetensors

    check_out(str(args.out), args.checkpoint, (SUFFIX,))
    content = read_checkpoint(args.checkpoint)
    meta = content.get('meta')
    if not isinstance(meta, Mapping) or 'epoch' not in meta or 'state_dict' not in content:
        raise ConfigError(f'{args.checkpoint} is not of tools/train.py: it has no epoch.')
    prefix = f'{args.use}.'
    tensors = {
        name.removeprefix(prefix): tensor
        for name, tensor in content['state_dict'].items()
        if name.startswith(prefix)
    }
    if not tensors:
        raise ConfigError(
            f'{args.checkpoint} has no tensors named {prefix}*; `--use` may be one of '
            f'{sorted({name.split(".")[0] for name in content["state_dict"]})}.'
        )
    facts = describe(args, meta, tensors)
    if args.use in ROLES:
        facts |= what_predicting_needs(args, content)
    write_safetensors(args.out, tensors, facts)
    told = {name: value for name, value in facts.items() if name != 'cfg'}  # long
    args.out.with_suffix('.json').write_text(json.dumps(told, indent=2) + '\n')
    size = args.out.stat().st_size / 1e6
    print(f'{args.out}: {len(tensors)} tensors of the {args.use} (--use), {size:.2f} MB')


def describe(
    args: argparse.Namespace, meta: Mapping[str, Any], tensors: dict[str, Tensor]
) -> dict[str, str]:
    """Return where the tensors come from, and their hash."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].numpy().tobytes())
    facts = {
        'network': args.use,
        'epoch': str(meta['epoch']),
        'seed': str(meta.get('seed')),
        'sha256_of_tensors': digest.hexdigest(),
    }
    if args.config:
        facts['config'] = args.config
    if 'audio_input' in meta:  # of a localizer
        facts['audio_input'] = meta['audio_input']
    return facts


def what_predicting_needs(
    args: argparse.Namespace, content: Mapping[str, Any]
) -> dict[str, str]:
    """Return class names, config and the roles that the network has in it, as far as is known."""
    from mmavssl.apis.checkpoint_config import config_in_checkpoint
    from mmavssl.apis.predictions import class_names
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.roles import ROLES

    parts = {name.partition('.')[0] for name in content['state_dict']}
    facts = {'roles': ' '.join(role for role in ROLES if role in parts)}
    if classes := class_names(content):
        facts['classes'] = json.dumps(classes)
    try:
        cfg = config_in_checkpoint(args.checkpoint).to_dict()
    except ConfigError as error:
        print(f'{args.out} is written without a config: {error}', file=sys.stderr)
        return facts
    masker = (cfg['model'].get('mixer') or {}).get('masker') or {}
    masker.pop('save_localizer', None)  # as its tensors are not in the file
    return {**facts, 'cfg': '\n'.join(f'{key} = {value!r}' for key, value in cfg.items())}


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('publish_model', publish, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
