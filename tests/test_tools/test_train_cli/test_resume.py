"""Runs that go on with a checkpoint, or begin from one."""

import json
from pathlib import Path

import pytest
import torch

from tests.test_tools.toy_plugin_files import TOY_CONFIG


def test_train_resume_and_test(tools, toy):
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    first = torch.load('run/epoch_1.pth', weights_only=True)

    longer = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'toy.py', '--resume', *longer) == 0
    second = torch.load('run/epoch_2.pth', weights_only=True)
    assert (first['meta']['iter'], second['meta']['iter']) == (4, 8)
    assert len(second['message_hub']['log_scalars']['train/loss']['values']) == 8

    args = ('--work-dir', 'run', '--out', 'out/metrics.json')
    assert tools('test', 'toy.py', 'run/epoch_2.pth', *args) == 0
    weight, bias = second['state_dict'].values()
    expected = float(weight.sum() * 3.5 + bias)
    assert json.loads(Path('out/metrics.json').read_text()) == pytest.approx({'mean': expected})
    assert f'mean: {expected:.2f}' in tools.capsys.readouterr().out


def test_resume_from_what_does_not_fit(tools, toy):
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, 'weights.pth')
    assert tools.error('train', 'toy.py', '--resume', 'nowhere.pth') == (
        'nowhere.pth does not exist. Download or train it first, or correct the path.'
    )
    assert tools.error('train', 'toy.py', '--resume', 'weights.pth') == (
        'weights.pth cannot be used: it has no message_hub, optimizer, which a run needs to go on '
        '(its weights alone are what load_from is for). Name another one.'
    )
    parts = {'meta': {'iter': 4, 'epoch': 1}, 'optimizer': {}, 'message_hub': {}}
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, **parts}, 'other.pth')
    assert tools.only_says('train', 'toy.py', '--resume', 'other.pth') == (
        'other.pth does not fit the config: it lacks layer.weight, layer.bias '
        '(2 of 2 parameters). Name the config that it was trained with, or another checkpoint.'
    )


def test_start_from_what_does_not_fit(tools, toy):
    """MMEngine would train from the initial values, and log that nothing fits."""
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, 'other.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'other.pth'\n")
    assert tools.only_says('train', 'fine.py', '--work-dir', 'new').startswith(
        'other.pth does not fit the config: it lacks layer.weight'
    )
    assert not Path('new').exists()
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'other.pth')
    assert tools('train', 'fine.py', '--work-dir', 'run') == 0
    trained = torch.load('run/epoch_1.pth', weights_only=True)['state_dict']
    assert trained['layer.weight'].min() > 99


def test_resume_without_checkpoint_is_a_new_run(tools, toy):
    assert tools('train', 'toy.py', '--resume', 'auto', '--work-dir', 'new') == 0
    assert Path('new/epoch_1.pth').is_file()


def test_new_run_in_spite_of_resume_keeps_what_the_config_begins_with(tools, toy):
    """A run that was killed before its first checkpoint begins again as it began."""
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'start.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'start.pth'\n")
    assert tools('train', 'fine.py', '--resume', '--work-dir', 'run') == 0
    trained = torch.load('run/epoch_1.pth', weights_only=True)['state_dict']
    assert trained['layer.weight'].min() > 99


def test_config_that_goes_on_with_another_run(tools, toy):
    """Also with `--resume auto` of tools/slurm_train.sh, until the run has saved something."""
    assert tools('train', 'toy.py', '--work-dir', 'there') == 0
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'there/epoch_1.pth'\nresume = True\n")
    args = ('--work-dir', 'here', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', '--resume', 'auto', *args) == 0
    assert torch.load('here/epoch_2.pth', weights_only=True)['meta']['iter'] == 8
    assert not Path('here/epoch_1.pth').exists()


def test_seed_that_a_run_drew_is_kept(tools, toy):
    """Both parts of a run have the order of clips that one run would have."""
    Path('fine.py').write_text(TOY_CONFIG.replace('seed=0', 'seed=None'))
    assert tools('train', 'fine.py', '--work-dir', 'run') == 0
    longer = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', '--resume', *longer) == 0
    seeds = [
        torch.load(f'run/epoch_{n}.pth', weights_only=True)['meta']['seed'] for n in (1, 2)
    ]
    assert seeds[0] == seeds[1]
