"""Heads."""

import pytest
import torch

from mtlc.nn.heads import AuxiliaryHead, DenseHead, FirstHead, PooledHead


@pytest.mark.parametrize("head", [DenseHead, AuxiliaryHead])
@pytest.mark.parametrize("stride", [1, 4, 14])
def test_a_dense_prediction_is_as_large_as_the_image_before_padding(head: type, stride: int) -> None:
    image = torch.rand(2, 3, 27, 41)
    out = head(dim=8, outputs=5, stride=stride)(torch.randn(2, 8, -(-28 // stride), -(-42 // stride)), image)
    assert out.shape == (2, 5, 27, 41)


def test_a_dense_prediction_lies_where_its_cell_lies() -> None:
    stream = torch.zeros(1, 1, 8, 8)
    stream[0, 0, 2, 5] = 1
    head = DenseHead(dim=1, outputs=1, stride=4)
    torch.nn.init.ones_(head.predict.weight)
    out = head(stream, torch.rand(1, 3, 30, 29))[0, 0]
    place = torch.stack(torch.meshgrid(torch.arange(30.0), torch.arange(29.0), indexing="ij"))
    weight = out - out.min()
    centre = (place * weight).sum((1, 2)) / weight.sum()
    assert centre.tolist() == pytest.approx([9.5, 21.5])


def test_a_first_prediction_is_a_heads_on_the_level_it_names() -> None:
    maps, image = [torch.randn(2, 8, 8, 12), torch.randn(2, 8, 4, 6)], torch.rand(2, 3, 30, 45)
    head = FirstHead(dim=8, outputs=5, stride=8, level=1)
    whole = DenseHead(dim=8, outputs=5, stride=8)
    whole.load_state_dict(head.state_dict())
    assert torch.equal(head(maps, image), whole(maps[1], image))
    of_a_stream = FirstHead(dim=8, outputs=5, stride=8, level=None)
    of_a_stream.load_state_dict(head.state_dict())
    assert torch.equal(of_a_stream(maps[1], image), whole(maps[1], image))


def test_a_pooled_prediction_is_linear_in_the_mean_of_the_coarsest_level() -> None:
    head = PooledHead(dim=8, outputs=5)
    fine, coarse = torch.randn(2, 4, 8, 8), torch.randn(2, 8, 4, 4)
    assert head([fine, coarse]).shape == (2, 5)
    torch.testing.assert_close(head([fine, coarse]), head(coarse))
    torch.testing.assert_close(head(coarse), head.predict(coarse.flatten(2).mean(2)))
