"""Time a new user's path in an empty environment: install the wheel, quickstart, predict.

    python benchmarks/new_user.py --video my_clip.mp4 --json benchmarks/results/new_user.json

builds the wheel, and then knows nothing of the repository: a new virtual environment, an empty
folder, and no variables but those that a shell needs. `MMAVSSL_PIP_ARGS` are more arguments of
`pip install`. It needs nothing but Python, and about 8 GB of disk while it runs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT = 'work_dirs/quickstart/asl_mix/epoch_15.pth'
KEPT = ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY', 'TMPDIR')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--video', type=Path, required=True, help='own clip to predict')
    parser.add_argument('--json', type=Path, help='file for the seconds of each command')
    args = parser.parse_args(argv)
    if not args.video.is_file():
        parser.error(f'--video: {args.video} is not a file.')
    return args


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout, as a release does, and return its path."""
    words = ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '-w', folder]
    subprocess.run([sys.executable, *words, ROOT], check=True)
    shutil.rmtree(ROOT / 'build', ignore_errors=True)  # left by setuptools
    [wheel] = folder.glob('mmavssl-*.whl')
    return wheel


def bare_environment(home: Path, binaries: Path) -> dict[str, str]:
    """Return the variables of a new user's shell, with the environment activated."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(binaries), '/usr/local/bin', '/usr/bin', '/bin'])
    return {'HOME': str(home), 'PATH': path, **kept}


def new_user(wheel: Path, video: Path, home: Path) -> dict[str, float]:
    """Do as a new user does, and return the seconds of each command.

    Raises:
        subprocess.CalledProcessError: where a command fails.
        RuntimeError: where the prediction does not name the video.
    """
    venv.create(home / 'env', with_pip=True)
    environment = bare_environment(home, home / 'env' / 'bin')
    work = home / 'work'
    work.mkdir()
    shutil.copy2(video, work)
    pip_args = os.environ.get('MMAVSSL_PIP_ARGS', '').split()
    commands = {
        'install': ['pip', 'install', '--quiet', *pip_args, str(wheel)],
        'quickstart': ['mmavssl', 'quickstart'],
        'predict': ['mmavssl', 'predict', video.name, '--weights', CHECKPOINT],
    }
    seconds = {}
    for name, words in commands.items():
        print(f'$ {" ".join(words)}', flush=True)
        begin = time.monotonic()
        done = subprocess.run(
            [str(home / 'env' / 'bin' / words[0]), *words[1:]], cwd=work, env=environment,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        seconds[name] = time.monotonic() - begin
        print(done.stdout, end='', flush=True)
        done.check_returncode()
    if video.name not in done.stdout:
        raise RuntimeError(f'mmavssl predict does not name {video.name}.')
    return seconds


def describe(home: Path) -> dict:
    """Return the machine and the versions that pip has chosen."""
    code = (
        'import json; from mmavssl.utils.machine import describe_machine; '
        'print(json.dumps(describe_machine()))'
    )
    python = home / 'env' / 'bin' / 'python'
    return json.loads(subprocess.check_output([python, '-c', code], cwd=home))


def main(argv: Sequence[str] | None = None) -> int:
    """Build, do it, and print the seconds."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory(prefix='mmavssl-new-user-') as place:
        wheel = build_wheel(Path(place))
        seconds = new_user(wheel, args.video.resolve(), Path(place))
        machine = describe(Path(place))
    del machine['commit']  # the name of the wheel has it
    result = {'wheel': wheel.name, 'seconds': seconds, 'machine': machine}
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + '\n')
    print('  '.join(f'{name} {value:.0f} s' for name, value in seconds.items()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
