"""The clips of VGGSound, which are on YouTube."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from mmavssl.datasets.download.http_file import fetch_file
from mmavssl.datasets.download.youtube_clip import ClipOptions, check_packages, fetch_clip
from mmavssl.datasets.preparation.annotations import Annotation, read_annotations
from mmavssl.utils.errors import DataError
from mmavssl.utils.progress import followed, progress_bar

BASE_URL = 'https://www.robots.ox.ac.uk/~vgg/data/vggsound/'
LIST = 'vggsound.csv'
PARTS = ('train', 'test')
UNAVAILABLE = 'unavailable.csv'
#: So many clips in a row that cannot be had are the fault of the connection, or we are locked out.
ROW = 25


def download_vggsound(
    folder: Path,
    base_url: str = BASE_URL,
    parts: Sequence[str] = PARTS,
    per_class: int | None = None,
    workers: int = 4,
    retry: bool = False,
    options: ClipOptions | None = None,
) -> str:
    """Fetch the clips that are still on YouTube, and the list of all.

    Args:
        folder: of ``train/``, ``test/``, the list, and ``unavailable.csv``, which has the clips
            that could not be had, and why; they are not asked for again.
        base_url: of the folder of the list.
        parts: of `PARTS`.
        per_class: only the first clips of each class and part that can be had; None: all.
        workers: clips that are fetched at the same time.
        retry: ask for the clips of ``unavailable.csv`` as well.
        options: how a clip is fetched.

    Returns:
        What has been done, for the user.

    Raises:
        ConfigError: a package is not installed.
        DataError: the list cannot be had or is none, or no clip could be had for a while.
    """
    check_packages()
    for part in parts:
        (folder / part).mkdir(parents=True, exist_ok=True)
    if not (folder / LIST).exists():
        fetch_file(f'{base_url}{LIST}', folder / LIST)
    rows = read_annotations(folder / LIST)
    if not rows:
        (folder / LIST).unlink()
        raise DataError(f'{base_url}{LIST} is no list of VGGSound. `--base-url` names its folder.')
    rows = [row for row in rows if row.part in parts]
    clips = Clips(folder, options or ClipOptions(), retry)
    clips.fetch(rows, per_class, workers)
    there = sum(clips.path(row).exists() for row in rows)
    return (
        f'{folder} has {there:,} of {len(rows):,} clips; {len(clips.unavailable):,} cannot be had '
        f'({clips.file} says why).'
    )


class Clips:
    """Clips that are there, that cannot be had, and that are to be fetched.

    Args:
        folder: see `download_vggsound`.
        options: how a clip is fetched.
        retry: whether to forget which clips could not be had.
    """

    def __init__(self, folder: Path, options: ClipOptions, retry: bool = False) -> None:
        self.folder = folder
        self.options = options
        self.file = folder / UNAVAILABLE
        if retry:
            self.file.unlink(missing_ok=True)
        self.unavailable = self._read()
        #: The last ones in a row that could not be had: written when another one could.
        self.row: dict[str, str] = {}

    def fetch(self, rows: Sequence[Annotation], per_class: int | None, workers: int) -> None:
        """Fetch what lacks of some rows; one that can be had takes the place of one that cannot.

        Raises:
            DataError: see `download_vggsound`.
        """
        while wanted := self.wanted(rows, per_class):
            with (
                ThreadPoolExecutor(workers) as pool,
                progress_bar('Fetching clips', len(wanted)) as advance,
            ):
                jobs = {pool.submit(self._fetch, row): row for row in wanted}
                try:
                    for job in followed(as_completed(jobs), advance):
                        self._count(jobs[job], job.result())
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        self._write()

    def wanted(self, rows: Iterable[Annotation], per_class: int | None) -> list[Annotation]:
        """Return the rows of which there is no clip, as far as a class is not complete."""
        found: Counter[tuple[str, str]] = Counter()
        lacks = []
        for row in rows:
            key = row.part, row.label
            if str(row.clip) in self.unavailable or found[key] == per_class:
                continue
            found[key] += 1
            if not self.path(row).exists():
                lacks.append(row)
        return lacks

    def path(self, row: Annotation) -> Path:
        """Return the file of a clip."""
        return self.folder / row.part / f'{row.clip}.mp4'

    def _fetch(self, row: Annotation) -> str | None:
        return fetch_clip(row.clip, self.path(row), self.options)

    def _count(self, row: Annotation, reason: str | None) -> None:
        if reason is None:
            self._write()
            return
        self.row[str(row.clip)] = self.unavailable[str(row.clip)] = reason
        if len(self.row) == ROW:
            raise DataError(
                f'The last {ROW} clips could not be had: {reason}. Check the connection, and '
                'whether YouTube asks to sign in (`--cookies`) or wants fewer `--workers`; the '
                'same command goes on from here.'
            )

    def _read(self) -> dict[str, str]:
        if not self.file.exists():
            return {}
        with self.file.open(encoding='utf-8', newline='') as file:
            return {row['clip']: row['reason'] for row in csv.DictReader(file)}

    def _write(self) -> None:
        """Add the last ones to the file: they are no fault of the connection."""
        if not self.row:
            return
        begins = not self.file.exists()
        with self.file.open('a', encoding='utf-8', newline='') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerows([('clip', 'reason')] * begins + list(self.row.items()))
        self.row.clear()
