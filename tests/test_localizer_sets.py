"""From files in a release's layout to a trained and tested localizer, by the shipped configs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torchvision.models import resnet18

from mmavssl.datasets.preparation.prepare import Options, prepare
from mmavssl.datasets.preparation.vggss import VGGSS
from mmavssl.registry import DATASETS, SSL_ALGORITHMS
from mmavssl.structures.box_lists import format_box_lists
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[1]
README = (ROOT / 'configs/localizers/README.md').read_text()
TINY = dict(num_stages=2, base_channels=8, out_dims=16, pretrained_image=False)
IDS = [f'abcdefghij{number}_{number:06d}' for number in range(8)]


@pytest.fixture(scope='module')
def data_root(tmp_path_factory, write_frame, write_sound, avsprites_root):
    """Six training ids, of which four are stills and two videos, and two test ids."""
    root = tmp_path_factory.mktemp('vggss')
    videos = sorted((avsprites_root / 'videos').rglob('*.mp4'))[:2]
    for number, name in enumerate(IDS):
        if number < 2:
            (root / 'raw').mkdir(exist_ok=True)
            (root / f'raw/{name}.mp4').symlink_to(videos[number])
            continue
        pictures = [f'{name}/1', f'{name}/2'] if number == 2 else [name]
        for picture in pictures:
            write_frame(root / f'raw/frames/{picture}.jpg', size=(80, 60), seed=number)
        write_sound(root / f'raw/audio/{name}.wav', seconds=0.7 * number)
    (root / 'train.txt').write_text('\n'.join(IDS[:6]))
    boxes = dict.fromkeys(IDS[6:], '[[0.0, 0.0, 0.5, 0.5], [0.25, 0.25, 1.0, 1.0]]')
    rows = ', '.join(f'{{"file": "{name}", "bbox": {box}}}' for name, box in boxes.items())
    (root / 'vggss.json').write_text(f'[{rows}]')
    recipe = VGGSS(root / 'train.txt', annotations=root / 'vggss.json')
    summary = prepare(recipe, root / 'raw', root / 'data', Options())
    assert summary['kept'] == {'train': 6, 'test': 2}
    return root / 'data'


def small(path: str, data_root: Path, work_dir: Path) -> Config:
    """Return a shipped config for this data, with a tiny network and two epochs of one step."""
    cfg = load_config(str(ROOT / path), work_dir=str(work_dir))
    cfg.train_dataloader.batch_size = 6
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(data_root)
    for name in ('val_evaluator', 'test_evaluator'):
        cfg[name].boxes_file = str(data_root / 'boxes_test.json')
    localizer = cfg.model.localizer
    localizer.get('localizer', localizer).update(TINY)
    cfg.train_cfg.max_epochs = 2
    cfg.default_hooks.logger.interval = 1
    cfg.experiment_name = f'{Path(path).stem}_{work_dir.name}'
    return cfg


@pytest.mark.parametrize(
    ('path', 'consensus', 'sound'),
    [
        ('configs/localizers/fnac_flickr10k.py', 2, (304, 128)),
        ('configs/localizers/ezvsl_vggss10k.py', 1, (304, 128)),
        ('docs/examples/localizer_spectrogram.py', 2, (257, 200)),
    ],
)
def test_train_and_test(path, consensus, sound, data_root, tmp_path):
    cfg = small(path, data_root, tmp_path / 'work')
    assert cfg.test_evaluator.consensus == consensus
    runner = Runner.from_cfg(cfg)
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner.train()
    assert runner.iter == 2
    for name, value in runner.model.named_parameters():
        assert not torch.equal(value, before[name]), name
    tested = {  # after the last epoch alone
        name: list(runner.message_hub.get_scalar(f'val/localization/{name}').data[0])
        for name in ('ciou', 'auc', 'mean_ciou', 'pointing')
    }
    assert [len(values) for values in tested.values()] == [1] * 4
    again = runner.test()
    assert {f'localization/{name}': values[0] for name, values in tested.items()} == (
        pytest.approx(again)
    )
    key = 'spectrogram' if sound[0] == 257 else 'audio'
    sample = runner.test_dataloader.dataset[0]
    assert sample['inputs']['video'].shape == (1, 3, 1, 224, 224)
    assert sample['inputs'][key].shape == (1, *sound)
    meta = torch.load(tmp_path / 'work/epoch_2.pth', weights_only=True)['meta']
    assert meta['audio_input'] == cfg.model.localizer.audio_input
    sample = runner.train_dataloader.dataset[0]
    assert sample['inputs']['weak']['video'].shape == (3, 1, 224, 224)
    assert sample['inputs']['weak'][key].shape == sound


def test_spectrograms_of_another_rate_and_with_masks(data_root, tmp_path):
    """The options that the README names, on the example's pipelines."""
    options = [
        f'{part}_dataloader.dataset.pipeline.0.sample_rate=22050'
        for part in ('train', 'val', 'test')
    ]
    assert all(option in README for option in options)
    path = str(ROOT / 'docs/examples/localizer_spectrogram.py')
    cfg = load_config(path, options, work_dir=str(tmp_path))
    cfg.train_dataloader.dataset.data_root = cfg.test_dataloader.dataset.data_root = str(data_root)
    assert DATASETS.build(cfg.test_dataloader.dataset)[0]['inputs']['spectrogram'].shape == (
        1, 257, 276,
    )  # fmt: skip
    cfg.train_dataloader.dataset.pipeline[1].weak.append(dict(type='SpectrogramMask'))
    weak = DATASETS.build(cfg.train_dataloader.dataset)[0]['inputs']['weak']
    assert weak['spectrogram'].shape == (257, 276)


