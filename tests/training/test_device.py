"""Where a run computes, and how the processor treats the smallest numbers."""

from __future__ import annotations

import pytest
import torch

from mtlc.training.device import choose
from mtlc.training.errors import USAGE, RunError

SMALLEST = 1e-39  # below the least normal number of 32 bits


@pytest.fixture
def as_before():
    yield
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("as_before")
def test_from_the_choice_of_a_device_on_denormal_numbers_are_0():
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush denormal numbers")
    torch.set_flush_denormal(False)
    many = torch.full((1 << 16,), SMALLEST)
    assert (many * 0.5).count_nonzero() == len(many)
    choose("cpu")
    assert (many * 0.5).count_nonzero() == 0


def test_another_name_is_wrong_usage():
    with pytest.raises(RunError, match="`gpu` is no device") as caught:
        choose("gpu")
    assert caught.value.exit_code == USAGE
