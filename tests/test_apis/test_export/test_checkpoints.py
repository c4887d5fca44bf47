"""Config and checkpoint that do not belong together, or have nothing to export."""

import pytest
import torch
from mmengine.config import Config

from mmavssl.apis.export import export_recognizer
from tests.test_apis.test_export.toys import SIZE, error


def test_config_without_recognizer(video_only, tmp_path):
    cfg = Config(dict(model=dict(type='LocalizerTrainer', localizer=dict(type='FNACLocalizer'))))
    message = error(cfg, video_only[1], tmp_path / 'a.pt2')
    assert message.endswith('has no `model.student`: there is nothing to export.')


def change_checkpoint(checkpoint, folder, change) -> str:
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    path = folder / 'changed.pth'
    torch.save({'state_dict': change(state)}, path)
    return str(path)


def test_network_that_the_checkpoint_lacks(video_only, tmp_path):
    cfg, checkpoint = video_only
    out = tmp_path / 'a.pt2'

    def student_alone(state):
        return {name: value for name, value in state.items() if name.startswith('student.')}

    changed = change_checkpoint(checkpoint, tmp_path, student_alone)
    message = error(cfg, changed, out, use='teacher')
    assert message == f'{changed} has no network `teacher`. Use the student.'
    assert export_recognizer(cfg, changed, out).metadata['network'] == 'student'

    changed = change_checkpoint(
        checkpoint, tmp_path, lambda _: {'localizer.weight': torch.zeros(1)}
    )
    message = error(cfg, changed, out)
    assert message == f'{changed} has no network `student`. It has localizer.'


CHANGES = {
    'missing: head.fc.bias': lambda state: {
        name: value for name, value in state.items() if name != 'student.head.fc.bias'
    },
    'unexpected: head.more': lambda state: {
        **state, 'student.head.more': torch.zeros(1)
    },
    'of another shape: head.fc.bias (9,) instead of (5,)': lambda state: {
        **state, 'student.head.fc.bias': torch.zeros(9)
    },
}  # fmt: skip


@pytest.mark.parametrize('fault', CHANGES)
def test_other_checkpoint(video_only, tmp_path, fault):
    cfg, checkpoint = video_only
    changed = change_checkpoint(checkpoint, tmp_path, CHANGES[fault])
    message = error(cfg, changed, tmp_path / 'a.pt2')
    assert message == f'The student in {changed} does not fit the config: {fault}.'
    assert not (tmp_path / 'a.pt2').exists()
    export_recognizer(cfg, changed, tmp_path / 'a.pt2', use='teacher')


def test_input_size(trained, tmp_path):
    cfg, _, checkpoint = trained
    hears = 'audio_backbone' in cfg.model.student
    last = 'num_mel_bins' if hears else 'size'
    size = {key: value for key, value in SIZE.items() if key != last}
    small = Config({**cfg.to_dict(), 'input_size': size})
    message = error(small, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('Expected `input_size` in the config to say num_frames, size')
    assert message.endswith(f'but {last} is missing.')

    odd = Config({**cfg.to_dict(), 'input_size': {**SIZE, last: 30}})
    message = error(odd, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('The network does not take clips of the `input_size` in the config')
    assert '30' in message


def test_class_names_must_fit(video_only, tmp_path):
    cfg, checkpoint = video_only
    classes = tmp_path / 'classes.txt'
    classes.write_text('a\nb\n')
    dataset = dict(data_root=str(tmp_path), pipeline=[dict(type='OpenAVFile')])
    cfg = Config({**cfg.to_dict(), 'test_dataloader': dict(dataset=dataset)})
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith(f'{classes} (`classes_file` of the test data) names 2 classes')
    assert message.endswith('but the network has 5.')


def test_preprocessor_of_another_kind(video_only, tmp_path):
    cfg, checkpoint = video_only
    cfg = Config({**cfg.to_dict()})
    cfg.model.data_preprocessor = dict(type='mmengine.BaseDataPreprocessor')
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('`model.data_preprocessor` BaseDataPreprocessor has no `normalize`')
