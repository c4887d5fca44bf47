"""Files for the conversion tools, and what the tools write."""

import os

import numpy as np
import torch
from safetensors.torch import load_file, save_file


def save(path, state, key=None):
    if path.endswith('.npz'):
        np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    elif path.endswith('.safetensors'):
        save_file(state, path)
    else:
        torch.save(state if key is None else {key: state, 'epoch': 7}, path)


def read(path, key=None):
    if path.endswith('.npz'):
        with np.load(path) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    if path.endswith('.safetensors'):
        return load_file(path)
    content = torch.load(path, weights_only=True)
    return content if key is None else content[key]


def assert_same(state, reference):
    assert set(state) == set(reference)
    for name, tensor in reference.items():
        assert state[name].dtype == tensor.dtype, name
        assert torch.equal(state[name], tensor), name


def rows(capsys, what=''):
    """Return the rows of the printed table that begin with ``what``."""
    lines = [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line.startswith(what)]


def error(convert, capsys, tool, *args):
    """Return the one line that the failing tool writes; it leaves no file."""
    before = set(os.listdir('.'))
    assert convert(tool, *args) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    [line] = captured.err.splitlines()
    assert set(os.listdir('.')) == before
    assert line.startswith(f'convert_{tool}: ')
    return line.removeprefix(f'convert_{tool}: ')
