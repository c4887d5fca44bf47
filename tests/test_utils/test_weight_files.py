"""Files of weights: which are read, and what is said of those that are not."""

import argparse
import contextlib
import hashlib
import os
import pickle
import random
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_globals import plain_objects_allowed
from mmavssl.utils.weight_files import read_torch_file, read_weight_file

WEIGHTS = {'norm.weight': torch.arange(300.0), 'norm.bias': torch.ones(3, dtype=torch.half)}


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save(name, content=WEIGHTS, **kwargs):
    if name.endswith('.npz'):
        np.savez(name, **{key: tensor.numpy() for key, tensor in content.items()})
    elif name.endswith('.safetensors'):
        save_file(content, name)
    else:
        torch.save(content, name, **kwargs)
    return name


def refusal(name, *args):
    with pytest.raises(ConfigError) as info:
        read_weight_file(name, *args)
    message = str(info.value)
    assert name in message
    assert '\n' not in message
    return message


def cut(name, share):
    with open(name, 'rb+') as file:
        file.truncate(int(os.path.getsize(name) * share))


FORMATS = [
    ('a.pth', {}), ('a.pyth', {'_use_new_zipfile_serialization': False}), ('a.npz', {}),
    ('a.safetensors', {}),
]  # fmt: skip


@pytest.mark.parametrize(('name', 'kwargs'), FORMATS)
def test_reads_tensors_as_they_are(name, kwargs):
    read = read_weight_file(save(name, **kwargs))
    torch.testing.assert_close(dict(read), WEIGHTS, rtol=0, atol=0)


def test_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    save('a.pth')
    assert set(read_weight_file('~/a.pth')) == set(WEIGHTS)


