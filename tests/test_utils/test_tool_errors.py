import errno
import os
from pathlib import Path

import pytest
import torch
from mmengine.utils import mkdir_or_exist

from mmavssl.utils.errors import DataError
from mmavssl.utils.tool_errors import message_of


def test_our_errors_say_all_by_themselves():
    assert message_of(DataError('a.mp4 is empty'), 'train') == 'a.mp4 is empty'


@pytest.mark.parametrize(
    ('error', 'begins'),
    [
        (OSError(errno.ENOSPC, 'No space left'), 'The disk is full ([Errno 28] No space left)'),
        (OSError(errno.EDQUOT, 'Quota'), 'The disk is full'),
        (PermissionError(errno.EACCES, 'Permission denied', 'a'), 'a: Permission denied. Name'),
        (NotADirectoryError(errno.ENOTDIR, 'Not a directory', 'a/b'), 'a/b: Not a directory.'),
        (OSError(errno.ENAMETOOLONG, 'Name too long', 'aaa'), 'aaa: Name too long. Name another'),
        (OSError(errno.ELOOP, 'Too many levels', 'a'), 'a: Too many levels. Name another path'),
        (RuntimeError("Symlink loop from 'a'"), "Symlink loop from 'a': the link leads to it"),
        (FileNotFoundError(errno.ENOENT, 'No such file', 'a'), None),  # of what: the traceback
        (PermissionError(errno.EACCES, 'Permission denied'), None),
        (ConnectionError('reset'), None),
    ],
)
def test_system(error, begins):
    message = message_of(error, 'train')
    assert message is None if begins is None else message.startswith(begins)


@pytest.mark.parametrize('make', [os.makedirs, Path.mkdir, mkdir_or_exist])
def test_folder_where_there_can_be_none(make):
    """The system says that it does not exist, as of a file that was to be read."""
    with pytest.raises(FileNotFoundError) as error:
        make(Path('/proc/x'))
    message = message_of(error.value, 'train')
    assert message.startswith('/proc/x: No such file or directory. Name another path (of files')


@pytest.mark.parametrize(
    ('error', 'tool', 'begins', 'ends'),
    [
        (
            torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has'),
            'train', 'The GPU has too little memory (CUDA out of memory. Tried to allocate 2.00 '
            'GiB). Less is taken by: --cfg-options train_dataloader.batch_size=N', '(bfloat16).',
        ),
        (
            RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling x'),
            'export', 'The GPU has too little memory (CUDA error: ', 'fewer clips at a time.',
        ),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"),
            'test', 'The machine has too little memory (', 'test_dataloader.batch_size=1.',
        ),
        (MemoryError(), 'train', 'The machine has too little memory (MemoryError).', ''),
    ],
)  # fmt: skip
def test_memory(error, tool, begins, ends):
    message = message_of(error, tool)
    assert message.startswith(begins)
    assert message.endswith(ends)


def test_missing_package():
    message = message_of(ModuleNotFoundError("No module named 'timm'", name='timm.layers'), 'test')
    assert message.startswith("No module named 'timm'. python -m mmavssl info lists")


def raised(error: Exception, module: str) -> Exception:
    """Return an error as a function of a module raises it."""
    names = {'__name__': module}
    exec('def check(error): raise error', names)
    with pytest.raises(type(error)) as caught:
        names['check'](error)
    return caught.value


@pytest.mark.parametrize('kind', [ValueError, TypeError])
def test_what_our_checks_expect_of_components(kind):
    error = raised(kind('Expected the map of A\nto be (B, T, h, w).'), 'mmavssl.models.maskers')
    assert message_of(error, 'train') == 'Expected the map of A to be (B, T, h, w).'


@pytest.mark.parametrize(
    ('error', 'module'),
    [
        (ValueError('Expected more than 1 value per channel'), 'torch.nn.functional'),
        (ValueError('Expected a map'), 'my_plugin'),
        (ValueError('too many values to unpack'), 'mmavssl.models.maskers'),
        (KeyError('Expected'), 'mmavssl.models.maskers'),
    ],
)
def test_other_values_keep_their_traceback(error, module):
    assert message_of(raised(error, module), 'train') is None


def test_error_that_nobody_raised():
    assert message_of(ValueError('Expected x'), 'train') is None


@pytest.mark.parametrize(
    'error',
    [
        RuntimeError('shapes do not match'), KeyError('a'),
        ImportError("cannot import name 'x'", name='mmavssl.models'),
    ],
)  # fmt: skip
def test_bugs_keep_their_traceback(error):
    assert message_of(error, 'train') is None


def test_library_that_does_not_load(tmp_path, monkeypatch):
    """As of torchaudio beside another torch."""
    (tmp_path / 'broken_audio.py').write_text(
        "raise OSError('Could not load this library: libaudio.so\\nundefined symbol: x')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OSError, match='libaudio') as error:
        import broken_audio  # noqa: F401
    assert message_of(error.value, 'train') == (
        'Could not load this library: libaudio.so undefined symbol: x: a package does not import. '
        'python -m mmavssl info says which, and how to get another.'
    )
