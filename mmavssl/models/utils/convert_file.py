"""Convert a file of weights: read, convert, write, print the table."""

import argparse
from typing import Any

from mmavssl.models.utils.conversion import OUR_KEY, Converted, to_official, to_ours
from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts import LAYOUTS, Layout
from mmavssl.models.utils.layouts.jax_vit import JAX_VIT
from mmavssl.models.utils.pretrained import TIMM_SCHEME, find_state_dict, read_state_dict
from mmavssl.structures.network_facts import FACTS_KEY, parse_facts
from mmavssl.utils.convert_cli import ConvertTool
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.weight_files import read_weight_file
from mmavssl.utils.weight_writers import TORCH_SUFFIXES, check_out, write_weight_file

TEACHER, STUDENT = 'teacher.', 'student.'


def convert_file(tool: ConvertTool, args: argparse.Namespace) -> None:
    """Read IN, convert it, write OUT and print what became of each tensor.

    Raises:
        ConfigError: IN cannot be used, is in another layout or does not fit, or OUT would destroy
            something.
    """
    layout = _official_layout(tool, args)
    out = check_out(args.out, args.source, suffixes_of(layout) if layout else TORCH_SUFFIXES)
    try:
        converted = _convert(tool, args, layout)
    except MisfitError as misfit:
        end = '' if str(misfit).endswith('.') else '.'
        raise ConfigError(f'{args.source}: {misfit}{end}') from misfit
    content, report = converted
    if args.teacher:
        _add_teacher(content)
    write_weight_file(out, content)
    print(f'{args.source}: {report.layout}')
    print('\n'.join(report.table()))
    ending = ', as many for a teacher' if args.teacher else ''
    print(f'{out}: {len(report.origins) + len(report.initial)} tensors{ending}')


def suffixes_of(layout: Layout) -> tuple[str, ...]:
    """Return the suffixes that files of an official layout may have."""
    if layout is JAX_VIT:
        return ('.npz',)
    return TORCH_SUFFIXES if layout.key else (*TORCH_SUFFIXES, '.safetensors')


def _add_teacher(content: dict[str, Any]) -> None:
    """Write the student and what is known of it a second time, in place."""
    state = content[OUR_KEY]
    content[OUR_KEY] = state | {
        name.replace(STUDENT, TEACHER, 1): tensor.clone() for name, tensor in state.items()
    }
    networks = content.get('meta', {}).get(FACTS_KEY, {})
    networks |= {path.replace(STUDENT, TEACHER, 1): facts for path, facts in networks.items()}


def _official_layout(tool: ConvertTool, args: argparse.Namespace) -> Layout | None:
    if not args.to_official:
        return None
    by_suffix = JAX_VIT.name if args.out.endswith('.npz') else tool.writes[0]
    name = args.layout or (by_suffix if by_suffix in tool.writes else tool.writes[0])
    return next(layout for layout in LAYOUTS if layout.name == name)


def _convert(tool: ConvertTool, args: argparse.Namespace, layout: Layout | None) -> Converted:
    changes = dict(args.set)
    said = parse_facts(dict(args.facts))
    if layout is None:
        source = read_state_dict(args.source, args.sha256)
        source.said = said
        return to_ours(source, tool, changes, args.allow)
    if args.source.startswith(TIMM_SCHEME):
        raise ConfigError(f'{args.source} is not ours. Leave --to-official out.')
    content = read_weight_file(args.source, args.sha256)
    source = find_state_dict(content, args.source)
    source.said = said
    return to_official(content, source, tool, layout, args.network, changes, args.allow)
