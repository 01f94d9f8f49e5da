"""Draws that are certain, for tests of losses that draw."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture
def without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is the likeliest, whatever the generator."""
    monkeypatch.setattr("mtlc.nn.embeddings._gumbel", lambda scores, _: torch.zeros_like(scores))
