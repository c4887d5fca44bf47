"""What is known of a draw of a clip, in words and numbers for a reader."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torchaudio.functional import resample

from mmavssl.apis.sample_tap import DrawnClip
from mmavssl.structures import AVDataSample
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.visualization.clip_card import ClipView

HIDDEN = 'hidden: for logging alone, training does not see it'


def label_of(sample: AVDataSample, classes: Sequence[str]) -> tuple[str, str]:
    """Return the class of a clip in few words, and more about it."""
    if 'gt_label' in sample:
        name = classes[int(sample.gt_label)]
        return name, f'{name} (class {int(sample.gt_label)})'
    hidden = sample.get('gt_for_log', -1)
    if hidden < 0:
        return 'no label', 'none'
    return f'hidden: {classes[hidden]}', f'{classes[hidden]} (class {hidden}; {HIDDEN})'


def clip_facts(clip: DrawnClip, seed: int | None) -> dict[str, str]:
    """Return what is known of a clip as a whole."""
    sample, video = clip.sample['data_samples'], clip.results.get('video_file')
    source, index = sample.get('source', ''), sample.get('sample_idx')
    facts = {'source': source, 'sample_idx': str(index)}
    if video is not None:
        facts['video'] = f'{video.clock.duration:.2f} s at {video.clock.fps:.4g} fps'
    if 'has_audio' in sample:
        facts['has_audio'] = 'yes' if sample.has_audio else 'no: silence'
    key = '' if seed is None else f'seed {seed}, '
    facts['draw'] = f'{key}epoch {clip.draw.epoch}, repeat {clip.draw.repeat}'
    if index != clip.draw.index:
        facts['stands in for'] = f'#{clip.draw.index}, which is skipped or cannot be used'
    faults = [
        fault
        for kind in ('video_file', 'audio_file')
        for fault in getattr(clip.results.get(kind), 'faults', ())
    ]
    if faults:
        facts['damaged'] = '; '.join(faults)
    facts['file'] = str(sample.get('video_path', 'unknown'))
    return facts


def describe_view(view: ClipView, results: Mapping, window: int, crop: int) -> None:
    """Add to a view what the pipeline knows of it.

    Args:
        view: to fill.
        results: of the pipeline for this view; may be empty.
        window: which of its clips in time this is.
        crop: which of all its crops this is.
    """
    if 'clip_times' not in results:
        return
    begin, end = results['clip_times'][window]
    notes = [f'{begin:.2f} to {end:.2f} s']
    frames = results['frame_inds'][window]
    view.facts['time'] = notes[0]
    view.facts['frames'] = ', '.join(map(str, frames))
    if 'crop_box' in results:
        view.facts['crop (x1, y1, x2, y2)'] = ', '.join(map(str, results['crop_box'][crop]))
    if 'flip' in results:
        view.facts['mirrored'] = 'yes' if results['flip'] else 'no'
        notes += ['mirrored'] if results['flip'] else []
    if 'waveform' in results:
        sound = torch.from_numpy(np.asarray(results['waveform'][window]))
        rate = results.get('sample_rate', SAMPLE_RATE)
        view.waveform = resample(sound, rate, SAMPLE_RATE).numpy()
        seconds = len(view.waveform) / SAMPLE_RATE
        first = (begin + end - seconds) / 2
        peak = float(np.abs(view.waveform).max())
        view.facts['sound'] = f'{first:.2f} to {first + seconds:.2f} s, peak {peak:.3f}'
        if 'video_file' in results:
            view.moments = results['video_file'].clock.times[frames] - first
    view.note = ', '.join(notes)
