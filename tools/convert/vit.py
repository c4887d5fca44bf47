"""Convert image transformers to the start of a TimeSformer, and back.

Examples:
    python tools/convert/vit.py B_16-augreg.npz vit.pth
    python tools/convert/vit.py timm://vit_base_patch16_224.augreg_in21k vit.pth
    python tools/convert/vit.py videomae.pth joint.pth --set attention_type=joint num_frames=16
    python tools/convert/vit.py vit.pth back.npz --to-official

Vision transformers of JAX (.npz), timm and DeiT (.pth, .safetensors, or by their name in timm),
MAE and VideoMAE. `init_cfg` takes these files as they are, too; see docs/weights.md.
"""

import argparse
import sys
from collections.abc import Sequence

from mmavssl.utils.convert_cli import ConvertTool, run
from mmavssl.utils.guarded_output import guarded_output

TOOL = ConvertTool(
    name='vit',
    title='an image transformer',
    network='TimeSformer',
    reads=('timm_vit', 'jax_vit', 'mae', 'videomae', 'videomae_pretrained'),
    writes=('timm_vit', 'jax_vit'),
    sees_images=True,
)


def convert(tool: ConvertTool, args: argparse.Namespace) -> None:
    """Convert the file."""
    from mmavssl.models.utils.convert_file import convert_file

    convert_file(tool, args)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run(TOOL, convert, argv)


if __name__ == '__main__':
    sys.exit(main())
