"""What the log of a training warns of."""

import re
from pathlib import Path

from tests.test_tools.small_data import supervised

ROOT = Path(__file__).parents[3]


def test_clips_that_are_trained_on_and_tested_are_told(tools, data):
    """In the log, where results are looked up later."""
    tested = f'val_dataloader.dataset.ann_file={data}/labeled.csv'
    assert tools('train', *supervised(data, tested)) == 0
    [log] = Path('run').glob('*/*.log')
    assert (
        f'WARNING - 8 of 8 clips of `train_dataloader.dataset` ({data}/labeled.csv) are in the '
        'validation or test list as well: videos/'
    ) in log.read_text()


def train_asl_mix(tools, avsprites_root, config, *more):
    """Train one short epoch; return the log."""
    parts = ('train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled')
    options = [f'{part}.data_root={avsprites_root}' for part in (*parts, 'val_dataloader.dataset')]
    options += [
        *more, 'train_cfg.max_epochs=1',
        'train_cfg.val_begin=9', 'train_dataloader.batch_size=6',
        'train_dataloader.sampler.epoch_over=2', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
    ]  # fmt: skip
    assert tools('train', config, '--work-dir', 'run', '--cfg-options', *options) == 0
    [log] = Path('run').glob('*/*.log')
    return log.read_text()


def test_localizer_without_weights_is_told(tools, avsprites_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ROOT / 'configs/asl_mix/avsprites_1shot.py'
    without = 'model.mixer.masker.localizer.init_cfg=None'
    log = train_asl_mix(tools, avsprites_root, config, without)
    assert 'WARNING - `model.mixer.masker.localizer` is a FNACLocalizer without' in log
    assert 'told anything' not in log


def test_maps_that_all_told_nothing_are_told_of_at_the_end(
    tools, avsprites_root, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path('mine.py').write_text(
        f'_base_ = {str(ROOT / "configs/asl_mix/avsprites_1shot.py")!r}\n'
        "constant = dict(_delete_=True, type='CenterPrior', size=1)\n"
        'model = dict(warmup_epochs=0, mixer=dict(masker=dict(localizer=constant)))\n'
    )
    log = train_asl_mix(tools, avsprites_root, 'mine.py')
    last = [line for line in log.splitlines() if 'WARNING' in line][-1]
    told = re.search(r'None of the (\d+) localization maps since this run', last)
    assert f'0 not finite (NaN or infinite), {told[1]} constant' in last
