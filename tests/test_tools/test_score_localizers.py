"""tools/test.py on localizers: with a checkpoint of what they wrap, with a wrong one, without."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torchvision.models import resnet18

from mmavssl.registry import SSL_ALGORITHMS

ROOT = Path(__file__).parents[2]
FNAC = ROOT / 'configs/localizers/fnac_avsprites.py'
CONFIG = f"""
_base_ = '{FNAC}'
model = dict(localizer=dict(_delete_=True, {{localizer}}))
train_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0)
"""
GUIDED = "type='ObjectGuided', localizer={{_base_.model.localizer}}, object_weights='objects.pth'"
CENTER = "type='CenterPrior', size=8"


@pytest.fixture
def folder(tmp_path, monkeypatch, avsprites_root):
    """The working folder, with the data, ImageNet weights and a checkpoint of FNAC."""
    monkeypatch.chdir(tmp_path)
    Path('data').mkdir()
    Path('data/avsprites').symlink_to(avsprites_root)
    torch.manual_seed(0)
    torch.save(resnet18().state_dict(), 'objects.pth')
    state = SSL_ALGORITHMS.build(Config.fromfile(FNAC).model).state_dict()
    torch.save({'state_dict': state, 'meta': {'audio_input': 'logmel'}}, 'fnac.pth')
    return tmp_path


@pytest.fixture
def config():
    """Return a function that writes the config of a localizer."""

    def write(localizer: str, more: str = '') -> str:
        Path('config.py').write_text(CONFIG.format(localizer=localizer) + more)
        return 'config.py'

    return write


def scores(tools, *arguments) -> dict[str, float]:
    assert tools('test', *arguments) == 0
    lines = re.findall(r'^localization/(\w+): (\S+)$', tools.capsys.readouterr().out, re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_checkpoint_of_a_localizer_scores_it_with_objects(tools, folder, config):
    plain = scores(tools, FNAC, 'fnac.pth', '--cfg-options', 'test_dataloader.num_workers=0')
    assert plain['auc'] > 0
    # Masks are drawn anew, by other numbers.
    unguided = scores(tools, config(f'{GUIDED}, alpha=1.0'), 'fnac.pth')
    assert {name: unguided[name] for name in ('ap50', 'auc')} == {
        name: plain[name] for name in ('ap50', 'auc')
    }
    objects = scores(tools, config(f'{GUIDED}, alpha=0.0'), 'fnac.pth')
    assert objects['mean_ciou'] != plain['mean_ciou'], (objects, plain)
    Path('objects.pth').unlink()
    line = tools.last_line('test', config(GUIDED), 'fnac.pth')
    assert 'objects.pth' in line


def test_checkpoint_of_another_localizer_does_not_fit_the_wrapper(tools, folder, config):
    state = torch.load('fnac.pth', weights_only=True)['state_dict']
    del state['localizer.aud_proj.bias']
    torch.save({'state_dict': state}, 'fnac.pth')
    line = tools.last_line('test', config(GUIDED), 'fnac.pth')
    assert line.startswith('fnac.pth does not fit the config: it lacks localizer.aud_proj.bias (1')


def test_localizer_without_parameters_needs_no_checkpoint(tools, folder, config):
    result = scores(tools, config(CENTER))
    assert 0 <= result['ap50'] <= 100
    assert result['pointing'] >= 0
    guided = f"type='ObjectGuided', localizer=dict({CENTER}), object_weights='objects.pth'"
    assert 0 <= scores(tools, config(guided))['ap50'] <= 100


LOADS_ITSELF = """
import torch
from mmavssl.registry import LOCALIZERS

@LOCALIZERS.register_module()
class LoadsItself(torch.nn.Module):
    def init_weights(self):
        self.side = 4

    def forward(self, frames, audio):
        return torch.rand(*frames.shape[:2], self.side, self.side)
"""


@pytest.mark.usefixtures('own_components')
def test_weights_that_are_in_no_checkpoint_are_loaded(tools, folder, config, monkeypatch):
    Path('loads_itself.py').write_text(LOADS_ITSELF)
    monkeypatch.syspath_prepend(folder)
    path = config("type='LoadsItself'", "custom_imports = dict(imports=['loads_itself'])\n")
    assert 0 <= scores(tools, path)['ap50'] <= 100


def test_others_need_one(tools, folder):
    line = tools.last_line('test', FNAC)
    assert re.fullmatch(
        r'The model has \d+ tensors to load, such as localizer\.imgnet\.conv1\.weight. Name the '
        r'checkpoint that has them: tools/test\.py CONFIG CHECKPOINT\.',
        line,
    ), line


def test_checkpoint_that_is_of_no_use_is_refused(tools, folder, config):
    line = tools.last_line('test', config(CENTER), 'fnac.pth')
    assert line.startswith('fnac.pth does not fit the config: it has ')
    assert line.endswith(
        'the model loads none of them. Correct the config, or leave the checkpoint out.'
    )


@pytest.mark.parametrize(
    'localizer', [CENTER, f"type='ObjectGuided', localizer=dict({CENTER}), object_weights=False"]
)
def test_what_does_not_learn_is_not_trained(tools, folder, config, localizer):
    line = tools.last_line('train', config(localizer))
    assert line == (
        'model: there is nothing to train, as LocalizerTrainer has no parameters that learn. '
        'tools/test.py tests it as it is.'
    )


def test_training_with_objects_trains_the_localizer(tools, folder, config):
    path = config(GUIDED, "train_cfg = dict(max_epochs=1)\nwork_dir = 'run'\n")
    assert tools('train', path) == 0
    trained = torch.load('run/epoch_1.pth', weights_only=True)['state_dict']
    before = torch.load('fnac.pth', weights_only=True)['state_dict']
    assert list(trained) == list(before)
    assert not torch.equal(
        trained['localizer.aud_proj.weight'], before['localizer.aud_proj.weight']
    )
    guided = scores(tools, path, 'run/epoch_1.pth')
    assert guided == scores(tools, path, 'run/epoch_1.pth')
    scores(tools, FNAC, 'run/epoch_1.pth', '--cfg-options', 'test_dataloader.num_workers=0')
