"""The auto-encoder: sizes, parameter counts, samples that do not see each other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtlc.nn.segnet import Decoder, Encoder, SegNet


def parameters(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def on_meta(channels: int, width: int = 64) -> SegNet:
    with torch.device("meta"):
        return SegNet(channels, width)


def made(channels: int = 3, width: int = 2) -> SegNet:
    torch.manual_seed(0)
    return SegNet(channels, width).double()


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_its_parameters_are_the_published_ones_less_an_unused_batch_norm() -> None:
    module = on_meta(17)
    assert parameters(module) == 24_989_393 == 24_989_427 - 2 * 17
    assert parameters(module.encoder) == 14_731_200


@pytest.mark.parametrize("width", [64, 16])
def test_each_further_channel_adds_the_first_convolution_s_and_the_last_one_s(width: int) -> None:
    counts = [parameters(on_meta(channels, width)) for channels in (1, 2, 17)]
    assert counts[1] - counts[0] == 9 * width + width + 1
    assert counts[2] - counts[0] == 16 * (10 * width + 1)


def test_widths_double_to_eight_times_and_stages_have_2_2_3_3_3_convolutions() -> None:
    module = on_meta(5, width=4)
    dims = [[layer.conv.out_channels for layer in stage] for stage in module.encoder.stages]
    assert dims == [[4, 4], [8, 8], [16] * 3, [32] * 3, [32] * 3]
    dims = [[layer.conv.out_channels for layer in stage] for stage in module.decoder.stages]
    assert dims == [[4, 4], [4, 4], [8] * 3, [16] * 3, [32] * 3]


@pytest.mark.parametrize("size", [(32, 32), (33, 63), (45, 97), (64, 96)], ids=str)
def test_any_size_from_32_comes_back_and_the_latent_has_a_cell_for_each_32(size: tuple[int, int]) -> None:
    latent, output = made()(noise(2, 3, *size))
    assert latent.shape == (2, 16, size[0] // 32, size[1] // 32)
    assert output.shape == (2, 3, *size)
    assert (latent >= 0).all() and latent.isfinite().all() and output.isfinite().all()


def test_a_gradient_reaches_every_weight_but_biases_that_a_norm_takes_away() -> None:
    module, x = made(), noise(2, 3, 64, 64).requires_grad_()
    latent, output = module(x)
    (latent * noise(*latent.shape)).sum().backward(retain_graph=True)
    assert all(weight.grad is None for weight in module.decoder.parameters())
    (output * noise(*output.shape)).sum().backward()
    silent = [name for name, weight in module.named_parameters() if weight.grad.abs().sum() < 1e-9]
    assert silent == [name for name, _ in module.named_parameters() if name.endswith("conv.bias")]
    assert x.grad.abs().sum() > 0


def test_samples_do_not_see_each_other_in_training_either() -> None:
    module, x = made().train(), noise(3, 3, 40, 48)
    together = module(x)
    alone = [torch.cat(parts) for parts in zip(*(module(row[None]) for row in x), strict=True)]
    torch.testing.assert_close(together, tuple(alone), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(module.eval()(x), together, rtol=0, atol=0)


def test_it_keeps_no_statistics() -> None:
    assert not list(made().buffers())


def test_unpooling_puts_maxima_back_where_they_stood() -> None:
    encoder, decoder = Encoder(1, 1), Decoder(1, 1)
    for stages in (encoder.stages, decoder.stages):
        for place in range(5):
            stages[place] = nn.ModuleList([nn.Identity()])
    decoder.last = nn.Identity()
    x = torch.zeros(1, 1, 40, 40)
    x[0, 0, 3, 17], x[0, 0, 39, 39] = 5.0, 7.0  # the second lies where 40 is no multiple of 32
    latent, route = encoder(x)
    assert latent.item() == 5
    found = decoder(latent, route)
    assert found[0, 0, 3, 17] == 5 and (found != 0).sum() == 1


def test_a_map_that_is_the_same_everywhere_changes_every_cell_of_the_latent() -> None:
    module, x = made(width=4), noise(2, 3, 192, 160)
    x[1] = x[0]
    x[:, 2] = torch.tensor([0.0, 1.0])[:, None, None]
    one, other = module(x)[0]
    assert (1 - torch.cosine_similarity(one, other, dim=0)).min() > 0.003