@pytest.mark.parametrize('share', [0.0, 0.03, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(('name', 'kwargs'), FORMATS)
def test_truncated_file(name, kwargs, share):
    cut(save(name, **kwargs), share)
    assert 'is no file of weights, or was not written to its end' in refusal(name)


@pytest.mark.parametrize(('name', 'kwargs'), FORMATS)
def test_damaged_bytes_are_told_in_one_line_or_read(name, kwargs):
    """Of a damaged file, a reader may raise anything, and numbers may just be others."""
    whole = Path(save(name, **kwargs)).read_bytes()
    draw = random.Random(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(draw.choice([1, 3, 20])):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        Path(name).write_bytes(damaged)
        with contextlib.suppress(ConfigError):
            read_weight_file(name)


@pytest.mark.parametrize('kwargs', [{}, {'_use_new_zipfile_serialization': False}])
def test_code_is_named_and_does_not_run(kwargs):
    message = refusal(save('evil.pth', {'norm.weight': RunsCode()}, **kwargs))
    assert 'is not loaded, since it holds a posix.mkdir, which could run code' in message
    assert 'save its state dict anew' in message
    assert not os.path.exists('it_ran')


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('name', ['a.pth', 'a.npz', 'a.safetensors', 'a.bin'])
def test_plain_pickle(name, protocol):
    for value in (RunsCode(), 1):
        with open(name, 'wb') as file:
            pickle.dump({'norm.weight': value}, file, protocol)
        message = refusal(name)
        assert 'is not loaded, since it ' in message
        assert 'which could run code' in message
        assert 'save its state dict anew' in message
    assert not os.path.exists('it_ran')


def test_torchscript():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # deprecated
        torch.jit.script(torch.nn.Linear(2, 2)).save('a.pt')
    assert 'since it is a TorchScript program, which could run code' in refusal('a.pt')


def test_objects_in_npz():
    np.savez('evil.npz', a=np.array([RunsCode()], dtype=object))
    assert 'holds Python objects, which could run code' in refusal('evil.npz')
    assert not os.path.exists('it_ran')


def test_numbers_that_torch_does_not_know():
    np.savez('odd.npz', a=np.array(['x']))
    assert 'holds numbers of a kind that torch does not know' in refusal('odd.npz')


@pytest.mark.parametrize('name', ['a.pth', 'a.bin', 'a.npz', 'a.safetensors'])
@pytest.mark.parametrize(
    'text',
    [
        '<!DOCTYPE html>\n<html>',
        'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345\n',
        '<html>',
    ],
)
def test_text_in_the_place_of_the_file(name, text):
    Path(name).write_text(text)
    assert f'{name} holds text, not weights ({text[:24]!r} ...)' in refusal(name)


@pytest.mark.parametrize('name', ['a.pth', 'a.npz', 'a.safetensors'])
@pytest.mark.parametrize(
    'start', [b'', b'\x1f\x8b', b'\x89PNG\r\n\x1a\n', b'.', b'\x93NUMPY\x01\x00']
)
def test_other_bytes_in_the_place_of_the_file(name, start):
    Path(name).write_bytes(start + random.Random(0).randbytes(5000))
    assert 'is no file of weights, or was not written to its end' in refusal(name)


@pytest.mark.parametrize('kind', ['.pth', '.npz', '.safetensors'])
@pytest.mark.parametrize('name', ['a.pth', 'a.npz', 'a.safetensors', 'a'])
def test_the_content_says_what_it_is(kind, name):
    """Files of hubs are named by their digits, and people rename theirs."""
    os.rename(save(f'saved{kind}'), name)
    torch.testing.assert_close(dict(read_weight_file(name)), WEIGHTS, rtol=0, atol=0)


def test_safetensors_where_torch_wrote_nothing(tmp_path):
    os.rename(save('a.safetensors'), 'a.pth')
    with pytest.raises(ConfigError, match=r'a\.pth is a file of safetensors, not of torch\.save'):
        read_torch_file(tmp_path / 'a.pth')


def test_missing_file():
    assert refusal('nowhere.pth').startswith('nowhere.pth does not exist.')


def test_folder():
    os.mkdir('weights.pth')
    assert refusal('weights.pth') == 'weights.pth is a folder. Name the file that is meant.'
    assert refusal('/dev/null').startswith('/dev/null is no file')


def digest(name):
    with open(name, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


@pytest.mark.parametrize('name', ['vit.pth', 'vit.npz', 'vit.safetensors'])
@pytest.mark.parametrize('digits', [8, 16, 64])
def test_hash_in_the_name(name, digits):
    sha256 = digest(save(name))
    stem, suffix = name.split('.')
    right = f'{stem}-{sha256[:digits]}.{suffix}'
    os.rename(name, right)
    read_weight_file(right)
    wrong = f'{stem}-{"0" * digits}.{suffix}'
    os.rename(right, wrong)
    message = refusal(wrong)
    assert f'has the sha256 {sha256[:digits]}, not {"0" * digits} as its name says' in message
    assert 'rename it if these digits are no hash' in message
    read_weight_file(wrong, sha256)  # what is asked for goes before the name


@pytest.mark.parametrize('name', ['mae_vit-base.pth', 'x-2023.pth', 'x-80ecf9d.pth', 'a-xyz.pth'])
def test_names_without_a_hash(name):
    read_weight_file(save(name))


def test_hash_that_is_asked_for():
    sha256 = digest(save('a.pth'))
    read_weight_file('a.pth', sha256)
    read_weight_file('a.pth', sha256[:8].upper())
    message = refusal('a.pth', '0' * 64)
    assert f'has the sha256 {sha256}, not {"0" * 64} as `sha256` says' in message
    assert 'Get it again.' in message
    for no_hash in ('1234567', 'sha256:12345678', ''):
        with pytest.raises(ConfigError, match='`sha256` to be 8 to 64 hexadecimal digits'):
            read_weight_file('a.pth', no_hash)


def test_hash_is_checked_before_the_file_is_opened():
    save('a-00000000.pth', {'norm.weight': RunsCode()})
    assert 'has the sha256' in refusal('a-00000000.pth')


def test_numbers_and_arguments_of_published_training(monkeypatch):
    """What FNAC (scores), MAE and VideoMAE (args) and TimeSformer (cfg) save beside tensors."""
    module = types.ModuleType('yacs.config')
    module.CfgNode = type('CfgNode', (dict,), {'__module__': 'yacs.config'})
    monkeypatch.setitem(sys.modules, 'yacs', types.ModuleType('yacs'))
    monkeypatch.setitem(sys.modules, 'yacs.config', module)
    config = module.CfgNode(MODEL=module.CfgNode(DEPTH=12))
    config.__dict__['__immutable__'] = True
    scores = [np.float64(0.25), np.float32(2), np.int64(3), np.bool_(True)]
    args = argparse.Namespace(model='vit', lr=0.5, betas=[0.9, 0.95])
    save('a.pth', {'model': WEIGHTS, 'scores': scores, 'args': args, 'cfg': config})
    monkeypatch.delitem(sys.modules, 'yacs.config')
    read = read_weight_file('a.pth')
    assert read['scores'] == scores
    assert read['args'] == args
    assert read['cfg'] == {'MODEL': {'DEPTH': 12}}
    with pytest.raises(pickle.UnpicklingError):
        torch.load('a.pth', weights_only=True)  # outside of the context nothing is let through


def test_namespace_gets_no_other_classes():
    save('a.pth', {'args': argparse.Namespace(hook=RunsCode())})
    refusal('a.pth')
    assert not os.path.exists('it_ran')


def test_shapes_alone(tmp_path):
    save('a.pth')
    read = read_torch_file(tmp_path / 'a.pth', map_location='meta')
    assert read['norm.weight'].is_meta


def test_context_ends():
    with plain_objects_allowed():
        inside = torch.serialization.get_safe_globals()
    assert argparse.Namespace in inside
    assert argparse.Namespace not in torch.serialization.get_safe_globals()
