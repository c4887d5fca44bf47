"""What an error of a tool's job means to its user: one message, or None where it is a bug."""

import errno
from traceback import walk_tb

from mmavssl.utils.errors import CLEAR

#: What the system says of a disk without room, and of a user's share of it.
FULL = (errno.ENOSPC, errno.EDQUOT)
#: What it says where nothing may be written, or something else is in the way.
REFUSED = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
    errno.ENAMETOOLONG, errno.ELOOP,
)  # fmt: skip
#: Functions of Python's that make folders: a path that "does not exist" was not to be read there.
MAKERS = ('makedirs', 'mkdir')
#: In what torch says of a GPU, or a machine, that has no memory left.
NO_MEMORY = ('out of memory', 'CUBLAS_STATUS_ALLOC_FAILED', "can't allocate memory")
#: What takes less of it, by tool.
LESS_MEMORY = {
    'train': '--cfg-options train_dataloader.batch_size=N with a smaller N, --amp (bfloat16)',
    'test': '--cfg-options test_dataloader.batch_size=1',
}


def message_of(error: Exception, tool: str) -> str | None:
    """Return what is wrong and what to do, or None where the traceback has to tell.

    Args:
        error: that ended the job.
        tool: its name.
    """
    if isinstance(error, CLEAR):
        return one_line(error)
    if isinstance(error, OSError):
        return system_message(error) or library_message(error)
    if isinstance(error, ImportError):
        return import_message(error)
    if isinstance(error, RuntimeError | MemoryError):
        return loop_message(error) or memory_message(error, tool)
    if isinstance(error, ValueError | TypeError):
        return refusal(error)
    return None


def one_line(error: Exception) -> str:
    """Return the message of an error, without the traceback that a worker process adds to it."""
    name = f'{type(error).__module__}.{type(error).__qualname__}: '
    lines = [line for line in str(error).splitlines() if line.startswith(name)]
    return lines[-1].removeprefix(name) if lines else str(error)


def system_message(error: OSError) -> str | None:
    """Say which file the system refuses, and why."""
    if error.errno in FULL:
        return f'The disk is full ({error}). Make room, and go on.'
    is_refused = error.errno in REFUSED or makes_folder(error)
    if is_refused and error.filename:
        return (
            f'{error.filename}: {error.strerror}. Name another path (of files to write: '
            '--work-dir, --out), or change its permissions.'
        )
    return None


def makes_folder(error: OSError) -> bool:
    """Whether a folder was to be made, in a place where there can be none, such as /proc."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_code.co_name in MAKERS


def import_message(error: ImportError) -> str | None:
    """Say which package is missing or broken; what our own modules lack is a bug."""
    package = (error.name or '').partition('.')[0]
    if package == 'mmavssl':
        return None
    return (
        f'{error.msg}. python -m mmavssl info lists the packages that are missing or broken, and '
        'how to get them.'
    )


def library_message(error: OSError) -> str | None:
    """Say that a package does not load one of its libraries while it is imported."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    imported = (f.f_globals.get('__name__', '') for f in frames if f.f_code.co_name == '<module>')
    if all(name == '__main__' or name.startswith('mmavssl') for name in imported):
        return None
    return (
        f'{" ".join(str(error).split())}: a package does not import. python -m mmavssl info says '
        'which, and how to get another.'
    )


def refusal(error: ValueError | TypeError) -> str | None:
    """Return what a check of ours expected, of what a component gives while it runs."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    checker = frames[-1].f_globals.get('__name__', '') if frames else ''
    is_check = checker.startswith('mmavssl.') and str(error).startswith('Expected ')
    return ' '.join(str(error).split()) if is_check else None


def loop_message(error: Exception) -> str | None:
    """Say that a link leads to itself, which pathlib makes a RuntimeError of."""
    is_loop = str(error).startswith('Symlink loop from')
    return f'{error}: the link leads to itself. Name another path.' if is_loop else None


def memory_message(error: Exception, tool: str) -> str | None:
    """Say that there is too little memory, and what takes less."""
    text = ' '.join(str(error).split())
    if not isinstance(error, MemoryError) and not any(words in text for words in NO_MEMORY):
        return None
    device = 'GPU' if 'CUDA' in text or 'CUBLAS' in text else 'machine'
    what = '. '.join(text.split('. ')[:2]).rstrip('.') or type(error).__name__
    less = LESS_MEMORY.get(tool, 'fewer clips at a time')
    return f'The {device} has too little memory ({what}). Less is taken by: {less}.'
