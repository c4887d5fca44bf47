import pytest
import torch

from mmavssl.models.utils.class_centroids import ClassCentroids


def test_first_clips_make_a_centroid_and_later_ones_move_it():
    centroids = ClassCentroids(3, 2, momentum=0.25)
    first = torch.tensor([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]])
    centroids.update(first, torch.tensor([0, 0, 2]))
    assert centroids.known.tolist() == [True, False, True]
    assert centroids.means.tolist() == [[2.0, 1.0], [0.0, 0.0], [5.0, 5.0]]
    centroids.update(torch.tensor([[6.0, 1.0], [1.0, 1.0]]), torch.tensor([0, 1]))
    assert centroids.known.all()
    assert centroids.means.tolist() == [[3.0, 1.0], [1.0, 1.0], [5.0, 5.0]]


def test_numbers_that_are_not_finite_change_nothing():
    centroids = ClassCentroids(2, 2)
    centroids.update(torch.ones(1, 2), torch.tensor([0]))
    before = {name: value.clone() for name, value in centroids.state_dict().items()}
    centroids.update(torch.tensor([[0.0, 0.0], [float('nan'), 0.0]]), torch.tensor([0, 1]))
    for name, value in centroids.state_dict().items():
        assert torch.equal(value, before[name])


def test_state_is_in_checkpoints_and_is_no_parameter():
    centroids = ClassCentroids(4, 2)
    assert set(centroids.state_dict()) == {'means', 'known'}
    assert not list(centroids.parameters())
    embeddings = torch.ones(1, 2, requires_grad=True)
    centroids.update(embeddings, torch.tensor([3]))
    assert not centroids.means.requires_grad


def test_errors():
    with pytest.raises(ValueError, match='`momentum` to be positive'):
        ClassCentroids(2, 2, momentum=0)
    with pytest.raises(ValueError, match='`dims` to be at least 1'):
        ClassCentroids(2, 0)
