"""One progress bar for all that takes long; nothing where nobody watches."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds between two looks of the bar.
INTERVAL = 0.1


@contextmanager
def progress_bar(
    title: str, total: int, done: int = 0, shown: bool = True
) -> Iterator[Callable[[], None]]:
    """Show on stderr how far a job is, if that is a terminal; at the end the bar goes.

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
    if not (shown and done < total and sys.stderr.isatty()):
        yield lambda: None
        return
    # Imported here, as it takes a tenth of a second.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ('{task.description}', BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as bar:
        task, last = bar.add_task(title, total=total, completed=done), time.monotonic()

        def advance() -> None:
            nonlocal last
            bar.advance(task)
            if time.monotonic() - last >= INTERVAL:
                bar.refresh()
                last = time.monotonic()

        bar.refresh()
        yield advance
