"""Small networks and random batches for the algorithms."""

import torch

from mmavssl.structures import AVDataSample

NUM_CLASSES, NUM_LABELED, NUM_UNLABELED = 3, 2, 4


def student_cfg(audio: bool) -> dict:
    """Return the config of a recognizer of video, or of video and sound."""
    cfg = {
        'type': 'AVRecognizer',
        'backbone': {
            'type': 'TimeSformer', 'img_size': 16, 'patch_size': 4, 'num_frames': 2,
            'embed_dims': 8, 'depth': 1, 'num_heads': 2, 'drop_path_rate': 0.0,
        },
        'head': {'type': 'ClsHead', 'in_channels': 16 if audio else 8, 'num_classes': NUM_CLASSES},
    }  # fmt: skip
    if audio:
        cfg['audio_backbone'] = {
            'type': 'ASTEncoder', 'embed_dims': 8, 'depth': 1, 'num_heads': 2,
            'num_mel_bins': 16, 'num_frames': 32,
        }  # fmt: skip
        cfg['fusion'] = {
            'type': 'TransformerFusion', 'video_dims': 8, 'audio_dims': 8, 'num_layers': 1,
            'num_heads': 2, 'feedforward_channels': 16, 'dropout': 0.0,
        }  # fmt: skip
    return cfg


def batch(audio: bool = True) -> tuple[dict, dict]:
    """Return inputs and samples of an iteration."""
    generator = torch.Generator().manual_seed(1)

    def view(size: int) -> dict:
        tensors = {'video': torch.randn(size, 3, 2, 16, 16, generator=generator)}
        if audio:
            tensors['audio'] = torch.randn(size, 32, 16, generator=generator)
        return tensors

    inputs = {
        'labeled': {'weak': view(NUM_LABELED)},
        'unlabeled': {'weak': view(NUM_UNLABELED), 'strong': view(NUM_UNLABELED)},
    }
    samples = {
        'labeled': [AVDataSample().set_gt_label(i) for i in range(NUM_LABELED)],
        'unlabeled': [
            AVDataSample(metainfo={'sample_idx': 5 + i, 'gt_for_log': i % NUM_CLASSES})
            for i in range(NUM_UNLABELED)
        ],
    }
    return inputs, samples
