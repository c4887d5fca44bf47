from mmavssl.models.utils.layouts.ast import AST
from mmavssl.models.utils.layouts.hf_ast import HF_AST
from mmavssl.models.utils.layouts.jax_vit import JAX_VIT
from mmavssl.models.utils.layouts.layout import Layout, Translation
from mmavssl.models.utils.layouts.mae import MAE
from mmavssl.models.utils.layouts.recognizer import is_recognizer, recognizer_layout
from mmavssl.models.utils.layouts.svformer import SVFORMER
from mmavssl.models.utils.layouts.timesformer import TIMESFORMER
from mmavssl.models.utils.layouts.timm_vit import TIMM_VIT
from mmavssl.models.utils.layouts.videomae import VIDEOMAE, VIDEOMAE_PRETRAINED

#: The first one that recognizes a file has it.
LAYOUTS = (
    JAX_VIT, HF_AST, AST, SVFORMER, TIMESFORMER, VIDEOMAE_PRETRAINED, VIDEOMAE, MAE, TIMM_VIT,
)  # fmt: skip

__all__ = [
    'LAYOUTS', 'Layout', 'Translation', 'is_recognizer', 'recognizer_layout',
]  # fmt: skip
