"""Constants of the audio front end that data sets and models share.

Kaldi-style log-mel filter banks as used by AST: 16 kHz mono, 25 ms windows every 10 ms, 128 bins,
normalized as ``(x - mean) / (2 * std)`` with AudioSet's statistics.
"""

SAMPLE_RATE = 16000
NUM_MEL_BINS = 128
FRAME_SHIFT_MS = 10
FRAME_LENGTH_MS = 25
AUDIOSET_MEAN = -4.2677393
AUDIOSET_STD = 4.5689974
# Bins and windows of 3 s in the spectrogram of FNAC and EZ-VSL, at our sample rate.
SPECTROGRAM_SHAPE = (257, 200)
