"""tools/lib/setup_env.sh on machines that lack something, with stand-ins for the commands."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ('awk', 'bash', 'cat', 'cksum', 'dirname', 'env', 'grep', 'ls', 'mkdir', 'rm', 'sed',
            'tail', 'touch', 'wc', 'cp', 'chmod')  # fmt: skip

# Behaves as python, `python -m venv` and pip do, as far as the script looks; $FAKE says how.
FAKE_PYTHON = r"""#!/bin/bash
echo "$0 $*" >>"$CALLS"
case "$*" in
  "-c import sys;"*) echo "${FAKE_VERSION:-3.11.7}" ;;
  "-c import cv2")
    if [ "$FAKE" = no_libgl ] && [ ! -e "$CALLS.headless" ]; then echo 'no libGL'; exit 1; fi ;;
  "-c from importlib.metadata"*) echo 4.10.0 ;;
  "-c import torch"*)
    if [ -e "$(dirname "$0")/../broken" ]; then echo 'ImportError: no torch.so' >&2; exit 1; fi ;;
  "-m venv "*)
    if [ "$FAKE" = no_venv ]; then echo 'No module named ensurepip' >&2; exit 1; fi
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo home=/ >"$3/pyvenv.cfg" ;;
  "-m pip install"*headless*) touch "$CALLS.headless" ;;
  "-m pip install"*)
    echo 'Collecting numpy>=1.26'
    echo 'Collecting torch==2.11.0'
    case "$FAKE" in
      offline)
        echo 'WARNING: Retrying (Retry(total=0)) after connection broken'
        echo 'ERROR: No matching distribution found for torch==2.11.0'
        exit 1 ;;
      disk_full) echo 'ERROR: [Errno 28] No space left on device'; exit 1 ;;
      conflict) echo 'ERROR: ResolutionImpossible'; exit 1 ;;
    esac ;;
