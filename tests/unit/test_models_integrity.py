"""Damaged model folders: each kind of damage is found, named, and found again at every start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from glm_lsp.errors import GlmError, ModelFileError
from glm_lsp.models import integrity
from glm_lsp.models.external_data import require_contained
from glm_lsp.models.integrity import check_at_start, require_intact, verify
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import tiny_model


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("intact"), precision="int8").path


@pytest.fixture
def model(intact: Path, tmp_path: Path) -> ModelFolder:
    """A copy that may be damaged."""
    shutil.copytree(intact, tmp_path / "copy")
    return ModelFolder.load(tmp_path / "copy")


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def move_outside(path: Path) -> None:
    """The right bytes, but reached through a link out of the folder."""
    outside = path.parents[1] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "is missing"),
    "truncated": (lambda path: os.truncate(path, 100), "has 100 bytes instead of"),
    "one bit flipped": (flip_byte, "SHA-256 differs"),
    "link to the outside": (move_outside, "lies outside"),
}


def test_an_intact_folder_passes(model: ModelFolder, tmp_path: Path) -> None:
    results = list(verify(model.path, model.manifest))
    assert [result.name for result in results] == list(model.manifest.files)
    assert not any(result.problem for result in results)
    require_intact(model.path, model.manifest)
    check_at_start(model.path, model.manifest, tmp_path)
    model.check_at_start()


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("name", ["model.onnx.data", "tokenizer.json"])
def test_damage_is_found_and_named(model: ModelFolder, tmp_path: Path, name: str, kind: str) -> None:
    damage, words = DAMAGE[kind]
    damage(model.path / name)
    bad = [result for result in verify(model.path, model.manifest) if result.problem]
    assert [result.name for result in bad] == [name]
    assert words in bad[0].problem
    for check in (
        lambda: require_intact(model.path, model.manifest),
        lambda: check_at_start(model.path, model.manifest, tmp_path),
        lambda: check_at_start(model.path, model.manifest, None),
    ):
        with pytest.raises(ModelFileError, match=name):
            check()


@pytest.mark.parametrize("name", ["extra.bin", "deep/extra.bin"])
def test_a_file_that_is_not_in_the_manifest_is_found(model: ModelFolder, tmp_path: Path, name: str) -> None:
    (model.path / name).parent.mkdir(exist_ok=True)
    (model.path / name).write_bytes(b"12345")
    (model.path / ".DS_Store").write_bytes(b"left by a desktop")
    bad = [result for result in verify(model.path, model.manifest) if result.problem]
    assert [(result.name, result.bytes, result.problem) for result in bad] == [
        (name, 5, "is not in the manifest")
    ]
    # It does no harm to a start, which reads only what the manifest names.
    check_at_start(model.path, model.manifest, tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx", "model.onnx.data"])
def test_loading_needs_every_required_file(model: ModelFolder, name: str) -> None:
    (model.path / name).unlink()
    with pytest.raises(ModelFileError, match=f"has no {name}"):
        ModelFolder.load(model.path)


def test_a_large_file_is_hashed_once(
    model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = integrity.hash_file
    monkeypatch.setattr(integrity, "hash_file", lambda path: (hashed.append(path.name), real(path))[1])
    monkeypatch.setattr(integrity, "ALWAYS_HASHED_BYTES", 100_000)
    for _ in range(2):
        check_at_start(model.path, model.manifest, tmp_path)
    assert hashed.count("model.onnx.data") == 1
    assert hashed.count("model.onnx") == 2
    path = model.path / "model.onnx.data"
    flip_byte(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelFileError, match="SHA-256"):
        check_at_start(model.path, model.manifest, tmp_path)


@pytest.mark.parametrize("memory", [b"", b"[]", b'{"a": 1}'])
def test_a_lost_memory_only_costs_another_hash(model: ModelFolder, tmp_path: Path, memory: bytes) -> None:
    (tmp_path / integrity.MEMORY_FILE).write_bytes(memory)
    check_at_start(model.path, model.manifest, tmp_path)


def redirect(model_path: Path, location: str, place: str) -> None:
    """Rewrites the graph so that one of its tensors lies in another file."""
    graph = onnx.load(model_path, load_external_data=False)
    if place == "initializer":
        tensors = [tensor for tensor in graph.graph.initializer if tensor.external_data]
        entry = next(entry for entry in tensors[0].external_data if entry.key == "location")
        entry.value = location
    else:
        tensor = onnx.TensorProto(dims=[1], data_type=1, data_location=1)
        tensor.external_data.add(key="location", value=location)
        branch = onnx.helper.make_graph([], "branch", [], [], [tensor])
        inner = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
        nested = onnx.helper.make_node("If", ["x"], ["y"], then_branch=branch)
        graph.graph.node.append(nested if place == "branch" else inner)
    model_path.write_bytes(graph.SerializeToString())


PATH_TRICKS = (
    "../outside", "/etc/passwd", "glm-lsp.json", "\\\\host\\x", "..", ".", "", "./model.onnx.data",
    "model.onnx.data/", "model.onnx.data/.", "sub/../model.onnx.data", "sub/../../outside", "..\\outside",
    "sub\\..\\..\\outside", "C:\\Windows\\win.ini", "C:model.onnx.data", "file:///etc/passwd", "~/.ssh/id_rsa",
    "$HOME/x", "model.onnx.data\0/etc/passwd", "model.onnx.data ", " model.onnx.data", "MODEL.ONNX.DATA",
    "model.onnx.data:stream", "//server/share", "/proc/self/mem", "/dev/zero", "%2e%2e/outside",
    "\u2024\u2024/outside", "．．/outside", "model.onnx.data\n", "nul",
)  # fmt: skip


@pytest.mark.parametrize("place", ["initializer", "attribute", "branch"])
@pytest.mark.parametrize("location", PATH_TRICKS)
def test_external_data_must_be_a_file_of_the_model(model: ModelFolder, location: str, place: str) -> None:
    require_contained(model.graph_path, model.manifest.files)
    redirect(model.graph_path, location, place)
    with pytest.raises(ModelFileError) as error:
        require_contained(model.graph_path, model.manifest.files)
    assert repr(location) in error.value.cause


def test_a_graph_that_is_none_is_refused(model: ModelFolder) -> None:
    model.graph_path.write_bytes(b"\xff\xff\xff not a graph")
    with pytest.raises(GlmError, match="not an ONNX graph"):
        require_contained(model.graph_path, model.manifest.files)
