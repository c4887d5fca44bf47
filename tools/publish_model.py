"""Write one network of a training checkpoint as safetensors, with where it comes from.

The file holds tensors only; its metadata name the config, the MMEngine epoch and the sha256 of the
tensors, and a JSON file of the same name repeats them for readers.
"""

import argparse
import hashlib
import json
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', type=Path, help='checkpoint of tools/train.py')
    parser.add_argument('out', type=Path, help='file to write, *.safetensors')
    parser.add_argument(
        '--network', default='teacher',
        help="prefix of the tensors to keep: 'teacher' (default), 'student', 'student.backbone'",
    )  # fmt: skip
    parser.add_argument('--config', required=True, help='config that the checkpoint came from')
    return parser.parse_args()


def main() -> None:
    """Convert the checkpoint."""
    args = parse_args()
    import torch
    from safetensors.torch import save_file

    content = torch.load(args.checkpoint, map_location='cpu', weights_only=True)
    prefix = f'{args.network}.'
    tensors = {
        name.removeprefix(prefix): tensor.contiguous()
        for name, tensor in content['state_dict'].items()
        if name.startswith(prefix)
    }
    if not tensors:
        raise SystemExit(
            f'{args.checkpoint} has no tensors named {prefix}*; `--network` may be one of '
            f'{sorted({name.split(".")[0] for name in content["state_dict"]})}.'
        )
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].numpy().tobytes())
    facts = {
        'network': args.network,
        'config': args.config,
        'epoch': str(content['meta']['epoch']),
        'seed': str(content['meta']['seed']),
        'sha256_of_tensors': digest.hexdigest(),
    }
    if 'audio_input' in content['meta']:  # of a localizer
        facts['audio_input'] = content['meta']['audio_input']
    save_file(tensors, args.out, metadata=facts)
    args.out.with_suffix('.json').write_text(json.dumps(facts, indent=2) + '\n')
    print(f'{args.out}: {len(tensors)} tensors, {args.out.stat().st_size / 1e6:.2f} MB')


if __name__ == '__main__':
    main()