esac
"""


class Machine:
    """A checkout and a PATH that has nothing but what the script needs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / 'checkout'
        self.bin = folder / 'bin'
        self.calls_file = folder / 'calls'
        for path in (self.root / 'tools/lib', self.root / 'requirements', self.bin):
            path.mkdir(parents=True)
        for name in ('setup.py', 'requirements/constraints.txt', 'tools/lib/setup_env.sh'):
            shutil.copy(ROOT / name, self.root / name)
        for command in COMMANDS:
            (self.bin / command).symlink_to(shutil.which(command))
        self.add('df', '#!/bin/sh\necho Header\necho "/dev/sda 9 9 ${FREE_KB:-99999999} 1% /"\n')

    def add(self, name: str, content: str = FAKE_PYTHON) -> None:
        path = self.bin / name
        path.write_text(content)
        path.chmod(0o755)

    @property
    def venv(self) -> Path:
        return self.root / '.venv'

    def calls(self) -> list[str]:
        """Return what the Pythons were called with since the last look."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return lines

    def set_up(self, **env: str) -> subprocess.CompletedProcess:
        script = 'set -euo pipefail; source "$ROOT/tools/lib/setup_env.sh"; setup_env; echo READY'
        return subprocess.run(
            [self.bin / 'bash', '-c', script, 'tools/run_tests.sh'],
            env={
                'PATH': str(self.bin),
                'ROOT': str(self.root),
                'CALLS': str(self.calls_file),
                'FAKE': '',
                'TMPDIR': str(self.root),
                **env,
            },
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def fails(self, status: int, **env: str) -> str:
        result = self.set_up(**env)
        assert result.returncode == status, result.stderr
        assert 'READY' not in result.stdout
        return result.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_fresh_machine_then_nothing_to_do(machine):
    machine.add('python3')
    result = machine.set_up()
    assert result.returncode == 0, result.stderr
    install = next(call for call in machine.calls() if '-m pip install' in call)
    constraints = machine.root / 'requirements/constraints.txt'
    assert install.endswith(f'-c {constraints} -e {machine.root}[test]')

    result = machine.set_up()
    assert result.stdout == 'READY\n'
    assert machine.calls() == [f'{machine.venv}/bin/python -c ']


def test_other_requirements_are_installed_into_the_same_environment(machine):
    machine.add('python3')
    machine.set_up()
    machine.calls()
    with (machine.root / 'setup.py').open('a') as setup:
        setup.write('# changed\n')
    assert machine.set_up().returncode == 0
    calls = machine.calls()
    assert any('-m pip install' in call for call in calls)
    assert not any('-m venv' in call for call in calls)


def test_no_python(machine):
    error = machine.fails(10)
    assert error.startswith('mmavssl setup: needs Python 3.10 to 3.13, but found: none (python3 ')
    assert 'PYTHON=/path/to/python3.11 bash tools/run_tests.sh' in error


def test_old_and_new_pythons_are_named(machine):
    machine.add('python3')
    machine.add('python3.12', FAKE_PYTHON.replace('${FAKE_VERSION:-3.11.7}', '3.14.0'))
    error = machine.fails(10, FAKE_VERSION='3.8.18')
    assert 'but found: python3 is 3.8.18, python3.12 is 3.14.0.' in error
    assert not machine.venv.exists()


def test_a_later_python_that_fits_is_taken(machine):
    machine.add('python3', FAKE_PYTHON.replace('${FAKE_VERSION:-3.11.7}', '3.9.2'))
    machine.add('python3.11')
    assert 'with python3.11 (3.11.7)' in machine.set_up().stdout


def test_named_python(machine, tmp_path):
    machine.add('python3')
    assert 'but found: none (/no/python).' in machine.fails(10, PYTHON='/no/python')
    folder = tmp_path / 'a folder'
    folder.mkdir()
    (machine.bin / 'python3').rename(folder / 'py')
    assert machine.set_up(PYTHON=str(folder / 'py')).returncode == 0


def test_no_venv_module(machine):
    machine.add('python3')
    error = machine.fails(11, FAKE='no_venv')
    assert 'could not make a virtual environment with python3' in error
    assert 'It said: No module named ensurepip' in error
    assert 'apt install python3-venv' in error
    assert not machine.venv.exists()


def test_disk_too_small(machine):
    machine.add('python3')
    error = machine.fails(12, FREE_KB=str(5 * 1024**2))
    assert f'5 GB free on the disk of {machine.root}, 8 GB needed' in error
    assert machine.set_up(FREE_KB=str(5 * 1024**2), MMAVSSL_MIN_FREE_GB='4').returncode == 0


def test_disk_full_while_installing(machine):
    machine.add('python3')
    error = machine.fails(12, FAKE='disk_full')
    assert error.startswith('mmavssl setup: the disk is full.')
    assert 'No space left on device' in error


def test_failed_download_and_retry(machine):
    machine.add('python3')
    error = machine.fails(13, FAKE='offline')
    assert error.startswith('mmavssl setup: a download failed: torch==2.11.0')
    assert 'HTTPS_PROXY' in error
    assert str(machine.venv / 'setup.log') in error
    machine.calls()
    assert machine.set_up().returncode == 0
    assert not any('-m venv' in call for call in machine.calls())


def test_other_failure_of_pip_shows_its_output(machine):
    machine.add('python3')
    error = machine.fails(14, FAKE='conflict')
    assert 'pip could not install the packages' in error
    assert '  ERROR: ResolutionImpossible' in error


def test_half_made_environment_is_made_anew(machine):
    machine.add('python3')
    machine.venv.mkdir()
    (machine.venv / 'pyvenv.cfg').touch()
    result = machine.set_up()
    assert result.returncode == 0
    assert 'is incomplete; making it anew' in result.stdout


def test_environment_with_broken_packages_is_made_anew_once(machine):
    machine.add('python3')
    machine.set_up()
    (machine.venv / 'broken').touch()
    (machine.venv / 'mmavssl-setup.stamp').unlink()
    result = machine.set_up()
    assert result.returncode == 0, result.stderr
    assert 'is broken (ImportError: no torch.so); making it anew' in result.stdout


def test_environment_of_somebody_else_is_kept(machine):
    machine.add('python3')
    machine.set_up()
    (machine.venv / 'mmavssl-setup.made').unlink()
    (machine.venv / 'broken').touch()
    (machine.venv / 'mmavssl-setup.stamp').unlink()
    assert 'do not import' in machine.fails(15)
    assert (machine.venv / 'broken').exists()


def test_folder_that_is_no_environment_is_kept(machine):
    machine.add('python3')
    machine.venv.mkdir()
    (machine.venv / 'thesis.tex').touch()
    assert 'exists, but is no virtual environment' in machine.fails(11)
    assert (machine.venv / 'thesis.tex').exists()


def test_old_environment_of_somebody_else_is_kept(machine):
    machine.add('python3')
    (machine.venv / 'bin').mkdir(parents=True)
    (machine.venv / 'pyvenv.cfg').touch()
    python = machine.venv / 'bin/python'
    python.write_text('#!/bin/sh\necho 3.8.10\n')
    python.chmod(0o755)
    assert 'is no virtual environment of Python 3.10 to 3.13' in machine.fails(11)
    assert python.exists()


def test_opencv_without_libgl(machine):
    machine.add('python3')
    result = machine.set_up(FAKE='no_libgl')
    assert result.returncode == 0, result.stderr
    assert 'using opencv-python-headless 4.10.0' in result.stdout
    calls = machine.calls()
    assert any('pip uninstall --yes opencv-python' in call for call in calls)
    assert any(call.endswith('--no-deps opencv-python-headless==4.10.0') for call in calls)


def test_more_pip_arguments_and_another_place(machine, tmp_path):
    machine.add('python3')
    venv = tmp_path / 'elsewhere' / 'venv'
    result = machine.set_up(MMAVSSL_VENV=str(venv), MMAVSSL_PIP_ARGS='--index-url file:///wheels')
    assert result.returncode == 0, result.stderr
    assert (venv / 'pyvenv.cfg').is_file()
    install = next(call for call in machine.calls() if '-m pip install' in call)
    assert '--index-url file:///wheels -c ' in install
    assert not machine.venv.exists()


@pytest.mark.parametrize('script', ['run_tests.sh', 'quickstart.sh'])
def test_scripts_stop_where_setup_fails(machine, script):
    shutil.copy(ROOT / 'tools' / script, machine.root / 'tools' / script)
    result = subprocess.run(
        [machine.bin / 'bash', machine.root / 'tools' / script],
        env={'PATH': str(machine.bin), 'CALLS': os.devnull},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 10
    assert f'PYTHON=/path/to/python3.11 bash {machine.root}/tools/{script}' in result.stderr
