"""One head of attention whose values may have another width than its queries, without an n × n table."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """softmax(query · keyᵀ) · value, not scaled: B×n×d, B×m×d, B×m×c → B×n×c with c ≤ d.

    torch's fused kernel for CPUs wants one width for all three and else falls back to the n × m table, so the
    values get channels of zeros that are cut off again. The last dimension of each should be contiguous.
    """
    query, key, padded = (
        x[:, None] for x in (query, key, F.pad(value, (0, query.shape[2] - value.shape[2])))
    )
    return F.scaled_dot_product_attention(query, key, padded, scale=1.0)[:, 0, :, : value.shape[2]]
