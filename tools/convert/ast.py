"""Convert audio and image transformers to an ASTEncoder, and back.

Examples:
    python tools/convert/ast.py audioset_16_16_0.4422.pth ast.pth
    python tools/convert/ast.py audioset_16_16_0.4422.pth cls.pth --set distilled=False
    python tools/convert/ast.py timm://deit_base_distilled_patch16_224 image.pth
    python tools/convert/ast.py ast.pth back.pth --to-official
    python tools/convert/ast.py ast.pth back.safetensors --to-official --layout hf_ast

Checkpoints of AST's code and of Hugging Face; vision transformers, whose patch kernels are summed
over their colours. `init_cfg` takes these files as they are, too; see docs/weights.md.
"""

import importlib.machinery
import importlib.util
import os
import sys

if __name__ == 'ast':
    # Python looks for modules next to a script first, so that `import ast` anywhere finds this
    # file when a tool of this folder runs. Its own module of that name is what is meant.
    spec = importlib.machinery.PathFinder.find_spec(__name__, [os.path.dirname(os.__file__)])
    sys.modules[__name__] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[__name__])
else:
    import argparse
    from collections.abc import Sequence

    from mmavssl.utils.convert_cli import ConvertTool, run
    from mmavssl.utils.guarded_output import guarded_output

    TOOL = ConvertTool(
        name='ast',
        title='an audio or image transformer',
        network='ASTEncoder',
        reads=('ast', 'hf_ast', 'timm_vit', 'jax_vit', 'mae'),
        writes=('ast', 'hf_ast'),
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
