"""Pictures of sound: a waveform above its log-mel, on one axis of time."""

import io
import wave
from itertools import pairwise

import cv2
import numpy as np
from matplotlib import colormaps

from mmavssl.structures.audio_front_end import FRAME_SHIFT_MS, SAMPLE_RATE

GROUND = (16, 12, 32)
WAVE_COLOUR = (122, 215, 240)
MOMENT_COLOUR = (255, 255, 255)
MOMENT_OPACITY = 0.35
GAP = 2
WAVE_SHARE = 0.36
#: Quieter sounds are drawn as quiet as they are; others fill the panel.
LEAST_PEAK = 0.05


def sound_panel(
    waveform: np.ndarray | None,
    logmel: np.ndarray,
    width: int,
    height: int,
    value_range: tuple[float, float],
    moments: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a sound.

    Args:
        waveform: (S,), or None for the log-mel alone.
        logmel: (T_a, F).
        width: of the picture.
        height: of the picture.
        value_range: values of the log-mel that are drawn darkest and brightest.
        moments: (T,) seconds at which the frames are shown, marked in the waveform.

    Returns:
        RGB, uint8 (height, width, 3).
    """
    seconds = len(logmel) * FRAME_SHIFT_MS / 1000
    if waveform is None:
        return logmel_panel(logmel, width, height, value_range, seconds)
    seconds = max(seconds, len(waveform) / SAMPLE_RATE)
    upper = round(height * WAVE_SHARE)
    lower = logmel_panel(logmel, width, height - upper - GAP, value_range, seconds)
    gap = np.full((GAP, width, 3), 255, np.uint8)
    return np.concatenate(
        [waveform_panel(waveform, width, upper, seconds, moments), gap, lower]
    )


def waveform_panel(
    waveform: np.ndarray,
    width: int,
    height: int,
    seconds: float,
    moments: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a waveform (S,), scaled to its peak: in each column what it reaches in that time."""
    picture = np.full((height, width, 3), GROUND, np.uint8)
    columns = columns_of(len(waveform) / SAMPLE_RATE, seconds, width)
    scale = max(float(np.abs(waveform).max()), LEAST_PEAK)
    edges = np.arange(columns + 1) * len(waveform) // columns
    for x, (begin, end) in enumerate(pairwise(edges)):
        part = waveform[begin : max(end, begin + 1)]  # a column may be shorter than a sample
        levels = part.max(), part.min()
        top, bottom = ((1 - level / scale) / 2 * (height - 1) for level in levels)
        picture[round(float(top)) : round(float(bottom)) + 1, x] = WAVE_COLOUR
    for moment in () if moments is None else moments:
        x = int(moment / seconds * width)
        if 0 <= x < width:
            mark = np.multiply(MOMENT_COLOUR, MOMENT_OPACITY)
            picture[:, x] = picture[:, x] * (1 - MOMENT_OPACITY) + mark
    return picture


def logmel_panel(
    logmel: np.ndarray,
    width: int,
    height: int,
    value_range: tuple[float, float],
    seconds: float,
) -> np.ndarray:
    """Draw a log-mel (T_a, F) in colours, low frequencies at the bottom."""
    picture = np.full((height, width, 3), GROUND, np.uint8)
    columns = columns_of(len(logmel) * FRAME_SHIFT_MS / 1000, seconds, width)
    low, high = value_range
    shown = np.float32((logmel - low) / max(high - low, np.finfo(np.float32).tiny))
    shrinks = columns < shown.shape[0] or height < shown.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    shown = cv2.resize(shown.T[::-1].copy(), (columns, height), interpolation=interpolation)
    picture[:, :columns] = colormaps['magma'](shown.clip(0, 1), bytes=True)[..., :3]
    return picture


def columns_of(duration: float, seconds: float, width: int) -> int:
    """Return how many columns a sound of that duration fills where ``width`` are ``seconds``."""
    return min(max(round(width * duration / seconds), 1), width)


def wav_bytes(waveform: np.ndarray) -> bytes:
    """Return a WAV file, 16 bits mono at the front end's sample rate, of a waveform (S,)."""
    samples = np.rint(np.clip(waveform, -1, 1) * 32767).astype('<i2')
    file = io.BytesIO()
    with wave.open(file, 'wb') as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(SAMPLE_RATE)
        target.writeframes(samples.tobytes())
    return file.getvalue()
