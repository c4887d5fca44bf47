"""Tensors of published weights to files of ours and back: what the tools in tools/convert do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.utils.ast_weights import fit_to_ast
from mmavssl.models.utils.fit import MisfitError, StateDict, settle
from mmavssl.models.utils.geometry import ast_arguments, build_network, timesformer_arguments
from mmavssl.models.utils.layouts import Layout, is_recognizer, recognizer_layout
from mmavssl.models.utils.layouts.find import find_layout, without_parallel_prefix
from mmavssl.models.utils.layouts.jax_vit import JAX_VIT, jax_vit
from mmavssl.models.utils.layouts.timm_vit import TIMM_VIT
from mmavssl.models.utils.linear_head import check_exportable, take_head
from mmavssl.models.utils.plain_vit import make_plain
from mmavssl.models.utils.report import ASIDE, Report
from mmavssl.models.utils.source import SourceTensors
from mmavssl.models.utils.timesformer_weights import fit_to_timesformer
from mmavssl.models.utils.vit_architecture import known_heads
from mmavssl.structures.network_facts import FACTS_KEY, NetworkFacts
from mmavssl.utils.convert_cli import ConvertTool

OUR_KEY = 'state_dict'
#: In files of ours: what of the official file has no place in our networks, and its layout.
ASIDE_KEY = 'official'


class Network(NamedTuple):
    """A backbone, and how tensors become its own.

    Attributes:
        build: its class.
        part: what a recognizer calls it.
        arguments: returns those of the network that tensors fit, where the user does not set them.
        fit: changes tensors in place to fit the network.
    """

    build: Callable[..., nn.Module]
    part: str
    arguments: Callable[[StateDict, NetworkFacts, Collection[str]], dict[str, Any]]
    fit: Callable[[StateDict, nn.Module, Report, NetworkFacts], None]


class Converted(NamedTuple):
    """What is to be written, and what became of each tensor."""

    content: dict[str, Any]
    report: Report


NETWORKS = {
    'TimeSformer': Network(
        TimeSformer, 'backbone', lambda state, facts, _: timesformer_arguments(state, facts),
        fit_to_timesformer,
    ),
    'ASTEncoder': Network(ASTEncoder, 'audio_backbone', ast_arguments, fit_to_ast),
}  # fmt: skip


def to_ours(
    source: SourceTensors, tool: ConvertTool, changes: Mapping[str, Any], allow: Sequence[str] = ()
) -> Converted:
    """Return a file that ``init_cfg`` takes, and tools/test.py if it is a recognizer.

    Args:
        source: tensors by their published names.
        tool: which of the layouts it may be, and what it becomes.
        changes: arguments of the network that differ from those of the file.
        allow: see `settle`.

    Raises:
        MisfitError: another layout, or tensors that do not fit.
        ConfigError: arguments that the network does not have.
    """
    network, report = NETWORKS[tool.network], Report()
    tensors = without_parallel_prefix(source)
    if is_recognizer(tensors):
        raise MisfitError('it is ours already. The other way is --to-official')
    layout = find_layout(tensors)
    if layout.name not in tool.reads:
        raise MisfitError(
            f'it is a file of {layout.title}, which {tool.name}.py does not convert. '
            f'It converts {", ".join(tool.reads)}'
        )
    facts = source.facts(layout.path, layout.read_facts(tensors))
    state, rest = layout.to_ours(tensors, report)
    make_plain(state, report)
    if tool.sees_images:
        changes = {'attention_type': 'divided', **changes}
    arguments = network.arguments(state, facts, changes)
    head = {}
    if tool.is_recognizer:
        head = take_head(state, arguments['embed_dims'], report, allow)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # what is left at its initial value is the same each time
        model = build_network(network.build, arguments, changes)
    network.fit(state, model, report, facts)
    target = model.state_dict()
    state = settle(state, target, report, allow)
    state |= {name: target[name] for name in report.initial}
    path = ''
    if tool.is_recognizer:
        ours, written = recognizer_layout((), network.part, with_head=True), Report()
        state, path = ours.to_official(state | head, written), ours.path
        report = written.after(report)
    content = {OUR_KEY: state}
    known = _facts_of({**arguments, **changes}, 'num_heads' in changes, facts).known()
    if known:
        content['meta'] = {FACTS_KEY: {path: known}}
    if rest and layout.is_reversible:
        content[ASIDE_KEY] = {'layout': layout.name, 'tensors': rest}
        report.aside = set(rest)
    return Converted(content, report)


def to_official(
    content: Mapping[str, Any],
    source: SourceTensors,
    tool: ConvertTool,
    layout: Layout,
    network_name: str,
    changes: Mapping[str, Any],
    allow: Sequence[str] = (),
) -> Converted:
    """Return a file as the published code writes it.

    Args:
        content: of a file of ours.
        source: the tensors in it.
        tool: what the file is to be of.
        layout: to write.
        network_name: ``student`` or ``teacher`` of an algorithm.
        changes: arguments of the network that its tensors do not tell.
        allow: see `settle`.

    Raises:
        MisfitError: the file is not ours, or its network has no counterpart.
    """
    network, report = NETWORKS[tool.network], Report()
    ours = _layout_of_ours(source, network, tool, network_name)
    facts = source.facts(ours.path)
    state = ours.to_ours(source, report).state
    if tool.sees_images:
        _drop_idle_time(state, report)
        changes = {'attention_type': 'space_only', **changes}
    arguments = network.arguments(state, facts, changes)
    head = {}
    if tool.is_recognizer:
        check_exportable(source, ours.prefix.removesuffix(f'{network.part}.'), allow)
        head = take_head(state, arguments['embed_dims'], report, allow)
    with torch.device('meta'):  # of its tensors, names and shapes are wanted alone
        model = build_network(network.build, arguments, changes)
    state = settle(state, model.state_dict(), report, allow)
    if network.build is ASTEncoder and model.dist_token is None:
        raise MisfitError('it has no distillation token, which every official AST has')
    if layout is JAX_VIT:
        layout = jax_vit(known_heads(model.embed_dims, facts))
    written = Report()
    official = layout.to_official(state | head, written)
    aside = content.get(ASIDE_KEY)
    if isinstance(aside, Mapping) and aside.get('layout') == layout.name:
        official |= aside['tensors']
        for name in aside['tensors']:
            written.take(name, ('',), ASIDE)
    official = {f'{layout.parallel_prefix}{name}': tensor for name, tensor in official.items()}
    content = official if layout.key is None else {layout.key: official}
    return Converted(content, written.after(report))


def _layout_of_ours(
    source: StateDict, network: Network, tool: ConvertTool, network_name: str
) -> Layout:
    """Return the layout of a backbone in a file of ours, with its head if it is wanted."""
    if is_recognizer(source):
        return recognizer_layout(source, network.part, network_name, tool.is_recognizer)
    layout = find_layout(source)
    if layout is not TIMM_VIT:
        raise MisfitError(f'it is a file of {layout.title}, and not ours. Leave --to-official out')
    return layout


def _facts_of(
    arguments: Mapping[str, Any], sets_heads: bool, facts: NetworkFacts
) -> NetworkFacts:
    """Return what is known of a network of ours; a number of heads that was guessed is not."""
    known = NetworkFacts(**{name: arguments.get(name) for name in NetworkFacts._fields})
    if sets_heads or known_heads(arguments['embed_dims'], facts):
        return known
    return known._replace(num_heads=None)


def _drop_idle_time(state: StateDict, report: Report) -> None:
    """Drop the layers over time, in place, if they add nothing.

    A divided network is an image transformer per frame as long as the projections and the
    embedding of time are zero, with which it starts.
    """
    temporal = [name for name in state if '.temporal_' in name or name == 'time_embed']
    adding = [name for name in temporal if '.temporal_fc.' in name or name == 'time_embed']
    if any(state[name].any() for name in adding):
        return
    for name in temporal:
        del state[name]
        report.drop(name)
