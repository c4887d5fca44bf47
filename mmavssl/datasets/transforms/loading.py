"""Load what a sample needs: one open file, then the frames and the sound of each clip."""

from functools import lru_cache

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.datasets.transforms.audio_reader import AudioFile
from mmavssl.datasets.transforms.video_reader import DecodedVideo, VideoFile
from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError

AUDIO_POLICIES = ('error', 'silence', 'skip', None)


@TRANSFORMS.register_module()
class OpenAVFile(BaseTransform):
    """Open the video file, and its sound, once for all views of the sample.

    Adds ``video_file``, and with sound ``audio_file`` (None without sound), ``has_audio`` and
    ``audio_origin``, the time of the first frame on the clock of the sound. Pictures and sound of
    one file share a clock; a sound file of its own (``audio_path``) begins with the first frame.

    Args:
        audio: what to do about a video without sound: ``error``; ``silence``: zeros; ``skip``:
            another clip takes its place, and the log names the file. None: never touch the sound.
        cache: number of files that each worker keeps decoded in memory; for small data sets of
            short clips, which are then decoded once instead of in every epoch.

    Raises:
        ValueError: unknown policy, or a negative cache.
    """

    def __init__(self, audio: str | None = 'error', cache: int = 0) -> None:
        if audio not in AUDIO_POLICIES:
            raise ValueError(f'Expected `audio` to be one of {AUDIO_POLICIES}, but got {audio!r}.')
        if cache < 0:
            raise ValueError(f'Expected `cache` to be at least 0, but got {cache!r}.')
        self.__setstate__({'audio': audio, 'cache': cache})

    def __getstate__(self) -> dict:
        # Workers that are started anew, not forked, get the settings and fill their own cache.
        return {'audio': self.audio, 'cache': self.cache}

    def __setstate__(self, state: dict) -> None:
        self.audio, self.cache = state['audio'], state['cache']
        self.open_video, self.open_audio = VideoFile, AudioFile
        if self.cache:
            self.open_video = lru_cache(self.cache)(DecodedVideo)
            self.open_audio = lru_cache(self.cache)(AudioFile)

    def transform(self, results: dict) -> dict | None:
        """Open the files, or return None to skip the sample.

        Raises:
            DataError: a file that cannot be used, or no sound under the policy ``error``.
        """
        video_path = results['video_path']
        results['video_file'] = self.open_video(video_path)
        if self.audio is None:
            return results
        path = results.get('audio_path') or video_path
        audio_file = self.open_audio(path)
        shared = path == video_path
        results['audio_origin'] = (
            results['video_file'].clock.start_time if shared else audio_file.start_time
        )
        results['has_audio'] = audio_file.has_audio
        results['audio_file'] = audio_file if audio_file.has_audio else None
        if not audio_file.has_audio:
            if self.audio == 'error':
                raise DataError(
                    f'{path} has no sound, which this model needs. Take it out of the list, or '
                    "set OpenAVFile(audio='silence') or OpenAVFile(audio='skip')."
                )
            if self.audio == 'skip':
                return None
        return results


@TRANSFORMS.register_module()
class LoadAVClip(BaseTransform):
    """Decode the frames that `SampleClip` chose, and the sound of the same time.

    The window of sound has the centre of the clip's frames, so that both are of one moment
    whatever their lengths. Beyond the ends of the sound, or of the part of the file that the list
    names (``start``, ``end``), there is silence.

    Adds ``imgs`` (K * T, H, W, 3) uint8 and, with sound, ``waveform`` (K, S) float32 at 16 kHz,
    for K clips of T frames.

    Args:
        audio_seconds: length of the window of sound (2.56 s give 254 frames of a log-mel); None:
            as long as the clip.
    """

    def __init__(self, audio_seconds: float | None = None) -> None:
        if audio_seconds is not None and audio_seconds <= 0:
            raise ValueError(
                f'Expected `audio_seconds` to be positive or None, but got {audio_seconds!r}.'
            )
        self.audio_seconds = audio_seconds

    def transform(self, results: dict) -> dict:
        """Decode frames and sound."""
        results['imgs'] = results['video_file'].frames(results['frame_inds'].reshape(-1))
        if 'has_audio' in results:
            windows = [self._window(results, *times) for times in results['clip_times']]
            results['waveform'] = np.stack(windows)
        return results

    def _window(self, results: dict, begin: float, end: float) -> np.ndarray:
        seconds = self.audio_seconds or end - begin
        if results['audio_file'] is None:
            return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
        first = (begin + end - seconds) / 2
        window = results['audio_file'].window(first + results['audio_origin'], seconds)
        times = first + np.arange(len(window)) / SAMPLE_RATE
        if results.get('start') is not None:
            window[times < results['start']] = 0
        if results.get('end') is not None:
            window[times >= results['end']] = 0
        return window
