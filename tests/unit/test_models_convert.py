"""Conversion: what a model folder holds, and that a failed one leaves nothing."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from tokenizers import Tokenizer

import glm_lsp
from glm_lsp.errors import (
    ArchitectureError,
    CheckpointError,
    InputError,
    StorageError,
    StorageFullError,
    TokenizerError,
)
from glm_lsp.models import model_writer
from glm_lsp.models.convert import convert
from glm_lsp.models.graph_options import AccuracyLevels
from glm_lsp.models.integrity import hash_file, require_intact
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import random_weights, tiny_config, tiny_tokenizer, write_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint")


def run(checkpoint: Path, **options: Any) -> ModelFolder:
    defaults = {"name": "tiny", "prompt_profile": "codegeex4", "capacity": 64}
    return convert(checkpoint, checkpoint.parent / "models" / "tiny", **(defaults | options))


def leftovers(checkpoint: Path) -> list[str]:
    folder = checkpoint.parent / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_the_folder_and_its_manifest_agree(checkpoint: Path) -> None:
    (checkpoint / "MODEL_CARD.md").write_text("# Tiny", encoding="utf-8")
    levels = AccuracyLevels(attention=4, mlp=1, head=0)
    model = run(checkpoint, accuracy=levels, description="random", licence="Apache-2.0", context_length=48)
    manifest = model.manifest
    expected = ["MODEL_CARD.md", "config.json", "model.onnx", "model.onnx.data", "tokenizer.json"]
    assert list(manifest.files) == expected
    assert leftovers(checkpoint) == ["tiny"]
    require_intact(model.path, manifest)
    assert (manifest.name, manifest.precision, manifest.architecture) == ("tiny", "int8", "glm")
    assert (manifest.capacity, manifest.context_length, manifest.licence) == (64, 48, "Apache-2.0")
    assert (manifest.accuracy_level.mlp, manifest.accuracy_level.head) == (1, 0)
    assert manifest.program_version == glm_lsp.__version__
    assert manifest.num_parameters == sum(w.size for w in random_weights(model.config).values())
    assert manifest.source.sha256 == hash_file(checkpoint / "model.safetensors")
    assert manifest.tokenizer_sha256 == hash_file(model.tokenizer_path)
    assert manifest.vocab_size == tiny_tokenizer().get_vocab_size() < model.config.vocab_size


def test_the_graph_keeps_its_contract(checkpoint: Path) -> None:
    model = run(checkpoint)
    graph = onnx.load(model.graph_path, load_external_data=False)
    assert graph.ir_version == 10
    assert {opset.domain: opset.version for opset in graph.opset_import} == {"": 21, "com.microsoft": 1}
    properties = {prop.key: prop.value for prop in graph.metadata_props}
    assert properties["capacity"] == "64"
    assert properties["source_sha256"] == model.manifest.source.sha256
    shapes = {
        value.name: [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.graph.input, *graph.graph.output)
    }
    assert shapes["input_ids"] == [1, "S"]
    assert shapes["past.1.v"] == shapes["present.1.v"] == [1, 2, "C", 32]
    assert shapes["next"] == [1, "R"]
    assert shapes["top_i"] == shapes["top_v"] == [1, "R", 8]
    assert shapes["logits"] == [1, "R", model.manifest.vocab_size]
    operators = [node.op_type for node in graph.graph.node]
    assert len(operators) == 31
    assert operators.count("MatMulNBits") == 2 * 4 + 1


def test_progress_is_told_and_ends(checkpoint: Path) -> None:
    told: list[tuple[str, float]] = []
    run(checkpoint, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "layer 2 of 2" in [what for what, _ in told]


def test_capacity_defaults_to_the_longest_context(tmp_path: Path) -> None:
    short = write_checkpoint(tmp_path / "short", tiny_config(max_position_embeddings=100))
    assert run(short, capacity=None).manifest.capacity == 100


def test_an_existing_folder_is_replaced_only_on_request(checkpoint: Path) -> None:
    first = run(checkpoint)
    with pytest.raises(InputError, match="exists already"):
        run(checkpoint)
    second = run(checkpoint, replace=True, precision="int4")
    assert second.path == first.path
    assert second.manifest.precision == "int4"
    assert leftovers(checkpoint) == ["tiny"]


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, StorageFullError), (errno.EROFS, StorageError)])
def test_a_full_disk_leaves_nothing_behind(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[StorageError]
) -> None:
    old = run(checkpoint)

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "planted")

    monkeypatch.setattr(model_writer, "write_graph", fail)
    with pytest.raises(error, match="tiny"):
        run(checkpoint, replace=True)
    assert leftovers(checkpoint) == ["tiny"]
    require_intact(old.path, old.manifest)


def test_the_old_model_survives_if_the_new_one_cannot_take_its_place(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = run(checkpoint)
    real = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name.startswith(".new-"):
            raise PermissionError(errno.EACCES, "planted")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(StorageError, match="planted"):
        run(checkpoint, replace=True, precision="int4")
    assert leftovers(checkpoint) == ["tiny"]
    require_intact(old.path, old.manifest)


def test_an_interruption_leaves_nothing_behind(checkpoint: Path) -> None:
    def interrupt(_what: str, _share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint, progress=interrupt)
    assert leftovers(checkpoint) == []


def test_a_damaged_checkpoint_leaves_nothing_behind(checkpoint: Path) -> None:
    weights = random_weights(tiny_config())
    weights["model.norm.weight"][0] = float("nan")
    write_checkpoint(checkpoint, weights=weights)
    with pytest.raises(CheckpointError, match=r"model\.norm\.weight"):
        run(checkpoint)
    assert leftovers(checkpoint) == []


def test_the_tokenizer_is_needed_and_must_fit(checkpoint: Path) -> None:
    path = checkpoint / "tokenizer.json"
    path.unlink()
    with pytest.raises(TokenizerError, match="is missing"):
        run(checkpoint)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(TokenizerError, match="cannot be read"):
        run(checkpoint)
    larger: Tokenizer = tiny_tokenizer()
    larger.add_tokens([f"<extra{i}>" for i in range(20)])
    larger.save(str(path))
    with pytest.raises(TokenizerError, match="392 ids"):
        run(checkpoint)


@pytest.mark.parametrize(
    ("options", "error", "cause"),
    [
        ({"precision": "int3"}, InputError, "precision 'int3'"),
        ({"prompt_profile": "poetry"}, TokenizerError, "poetry"),
        ({"real_vocab_size": 1000}, ArchitectureError, "1000 tokens"),
        ({"capacity": -1}, InputError, "capacity"),
    ],
)
def test_options_are_checked_first(
    checkpoint: Path, options: dict[str, Any], error: type[Exception], cause: str
) -> None:
    with pytest.raises(error, match=cause):
        run(checkpoint, **options)
    assert leftovers(checkpoint) == []


def test_odd_widths_need_fp32(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "odd", tiny_config(intermediate_size=100))
    with pytest.raises(ArchitectureError, match="multiples of 32"):
        run(checkpoint)
    assert run(checkpoint, precision="fp32").manifest.precision == "fp32"


def test_a_config_that_is_refused_stops_everything(checkpoint: Path) -> None:
    path = checkpoint / "config.json"
    path.write_text(json.dumps({"model_type": "chatglm"}), encoding="utf-8")
    with pytest.raises(ArchitectureError, match=r"model_type .chatglm. is not one of"):
        run(checkpoint)
