"""How two clips become one."""

from mmavssl.models.mixers.base import BaseMixer, MixResult
from mmavssl.models.mixers.cut_mix import CutMix
from mmavssl.models.mixers.mix_up import MixUp
from mmavssl.models.mixers.mix_view import mix_view
from mmavssl.models.mixers.token_mix import TokenMix

__all__ = ['BaseMixer', 'CutMix', 'MixResult', 'MixUp', 'TokenMix', 'mix_view']
