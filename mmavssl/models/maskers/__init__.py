"""Which tokens of a clip a mixed clip keeps."""

from mmavssl.models.maskers.asl_guided import ASLGuided
from mmavssl.models.maskers.base import BaseMasker, MaskResult
from mmavssl.models.maskers.frame_token import FrameToken
from mmavssl.models.maskers.random_token import RandomToken
from mmavssl.models.maskers.tube_token import TubeToken

__all__ = ['ASLGuided', 'BaseMasker', 'FrameToken', 'MaskResult', 'RandomToken', 'TubeToken']
