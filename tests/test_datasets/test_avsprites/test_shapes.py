import numpy as np
import pytest

from mmavssl.datasets.avsprites.shapes import SHADES, SHAPES


@pytest.mark.parametrize('name', SHAPES)
def test_shape_fills_its_unit_frame(name):
    shape = SHAPES[name]()
    assert tuple(shape) == SHADES
    silhouette = np.concatenate(shape['dark'])
    assert np.abs(silhouette).max() <= 1.21  # corners of the box; the wedge's tip
    assert np.ptp(silhouette, axis=0).min() > 1.2
    for shade in ('main', 'light'):
        inner = np.concatenate(shape[shade])
        assert (inner.min(axis=0) >= silhouette.min(axis=0)).all()
        assert (inner.max(axis=0) <= silhouette.max(axis=0)).all()
