"""What the sources may not do.

Open a file in a way in which it could run code, hand a name to a shell, or unpack an archive.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    path for folder in ('mmavssl', 'tools', 'benchmarks') for path in (ROOT / folder).rglob('*.py')
]
#: Ends of names of what runs code of a file whatever its arguments are, or by default.
FORBIDDEN = (
    'load_state_dict_from_url', 'get_state_dict', 'torch.hub.load', 'jit.load', 'pickle.load',
    'pickle.loads', 'Unpickler', 'joblib.load', 'dill.load',
)  # fmt: skip


#: Modules from which nothing of `HIDDEN` is imported by its name alone.
MODULES = ('torch', 'pickle', 'numpy', 'os', 'subprocess', 'shutil', 'pty', 'asyncio')
HIDDEN = {
    'load', 'loads', 'Unpickler', 'system', 'popen', 'getoutput', 'getstatusoutput', 'spawn',
    'create_subprocess_shell', 'unpack_archive',
}  # fmt: skip
#: Ends of names of what hands a line to a shell.
SHELLS = (
    'os.system', 'os.popen', '.getoutput', '.getstatusoutput', 'create_subprocess_shell',
    'pty.spawn', 'commands.getoutput',
)  # fmt: skip
#: Ends of names of what writes the files of an archive under the names that they have there.
UNPACKING = ('.extract', '.extractall', 'unpack_archive')


def unsafe_calls(source: str) -> list[str]:
    """Return the calls that could run code of a file or a shell, or unpack an archive."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        arguments = [ast.unparse(keyword) for keyword in node.keywords]
        if (
            name.endswith((*FORBIDDEN, *SHELLS, *UNPACKING))
            or name in ('eval', 'exec', '__import__')
            or (name == 'torch.load' and 'weights_only=True' not in arguments)
            or any(
                argument in ('weights_only=False', 'allow_pickle=True')
                or (argument.startswith('shell=') and argument != 'shell=False')
                for argument in arguments
            )
        ):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    'call',
    [
        'torch.load(path)',
        'torch.load(path, weights_only=False)',
        'torch.load(path, map_location=where, weights_only=chosen)',
        'np.load(path, allow_pickle=True)',
        'torch.hub.load_state_dict_from_url(url)',
        'Weights.DEFAULT.get_state_dict(check_hash=True)',
        'pickle.load(file)',
        'pickle.Unpickler(file).load()',
        'eval(text)',
        'exec(text)',
        "os.system(f'ffmpeg -i {path}')",
        'os.popen(command)',
        'subprocess.getoutput(command)',
        'subprocess.run(command, shell=True)',
        'subprocess.Popen(command, shell=chosen)',
        'asyncio.create_subprocess_shell(command)',
        'tarfile.open(path).extractall(folder)',
        "archive.extract('a', folder)",
        'shutil.unpack_archive(path, folder)',
    ],
)
def test_what_counts_as_unsafe(call):
    assert unsafe_calls(f'value = {call}')


def test_what_is_safe():
    assert not unsafe_calls(
        "torch.load(path, map_location='cpu', weights_only=True)\nnp.load(path)\njson.load(file)\n"
        'subprocess.run([sys.executable, path], shell=False)\nnetwork.eval()'
    )


def test_no_source_runs_code_of_a_file():
    assert len(SOURCES) > 150
    found = {str(path.relative_to(ROOT)): unsafe_calls(path.read_text()) for path in SOURCES}
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_modules_bring_no_names_that_the_search_would_miss():
    """``from torch import load`` and the like."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                names = {alias.name for alias in node.names}
                assert not names & HIDDEN, path
            if isinstance(node, ast.Import):
                renamed = {alias.name for alias in node.names if alias.asname} & {*MODULES}
                assert renamed <= {'numpy'}, path
