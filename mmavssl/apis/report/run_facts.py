"""Settings, results, cost and time of a run, in words."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmavssl.utils.cost import estimate_cost
from mmavssl.utils.errors import ConfigError
from mmavssl.visualization.curves import Scalars

#: Where the parts of a method are in a config.
PARTS = {
    'method': 'model',
    'frames': 'model.student.backbone',
    'sound': 'model.student.audio_backbone',
    'fusion': 'model.student.fusion',
    'confidence threshold': 'model.threshold',
    'mixer': 'model.mixer',
    'masker': 'model.mixer.masker',
    'localizer': 'model.mixer.masker.localizer',
    'contrast': 'model.contrast',
    'optimizer': 'optim_wrapper.optimizer',
}
#: What `SSLVisualizationHook` draws; its other pictures have names that are words.
PICTURES = {'mixed': 'mixed clips', 'student_teacher': 'student and teacher'}
RESULTS = ('top1', 'top5', 'mean_class_accuracy', 'pointing')
MEGA = 1e6


def settings(cfg: Config) -> dict[str, str]:
    """Return the choices that make the run, by what they are."""
    found = {name: part_at(cfg, path) for name, path in PARTS.items()}
    facts = {name: describe(part) for name, part in found.items() if part}
    train = cfg.get('train_dataloader') or {}
    dataset = train.get('dataset') or {}
    for stream in ('labeled', 'unlabeled'):
        if dataset.get(stream):
            facts[f'{stream} clips'] = str(dataset[stream].get('ann_file', ''))
    if dataset.get('ann_file'):
        facts['clips'] = str(dataset.ann_file)
    facts['batch size'] = str(train.get('batch_size', ''))
    facts['epochs'] = str((cfg.get('train_cfg') or {}).get('max_epochs', ''))
    facts['seed'] = str((cfg.get('randomness') or {}).get('seed', ''))
    return {name: text for name, text in facts.items() if text}


def part_at(cfg: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """Return what a config has at a path of keys, None if it has nothing there.

    >>> part_at({'model': {'mixer': None}}, 'model.mixer.masker')
    """
    for key in path.split('.'):
        cfg = (cfg or {}).get(key)
    return cfg


def describe(component: Mapping[str, Any]) -> str:
    """Return a component as one would call it, without the components in it.

    >>> describe({'type': 'TokenMix', 'alpha': 5.0, 'masker': {'type': 'ASLGuided'}})
    'TokenMix(alpha=5.0)'
    """
    plain = {
        name: value
        for name, value in component.items()
        if name != 'type' and value is not None and not isinstance(value, (Mapping, list))
    }
    arguments = ', '.join(f'{name}={value!r}' for name, value in plain.items())
    return f'{component.get("type", "")}({arguments})' if plain else str(component.get('type', ''))


def picture_title(stem: str) -> str:
    """Return what a picture of training is about, in words.

    Args:
        stem: of its file: a name and the iteration.

    >>> picture_title('classes_20'), picture_title('confusion_student_300')
    ('Classes, iteration 20', 'Confusion of the student, iteration 300')
    """
    name, _, step = stem.rpartition('_')
    words = PICTURES.get(name, name.replace('confusion_', 'confusion of the ').replace('_', ' '))
    return f'{words[:1].upper()}{words[1:]}, iteration {step}'


def results(scalars: Scalars) -> list[tuple[str, str, str]]:
    """Return the name, the last and the best value of each result of validation."""
    return [
        (name, f'{values[-1]:.1f}', f'{max(values):.1f}')
        for name, (_, values) in scalars.items()
        if name.endswith(RESULTS)
    ]


def time_and_memory(scalars: Scalars) -> dict[str, str]:
    """Return how long iterations took, and the memory of the GPU."""
    facts = {}
    if 'time' in scalars:
        steps, times = scalars['time']
        mean, last = sum(times) / len(times), int(steps[-1])
        facts['iterations'] = str(last)
        facts['seconds of an iteration'] = f'{mean:.2f}'
        facts['training'] = duration(mean * last)
        if 'data_time' in scalars:
            waits = scalars['data_time'][1]
            facts['of it waiting for clips'] = f'{100 * sum(waits) / sum(times):.0f} %'
    if 'memory' in scalars:
        facts['memory of the GPU'] = f'{max(scalars["memory"][1]):.0f} MB'
    return facts


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(42), duration(200), duration(9000)
    ('42 s', '3.3 min', '2.5 h')
    """
    for limit, unit, name in ((120, 1, 's'), (7200, 60, 'min')):
        if seconds < limit:
            return f'{seconds:.0f} s' if unit == 1 else f'{seconds / unit:.1f} {name}'
    return f'{seconds / 3600:.1f} h'


def cost(cfg: Config) -> dict[str, str]:
    """Return parameters and multiply-adds; empty for a model of which they cannot be counted."""
    try:
        found = estimate_cost(cfg, 'full')
    except ConfigError as error:
        return {'not counted': str(error)}
    facts = {'parameters': f'{found.params_total / MEGA:.2f} M'}
    if found.params_localizer:
        facts['of the frozen localizer'] = f'{found.params_localizer / MEGA:.2f} M'
    facts['multiply-adds of one clip'] = f'{found.gmacs_forward:.2f} G'
    facts['of a training iteration, a clip of each view'] = f'{found.gmacs_iteration:.2f} G'
    if found.doubt:
        facts['how they are counted'] = found.doubt
    return facts
