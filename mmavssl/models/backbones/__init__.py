from mmavssl.models.backbones.ast import ASTEncoder
from mmavssl.models.backbones.audio_encoder import TimmAudioEncoder
from mmavssl.models.backbones.audio_resnet import AudioResNet
from mmavssl.models.backbones.frame_encoder import TimmFrameEncoder
from mmavssl.models.backbones.resnet3d import ResNet3d18
from mmavssl.models.backbones.timesformer import TimeSformer
from mmavssl.models.backbones.tsm_resnet import TSMResNet

__all__ = [
    'ASTEncoder',
    'AudioResNet',
    'ResNet3d18',
    'TSMResNet',
    'TimeSformer',
    'TimmAudioEncoder',
    'TimmFrameEncoder',
]
