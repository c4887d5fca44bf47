"""Bad lists and files through tools/train.py: one clear line and status 2, and never a hang."""

import re
from pathlib import Path

import pytest

from tests.test_tools.small_data import clips, supervised

ROOT = Path(__file__).parents[2]
SVFORMER = ROOT / 'configs/svformer_flex/avsprites_1shot.py'
CLIP = 1  # of the labeled list; not one of the three that are looked for before


def svformer(data: Path) -> tuple[str | Path, ...]:
    parts = [f'train_dataloader.dataset.{name}' for name in ('labeled', 'unlabeled')]
    return (
        SVFORMER, '--work-dir', 'run', '--cfg-options',
        *(f'{part}.data_root={data}' for part in parts),
        *(f'{part}.ann_file={part.rpartition(".")[2]}.csv' for part in parts),
        f'val_dataloader.dataset.data_root={data}',
    )  # fmt: skip


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert re.search(old, text, re.MULTILINE)
    path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ('label', 'message'),
    [
        ('8', 'label 8 is out of range: there are 8 classes, 0 to 7. Correct the label'),
        ('-1', 'label -1 is out of range: there are 8 classes, 0 to 7. Correct the label'),
        ('unicycle', "expected a class index or a name of the classes file, but got 'unicycle'."),
    ],
)
def test_label_out_of_range(tools, data, label, message):
    replace_in(data / 'labeled.csv', r',2$', f',{label}')
    line = tools.error('train', *supervised(data))
    assert line.startswith(f'{data}/labeled.csv:4: {message}')
    assert not Path('run').exists()


@pytest.mark.parametrize('arguments', [supervised, svformer])
@pytest.mark.parametrize('count', [7, 9])
def test_head_with_another_number_of_classes(tools, data, arguments, count):
    options = (*arguments(data), f'model.student.head.num_classes={count}')
    part = '.labeled' if arguments is svformer else ''
    assert tools.error('train', *options) == (
        f'model.student.head.num_classes: expected 8, the number of classes in {data}/classes.txt '
        f'(`train_dataloader.dataset{part}.classes_file`), but got {count}. Set '
        'model.student.head.num_classes=8, or name other classes.'
    )
    assert not Path('run').exists()


@pytest.mark.parametrize('text', ['', 'path,label\n'])
@pytest.mark.parametrize('name', ['labeled', 'unlabeled', 'manifest_test'])
def test_empty_list(tools, data, name, text):
    for path in clips(data / 'unlabeled.csv'):
        path.touch()
    (data / f'{name}.csv').write_text(text)
    line = tools.error('train', *svformer(data))
    assert line.startswith(f'{data}/{name}.csv lists no clip. Write one in each line')
    assert not Path('run').exists()


def test_clip_without_label(tools, data):
    replace_in(data / 'labeled.csv', r',2$', ',')
    line = tools.last_line('train', *supervised(data))
    assert line.startswith(f'{data}/labeled.csv:4: videos/')
    assert 'has no label, but the list is used as labeled.' in line


def damage(path: Path, kind: str) -> None:
    if kind == 'missing':
        path.unlink()
    elif kind == 'empty':
        path.write_bytes(b'')
    else:
        path.write_text('This is no video.\n' * 50)


@pytest.mark.parametrize('num_workers', [0, 1])
@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        ('missing', ' does not exist'),
        ('empty', ' is empty (0 bytes). '),
        ('text', ': cannot read video: '),
        ('silent', ' has no sound, which this model needs. Take it out of the list, or set '),
    ],
)
def test_unusable_clip(tools, data, remove_sound, kind, message, num_workers):
    path = clips(data / 'labeled.csv')[CLIP]
    if kind == 'silent':
        remove_sound(path)
    else:
        damage(path, kind)
    options = supervised(data, f'train_dataloader.num_workers={num_workers}')
    line = tools.last_line('train', *options)
    assert line.startswith(f'{path}{message}')
    assert not list(Path('run').glob('*.pth'))


@pytest.mark.parametrize('kind', ['empty', 'text'])
def test_unusable_clip_of_the_validation(tools, data, kind):
    path = clips(data / 'manifest_test.csv')[CLIP]
    damage(path, kind)
    options = supervised(data, 'train_cfg.val_interval=1', 'val_dataloader.num_workers=1')
    assert tools.last_line('train', *options).startswith(str(path))


@pytest.mark.parametrize('num_workers', [0, 2])
def test_skipped_clips_are_counted_and_logged_once(tools, data, remove_sound, num_workers):
    silent = clips(data / 'labeled.csv')[1:3]
    for path in silent:
        remove_sound(path)
    options = supervised(
        data,
        'train_dataloader.dataset.pipeline.0.audio=skip',
        f'train_dataloader.num_workers={num_workers}',
        'train_dataloader.batch_size=4',
        'train_cfg.max_epochs=2',
    )
    assert tools('train', *options) == 0
    [log] = Path('run').glob('*/*.log')
    lines = [line for line in log.read_text().splitlines() if 'is skipped' in line]
    assert sorted(re.search(r'(\S+) is skipped', line)[1] for line in lines) == sorted(
        map(str, silent)
    )
    assert [re.search(r'\((\d) of 8 clips so far\)', line)[1] for line in lines] == ['1', '2']


def test_silence_for_clips_without_sound(tools, data, remove_sound):
    remove_sound(clips(data / 'labeled.csv')[CLIP])
    options = supervised(data, 'train_dataloader.dataset.pipeline.0.audio=silence')
    assert tools('train', *options) == 0
    assert Path('run/epoch_1.pth').is_file()


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('train_cfg.max_epochs=many', 'train_cfg.max_epochs: ResumableTrainLoop expects'),
        ('model.student.head.dropout=2.0', 'model.student.head: ClsHead: Expected `dropout`'),
        ('optim_wrapper.optimizer.betas=(2,2)', 'optim_wrapper.optimizer: ValueError: '),
        ('param_scheduler.0.end=0', 'param_scheduler[0].end: Expected `end` to be at least 1'),
    ],
)
def test_wrong_value_is_one_line_with_its_key(tools, data, option, message):
    """Whoever builds what it belongs to: our registries, or MMEngine's before the first step."""
    assert tools.error('train', *supervised(data), option).startswith(message)
