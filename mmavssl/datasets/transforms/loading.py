"""Load what a sample needs: one open file, then the frames and the sound of each clip."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.stills_file import StillsFile, is_stills
from mmavssl.datasets.readers.storage import fetch, is_remote
from mmavssl.datasets.readers.video_file import DecodedVideo, VideoFile, check_backend
from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError
from mmavssl.utils.ranges import check_range

# Of the highest rate that files have, and of a window of sound.
MAX_SAMPLE_RATE, MAX_SECONDS = 768_000, 3600.0
AUDIO_POLICIES = ('error', 'silence', 'skip', None)


@TRANSFORMS.register_module()
class OpenAVFile(BaseTransform):
    """Open the file, its pictures and its sound, once for all views of the sample.

    Adds ``video_file``, and with sound ``audio_file`` (None without sound), ``has_audio``,
    ``sample_rate`` and ``audio_origin``, the time of the first frame on the clock of the sound.
    Pictures and sound of one file share a clock; a sound file of its own (``audio_path``) begins
    with the first frame. With such a sound, a picture or a folder of pictures may take a video's
    place (`StillsFile`).

    Args:
        audio: what to do about a video without sound: ``error``; ``silence``: zeros; ``skip``:
            another clip takes its place, and the log names the file. None: never touch the sound.
        cache: number of files that each worker keeps decoded in memory; for small data sets of
            short clips, which are then decoded once instead of in every epoch.
        backend: what decodes the pictures, ``pyav`` or ``decord`` (see `VideoFile`).
        backend_args: of MMEngine's storage backend, where the files are not on the disk; None: by
            the beginning of the path (``http://``, or what a backend of yours is registered for).
        sample_rate: that all sounds are resampled to, in Hz. `LogMel` wants 16 kHz;
            `LogSpectrogram` takes any.

    Raises:
        ConfigError: unknown backend.
        ValueError: unknown policy, a negative cache, or a rate that is not positive.
    """

    def __init__(
        self,
        audio: str | None = 'error',
        cache: int = 0,
        backend: str = 'pyav',
        backend_args: Mapping[str, Any] | None = None,
        sample_rate: int = SAMPLE_RATE,
    ) -> None:
        if audio not in AUDIO_POLICIES:
            raise ValueError(f'Expected `audio` to be one of {AUDIO_POLICIES}, but got {audio!r}.')
        check_range('cache', cache, 0)
        check_range('sample_rate', sample_rate, 1, MAX_SAMPLE_RATE)
        check_backend(backend)
        self.audio = audio
        self.cache = cache
        self.backend = backend
        self.backend_args = backend_args
        self.sample_rate = sample_rate
        self._use_cache()

    def __getstate__(self) -> dict:
        # Workers that are started anew, not forked, get the settings and fill their own cache.
        return {key: value for key, value in vars(self).items() if key != '_open_cached'}

    def __setstate__(self, state: dict) -> None:
        vars(self).update(state)
        self._use_cache()

    def _use_cache(self) -> None:
        self._open_cached = lru_cache(self.cache)(self._open_decoded)

    def transform(self, results: dict) -> dict | None:
        """Open the files, or return None to skip the sample.

        Raises:
            DataError: a file that cannot be used, or no sound under the policy ``error``.
        """
        video_path, sound_path = results['video_path'], results.get('audio_path')
        shared = sound_path in (None, '', video_path)
        open_files = self._open_cached if self.cache else self._open
        video, sound = open_files(video_path, None if shared else sound_path)
        results['video_file'] = video
        if sound is None:
            return results
        results['audio_origin'] = video.clock.start_time if shared else sound.start_time
        results['has_audio'] = sound.has_audio
        results['sample_rate'] = self.sample_rate
        results['audio_file'] = sound if sound.has_audio else None
        if not sound.has_audio:
            if self.audio == 'error':
                raise DataError(
                    f'{sound.path} has no sound, which this model needs. Take it out of the list, '
                    "or set OpenAVFile(audio='silence') or OpenAVFile(audio='skip')."
                )
            if self.audio == 'skip':
                return None
        return results

    def _open(
        self, video_path: str, sound_path: str | None, video_class: type[VideoFile] = VideoFile
    ) -> tuple[VideoFile | StillsFile, AudioFile | None]:
        if is_stills(video_path):
            return self._open_stills(video_path, sound_path)
        both = self.audio is not None and sound_path is None
        media = self._media(video_path, 'video', *(['audio'] if both else []))
        video = video_class(media, self.backend)
        if self.audio is None:
            return video, None
        return video, self._sound(media if both else self._media(sound_path, 'audio'))

    def _open_stills(
        self, path: str, sound_path: str | None
    ) -> tuple[StillsFile, AudioFile | None]:
        stills = StillsFile(path, self._content(path))
        if self.audio is None:
            return stills, None
        if sound_path is None:
            raise DataError(
                f'{path} is not a video, and no sound is named for it, which this model needs. '
                'Name a video, or in a list the sound of the picture (column `audio_path`); a '
                'model that does not listen has OpenAVFile(audio=None).'
            )
        return stills, self._sound(self._media(sound_path, 'audio'))

    def _open_decoded(
        self, video_path: str, sound_path: str | None
    ) -> tuple[VideoFile | StillsFile, AudioFile | None]:
        video, sound = self._open(video_path, sound_path, DecodedVideo)
        if sound is not None:
            sound.decode_all()
        for file in (video, sound):
            if isinstance(file, VideoFile | AudioFile):
                file.media.close()
        return video, sound

    def _sound(self, media: MediaFile) -> AudioFile:
        return AudioFile(media, self.sample_rate)

    def _media(self, path: str, *kinds: str) -> MediaFile:
        return MediaFile(path, self._content(path), kinds)

    def _content(self, path: str) -> bytes | None:
        """Return the content of a file that is not on the disk, None for one that is."""
        return fetch(path, self.backend_args) if is_remote(path, self.backend_args) else None


@TRANSFORMS.register_module()
class LoadAVClip(BaseTransform):
    """Decode the frames that `SampleClip` chose, and the sound of the same time.

    The window of sound has the centre of the clip's frames, so that both are of one moment
    whatever their lengths. Beyond the ends of the sound, or of the part of the file that the list
    names (``start``, ``end``), there is silence.

    Adds ``imgs`` (K * T, H, W, 3) uint8 and, with sound, ``waveform`` (K, S) float32, for K
    clips of T frames.

    Args:
        audio_seconds: length of the window of sound, up to an hour (2.56 s give 254 frames of a
            log-mel); None: as long as the clip.

    Raises:
        ValueError: out of this range.
    """

    def __init__(self, audio_seconds: float | None = None) -> None:
        if audio_seconds is not None:
            check_range('audio_seconds', audio_seconds, above=0, high=MAX_SECONDS)
        self.audio_seconds = audio_seconds

    def transform(self, results: dict) -> dict:
        """Decode frames and sound."""
        results['imgs'] = results['video_file'].frames(results['frame_inds'])
        if 'has_audio' in results:
            results['waveform'] = self._windows(results)
        return results

    def _windows(self, results: dict) -> np.ndarray:
        begins, ends = results['clip_times'].T
        seconds = self.audio_seconds or float(ends[0] - begins[0])
        firsts = (begins + ends - seconds) / 2
        rate = results.get('sample_rate', SAMPLE_RATE)
        if results['audio_file'] is None:
            return np.zeros((len(firsts), round(seconds * rate)), np.float32)
        windows = results['audio_file'].windows(firsts + results['audio_origin'], seconds)
        times = firsts[:, None] + np.arange(windows.shape[1]) / rate
        if results.get('start') is not None:
            windows[times < results['start']] = 0
        if results.get('end') is not None:
            windows[times >= results['end']] = 0
        return windows
