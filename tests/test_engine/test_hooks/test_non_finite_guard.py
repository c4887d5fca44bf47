import itertools
import json
import re

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import NonFiniteGuardHook, non_finite_guard
from mmavssl.structures import DrawIndex
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.errors import DataError, NumericalError

NAN, INFINITY = float('nan'), float('inf')
HOOKS = [
    dict(type='StepSeedHook'),
    dict(type='EpochBoundaryHook'),
    dict(type='EMATeacherHook', momentum=0.2),
    dict(type='ThresholdUpdateHook'),
    dict(type='PlainCheckpointHook'),
]


class Poison(Hook):
    """Make clips of some iterations useless: their loss, and so all gradients, are NaN or inf."""

    def __init__(self, iterations, value=float('nan')):
        self.iterations, self.value = iterations, value
        self.weights = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.weights[runner.iter] = runner.model.student[1].weight.detach().clone()
        if runner.iter in self.iterations:
            data_batch['clip'][0] = torch.full_like(data_batch['clip'][0], self.value)


def build(build_runner, iterations, limit=10, value=float('nan'), more=(), **kwargs):
    poison = Poison(iterations, value)
    kwargs.setdefault('model', dict(type='ToyAlgorithm', norm=False))
    guard = dict(type='NonFiniteGuardHook', limit=limit)
    runner = build_runner([*HOOKS, guard, poison, *more], **kwargs)
    return runner, poison


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_bad_steps_are_skipped_and_the_rest_is_as_if_they_had_not_been(
    build_runner, tmp_path, value
):
    runner, poison = build(build_runner, {1, 3}, value=value)
    runner.train()
    weights = [poison.weights[i] for i in range(5)] + [runner.model.student[1].weight]
    moved = [not a.equal(b) for a, b in itertools.pairwise(weights)]
    assert moved == [True, False, True, False, True]
    for value in runner.model.state_dict().values():
        assert torch.isfinite(value.float()).all()
    assert runner.message_hub.get_info('train/non_finite_steps') == 2
    files = sorted((tmp_path / 'run/non_finite').iterdir())
    assert [file.name for file in files] == ['iter_1_rank0.json', 'iter_3_rank0.json']


@pytest.mark.parametrize('optimizer', [dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.1),
                                       dict(type='AdamW', lr=0.1)])  # fmt: skip