def checkpoint_of(path: str, data_root: Path, work_dir: Path) -> str:
    """Return a file with the network that a shipped config builds."""
    trainer = SSL_ALGORITHMS.build(small(path, data_root, work_dir).model)
    file = work_dir.with_suffix('.pth')
    torch.save({'state_dict': trainer.state_dict(), 'meta': {'audio_input': 'logmel'}}, file)
    return str(file)


def test_object_guided(data_root, tmp_path):
    """A checkpoint of the plain config is scored with objects, of which it has no weights."""
    torch.manual_seed(0)
    torch.save(resnet18().state_dict(), tmp_path / 'objects.pth')
    trained = checkpoint_of('configs/localizers/ezvsl_vggss10k.py', data_root, tmp_path / 'plain')
    cfg = small('docs/examples/object_guided_vggss.py', data_root, tmp_path / 'guided')
    assert cfg.model.localizer.alpha == 0.4
    cfg.model.localizer.object_weights = str(tmp_path / 'objects.pth')
    cfg.load_from = trained
    runner = Runner.from_cfg(cfg)
    scores = runner.test()
    assert 0 <= scores['localization/ciou'] <= 100
    guided = runner.model.localizer
    state = torch.load(trained, weights_only=True)['state_dict']
    assert torch.equal(guided.localizer.aud_proj.weight, state['localizer.aud_proj.weight'])
    expected = torch.load(tmp_path / 'objects.pth', weights_only=True)
    assert torch.equal(guided.objects.conv1.weight, expected['conv1.weight'])


def test_trained_on_flickr_and_scored_on_vggss(data_root, tmp_path):
    trained = checkpoint_of('configs/localizers/fnac_flickr10k.py', data_root, tmp_path / 'flickr')
    path = 'docs/examples/flickr_on_vggss.py'
    shipped = load_config(str(ROOT / path))
    vggss = load_config(str(ROOT / 'configs/localizers/fnac_vggss10k.py'))
    for name in ('val', 'test'):
        assert shipped[f'{name}_evaluator'] == vggss[f'{name}_evaluator']
        data = dict(shipped[f'{name}_dataloader'].dataset)
        assert data.pop('prepare_command') == vggss.prepare_commands.data
        assert data == vggss[f'{name}_dataloader'].dataset
    assert shipped.train_dataloader.dataset.data_root == 'data/flickr10k'
    cfg = small(path, data_root, tmp_path / 'vggss')
    cfg.load_from = trained
    assert 0 <= Runner.from_cfg(cfg).test()['localization/ciou'] <= 100


def test_map_on_the_box_scores_full_marks(data_root, tmp_path):
    """The metric sees what the localizer gave for the frame of that name."""
    cfg = small('configs/localizers/fnac_vggss10k.py', data_root, tmp_path / 'work')
    names = [Path(line.split(',')[0]).stem for line in
             (data_root / 'manifest_test.csv').read_text().splitlines()[1:]]  # fmt: skip
    (tmp_path / 'boxes.json').write_text(
        format_box_lists({names[0]: [[0, 0, 0.5, 1]], names[1]: [[0, 0, 1, 0.5]]})
    )
    cfg.test_evaluator.boxes_file = str(tmp_path / 'boxes.json')
    runner = Runner.from_cfg(cfg)
    ramp = torch.from_numpy(np.linspace(1, 0, 28)).float()
    maps = iter([ramp.expand(28, 28), ramp.expand(28, 28).T])

    def localize(frames, audio):
        assert frames.shape == (2, 1, 3, 224, 224)
        return torch.stack([next(maps), next(maps)])[:, None]

    runner.model.localizer.forward = localize
    result = runner.test()
    assert result['localization/ciou'] == 100
    assert result['localization/pointing'] == 100
