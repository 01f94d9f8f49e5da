"""Equiangular tight frames."""

import pytest
import torch

from mtlc.nn.etf import Etf, frame


@pytest.mark.parametrize(("dim", "vectors"), [(16, 5), (64, 64), (8, 2), (256, 64)])
def test_all_vectors_have_length_1_and_all_pairs_the_widest_equal_angle(dim: int, vectors: int) -> None:
    gram = frame(dim, vectors).T @ frame(dim, vectors)
    expected = torch.full((vectors, vectors), -1 / (vectors - 1)).fill_diagonal_(1.0)
    torch.testing.assert_close(gram, expected, atol=1e-5, rtol=0)


def test_the_vectors_sum_to_0_and_have_rank_k_minus_1() -> None:
    vectors = frame(16, 5)
    torch.testing.assert_close(vectors.sum(1), torch.zeros(16), atol=1e-5, rtol=0)
    values = torch.linalg.svdvals(vectors)
    torch.testing.assert_close(values, torch.tensor([1.25**0.5] * 4 + [0.0]), atol=1e-5, rtol=0)


def test_it_does_not_depend_on_the_seed_of_the_run() -> None:
    torch.manual_seed(1)
    first = frame(16, 5)
    torch.manual_seed(2)
    assert torch.equal(first, frame(16, 5))


def test_the_frame_is_a_buffer_that_is_saved_and_never_trained() -> None:
    part = Etf(16, 5)
    assert list(part.state_dict()) == ["frame"]
    assert not list(part.parameters()) and not part.frame.requires_grad


def test_cells_keep_k_minus_1_dimensions_and_the_scale_of_a_layer_norm() -> None:
    cells = torch.nn.functional.layer_norm(torch.randn(200, 32), (32,))
    assert torch.linalg.matrix_rank(Etf(32, 9)(cells[None])[0]) == 8
    rms = Etf(32, 31)(cells[None])[0].norm(dim=1).mean() / 32**0.5
    assert 0.9 < rms < 1.1


def test_the_length_of_a_cell_does_not_matter_below_full_width() -> None:
    cells = torch.randn(1, 10, 16)
    torch.testing.assert_close(Etf(16, 5)(cells * 7), Etf(16, 5)(cells))


def test_a_frame_as_wide_as_the_cells_is_one_product() -> None:
    cells, part = torch.randn(1, 10, 16), Etf(16, 16)
    torch.testing.assert_close(part(cells), cells @ part.frame)