def test_optimizer_keeps_its_state(build_runner, optimizer):
    """Neither momentum nor weight decay acts in a step that is skipped."""
    runner, poison = build(build_runner, {2}, optimizer=optimizer)
    states = {}

    class States(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            state = runner.optim_wrapper.optimizer.state_dict()['state'][0]
            states[runner.iter] = {k: torch.as_tensor(v).clone() for k, v in state.items()}

    runner.register_hook(States())
    runner.train()
    for name, value in states[1].items():
        assert value.equal(states[2][name]), name
        assert not value.equal(states[3][name]), name
    assert poison.weights[2].equal(poison.weights[3])


class InfiniteLoss(Hook):
    """Add infinity to the loss in some iterations, which changes no gradient."""

    def __init__(self, iterations):
        self.iterations = iterations

    def before_run(self, runner):
        def add(model, args, losses):
            if runner.iter in self.iterations:
                losses['loss_more'] = torch.tensor(float('inf'))

        runner.model.register_forward_hook(add)


class InfiniteGradient(Hook):
    """Let gradients overflow in some iterations, as those of a large loss scale do."""

    def __init__(self, iterations):
        self.iterations = iterations

    def before_run(self, runner):
        def overflow(grad):
            return grad * float('inf') if runner.iter in self.iterations else grad

        runner.model.student[1].weight.register_hook(overflow)


@pytest.mark.parametrize('accumulate', [1, 2])
def test_loss_that_is_infinite_where_no_gradient_is(build_runner, tmp_path, accumulate):
    runner, poison = build(build_runner, (), accumulate=accumulate, more=[InfiniteLoss({2})])
    runner.train()
    assert poison.weights[2].equal(poison.weights[2 + accumulate])
    assert not poison.weights[0].equal(poison.weights[2])
    assert not poison.weights[4].equal(runner.model.student[1].weight)
    files = sorted(path.name for path in (tmp_path / 'run/non_finite').iterdir())
    assert files == [f'iter_{i}_rank0.json' for i in range(2, 2 + accumulate)]


def test_loss_scale_that_overflows_is_not_counted(build_runner, amp):
    """It halves when gradients are infinite, and tells a NaN loss from that."""
    runner, poison = build(build_runner, {3}, more=[InfiniteGradient({1})], wrapper=amp)
    runner.train()
    weights = [poison.weights[i] for i in range(5)] + [runner.model.student[1].weight]
    moved = [not a.equal(b) for a, b in itertools.pairwise(weights)]
    assert moved == [True, False, True, False, True]
    assert runner.message_hub.get_info('train/non_finite_steps') == 1
    assert runner.optim_wrapper.loss_scaler.get_scale() == 2.0  # 8 -> 4 -> 2


def test_gradients_that_no_loss_scale_helps_end_the_run(build_runner, amp):
    """Without a look at the scale, the run would go on and learn nothing."""
    runner, _ = build(build_runner, (), epochs=9, more=[InfiniteGradient(range(99))], wrapper=amp)
    with pytest.raises(NumericalError, match='iteration 4 are not finite at any loss scale'):
        runner.train()
    assert runner.optim_wrapper.loss_scaler.get_scale() == 0.5  # 8, halved four times


@pytest.mark.parametrize('accumulate', [1, 2])
def test_running_statistics_are_put_back(build_runner, accumulate):
    model = dict(type='ToyAlgorithm', norm=True)
    runner, _ = build(build_runner, {2}, accumulate=accumulate, model=model)
    kept = {}

    class Statistics(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            kept[runner.iter] = runner.model.student[0].running_mean.clone()

    runner.register_hook(Statistics())
    runner.train()
    assert kept[2 + accumulate].equal(kept[2])
    assert not kept[2].equal(kept[0])
    for value in runner.model.state_dict().values():
        assert torch.isfinite(value.float()).all()


FUSED = [
    dict(type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1, fused=True),
    dict(type='AdamW', lr=0.1, weight_decay=0.1, fused=True),
]


@pytest.mark.parametrize('optimizer', FUSED)
def test_first_step_of_a_fused_optimizer(build_runner, optimizer):
    """Its state has no values yet; a step that it skipped itself would leave any in it."""
    torch.full((999,), float('inf'))  # what memory may hold that is used again
    runner, poison = build(build_runner, {0, 1}, optimizer=optimizer)
    runner.train()
    plain = dict(optimizer, fused=False)
    other, _ = build(build_runner, {0, 1}, optimizer=plain, name='other')
    other.train()
    assert poison.weights[0].equal(poison.weights[2])
    for name, value in runner.model.state_dict().items():
        torch.testing.assert_close(value, other.model.state_dict()[name], msg=name)


@pytest.mark.parametrize('optimizer', FUSED)
def test_fused_optimizers_skip_a_step_themselves(build_runner, optimizer):
    """They get the gradients as they are; the host need not look before."""
    seen = []

    class Gradients(Hook):
        def before_train(self, runner):
            optimizer, weight = runner.optim_wrapper.optimizer, runner.model.student[1].weight

            def look(*_):
                seen.append(bool(torch.isfinite(weight.grad).all()))

            optimizer.register_step_post_hook(look)

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            assert not hasattr(runner.optim_wrapper.optimizer, 'found_inf')

    runner, poison = build(build_runner, {1, 3}, optimizer=optimizer, more=[Gradients()])
    runner.train()
    weights = [poison.weights[i] for i in range(5)] + [runner.model.student[1].weight]
    moved = [not a.equal(b) for a, b in itertools.pairwise(weights)]
    assert moved == seen == [True, False, True, False, True]
    assert runner.message_hub.get_info('train/non_finite_steps') == 2


def test_loss_scale_with_a_fused_optimizer(build_runner, amp):
    """The scale lets a fused optimizer make each step; overflows are not counted there, either."""
    optimizer = FUSED[0]
    runner, poison = build(
        build_runner, {3}, more=[InfiniteGradient({0, 1})], wrapper=amp, optimizer=optimizer
    )
    runner.train()
    weights = [poison.weights[i] for i in range(5)] + [runner.model.student[1].weight]
    moved = [not a.equal(b) for a, b in itertools.pairwise(weights)]
    assert moved == [False, False, True, False, True]
    assert max(float(weight.detach().abs().max()) for weight in weights) < 10
    assert runner.message_hub.get_info('train/non_finite_steps') == 1


def test_record_names_the_clips_that_were_in_it(build_runner, tmp_path, pool):
    seen = {}

    class Seen(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            seen[runner.iter] = list(data_batch['index'])

    runner, _ = build(build_runner, {6}, epochs=2, more=[Seen()])
    runner.train()
    record = BatchRecord.read(tmp_path / 'run/non_finite/iter_6_rank0.json')
    assert (record.iter, record.epoch, record.rank, record.seed) == (6, 1, 0, 3)
    assert record.draws == [DrawIndex(index) for index in seen[6]]
    assert record.paths == [f'sample {index}' for index in seen[6]]
    assert np.isnan(record.losses['loss'])


def test_all_batches_of_an_accumulated_step_are_written(build_runner, tmp_path):
    runner, poison = build(build_runner, {0}, accumulate=2)
    runner.train()
    names = sorted(path.name for path in (tmp_path / 'run/non_finite').iterdir())
    assert names == ['iter_0_rank0.json', 'iter_1_rank0.json']
    assert poison.weights[0].equal(poison.weights[2])


def with_remainder(value):
    boundary = dict(type='EpochBoundaryHook', remainder=value)
    return [boundary if hook['type'] == 'EpochBoundaryHook' else hook for hook in HOOKS]


def test_iterations_that_are_thrown_away_are_forgotten(build_runner, tmp_path):
    """Five iterations an epoch, three a step: the last two of each epoch make none."""
    hooks = with_remainder('discard')
    poison = Poison({3, 6})
    guard = dict(type='NonFiniteGuardHook')
    runner = build_runner(
        [*hooks, guard, poison], accumulate=3, epochs=2,
        model=dict(type='ToyAlgorithm', norm=False),
    )  # fmt: skip
    runner.train()
    files = sorted(path.name for path in (tmp_path / 'run/non_finite').iterdir())
    assert files == [f'iter_{number}_rank0.json' for number in (5, 6, 7)]
    assert runner.message_hub.get_info('train/non_finite_steps') == 1


@pytest.mark.parametrize('remainder', ['step', 'discard'])
def test_far_flags_are_read_in_their_epoch(build_runner, tmp_path, monkeypatch, remainder):
    """As on a GPU: no step of three falls together with the log, which is shown every two."""
    monkeypatch.setattr(non_finite_guard, 'is_far', lambda value: True)
    hooks = with_remainder(remainder)
    seen, poison = {}, Poison({2, 7})

    class Seen(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            seen[runner.iter] = runner.epoch, list(data_batch['index'])

        def after_train_epoch(self, runner):
            counts.append(runner.message_hub.get_info('train/non_finite_steps', 0))

    counts = []
    runner = build_runner(
        [*hooks, dict(type='NonFiniteGuardHook'), poison, Seen()], accumulate=3, epochs=2,
        model=dict(type='ToyAlgorithm', norm=False),
    )  # fmt: skip
    runner.train()
    assert counts == [1, 2]
    for number in (0, 1, 2, 5, 6, 7):
        record = BatchRecord.read(tmp_path / f'run/non_finite/iter_{number}_rank0.json')
        assert (record.epoch, [draw.index for draw in record.draws]) == seen[number]


def test_too_many_end_the_run_with_what_to_do(build_runner, tmp_path):
    runner, _ = build(build_runner, set(range(6, 99)), limit=2, epochs=9, checkpoint=dict(
        type='SafeCheckpointHook', interval=1))  # fmt: skip
    with pytest.raises(NumericalError) as info:
        runner.train()
    message = str(info.value)
    assert message.startswith(
        'Losses or gradients of iteration 9 are not finite: its step is skipped'
    )
    assert '(3 so far; NonFiniteGuardHook.limit is 2)' in message
    assert f'the last checkpoint is {tmp_path / "run/epoch_1.pth"}.' in message
    assert 'tools/analysis/replay_batch.py' in message
    state = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=True)['state_dict']
    assert all(torch.isfinite(value.float()).all() for value in state.values())


class SecondLoss(Hook):
    """Add a term, NaN in some iterations, as where the weights of a threshold are."""

    def __init__(self, iterations):
        self.iterations = iterations

    def before_run(self, runner):
        def add(model, args, losses):
            value = float('nan') if runner.iter in self.iterations else 0.25
            losses['loss_unsup'] = torch.tensor(value)
            losses['mix_ratio'] = torch.tensor(value)
            losses['loss_sup'] = losses.pop('loss')

        runner.model.register_forward_hook(add)


def test_terms_that_are_not_finite_are_named(build_runner):
    """Their maker is at fault, and no learning rate."""
    runner, _ = build(build_runner, (), limit=0, more=[SecondLoss({2})])
    with pytest.raises(NumericalError) as info:
        runner.train()
    text = str(info.value)
    assert 'Not finite: loss_unsup (nan), mix_ratio (nan); finite: loss_sup. Its clips: ' in text
    assert 'Where some losses are finite each time, look at the threshold, masker or loss' in text


@pytest.mark.parametrize(
    ('losses', 'text'),
    [
        ([{'loss': 1.0, 'loss_sup': 1.0}], 'All its losses are finite here: its gradients'),
        ([{'loss': NAN, 'acc': 1.0}], 'Not finite: loss (nan); finite: no loss.'),
        ([{'loss': NAN, 'loss_sup': NAN, 'pass_rate': 1.0}],
         'Not finite: loss_sup (nan); finite: no loss.'),
        ([{'loss_sup': 1.0, 'loss_mix': 1.0}, {'loss_sup': 1.0, 'loss_mix': -INFINITY}],
         'Not finite: loss_mix (-inf); finite: loss_sup.'),
    ],
)  # fmt: skip
def test_terms_of_the_batches_of_a_step(losses, text):
    records = [BatchRecord(0, 0, 0, 0, each, [], []) for each in losses]
    assert non_finite_guard.terms_of(records).startswith(text)


def test_count_goes_on_after_a_resume(build_runner, tmp_path):
    runner, _ = build(build_runner, {1, 2}, limit=2)
    runner.train()
    runner, _ = build(build_runner, {7}, limit=2, epochs=2, resume=True,
                      load_from=str(tmp_path / 'run/epoch_1.pth'))  # fmt: skip
    with pytest.raises(NumericalError, match=r'skipped \(3 so far'):
        runner.train()


def test_weights_that_are_not_finite_are_not_saved(build_runner, tmp_path):
    class Spoil(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.iter == 8:
                runner.model.student[1].bias.data[1] = float('inf')

    runner, _ = build(build_runner, (), epochs=3, more=[Spoil()])
    with pytest.raises(NumericalError) as info:
        runner.train()
    text = str(info.value)
    assert text.startswith('student.1.bias is not finite after iteration 10')
    assert re.search(r'The last one is .*/run/epoch_\d\.pth\.', text)
    assert [path.name for path in (tmp_path / 'run').glob('*.pth')] == ['epoch_1.pth']


def test_threshold_does_not_see_predictions_that_are_not_finite(build_runner):
    """Skipping the step alone would leave NaN in what the threshold remembers."""
    runner, _ = build(build_runner, {0, 1}, epochs=2)
    runner.train()
    assert torch.isfinite(runner.model.threshold.learning_status).all()


@pytest.mark.parametrize('text', ['', '{}', '{"iter": 1}', '[1]'])
def test_file_that_is_no_record(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(DataError, match=r'a\.json is no record of a batch'):
        BatchRecord.read(tmp_path / 'a.json')


def test_record_there_and_back(tmp_path):
    record = BatchRecord(3, 1, 0, 7, {'loss': 0.5}, [DrawIndex(1, 2, 3)], ['a.mp4'])
    path = record.write(tmp_path / 'new')
    assert path == tmp_path / 'new/iter_3_rank0.json'
    assert BatchRecord.read(path) == record
    assert json.loads(path.read_text())['paths'] == ['a.mp4']


def test_limit_below_zero():
    with pytest.raises(ValueError, match='Expected `limit` to be at least 0, but got -1'):
        NonFiniteGuardHook(limit=-1)
