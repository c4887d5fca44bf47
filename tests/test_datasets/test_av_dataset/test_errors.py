"""Errors name the file, and what to do about it."""

import pytest
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset
from mmavssl.utils import ConfigError, DataError
from tests.test_datasets.test_av_dataset.toys import make


class Fail:
    def __init__(self, make_error):
        self.make_error = make_error

    def __call__(self, results):
        raise self.make_error(results)


@pytest.mark.parametrize('test_mode', [False, True])
def test_errors_name_the_file(root, test_mode):
    def dataset(make_error):
        return make(root, pipeline=[Fail(make_error)], test_mode=test_mode)

    named = dataset(lambda results: DataError(f'{results["video_path"]}: broken'))
    with pytest.raises(DataError) as error:
        named[3]
    message = f'{root}/v/3.mp4: broken. It is listed in {root}/train.csv:5.'  # below the header
    assert str(error.value) == message
    with pytest.raises(DataError) as error:
        dataset(lambda _: DataError('broken'))[3]
    assert str(error.value) == message
    with pytest.raises(DataError, match=r'2\.mp4: broken\. It is listed in .*/train\.csv:4\.$'):
        named.get_subset([3, 2])[1]
    with pytest.raises(RuntimeError, match=r'3\.mp4 with KeyError') as error:
        dataset(lambda _: KeyError('imgs'))[3]
    assert isinstance(error.value.__cause__, KeyError)
    with pytest.raises(ConfigError, match=r'^size$'):
        dataset(lambda _: ConfigError('size'))[3]


def test_error_reaches_the_main_process(root):
    dataset = make(root, pipeline=[Fail(lambda _: DataError('broken'))])
    iterator = iter(DataLoader(dataset, batch_size=None, num_workers=1))
    with pytest.raises(DataError, match=r'0\.mp4: broken'):
        next(iterator)
    iterator._shutdown_workers()


@pytest.mark.parametrize(
    ('change', 'key', 'path'),
    [
        ({'data_root': 'nowhere'}, 'data_root', 'nowhere'),
        ({'classes_file': 'names.txt'}, 'classes_file', 'names.txt'),
        ({'ann_file': 'splits/labeled.csv'}, 'ann_file', 'splits/labeled.csv'),
        ({'ann_file': ''}, 'ann_file', ''),
    ],
)
def test_missing_files(root, change, key, path):
    args = {'ann_file': 'train.csv', 'data_root': str(root), **change}
    with pytest.raises(DataError) as error:
        AVDataset(**args, prepare_command='python tools/data/prepare.py')
    for word in (path, f'`{key}`', 'labeled', ': python tools/data/prepare.py'):
        assert word in str(error.value)
    with pytest.raises(DataError, match='prepare the data'):
        AVDataset(**args)


@pytest.mark.parametrize('source', ['labeled', 'test'])
def test_missing_label(root, source):
    (root / 'gap.csv').write_text('path,label\n\nv/0.mp4,1\nv/1.mp4,\n')
    with pytest.raises(DataError, match=rf'gap\.csv:4: v/1\.mp4 has no label, .* {source}'):
        make(root, 'gap.csv', source=source)
