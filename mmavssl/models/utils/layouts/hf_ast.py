"""AST in the layout of Hugging Face, which has queries, keys and values apart."""

from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import joined, renamed, renamed_layer

NETWORK = 'audio_spectrogram_transformer'
EMBEDDINGS = f'{NETWORK}.embeddings'
BLOCK = f'{NETWORK}.encoder.layer.{{i}}'


def _together(kind: str) -> tuple[str, ...]:
    return tuple(f'{BLOCK}.attention.attention.{p}.{kind}' for p in ('query', 'key', 'value'))


HF_AST = Layout(
    name='hf_ast',
    title='AST of Hugging Face',
    marks=((f'{EMBEDDINGS}.patch_embeddings.projection.weight',),),
    no_place=('classifier.*',),
    rules=(
        renamed('cls_token', f'{EMBEDDINGS}.cls_token'),
        renamed('dist_token', f'{EMBEDDINGS}.distillation_token'),
        renamed('pos_embed', f'{EMBEDDINGS}.position_embeddings'),
        *renamed_layer('patch_embed.proj', f'{EMBEDDINGS}.patch_embeddings.projection'),
        *renamed_layer('blocks.{i}.norm1', f'{BLOCK}.layernorm_before'),
        joined('blocks.{i}.attn.qkv.weight', *_together('weight')),
        joined('blocks.{i}.attn.qkv.bias', *_together('bias')),
        *renamed_layer('blocks.{i}.attn.proj', f'{BLOCK}.attention.output.dense'),
        *renamed_layer('blocks.{i}.norm2', f'{BLOCK}.layernorm_after'),
        *renamed_layer('blocks.{i}.mlp.fc1', f'{BLOCK}.intermediate.dense'),
        *renamed_layer('blocks.{i}.mlp.fc2', f'{BLOCK}.output.dense'),
        *renamed_layer('norm', f'{NETWORK}.layernorm'),
    ),
)
