"""Make the pictures of README and docs anew, from a finished quickstart.

Examples:
    python tools/docs/make_pictures.py
    python tools/docs/make_pictures.py work_dirs/quickstart --only masks prediction

It is run where the quickstart was. The report and the demo page need Playwright and Chromium, the
latter Gradio as well. docs/images/pictures.json says what each picture is from. The plots of grids
(`grid_*.png`) are by tools/benchmark.py.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from PIL.Image import Image

#: Where tools/ is; not where the data and the quickstart are.
ROOT = Path(__file__).resolve().parents[2]
CLIPS = Path('data/avsprites/videos/test')
CLIP = CLIPS / 'ball_bell_0000.mp4'  # that of docs/inference.md, and the demo's first example
#: Clips in the quickstart's picture of masks, and which the README has: those that hiss.
MASKED_CLIPS, HISSING = 4, (1, 2)
GAP = 16
FACTS = 'pictures.json'
MAX_BYTES = 250_000
ADDRESS = re.compile(r'http://[\d.]+:\d+')
REPORT_SIZE, DEMO_SIZE = (1200, 1490), (1040, 1300)


class Run(NamedTuple):
    """A quickstart.

    Attributes:
        folder: its work directory.
        checkpoint: of ASL-Mix.
        localizer: checkpoint of the localizer that guides it.
        commit: of the code that trained them.
    """

    folder: Path
    checkpoint: Path
    localizer: Path
    commit: str


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'folder', nargs='?', type=given_path, default=Path('work_dirs/quickstart'),
        help='work directory of the quickstart (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--out', type=given_path, default=Path('docs/images'), help='folder (default: %(default)s)'
    )
    parser.add_argument(
        '--only', nargs='+', choices=tuple(PICTURES), default=tuple(PICTURES), metavar='NAME',
        help=f'pictures to make, of {", ".join(PICTURES)} (default: all)',
    )  # fmt: skip
    return parser.parse_args(argv)


def find_quickstart(folder: Path) -> Run:
    """Return what a quickstart has left.

    Raises:
        ConfigError: it has not ended, or was run elsewhere.
    """
    from mmavssl.apis.report.run_files import find_run
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.errors import ConfigError

    if folder.is_absolute() or '..' in folder.parts:
        raise ConfigError(
            f'{folder}: name the quickstart from the folder in which it was run, and run this '
            'there: the data are there, and pictures and commands tell no path of this machine.'
        )
    run = 'Run bash tools/quickstart.sh, or name the work directory of a quickstart.'
    for name in ('asl_mix', 'masks.png', 'summary.json'):  # the last one is written last
        if not (folder / name).exists():
            raise ConfigError(f'{folder} has no {name}, so no quickstart has ended there. {run}')
    files = find_run(folder / 'asl_mix', lambda text: print(text, file=sys.stderr))
    if files.checkpoint is None:
        raise ConfigError(f'{files.folder} has no checkpoint. {run}')
    masker = load_config(str(files.config)).model.mixer.masker
    return Run(
        folder,
        files.folder / files.checkpoint.name,  # `last_checkpoint` names a whole path
        Path(masker.localizer.init_cfg.checkpoint),
        json.loads((folder / 'summary.json').read_text())['machine']['commit'],
    )


def masks(run: Run) -> tuple[Image, str]:
    """Put clips of the quickstart's picture, which are one below the other, side by side."""
    from PIL import Image

    whole = Image.open(run.folder / 'masks.png').convert('RGB')
    width, height = whole.width, whole.height // MASKED_CLIPS
    step = width + GAP
    picture = Image.new('RGB', (step * len(HISSING) - GAP, height), 'white')
    for place, clip in enumerate(HISSING):
        part = whole.crop((0, clip * height, width, (clip + 1) * height))
        picture.paste(part, (place * step, 0))
    return picture, f'python tools/quickstart.py --work-dir {run.folder}'


