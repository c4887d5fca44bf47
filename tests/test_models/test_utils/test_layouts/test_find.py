"""Which layout a file has."""

import pytest
import torch

from mmavssl.models.backbones import TimeSformer
from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts import LAYOUTS
from mmavssl.models.utils.layouts.find import find_layout, layout_of_part, without_parallel_prefix
from mmavssl.models.utils.report import Report
from tests.fidelity import published

FILES = {
    'timm_vit': published.timm_vit,
    'jax_vit': published.jax_vit,
    'timesformer': published.timesformer,
    'svformer': published.svformer,
    'videomae_pretrained': published.videomae,
    'videomae': published.videomae_finetuned,
    'mae': published.mae,
    'ast': published.ast,
    'hf_ast': published.hf_ast,
}


def test_each_published_file_has_its_layout():
    assert set(FILES) == {layout.name for layout in LAYOUTS}
    for name, make in FILES.items():
        for prefix in ('', 'module.'):
            state = {f'{prefix}{n}': t for n, t in without_parallel_prefix(make()).items()}
            assert find_layout(without_parallel_prefix(state)).name == name
    assert find_layout(published.mae_finetuned()).name == 'mae'


def test_encoder_of_mae_alone_is_a_plain_transformer():
    state = published.mae()
    encoder = {n: t for n, t in state.items() if not n.startswith(('decoder_', 'mask_token'))}
    assert find_layout(encoder).name == 'timm_vit'


def test_our_own_backbones_have_the_names_of_timm():
    for attention_type in ('divided', 'joint', 'space_only'):
        network = TimeSformer(attention_type, img_size=32, embed_dims=12, depth=1, num_heads=2)
        assert find_layout(network.state_dict()).name == 'timm_vit'


def test_none_of_them():
    names = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'fc.weight']
    with pytest.raises(MisfitError, match=r'\(conv1.weight, bn1.weight, bn1.bias, \.\.\.\) have'):
        find_layout(names)


@pytest.mark.parametrize('name', FILES)
def test_every_tensor_is_accounted_for(name):
    """Each one of the file is copied, joined or dropped, and each of ours has an origin."""
    source, report = without_parallel_prefix(FILES[name]()), Report()
    state, rest = layout_of_part(source, 'backbone').to_ours(source, report)
    used = [n for origin in report.origins.values() for n in origin.sources]
    dropped = [n for n, _ in report.dropped]
    extra = ['sinusoids of the first tubelet'] if 'videomae' in name else []
    assert sorted(used + dropped) == sorted([*source, *extra])
    assert set(report.origins) == set(state)
    assert set(rest) == set(dropped)


def test_prefix_of_parallel_training_is_of_all_names_or_none():
    names = {'module.a': torch.ones(1), 'module.b': torch.ones(1)}
    assert set(without_parallel_prefix(names)) == {'a', 'b'}
    assert set(without_parallel_prefix({**names, 'c': torch.ones(1)})) == {*names, 'c'}
