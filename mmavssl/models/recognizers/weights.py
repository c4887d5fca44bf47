"""Start a whole recognizer from a checkpoint of ours."""

from torch import nn

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts import is_recognizer
from mmavssl.models.utils.layouts.find import without_parallel_prefix
from mmavssl.models.utils.report import Report

STUDENT = 'student.'


def take_recognizer(source: StateDict, model: nn.Module, report: Report) -> StateDict:
    """Return the tensors of a recognizer, which may be the student of an algorithm.

    Args:
        source: tensors by the names in the file.
        model: the recognizer.
        report: gets what became of each.

    Raises:
        MisfitError: the file has no recognizer of ours.
    """
    source = without_parallel_prefix(source)
    if not is_recognizer(source):
        raise MisfitError(
            'it has no recognizer of ours. A backbone starts from it by its own `init_cfg`; '
            "tools/convert makes recognizers of TimeSformer's and SVFormer's checkpoints"
        )
    owner = STUDENT if any(name.startswith(STUDENT) for name in source) else ''
    state = {}
    for name, tensor in source.items():
        if not name.startswith(owner):
            report.drop(name, f'{name.partition(".")[0]}{".*" if "." in name else ""}')
            continue
        ours = name.removeprefix(owner)
        state[ours] = tensor
        report.take(ours, (name,))
    return state
