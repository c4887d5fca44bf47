"""docs/weights.md as written: its commands run on files of the names that it gives."""

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors import safe_open
from timm.models import deit, vision_transformer

from mmavssl.models.utils.pretrained import WRAPPER_KEYS, InitCfg
from mmavssl.utils.weight_writers import TORCH_SUFFIXES
from tests.fidelity import published
from tests.small_predictor import CENTER, class_names, small_config, write_checkpoint

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/weights.md').read_text()
COMMANDS = re.findall(r'^python tools/convert/(\w+)\.py (.*)$', PAGE, re.MULTILINE)
VITS = {
    'vit_base_patch16_224.augreg_in21k': vision_transformer.VisionTransformer,
    'deit_base_distilled_patch16_224': deit.VisionTransformerDistilled,
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A folder with the published files, of a small width."""
    folder = tmp_path_factory.mktemp('weights')
    arrays = {name: tensor.numpy() for name, tensor in published.jax_vit().items()}
    np.savez(folder / 'B_16-augreg.npz', **arrays)
    states = {
        'videomae.pth': {'model': published.videomae()},
        'TimeSformer_divST_8x32_224_K600.pyth': {'model_state': published.timesformer(frames=8)},
        'TimeSformer_divST_16x16_448_K400.pyth': {
            'model_state': published.timesformer(dims=64, frames=16, patches=784)
        },
        'checkpoint_epoch_00030.pyth': {'model_state': published.svformer(), 'epoch': 30},
        'audioset_16_16_0.4422.pth': published.ast(patches=512),
    }
    for name, state in states.items():
        torch.save(state, folder / name)
    return folder


def load_tool(name):
    path = ROOT / f'tools/{name}.py'
    spec = importlib.util.spec_from_file_location(name.replace('/', '_'), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def create_model(name, pretrained):
    return VITS[name](img_size=32, patch_size=16, embed_dim=128, depth=2, num_heads=2)


def test_commands(folder, monkeypatch, capsys):
    """In their order: the later ones take the files of those before."""
    assert len(COMMANDS) == 15
    monkeypatch.chdir(folder)
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.setattr(timm, 'create_model', create_model)
    for tool, arguments in COMMANDS:
        module = load_tool(f'convert/{tool}')
        assert module.main(shlex.split(arguments)) == 0, capsys.readouterr().err
        assert (folder / shlex.split(arguments)[1]).is_file()


def test_publishing(tmp_path, avsprites_root, monkeypatch, capsys):
    [arguments] = re.findall(r'^python tools/publish_model\.py (.*)$', PAGE, re.MULTILINE)
    source, target = shlex.split(arguments)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tool sets these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    Path(source).parent.mkdir(parents=True)
    cfg = small_config(avsprites_root, localizer=CENTER)
    write_checkpoint(Path(source), cfg, class_names(avsprites_root))
    assert load_tool('publish_model').main([source, target]) == 0, capsys.readouterr().err
    with safe_open(target, 'pt') as file:
        assert 'classes' in str(file.metadata())


def test_fields_and_formats():
    fields = re.findall(r'^\| `(\w+)` \|', PAGE, re.MULTILINE)
    assert set(fields) == set(InitCfg._fields)
    for name in (*TORCH_SUFFIXES, '.npz', '.safetensors', *WRAPPER_KEYS):
        assert f'`{name}`' in PAGE
    row = next(line for line in PAGE.splitlines() if line.startswith('| `holds no state dict`'))
    assert re.findall(r'`(\w+)`', row) == list(WRAPPER_KEYS)


def test_messages_are_those_of_the_code():
    table = PAGE[PAGE.index('## What is refused') :]
    messages = re.findall(
        r'`([^`]+)`', ' '.join(re.findall(r'^\| (`.*?`) \|', table, re.MULTILINE))
    )
    code = ''.join(
        path.read_text()
        for folder in ('mmavssl/utils', 'mmavssl/models/utils')
        for path in sorted((ROOT / folder).rglob('*.py'))
    )
    code = re.sub(r"' *\n *f?'", '', code)
    for message in messages:
        for part in re.split(r'\.\.\.|posix\.system, | 10', message):
            assert part.strip() in code, message
