"""Published weights of transformers for `TimeSformer` and `ASTEncoder`: names, then shapes."""

from torch import nn

from mmavssl.models.utils.ast_weights import fit_to_ast
from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.layouts.find import layout_of_part, without_parallel_prefix
from mmavssl.models.utils.plain_vit import make_plain
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.source import SourceTensors
from mmavssl.models.utils.timesformer_weights import fit_to_timesformer
from mmavssl.structures.network_facts import NetworkFacts


def adapt_to_timesformer(source: SourceTensors, model: nn.Module, report: Report) -> StateDict:
    """Return an image or video transformer in any known layout as a `TimeSformer` has it.

    See `LAYOUTS` for the names and `fit_to_timesformer` for the rest.
    """
    state, facts = _take_backbone(source, 'backbone', report)
    fit_to_timesformer(state, model, report, facts)
    return state


def adapt_to_ast(source: SourceTensors, model: nn.Module, report: Report) -> StateDict:
    """Return an image or audio transformer in any known layout as an `ASTEncoder` has it.

    See `LAYOUTS` for the names and `fit_to_ast` for the rest.
    """
    state, facts = _take_backbone(source, 'audio_backbone', report)
    fit_to_ast(state, model, report, facts)
    return state


def _take_backbone(
    source: SourceTensors, part: str, report: Report
) -> tuple[StateDict, NetworkFacts]:
    """Return the tensors of a plain vision transformer by our names, and what is known of it."""
    tensors = without_parallel_prefix(source)
    layout = layout_of_part(tensors, part)
    facts = source.facts(layout.path, layout.read_facts(tensors))
    state = layout.to_ours(tensors, report).state
    drop_head(state, report)
    make_plain(state, report)
    return state, facts


def drop_head(state: StateDict, report: Report) -> None:
    """Take the head out of a state dict, in place: backbones have none."""
    for name in [name for name in state if name.startswith('head.')]:
        del state[name]
        report.drop(name, 'head.*')
