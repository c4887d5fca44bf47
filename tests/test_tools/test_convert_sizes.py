"""What tensors do not tell, and sizes that no network has."""

import pytest
import torch

from tests.fidelity import published
from tests.test_tools.converting import assert_same, error, read, rows, save


def test_stride_that_the_number_of_patches_does_not_tell(convert, capsys):
    """ESC-50's recipe is known; 144 patches are SpeechCommands' or 300 frames at stride 16."""
    save('esc50.pth', published.ast(patches=600))
    assert convert('ast', 'esc50.pth', 'ours.pth') == 0
    assert torch.load('ours.pth', weights_only=True)['meta'] == {
        'networks': {'': {'stride': 10, 'num_mel_bins': 128}}
    }
    settings = ('--set', 'stride=16', 'num_frames=256')
    line = error(convert, capsys, 'ast', 'esc50.pth', 'x.pth', *settings)
    assert line.startswith(
        'esc50.pth: its 600 patches may be 12x50 of stride 10 or 8x75 of stride 16. Say which'
    )
    line = error(convert, capsys, 'ast', 'ours.pth', 'x.pth', *settings)
    assert line.startswith('ours.pth: it is an AST of stride 10 (600 patches), but the config has')

    official = published.ast(patches=144)
    save('speech.pth', official)
    line = error(convert, capsys, 'ast', 'speech.pth', 'x.pth')
    assert line == (
        'speech.pth: its 144 patches may be 8x18 of stride 16 or 12x12 of stride 10. Say which: '
        '`init_cfg.source=dict(stride=16)`, or --source stride=16 of the tool.'
    )
    for stride in (16, 10):
        args = ('speech.pth', f'{stride}.pth', '--source', f'stride={stride}')
        assert convert('ast', *args) == 0
        assert convert('ast', f'{stride}.pth', 'back.pth', '--to-official') == 0
        assert_same(read('back.pth'), official)
    cut = ('--set', 'num_frames=256', 'distilled=False')
    assert convert('ast', '16.pth', 'cut.pth', *cut) == 0
    positions = official['module.v.pos_embed'][:, 2:].view(1, 8, 18, 128)[:, :, 1:17]
    assert read('cut.pth', 'state_dict')['pos_embed'][:, 1:].equal(positions.flatten(1, 2))


def test_heads(convert, capsys):
    save('s16.pth', published.timm_vit(dims=384, patches=196))
    line = error(convert, capsys, 'vit', 's16.pth', 'x.pth', '--set', 'num_heads=12')
    assert 'num_heads=6, but the config has num_heads=12' in line
    assert '--source num_heads=12' in line
    args = ('s16.pth', 'ours.pth', '--set', 'num_heads=12', '--source', 'num_heads=12')
    assert convert('vit', *args) == 0
    facts = torch.load('ours.pth', weights_only=True)['meta']['networks']
    assert facts == {'': {'num_heads': 12}}
    assert convert('vit', 'ours.pth', 'x.npz', '--to-official') == 0
    name = 'Transformer/encoderblock_1/MultiHeadDotProductAttention_1/query/kernel'
    assert read('x.npz')[name].shape == (384, 12, 32)
    line = error(convert, capsys, 'vit', 's16.pth', 'x.pth', '--source', 'heads=12')
    assert line.startswith("Expected `source` to have some of ")


@pytest.mark.parametrize('heads', [1, 2, 4])
def test_heads_of_jax_and_back(convert, heads):
    official = published.jax_vit(heads=heads)
    save('vit.npz', official)
    assert convert('vit', 'vit.npz', 'ours.pth') == 0
    assert convert('vit', 'ours.pth', 'back.npz', '--to-official') == 0
    assert_same(read('back.npz'), official)


def test_recognizers_say_it_by_the_path_of_their_backbone(convert):
    save('a.pyth', published.svformer(dims=384), 'model_state')
    assert convert('svformer', 'a.pyth', 'ours.pth', '--teacher') == 0
    assert torch.load('ours.pth', weights_only=True)['meta'] == {
        'networks': {'student.backbone': {'num_heads': 6}, 'teacher.backbone': {'num_heads': 6}}
    }


