import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.losses import FNACLoss
from mmavssl.models.losses.fnac_loss import sounding_region
from mmavssl.models.losses.mil_contrastive import similarity_maps
from mmavssl.registry import LOSSES

FIXTURE = Path(__file__).parents[2] / 'data' / 'parity_fnac.npz'
TERMS = ('contrast', 'fns1', 'tns', 'fns2')


def unit_features(tag, shape):
    values = np.random.RandomState(zlib.crc32(tag.encode())).uniform(-1, 1, shape)
    return F.normalize(torch.from_numpy(np.float32(values)), dim=1)


@pytest.fixture
def features():
    image_feat = unit_features('loss_v', (6, 16, 7, 7)).requires_grad_()
    return image_feat, unit_features('loss_z', (6, 16)).requires_grad_()


def test_parity_of_terms_and_gradients(features):
    loss = LOSSES.build(dict(type='FNACLoss'))
    terms = loss.terms(*features)
    total = loss.total(terms)
    total.backward()
    with np.load(FIXTURE) as expected:
        ours = torch.stack([terms[name] for name in TERMS]).detach().numpy()
        np.testing.assert_allclose(ours, expected['c/losses'], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(total.item(), expected['c/total'], rtol=1e-5)
        for feature, name in zip(features, ('c/grad_v', 'c/grad_z'), strict=True):
            grad = expected[name]
            np.testing.assert_allclose(
                feature.grad.numpy(), grad, rtol=1e-4, atol=1e-5 * np.abs(grad).max()
            )


def test_warmup_is_contrast_alone(features):
    loss = FNACLoss(warmup_epochs=2)
    terms = loss.terms(*features)
    for epoch in (0, 1):
        assert torch.equal(loss(*features, epoch=epoch), terms['contrast'])
    after = terms['contrast'] + 100 * (terms['fns1'] + terms['tns'] + terms['fns2'])
    for epoch in (2, 30, None):
        torch.testing.assert_close(loss(*features, epoch=epoch), after)


def test_weights_belong_to_their_terms(features):
    loss = FNACLoss(weights=(1.0, 20.0, 300.0))
    terms = {name: torch.tensor(value) for name, value in zip(TERMS, (0.5, 1, 2, 3), strict=True)}
    assert loss.total(terms).item() == pytest.approx(0.5 + 1 + 40 + 900)


def test_sounding_region_against_loops(features):
    image_feat, audio_feat = (feature.detach() for feature in features)
    maps = similarity_maps(image_feat, audio_feat, 0.03)
    ours = sounding_region(image_feat, maps, 0.6)
    for n in range(6):
        own = maps[n, n]
        scaled = (own - own.min()) / (own.max() - own.min() + 1e-5)
        chosen = [image_feat[n, :, y, x] for y in range(7) for x in range(7) if scaled[y, x] > 0.6]
        assert 0 < len(chosen) < 49
        torch.testing.assert_close(ours[n], sum(chosen) / 49)


def test_wrong_weights():
    with pytest.raises(ValueError, match=r"'fns1', 'tns', 'fns2'\), but got \(1, 2\)"):
        FNACLoss(weights=(1, 2))
