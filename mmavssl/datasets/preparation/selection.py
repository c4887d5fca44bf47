"""Which clips of a data set can be used."""

from collections.abc import Mapping, Sequence

from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.recipe import Clip, Rejection

UNREADABLE = 'unreadable'
SILENT = 'no sound'
DUPLICATE = 'duplicate'


def select(
    clips: Sequence[Clip], probes: Mapping[str, Probe], keep_silent: bool = False
) -> tuple[list[Clip], list[Rejection]]:
    """Part the clips into those to keep and those to reject.

    Of several files of one clip, the first that can be used is kept.

    Args:
        clips: in order.
        probes: what is in their files.
        keep_silent: keep clips without sound.
    """
    kept: dict[str, Clip] = {}
    rejected = []
    for clip in clips:
        sound = probes[clip.sound_path]
        problem = probes[clip.path].problem or _of_sound_file(clip, sound.problem)
        sound_problem = _of_sound_file(clip, sound.sound_problem)
        if problem:
            rejected.append(Rejection(clip.path, UNREADABLE, problem, clip.part))
        elif sound_problem and not keep_silent:
            rejected.append(Rejection(clip.path, SILENT, sound_problem, clip.part))
        elif clip.key in kept:
            detail = f'the same clip as {kept[clip.key].path}'
            rejected.append(Rejection(clip.path, DUPLICATE, detail, clip.part))
        else:
            kept[clip.key] = clip
    return list(kept.values()), rejected


def _of_sound_file(clip: Clip, problem: str) -> str:
    return f'{clip.audio_path}: {problem}' if clip.audio_path and problem else problem