def test_width_that_heads_of_64_do_not_divide(convert, capsys):
    official = published.timm_vit(dims=96)
    save('vit.pth', official)
    assert convert('vit', 'vit.pth', 'ours.pth') == 0
    line = error(convert, capsys, 'vit', 'ours.pth', 'x.npz', '--to-official')
    assert line == (
        'ours.pth: files of JAX have the heads apart, and nothing tells how many there are in its '
        '96 channels. Say it: --source num_heads=...'
    )
    args = ('ours.pth', 'x.npz', '--to-official', '--source', 'num_heads=3')
    assert convert('vit', *args) == 0
    assert convert('vit', 'x.npz', 'again.pth') == 0
    assert convert('vit', 'again.pth', 'back.pth', '--to-official') == 0
    assert_same(read('back.pth'), {n: t for n, t in official.items() if 'head' not in n})


@pytest.mark.parametrize(
    ('tool', 'setting', 'message'),
    [
        ('vit', 'num_frames=0', '`num_frames` to be a whole number of at least 1, but got 0.'),
        ('vit', 'num_frames=-2', '`num_frames` to be a whole number of at least 1, but got -2.'),
        ('vit', 'num_frames=2.5', '`num_frames` to be a whole number of at least 1, but got 2.5'),
        ('vit', 'num_heads=0', '`num_heads` to be a whole number of at least 1, but got 0.'),
        ('vit', 'patch_size=0', '`patch_size` to be a whole number of at least 1, but got 0.'),
        ('vit', 'img_size=8', '`img_size` to be a whole number of at least 16, but got 8.'),
        ('vit', 'depth=-1', '`depth` to be a whole number of at least 0, but got -1.'),
        ('ast', 'stride=0', '`stride` to be a whole number of at least 1, but got 0.'),
        ('ast', 'num_heads=0', '`num_heads` to be a whole number of at least 1, but got 0.'),
        ('ast', 'num_frames=8', '`num_frames` to be a whole number of at least 16, but got 8.'),
    ],
)
def test_sizes_that_no_network_has(convert, capsys, tool, setting, message):
    save('vit.pth', published.timm_vit())
    line = error(convert, capsys, tool, 'vit.pth', 'x.pth', '--set', setting)
    assert line.startswith(f'--set: Expected {message}')


def test_patch_kernel_of_two_dimensions(convert, capsys):
    state = published.timm_vit()
    state['patch_embed.proj.weight'] = state['patch_embed.proj.weight'].flatten(1)
    save('flat.pth', state)
    line = error(convert, capsys, 'vit', 'flat.pth', 'x.pth')
    assert line == (
        'flat.pth: its patch_embed.proj.weight has the shape (128, 768), which is not '
        '(width, channels, height, width).'
    )


def test_bfloat16_has_no_place_in_npz(convert, capsys):
    state = {name: tensor.bfloat16() for name, tensor in published.timm_vit().items()}
    save('vit.safetensors', state)
    assert convert('vit', 'vit.safetensors', 'ours.pth') == 0
    line = error(convert, capsys, 'vit', 'ours.pth', 'x.npz', '--to-official')
    assert line.startswith('x.npz cannot hold numbers of bfloat16 (cls, ')
    assert convert('vit', 'ours.pth', 'back.safetensors', '--to-official') == 0
    assert_same(read('back.safetensors'), state)


def test_layer_scale_is_folded(convert, capsys):
    state = published.timm_vit()
    for i in range(2):
        for k in (1, 2):
            state[f'blocks.{i}.ls{k}.gamma'] = torch.full((128,), 0.5 * k)
    save('dino.pth', state)
    assert convert('vit', 'dino.pth', 'ours.pth') == 0
    assert rows(capsys, 'times LayerScale')[0] == (
        'times LayerScale blocks.*.{attn.proj.weight,ls1.gamma} blocks.*.attn.proj.weight 2'
    )
    ours = read('ours.pth', 'state_dict')
    assert ours['blocks.1.attn.proj.bias'].equal(0.5 * state['blocks.1.attn.proj.bias'])
    assert ours['blocks.1.temporal_attn.proj.bias'].equal(ours['blocks.1.attn.proj.bias'])
    assert ours['blocks.1.mlp.fc2.weight'].equal(state['blocks.1.mlp.fc2.weight'])
