import json

from mmavssl.structures import DrawIndex
from mmavssl.structures.batch_record import BatchRecord

SEEDS = {'train_dataloader.dataset.unlabeled': 3}
OLD = (3, 1, 0, 7, {'loss': 0.5}, [DrawIndex(1, 2, 3)], ['a.mp4'])


def test_there_and_back(tmp_path):
    record = BatchRecord(*OLD, 2**62 + 1, SEEDS, {'unsup': 0.25}, 'AutocastOptimWrapper', 'cuda')
    assert BatchRecord.read(record.write(tmp_path)) == record


def test_record_of_an_older_version(tmp_path):
    fields = dict(zip(BatchRecord._fields, OLD, strict=False))
    (tmp_path / 'a.json').write_text(json.dumps(fields))
    record = BatchRecord.read(tmp_path / 'a.json')
    assert record == BatchRecord(*OLD)
    assert record.step_seed is record.data_seeds is record.loss_weights is None
