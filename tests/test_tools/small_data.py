"""Runs on a few real clips, whose files a test may damage: the fixture `data`."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SUPERVISED = ROOT / 'configs/supervised/avsprites_1shot.py'  # frames and sound


def clips(manifest: Path) -> list[Path]:
    """Return the files of a list."""
    lines = manifest.read_text().splitlines()[1:]
    return [manifest.parent / line.split(',')[0] for line in lines]


def supervised(data: Path, *options: str) -> tuple[str | Path, ...]:
    """Arguments of a run of one iteration over all labeled clips."""
    return (
        SUPERVISED, '--work-dir', 'run', '--cfg-options',
        f'train_dataloader.dataset.data_root={data}', f'val_dataloader.dataset.data_root={data}',
        'train_dataloader.dataset.ann_file=labeled.csv', 'train_dataloader.batch_size=8',
        'train_dataloader.sampler.epoch_size=8', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False', 'train_cfg.max_epochs=1',
        'train_cfg.val_interval=9', *options,
    )  # fmt: skip
