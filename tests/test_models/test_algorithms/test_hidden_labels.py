"""Labels of unlabeled clips, where a list has them, are for the log alone."""

import pytest
import torch

from tests.reliability.rank_toys import make
from tests.small_methods import NUM_CLASSES

#: LTG and AvCLR have such tests of their own.
CASES = ('tcl contrasts', 'tcl pseudo labels', 'cross_modal free', 'asl_mix soft')


def step(case, with_labels):
    """Return losses and logs of an iteration, and gradients."""
    model, inputs, samples = make(case)
    for number, sample in enumerate(samples['unlabeled']):
        label = number % NUM_CLASSES if with_labels else -1
        sample.set_metainfo({'gt_for_log': label})
        if with_labels:
            sample.set_gt_label(label)
    torch.manual_seed(5)  # of partners and masks
    losses = model.loss(inputs, samples)
    model.parse_losses(losses)[0].backward()
    grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return losses, grads


@pytest.mark.parametrize('case', CASES)
def test_labels_of_unlabeled_clips_change_no_loss_and_no_gradient(case):
    losses, grads = step(case, with_labels=False)
    others, other_grads = step(case, with_labels=True)
    log = {name for name in others if name.startswith('pseudo_label_acc')}
    assert bool(log) == ('pass_rate' in losses)
    assert losses == {name: value for name, value in others.items() if name not in log}
    assert grads
    assert grads.keys() == other_grads.keys()
    assert all(torch.equal(grad, other_grads[name]) for name, grad in grads.items())
