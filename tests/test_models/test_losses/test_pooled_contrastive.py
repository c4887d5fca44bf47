import torch
import torch.nn.functional as F

from mmavssl.models.losses import MILContrastiveLoss, PooledContrastiveLoss


def test_equals_a_slow_computation():
    torch.manual_seed(0)
    image = F.normalize(torch.randn(4, 6, 3, 2), dim=1).requires_grad_()
    sound = F.normalize(torch.randn(4, 6), dim=1)
    loss = PooledContrastiveLoss(temperature=0.1)(image, sound)
    table = torch.zeros(4, 4)
    for n in range(4):
        for m in range(4):
            products = [image[n, :, y, x] @ sound[m] for y in range(3) for x in range(2)]
            table[n, m] = sum(products) / 6 / 0.1
    expected = 0
    for n in range(4):
        expected -= (table[n, n] - table[n].exp().sum().log()) / 4
        expected -= (table[n, n] - table[:, n].exp().sum().log()) / 4
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert image.grad.abs().sum() > 0
    assert not torch.isclose(loss, MILContrastiveLoss(temperature=0.1)(image, sound))
