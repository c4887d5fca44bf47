"""Checkpoints as others publish them: all of their names, at a small width, of random numbers.

Written from the published code, not with the product's own tables of names.
"""

import torch


def tensors(shapes, seed=0):
    """Random tensors of these shapes by name; those of norms are around 1."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        scale = 0.5 if 'embed' in name or 'token' in name else 1 / max(shape[-1], 1) ** 0.5
        state[name] = scale * torch.randn(shape, generator=generator)
        if 'norm' in name.lower() and name.endswith(('weight', 'scale')):
            state[name] += 1
    return state


def layer(name, out, *rest):
    return {f'{name}.weight': (out, *rest), f'{name}.bias': (out,)}


def block(name, dims, temporal=False):
    shapes = layer(f'{name}.norm1', dims)
    shapes |= layer(f'{name}.attn.qkv', 3 * dims, dims) | layer(f'{name}.attn.proj', dims, dims)
    if temporal:
        shapes |= layer(f'{name}.temporal_norm1', dims)
        shapes |= layer(f'{name}.temporal_attn.qkv', 3 * dims, dims)
        shapes |= layer(f'{name}.temporal_attn.proj', dims, dims)
        shapes |= layer(f'{name}.temporal_fc', dims, dims)
    shapes |= layer(f'{name}.norm2', dims)
    return (
        shapes
        | layer(f'{name}.mlp.fc1', 4 * dims, dims)
        | layer(f'{name}.mlp.fc2', dims, 4 * dims)
    )


def vit_shapes(dims=128, depth=2, patches=4, patch=16, channels=3, special=1, temporal=False):
    """Names of timm, which are those of TimeSformer and AST without their prefix."""
    shapes = {'cls_token': (1, 1, dims)}
    if special == 2:
        shapes['dist_token'] = (1, 1, dims)
    shapes['pos_embed'] = (1, special + patches, dims)
    shapes |= layer('patch_embed.proj', dims, channels, patch, patch)
    for i in range(depth):
        shapes |= block(f'blocks.{i}', dims, temporal)
    return shapes | layer('norm', dims)


def prefixed(prefix, shapes):
    return {f'{prefix}{name}': shape for name, shape in shapes.items()}


def timm_vit(classes=10, **size):
    dims = size.get('dims', 128)
    heads = layer('head', classes, dims)
    if size.get('special') == 2:
        heads |= layer('head_dist', classes, dims)
    return tensors(vit_shapes(**size) | heads)


def timesformer(classes=7, frames=4, **size):
    dims = size.get('dims', 128)
    shapes = vit_shapes(temporal=True, **size) | {'time_embed': (1, frames, dims)}
    return tensors(prefixed('model.', shapes | layer('head', classes, dims)))


def svformer(classes=7, frames=4, **size):
    dims = size.get('dims', 128)
    shapes = vit_shapes(temporal=True, **size) | {'time_embed': (1, frames, dims)}
    return tensors(prefixed('model.', shapes) | layer('head', classes, dims))


def ast(classes=5, patches=32, **size):
    """As ``DataParallel`` saves it; 32 patches are 64 frames at stride 16."""
    dims = size.get('dims', 128)
    shapes = prefixed('v.', vit_shapes(patches=patches, channels=1, special=2, **size))
    shapes |= layer('v.head', 1000, dims) | layer('v.head_dist', 1000, dims)
    shapes |= layer('mlp_head.0', dims) | layer('mlp_head.1', classes, dims)
    return tensors(prefixed('module.', shapes))


def hf_ast(classes=5, dims=128, depth=2, patches=32):
    net = 'audio_spectrogram_transformer'
    shapes = {
        f'{net}.embeddings.cls_token': (1, 1, dims),
        f'{net}.embeddings.distillation_token': (1, 1, dims),
        f'{net}.embeddings.position_embeddings': (1, 2 + patches, dims),
    }
    shapes |= layer(f'{net}.embeddings.patch_embeddings.projection', dims, 1, 16, 16)
    for i in range(depth):
        name = f'{net}.encoder.layer.{i}'
        for part in ('query', 'key', 'value'):
            shapes |= layer(f'{name}.attention.attention.{part}', dims, dims)
        shapes |= layer(f'{name}.attention.output.dense', dims, dims)
        shapes |= layer(f'{name}.intermediate.dense', 4 * dims, dims)
        shapes |= layer(f'{name}.output.dense', dims, 4 * dims)
        shapes |= layer(f'{name}.layernorm_before', dims)
        shapes |= layer(f'{name}.layernorm_after', dims)
    shapes |= layer(f'{net}.layernorm', dims)
    return tensors(
        shapes | layer('classifier.layernorm', dims) | layer('classifier.dense', classes, dims)
    )


def jax_vit(classes=10, dims=128, depth=2, heads=2, patches=4, patch=16):
    def dense(name, *shape, bias=None):
        return {f'{name}/kernel': shape, f'{name}/bias': bias or shape[-1:]}

    def norm(name):
        return {f'{name}/scale': (dims,), f'{name}/bias': (dims,)}

    split = (heads, dims // heads)
    shapes = {
        'cls': (1, 1, dims),
        'Transformer/posembed_input/pos_embedding': (1, 1 + patches, dims),
    }
    shapes |= dense('embedding', patch, patch, 3, dims) | norm('Transformer/encoder_norm')
    for i in range(depth):
        name = f'Transformer/encoderblock_{i}'
        attention = f'{name}/MultiHeadDotProductAttention_1'
        for part in ('query', 'key', 'value'):
            shapes |= dense(f'{attention}/{part}', dims, *split, bias=split)
        shapes |= dense(f'{attention}/out', *split, dims)
        shapes |= norm(f'{name}/LayerNorm_0') | norm(f'{name}/LayerNorm_2')
        shapes |= dense(f'{name}/MlpBlock_3/Dense_0', dims, 4 * dims)
        shapes |= dense(f'{name}/MlpBlock_3/Dense_1', 4 * dims, dims)
    return tensors(shapes | dense('head', dims, classes))


def mae(dims=128, decoder_dims=64, **size):
    """A pretraining checkpoint with its decoder."""
    shapes = vit_shapes(dims, **size) | {'mask_token': (1, 1, decoder_dims)}
    shapes |= {'decoder_pos_embed': (1, 5, decoder_dims)}
    shapes |= layer('decoder_embed', decoder_dims, dims) | layer('decoder_norm', decoder_dims)
    shapes |= layer('decoder_pred', 768, decoder_dims)
    for i in range(3):
        shapes |= block(f'decoder_blocks.{i}', decoder_dims)
    return tensors(shapes)


def mae_finetuned(dims=128, **size):
    shapes = vit_shapes(dims, **size)
    shapes |= layer('fc_norm', *shapes.pop('norm.weight')) | layer('head', 10, dims)
    del shapes['norm.bias']
    return tensors(shapes)


def videomae_network(dims, depth, patch=16):
    shapes = layer('patch_embed.proj', dims, 3, 2, patch, patch)
    for i in range(depth):
        parts = block(f'blocks.{i}', dims)
        del parts[f'blocks.{i}.attn.qkv.bias']
        shapes |= parts
        shapes |= {f'blocks.{i}.attn.q_bias': (dims,), f'blocks.{i}.attn.v_bias': (dims,)}
    return shapes


def videomae(dims=128, depth=2, decoder_dims=64):
    """A pretraining checkpoint with its decoder."""
    shapes = prefixed('encoder.', videomae_network(dims, depth) | layer('norm', dims))
    decoder = {
        name: shape
        for name, shape in videomae_network(decoder_dims, 3).items()
        if 'patch_embed' not in name
    }
    decoder |= layer('norm', decoder_dims) | layer('head', 1536, decoder_dims)
    shapes |= prefixed('decoder.', decoder)
    shapes |= {'encoder_to_decoder.weight': (decoder_dims, dims)}
    return tensors(shapes | {'mask_token': (1, 1, decoder_dims)})


def videomae_finetuned(dims=128, depth=2):
    return tensors(videomae_network(dims, depth) | layer('fc_norm', dims) | layer('head', 7, dims))
