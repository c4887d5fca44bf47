"""How well a classifier can do that lacks a part of the evidence."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import combinations

ClassTable = tuple[tuple[int, int | None], ...]
#: Kind of actor, kind of sound or None, kinds in the picture.
Scene = tuple[int, int | None, frozenset[int]]
Evidence = Callable[[Scene], Hashable]


def accuracy_bounds(class_table: ClassTable, num_distractors: int = 1) -> dict[str, float]:
    """Return the accuracy of the best possible classifier for four kinds of evidence.

    All C classes are equally likely, and the kinds of the distractors, being other kinds than the
    actor's, are a uniformly drawn subset. A classifier that sees only x(scene) does best by naming
    the most likely class given x, so its accuracy is the sum over the values of x of
    max_c p(c, x). The sum is taken by enumeration here, for

    - ``video_only``: x = kind of the sounding actor, whom motion gives away. With two sounds for
      each actor this is 1/2.
    - ``video_only_actor_unknown``: x = set of the kinds in the picture; each of the N + 1 is as
      likely to be the one that sounds: 1 / (2 (N + 1)).
    - ``audio_only``: x = kind of the sound. With two actors for each sound this is 1/2.
    - ``audio_visual_actor_unknown``: x = kind of the sound and set of the kinds in the picture.
      The class is open only where both actors of the sound are there. With K kinds, each other one
      is present with probability N / (K - 1), hence 1 - N / (2 (K - 1)).

    Sound and picture together with the sounding actor name the class: 1.

    Args:
        class_table: kind of actor and kind of sound of each class, None for silence.
        num_distractors: number N of silent actors.

    >>> cycle = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 0))
    >>> for evidence, bound in accuracy_bounds(cycle, num_distractors=1).items():
    ...     print(f'{evidence} {bound:.3f}')
    video_only 0.500
    video_only_actor_unknown 0.250
    audio_only 0.500
    audio_visual_actor_unknown 0.833
    """
    evidence: dict[str, Evidence] = {
        'video_only': lambda scene: scene[0],
        'video_only_actor_unknown': lambda scene: scene[2],
        'audio_only': lambda scene: scene[1],
        'audio_visual_actor_unknown': lambda scene: scene[1:],
    }
    return {
        name: _best_accuracy(class_table, num_distractors, seen) for name, seen in evidence.items()
    }


def _best_accuracy(class_table: ClassTable, num_distractors: int, evidence: Evidence) -> float:
    joint: dict[Hashable, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for label, (actor, sound) in enumerate(class_table):
        pictures = list(_pictures(class_table, actor, num_distractors))
        for kinds in pictures:
            probability = 1 / len(class_table) / len(pictures)
            joint[evidence((actor, sound, kinds))][label] += probability
    return sum(max(by_class.values()) for by_class in joint.values())


def _pictures(
    class_table: ClassTable, actor: int, num_distractors: int
) -> Iterable[frozenset[int]]:
    others = sorted({kind for kind, _ in class_table} - {actor})
    return (frozenset({actor, *rest}) for rest in combinations(others, num_distractors))
