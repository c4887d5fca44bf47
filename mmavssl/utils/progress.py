"""One progress bar for all that takes long; nothing where nobody watches."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

from mmavssl.utils.bottom_line import BottomLine
from mmavssl.utils.terminals import open_terminal, width_of

#: Seconds between two looks of the bar, each of which takes some thousandths of a second.
INTERVAL = 0.25

Item = TypeVar('Item')


@contextmanager
def progress_bar(
    title: str, total: int, done: int = 0, shown: bool = True
) -> Iterator[Callable[[], None]]:
    """Show on stderr how far a job is, if that is a terminal; at the end the bar goes.

    What is printed or logged meanwhile is above the bar. A bar within another one hides it.

    The bar is drawn by whoever advances it, not by a thread: a process that is forked while a
    thread writes to stderr may wait for it for ever.

    Args:
        title: what is done, as ``Reading``.
        total: number of steps.
        done: steps that were done before.
        shown: False: a caller that shows nothing.

    Yields:
        What is called after each step.
    """
    if not (shown and done < total):
        yield lambda: None
        return
    with open_terminal() as terminal:
        if terminal is None:
            yield lambda: None
            return
        bar = Bar(terminal, title, total, done)
        with bar.line.shown():
            yield bar.advance


def followed(items: Iterable[Item], advance: Callable[[], None]) -> Iterator[Item]:
    """Yield items, and advance a bar when each is done with."""
    for item in items:
        yield item
        advance()


class Bar:
    """A bar of rich, of which we take the text alone.

    Rich itself would hide the cursor, which stays hidden where a process is killed, and would
    break long lines that are printed, and write those of stdout to stderr.

    Args:
        terminal: where it is drawn.
        title: what is done.
        total: number of steps.
        done: steps that were done before.
    """

    def __init__(self, terminal: TextIO, title: str, total: int, done: int) -> None:
        # Imported here, as it takes a tenth of a second.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = ('{task.description}', BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.console = Console(file=terminal)
        self.progress = Progress(
            *columns, console=self.console, speed_estimate_period=float('inf')
        )
        self.task = self.progress.add_task(title, total=total, completed=done)
        self.progress.advance(self.task, 0)  # the first step takes time, too
        self.line = BottomLine(terminal, self.text)

    def advance(self) -> None:
        """Count a step, and draw the bar from time to time."""
        self.progress.advance(self.task)
        self.line.draw(INTERVAL)

    def text(self) -> str:
        """Return what the bar looks like, in one line."""
        table = self.progress.get_renderable()
        with self.console.capture() as captured:
            self.console.print(table, end='', width=width_of(self.line.terminal))
        return captured.get().rstrip('\n')
