import pytest
from mmengine.logging import MMLogger


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'classes.txt').write_text('run\njump\nsit\n')
    rows = [f'v/{i}.mp4,{i % 3}' for i in range(10)]
    (tmp_path / 'train.csv').write_text('\n'.join(['path,label', *rows]) + '\n')
    (tmp_path / 'bare.csv').write_text('path\nv/0.mp4\nv/1.mp4\n')
    text = 'path,label,start,end,audio_path\nv/0.mp4,jump,1,2.5,a/0.wav\n'
    (tmp_path / 'full.csv').write_text(text)
    return tmp_path


@pytest.fixture
def log_file(tmp_path):
    """A log that worker processes write as well."""
    path = tmp_path / 'run.log'
    MMLogger.get_instance('run', log_file=str(path))
    return path
