import numpy as np
import pytest

from mmavssl.apis.call_arguments import check_count, check_json_file, check_names
from mmavssl.utils.errors import ConfigError


def test_names():
    check_names(['topk'], ('topk', 'localize'))
    with pytest.raises(ConfigError) as error:
        check_names(['topk', 'localise'], ('topk', 'localize'))
    assert str(error.value) == (
        "The inferencer has no argument 'localise'. Did you mean 'localize'? It takes: localize, "
        'topk.'
    )


def test_counts():
    check_count('topk', np.int64(1))
    check_count('num_workers', 0, 0)
    for value, message in ((0, 'at least 1'), (2.0, 'an integer'), ('2', 'an integer')):
        with pytest.raises(ConfigError, match=f'`topk` to be {message}, but got {value!r}'):
            check_count('topk', value)


def test_files_of_predictions(tmp_path):
    check_json_file(tmp_path / 'new/a.json')
    assert not list(tmp_path.iterdir())
    for name in ('a.txt', 'a.pkl', 'a'):
        with pytest.raises(ConfigError, match=r'does not end with \.json \(`pred_out_file`'):
            check_json_file(tmp_path / name)