def prediction(run: Run) -> tuple[Image, str]:
    """Take the middle of the video that is made of a prediction."""
    import numpy as np
    from PIL import Image

    from mmavssl.datasets.readers.video_file import VideoFile

    folder = run.folder / 'played'
    command = run_command(
        'tools/predict.py', CLIP, '--weights', run.checkpoint, '--out-dir', folder, '--localize'
    )
    video = VideoFile(str(folder / CLIP.name))
    [frame] = video.frames(np.array([video.num_frames // 2]))
    return Image.fromarray(frame), command


def report(run: Run) -> tuple[Image, str]:
    """Take the top of the report on ASL-Mix."""
    command = run_command('tools/analysis/report.py', run.folder / 'asl_mix')
    return browser_picture(run.folder / 'asl_mix/report.html', REPORT_SIZE, run), command


def demo(run: Run) -> tuple[Image, str]:
    """Let the demo page predict an example, and take it."""
    words = ('tools/demo.py', '--weights', run.checkpoint, '--examples', CLIPS)
    with served(run.folder / 'demo.log', *words, '--port', '0') as address:
        return browser_picture(address, DEMO_SIZE, run, '--example', CLIP.name), typed(words)


#: How each picture is made; they return it with the command that it shows.
PICTURES: dict[str, Callable[[Run], tuple[Image, str]]] = {
    'masks': masks, 'prediction': prediction, 'report': report, 'demo': demo,
}  # fmt: skip


def browser_picture(
    page: str | Path, size: tuple[int, int], run: Run, *options: str
) -> Image:
    """Return what a browser shows of a page, in a window of so many pixels."""
    from PIL import Image

    file = run.folder / 'page.png'
    run_command('tools/docs/take_page.py', page, file, '--size', *size, *options)
    return Image.open(file).convert('RGB')


def typed(words: Sequence[object]) -> str:
    """Return a command as one types it."""
    return f'python {" ".join(map(str, words))}'


def run_command(*words: object) -> str:
    """Run a tool, and return the command.

    Raises:
        ConfigError: it fails; with what it says last.
    """
    print(typed(words), flush=True)
    tool, *arguments = map(str, words)
    done = subprocess.run(
        [sys.executable, ROOT / tool, *arguments], capture_output=True, text=True
    )
    if done.returncode:
        fail(words, done.stderr)
    return typed(words)


@contextmanager
def served(log: Path, *words: object) -> Iterator[str]:
    """Run a tool that serves a page, with its output in a file, and yield the address.

    Raises:
        ConfigError: it ends before; with what it says last.
    """
    print(typed(words), flush=True)
    tool, *arguments = map(str, words)
    command = [sys.executable, '-u', ROOT / tool, *arguments]
    # A shell has what it runs in the background, and all that this starts, ignore SIGINT.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with (
        log.open('w') as file,
        subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, preexec_fn=heed
        ) as server,
    ):
        while not (address := ADDRESS.search(log.read_text())):
            if server.poll() is not None:
                fail(words, log.read_text())
            time.sleep(0.1)
        try:
            yield address[0]
        finally:
            server.send_signal(signal.SIGINT)  # upon which it deletes its files


def fail(words: Sequence[object], said: str) -> NoReturn:
    """Raise the last line of what a tool has said as a ConfigError."""
    from mmavssl.utils.errors import ConfigError

    raise ConfigError((said.strip() or f'{typed(words)} fails').splitlines()[-1])


def save(picture: Image, path: Path) -> None:
    """Write a picture, in 256 colours where it would be too large."""
    from PIL.Image import Quantize

    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
    if path.stat().st_size > MAX_BYTES:
        # It keeps colours that few pixels have, as those of curves.
        picture.quantize(256, Quantize.FASTOCTREE).save(path, optimize=True)


def note(path: Path, command: str, run: Run) -> None:
    """Note beside a picture what it is from."""
    from mmavssl.utils.file_hash import sha256_of
    from mmavssl.utils.machine import commit

    file = path.with_name(FACTS)
    facts: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    weights = (run.checkpoint, run.localizer)
    facts[path.name] = {
        'command': command,
        'checkpoints': {each.as_posix(): sha256_of(each) for each in weights},
        'trained_at_commit': run.commit,
        'drawn_at_commit': commit(),
        'sha256': sha256_of(path),
    }
    file.write_text(json.dumps(dict(sorted(facts.items())), indent=2) + '\n')


def make(args: argparse.Namespace) -> None:
    """Make what can be made, and then say what could not be."""
    from mmavssl.utils.errors import ConfigError

    run = find_quickstart(args.folder)
    problems = {}
    for name in args.only:
        path = args.out / f'{name}.png'
        try:
            picture, command = PICTURES[name](run)
        except ConfigError as error:
            problems[name] = f'{path} is not made: {error}'
            continue
        save(picture, path)
        note(path, command, run)
        print(path)
    if problems:
        again = f'python tools/docs/make_pictures.py {args.folder} --only {" ".join(problems)}'
        raise ConfigError(f'{" ".join(problems.values())} Then: {again}')


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('make_pictures', make, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
