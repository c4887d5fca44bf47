"""What a config tests with: the network, the data, its class names, and one view of each clip."""

import copy
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmavssl.datasets.manifest import read_classes
from mmavssl.datasets.transforms import OpenAVFile, PackAVInputs, SampleClip, ThreeCrop
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.components import component_of
from mmavssl.utils.dataset_configs import dataset_configs
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.roles import ROLES


def default_network(cfg: Mapping) -> str:
    """Return the network that the config tests; the student where it tests both."""
    tested = cfg.get('model', {}).get('test_with')
    return tested if tested in ROLES else ROLES[0]


def first_test_data(cfg: Mapping) -> Mapping:
    """Return the config of the test data, within any wrappers; empty if there is none."""
    found = dataset_configs(cfg.get('test_dataloader'), 'test_dataloader')
    return next((node for _, node in found if node.get('pipeline')), {})


def classes_of_test_data(cfg: Mapping, num_classes: int) -> list[str] | None:
    """Return the names in the test data's ``classes_file``, None where there is no such file.

    Raises:
        ConfigError: it names more or fewer classes than the network has.
    """
    dataset = first_test_data(cfg)
    file = Path(dataset.get('data_root') or '', dataset.get('classes_file', 'classes.txt'))
    if not dataset or not file.is_file():
        return None
    names = read_classes(file)
    if len(names) != num_classes:
        raise ConfigError(
            f'{file} (`classes_file` of the test data) names {len(names)} classes, but the '
            f'network has {num_classes}.'
        )
    return list(names)


def is_step(step: Mapping, transform: type) -> bool:
    """Whether a step of a pipeline is a transform, or one derived from it, however it is named.

    Raises:
        ConfigError: it names no transform.
    """
    kind = component_of(step.get('type'), TRANSFORMS)
    return inspect.isclass(kind) and issubclass(kind, transform)


def one_view_pipeline(pipeline: Sequence[Mapping]) -> list[dict]:
    """Return the test pipeline with one clip from the middle, one crop, and the sound itself."""
    pipeline = copy.deepcopy(list(pipeline))
    for step in pipeline:
        if is_step(step, OpenAVFile):
            step.pop('cache', None)  # which decodes all of a file: each is read once
        elif is_step(step, SampleClip):
            step['num_clips'] = 1
            step['mode'] = 'uniform'  # one in `segments` begins with the file
        elif is_step(step, ThreeCrop):
            step['type'] = 'CenterCrop'
        elif is_step(step, PackAVInputs):
            step['keep_waveform'] = True
    return pipeline
