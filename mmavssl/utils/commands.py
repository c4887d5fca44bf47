"""The commands of ``python -m mmavssl``: which tool each of them runs, and where the tools are."""

import ast
import re
import sys
from pathlib import Path

PROGRAM = 'mmavssl'
#: Tools by command. Those of two words are listed by the first word alone: `prepare --help`.
COMMANDS = {
    'train': 'train',
    'test': 'test',
    'predict': 'predict',
    'demo': 'demo',
    'split': 'data/make_split',
    'download': 'data/download',
    'prepare folder': 'data/prepare_folder',
    'prepare ucf51': 'data/prepare_ucf51',
    'prepare k400': 'data/prepare_k400',
    'prepare vggsound': 'data/prepare_vggsound',
    'prepare vggss': 'data/prepare_vggss',
    'prepare flickr_soundnet': 'data/prepare_flickr_soundnet',
    'browse': 'data/browse',
    'bench': 'benchmark',
    'cost': 'analysis/get_cost',
    'export': 'export',
    'info': 'info',
    'sprites': 'data/make_avsprites',
    'maps': 'data/precompute_maps',
    'pack': 'data/pack_shards',
    'masks': 'analysis/visualize_masks',
    'curves': 'analysis/plot_curves',
    'report': 'analysis/report',
    'replay': 'analysis/replay_batch',
    'publish': 'publish_model',
    'convert ast': 'convert/ast',
    'convert efficientnet_lite': 'convert/efficientnet_lite',
    'convert localizer': 'convert/localizer',
    'convert svformer': 'convert/svformer',
    'convert timesformer': 'convert/timesformer',
    'convert vit': 'convert/vit',
    'quickstart': 'quickstart',
}
#: What the first of two words means.
GROUPS = {
    'prepare': 'Write the lists of a data set that is on the disk.',
    'convert': 'Convert published weights to ours, and back.',
}
#: A tool as texts and configs name it.
TOOL = re.compile(r'(?:\bpython )?\btools/([\w/]+)\.py\b')
PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Return a folder that comes with the package: in a wheel, or beside it in a checkout.

    Args:
        name: ``configs`` or ``tools``.
    """
    inside = PACKAGE / '.mim' / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def shipped_configs() -> list[str]:
    """Return the configs that come with the package, as paths in its folder of configs."""
    folder = shipped('configs')
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob('*.py'))]
    return [name for name in names if not name.startswith('_base_/')]


def tool_file(command: str) -> Path:
    """Return the file of a command."""
    return shipped('tools') / f'{COMMANDS[command]}.py'


def summary(command: str) -> str:
    """Return the first sentence of what a tool says about itself, without running it."""
    try:
        text = ast.get_docstring(ast.parse(tool_file(command).read_text('utf-8')))
    except OSError:  # a package that somebody has taken parts from
        return '(its tool is not there)'
    return ' '.join((text or '').partition('\n\n')[0].split())


def as_typed(text: str) -> str:
    """Return a text in which tools are called as the user has called this one.

    ``tools/`` is there in a checkout alone. Where `mmavssl` was called, or a program uses the
    package of a wheel, the commands are known.

    >>> as_typed('Run python tools/data/make_split.py first.')
    'Run python tools/data/make_split.py first.'
    """
    if called_command() is None and not (PACKAGE / '.mim').is_dir():
        return text
    names = {tool: name for name, tool in COMMANDS.items()}
    return TOOL.sub(
        lambda match: f'{PROGRAM} {names[match[1]]}' if match[1] in names else match[0], text
    )


def called_command() -> str | None:
    """Return the command of `mmavssl` that runs; None where a file of tools/ was called."""
    program = ''.join(sys.argv[:1])
    return program.removeprefix(f'{PROGRAM} ') if program.startswith(f'{PROGRAM} ') else None
