"""Training curves from the scalars that MMEngine writes."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmavssl.utils.errors import DataError
from mmavssl.utils.scalar_log import is_training, read_run, sessions_of

Scalars = dict[str, tuple[list[float], list[float]]]
#: Panels and which scalars belong to them. The first that wants a scalar gets it.
PANELS: dict[str, Callable[[str], bool]] = {
    'loss': lambda name: 'loss' in name,
    'localizer terms': lambda name: name in ('contrast', 'fns1', 'tns', 'fns2'),
    'pass rate': lambda name: name == 'pass_rate',
    'accuracy (%)': lambda name: name.endswith(('top1', 'top5', '_acc', 'pointing')),
    'learning rate': lambda name: name == 'lr',
}
#: Seconds of a batch, which MMEngine notes of training and of validation by the same names.
TIMES = ('time', 'data_time')
DPI = 110
NO_SCALARS = (
    '{} holds no scalars of a training run (*/vis_data/scalars.json). Name a work directory of '
    'tools/train.py.'
)
LINE_STYLES = ('-', '--', ':', '-.')


def plot_curves(paths: str | Path | Sequence[str | Path], out_file: str | Path) -> list[str]:
    """Draw the curves of one or more runs into one picture, a panel for each kind of scalar.

    Args:
        paths: a file ``vis_data/scalars.json`` or a work directory (its last training run, with
            all sessions of it), or several.
        out_file: image to write; its folder is made if needed.

    Returns:
        Titles of the panels.

    Raises:
        DataError: a run has no scalars, or none that a panel shows.
    """
    figure, titles = curves_figure(paths)
    out_file = Path(out_file)
    out_file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out_file, dpi=DPI)
    return titles


def curves_figure(paths: str | Path | Sequence[str | Path]) -> tuple[Figure, list[str]]:
    """Return the curves of `plot_curves` as a figure, and the titles of its panels.

    Raises:
        DataError: a run has no scalars, or none that a panel shows.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    runs = {str(path): read_scalars(path) for path in paths}
    names = sorted({name for scalars in runs.values() for name in scalars})
    panels = {title: chosen for title, chosen in assign_panels(names).items() if chosen}
    if not panels:
        raise DataError(
            f'The scalars of {", ".join(runs)} ({", ".join(names)}) have no curve here.'
        )
    figure = Figure(figsize=(4.6 * len(panels), 3.6), dpi=DPI, layout='constrained')
    FigureCanvasAgg(figure)
    for axes, (title, chosen) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        draw_panel(axes, title, chosen, runs)
    return figure, list(panels)


def assign_panels(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of scalars that each panel shows.

    >>> assign_panels(['loss', 'loss_sup', 'pass_rate', 'time'])['loss']
    ['loss', 'loss_sup']
    """
    panels: dict[str, list[str]] = {title: [] for title in PANELS}
    for name in names:
        title = next((title for title, wants in PANELS.items() if wants(name)), None)
        if title:
            panels[title].append(name)
    return panels


def draw_panel(axes: Axes, title: str, names: Sequence[str], runs: dict[str, Scalars]) -> None:
    """Draw scalars of all runs: colour by scalar, line style by run."""
    for number, (run, scalars) in enumerate(runs.items()):
        for colour, name in enumerate(names):
            if name not in scalars:
                continue
            steps, values = scalars[name]
            axes.plot(
                steps, values,
                color=f'C{colour % 10}',
                linestyle=LINE_STYLES[number % len(LINE_STYLES)],
                marker='o' if len(steps) < 3 else None,
                label=f'{run_name(run)}: {name}' if len(runs) > 1 else name,
            )  # fmt: skip
    axes.set(title=title, xlabel='iteration')
    axes.grid(alpha=0.3)
    axes.legend(fontsize='x-small')


def run_name(path: str) -> str:
    """Return the name of the work directory, given it or its ``*/vis_data/scalars.json``."""
    return Path(path).parents[2].name if path.endswith('.json') else Path(path).name


def find_scalars(path: str | Path) -> Path:
    """Return the scalars of the last session of a run.

    Args:
        path: the file itself, or a work directory: then those of its last run that trained.

    Raises:
        DataError: there are none, or they cannot be read.
    """
    path = Path(path)
    return path if path.is_file() else find_sessions(path)[-1]


def find_sessions(work_dir: Path) -> list[Path]:
    """Return the scalars of all sessions of the last run of a work directory that trained.

    Raises:
        DataError: there are none, or they cannot be read.
    """
    files = [*sessions_of(work_dir)]
    if not files:
        raise DataError(NO_SCALARS.format(work_dir))
    return files


def read_scalars(path: str | Path) -> Scalars:
    """Return the steps and values of every scalar of a run.

    Validation results, whose own step counts epochs, get the iteration that they follow; how long
    their batches took is left out, as it would be taken for that of training.

    Args:
        path: a work directory, for all sessions of its last run, or the file of one session.

    Raises:
        DataError: there are none, or they cannot be read.
    """
    lines = read_run(path)
    if not lines and not Path(path).is_file():
        raise DataError(NO_SCALARS.format(path))
    scalars: Scalars = {}
    iteration = None
    for line in lines:
        step = line['step']
        if is_training(line):
            iteration = step
        elif iteration is not None:
            step = iteration
        left_out = {'step'} if is_training(line) else {'step', *TIMES}
        for name, value in line.items():
            if name not in left_out and isinstance(value, (int, float)):
                steps, values = scalars.setdefault(name, ([], []))
                steps.append(step)
                values.append(value)
    return scalars
