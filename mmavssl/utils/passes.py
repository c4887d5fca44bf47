"""What a training iteration consists of: forward passes, as the table of costs has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mmavssl.utils.network_cost import NetworkCost


class Pass(NamedTuple):
    """Forward passes of the student, or of a network like it.

    Attributes:
        label: of the row.
        parts: names of the modules that run, with all that is in them; by default the student's.
        without: name of one among them that is not counted.
        clips: how many clips; or a share of one, as of its frames.
    """

    label: str
    parts: tuple[str, ...] = ('',)
    without: str | None = None
    clips: float = 1

    def macs(self, network: NetworkCost) -> int:
        """Return the multiply-adds, where ``network`` says those of one whole clip."""
        macs = sum(macs_of(network, part) for part in self.parts)
        if self.without:
            macs -= macs_of(network, self.without)
        return round(self.clips * macs)


def macs_of(network: NetworkCost, part: str) -> int:
    """Return the multiply-adds of a module and of all modules in it; ``''`` is the network."""
    return sum(
        value
        for name, value in network.counts.items()
        if not part or name == part or name.startswith(f'{part}.')
    )


def standard_passes(model: Mapping, convention: str) -> list[Pass]:
    """Return the passes of one iteration, where an algorithm does not say others.

    Args:
        model: config of the algorithm: a threshold means pseudo labels by a teacher, a mixer
            mixed clips.
        convention: ``paper`` or ``full``, see `mmavssl.utils.cost`.
    """
    is_paper = convention == 'paper'
    passes = [Pass('labeled clip (student)')]
    if model.get('threshold'):
        passes += [
            Pass('weak view (teacher)', without='fusion' if is_paper else None),
            Pass(f'{model.get("student_view", "strong")} view (student)'),
        ]
    if model.get('mixer'):
        passes.append(Pass('mixed clip (student)'))
        if is_paper and 'masker' in model['mixer']:
            embedding = ('backbone.patch_embed',)
            passes.append(Pass('patch embedding of the second clip', embedding))
    return passes
