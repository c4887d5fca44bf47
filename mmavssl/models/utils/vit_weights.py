"""Published weights of transformers for `TimeSformer` and `ASTEncoder`: names, then shapes."""

from torch import nn

from mmavssl.models.utils.ast_weights import fit_to_ast
from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.layouts.find import translate
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.timesformer_weights import fit_to_timesformer


def adapt_to_timesformer(source: StateDict, model: nn.Module, report: Report) -> StateDict:
    """Return an image or video transformer in any known layout as a `TimeSformer` has it.

    See `LAYOUTS` for the names and `fit_to_timesformer` for the rest.
    """
    state = translate(source, 'backbone', report).state
    drop_head(state, report)
    fit_to_timesformer(state, model, report)
    return state


def adapt_to_ast(source: StateDict, model: nn.Module, report: Report) -> StateDict:
    """Return an image or audio transformer in any known layout as an `ASTEncoder` has it.

    See `LAYOUTS` for the names and `fit_to_ast` for the rest.
    """
    state = translate(source, 'audio_backbone', report).state
    drop_head(state, report)
    fit_to_ast(state, model, report)
    return state


def drop_head(state: StateDict, report: Report) -> None:
    """Take the head out of a state dict, in place: backbones have none."""
    for name in [name for name in state if name.startswith('head.')]:
        del state[name]
        report.drop(name, 'head.*')
