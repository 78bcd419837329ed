"""Weights travel in parts: what is joined equals what was split, bit for bit, and damage is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.errors import TrainingError

pytestmark = pytest.mark.reference


@pytest.fixture
def state() -> dict[str, Any]:
    import torch

    torch.manual_seed(0)
    awkward = torch.tensor([0.0, -0.0, float("inf"), float("nan"), 1e-40, -3.0e38, 1.0, -1.0])
    model = {"a.weight": torch.randn(300, 70), "b.bias": awkward, "c.norm": torch.ones(64)}
    progress = {"step": 7, "tokens": 9, "seconds": 1.5, "places": [[3, 1, False]]}
    return {
        "model": {name: tensor.to(torch.bfloat16) for name, tensor in model.items()},
        "progress": progress,
        "recipe": "smoke",
    }


def bits(state: dict[str, Any]) -> dict[str, list[int]]:
    import torch

    return {name: tensor.view(torch.int16).flatten().tolist() for name, tensor in state["model"].items()}


def test_split_and_joined_is_the_same(state: dict[str, Any], tmp_path: Path) -> None:
    from glm_lsp.train import checkpoint, parts

    checkpoint.write(tmp_path / "weights.pt", state)
    written = parts.split(tmp_path / "weights.pt", tmp_path / "out", part_bytes=10_000)
    assert len(written) == 4
    assert max(path.stat().st_size for path in written) <= 10_000
    parts.join(tmp_path / "out", tmp_path / "run" / "weights.pt")
    back = checkpoint.read(tmp_path / "run" / "weights.pt")
    assert bits(back) == bits(state)
    assert {name: t.shape for name, t in back["model"].items()} == {
        name: t.shape for name, t in state["model"].items()
    }
    assert (back["progress"], back["recipe"]) == (state["progress"], state["recipe"])


def test_packed_weights_are_a_third_smaller(state: dict[str, Any]) -> None:
    import torch

    from glm_lsp.train import parts

    state["model"] = {"a": (torch.randn(1000, 1000) * 0.02).to(torch.bfloat16)}
    packed = parts.pack(state)
    assert len(packed) < 0.72 * 2_000_000
    assert bits(parts.unpack(packed)) == bits(state)


def test_of_a_whole_checkpoint_the_average_travels(state: dict[str, Any], tmp_path: Path) -> None:
    import torch

    from glm_lsp.train import checkpoint, parts

    averaged = {name: torch.full(t.shape, 0.5) for name, t in state["model"].items()}
    checkpoint.write(tmp_path / "checkpoint.pt", {**state, "ema": averaged})
    parts.split(tmp_path / "checkpoint.pt", tmp_path / "out")
    joined = parts.join(tmp_path / "out", tmp_path / "weights.pt")
    assert all((tensor == 0.5).all() for tensor in joined["model"].values())


def damage_part(out: Path) -> None:
    data = bytearray((out / "weights.01").read_bytes())
    data[100] ^= 1
    (out / "weights.01").write_bytes(bytes(data))


def swap_parts(out: Path) -> None:
    manifest = json.loads((out / "weights.json").read_text())
    manifest["parts"].reverse()
    (out / "weights.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (damage_part, r"weights\.01"),
        (lambda out: (out / "weights.02").unlink(), r"weights\.02"),
        (swap_parts, "do not belong together"),
    ],
)
def test_damage_is_found(state: dict[str, Any], tmp_path: Path, harm: Any, message: str) -> None:
    from glm_lsp.train import checkpoint, parts

    checkpoint.write(tmp_path / "weights.pt", state)
    parts.split(tmp_path / "weights.pt", tmp_path / "out", part_bytes=10_000)
    harm(tmp_path / "out")
    with pytest.raises(TrainingError, match=message):
        parts.join(tmp_path / "out", tmp_path / "joined.pt")
    assert not (tmp_path / "joined.pt").exists()


@pytest.mark.parametrize("packed", [b"", b"GLMWEIGHTS1", b"GLMWEIGHTS1\x05\x00\x00\x00{}...", b"something"])
def test_what_is_not_packed_weights_is_refused(packed: bytes) -> None:
    from glm_lsp.train import parts

    with pytest.raises(TrainingError, match="packed weights"):
        parts.unpack(packed)
