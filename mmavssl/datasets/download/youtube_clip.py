"""A clip of a video on YouTube, by yt-dlp."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmavssl.datasets.preparation.annotations import ClipName
from mmavssl.utils.errors import ConfigError, DataError

VIDEO_URL = 'https://www.youtube.com/watch?v={id}'
VIDEO_ID = re.compile(r'[\w-]{11}', re.ASCII)
#: What a terminal takes as colours.
COLOUR = re.compile(r'\x1b\[[\d;]*m')


@dataclass(frozen=True)
class ClipOptions:
    """How clips are fetched.

    Args:
        seconds: of each clip.
        height: of the frames at most, where the video is offered in several sizes.
        cookies: file of a browser's session, where YouTube asks to sign in.
        video_url: of a video, with ``{id}``.
    """

    seconds: float = 10
    height: int = 360
    cookies: Path | None = None
    video_url: str = VIDEO_URL


def check_packages() -> None:
    """Raise `ConfigError` if there is no yt-dlp, or no program of FFmpeg."""
    try:
        import yt_dlp  # noqa: F401

        ffmpeg_program()
    except ImportError as error:
        raise ConfigError(
            f"Clips of YouTube need {error.name}: pip install 'mmavssl[download]'"
        ) from None


def ffmpeg_program() -> str:
    """Return the path of FFmpeg's program: the system's, or that of a package of Python.

    Raises:
        ImportError: there is neither.
    """
    program = shutil.which('ffmpeg')
    if program is None:
        from imageio_ffmpeg import get_ffmpeg_exe

        program = get_ffmpeg_exe()
    return program


def fetch_clip(clip: ClipName, path: Path, options: ClipOptions) -> str | None:
    """Fetch a clip, which is there under its name when it is whole.

    Cuts are exact, for which FFmpeg encodes the clip anew.

    Args:
        clip: its video and the second at which it begins.
        path: of the file, an MP4.
        options: how.

    Returns:
        Why it cannot be had, as yt-dlp says; None if it is there.

    Raises:
        DataError: the id is none of YouTube's.
    """
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import DownloadError

    if not VIDEO_ID.fullmatch(clip.video):
        raise DataError(f'{clip.video!r} is no id of a video on YouTube. Correct the list.')
    with TemporaryDirectory(prefix='.clip_', dir=path.parent) as folder:
        try:
            with YoutubeDL(_parameters(clip, Path(folder), options)) as loader:
                loader.download([options.video_url.format(id=clip.video)])
        except DownloadError as error:
            return _reason(error)
        files = list(Path(folder).glob('clip.mp4'))
        if not files:
            return 'no file came'
        os.replace(files[0], path)
    return None


def _parameters(clip: ClipName, folder: Path, options: ClipOptions) -> dict[str, Any]:
    from yt_dlp.utils import download_range_func

    begin = clip.start or 0
    return {
        'format': 'bv*+ba/b',
        'format_sort': [f'res:{options.height}', 'ext:mp4:m4a'],
        'merge_output_format': 'mp4',
        'final_ext': 'mp4',
        'postprocessors': [{'key': 'FFmpegVideoRemuxer', 'preferedformat': 'mp4'}],
        'download_ranges': download_range_func(None, [(begin, begin + options.seconds)]),
        'force_keyframes_at_cuts': True,
        'ffmpeg_location': ffmpeg_program(),
        'outtmpl': str(folder / 'clip.%(ext)s'),
        'cookiefile': str(options.cookies) if options.cookies else None,
        'noplaylist': True,
        'quiet': True,
        'no_warnings': True,
        'noprogress': True,
        'logger': Silent(),
    }


class Silent:
    """A log that nobody reads: what matters is in the exception."""

    def debug(self, message: str) -> None:
        """Take what yt-dlp is doing."""

    warning = error = debug


def _reason(error: Exception) -> str:
    text = COLOUR.sub('', str(error)).removeprefix('ERROR: ')
    return ' '.join(text.split())
