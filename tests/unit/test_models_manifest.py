"""`glm-lsp.json`: reading, writing, and every way in which it may not be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.errors import ManifestError, ModelVersionError
from glm_lsp.models.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    AccuracyEntry,
    FileEntry,
    Manifest,
    Source,
    is_inside_name,
)


def manifest(**changes: Any) -> Manifest:
    fields: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "program_version": "0.1.0",
        "name": "tiny",
        "architecture": "glm",
        "precision": "int8",
        "accuracy_level": AccuracyEntry(attention=4, mlp=4, head=0),
        "capacity": 2048,
        "context_length": 1024,
        "prompt_profile": "codegeex4",
        "num_parameters": 8_000_000,
        "vocab_size": 8192,
        "files": {"model.onnx": FileEntry(sha256="ab" * 32, bytes=7)},
        "source": Source(sha256="cd" * 32, description="trained here"),
        "tokenizer_sha256": "ef" * 32,
    }
    return Manifest(**(fields | changes))


def write_raw(folder: Path, **changes: Any) -> None:
    """A manifest with fields replaced, or left out where the value is None."""
    manifest().write(folder)
    path = folder / MANIFEST_FILE
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not None}), encoding="utf-8")


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    manifest().write(tmp_path)
    assert Manifest.read(tmp_path) == manifest()
    assert '\n  "name": "tiny"' in (tmp_path / MANIFEST_FILE).read_text(encoding="utf-8")


def test_a_manifest_that_names_no_activations_is_of_an_fp32_graph(tmp_path: Path) -> None:
    write_raw(tmp_path, activations=None)
    assert "activations" not in (tmp_path / MANIFEST_FILE).read_text(encoding="utf-8")
    assert Manifest.read(tmp_path).activations == "fp32"


def test_activations_nobody_knows_are_refused(tmp_path: Path) -> None:
    write_raw(tmp_path, activations="fp8")
    with pytest.raises(ManifestError, match="activations"):
        Manifest.read(tmp_path)


def test_fields_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    write_raw(tmp_path, colour="blue")
    assert Manifest.read(tmp_path) == manifest()


def test_another_format_version_is_told_apart_from_damage(tmp_path: Path) -> None:
    write_raw(tmp_path, format_version=FORMAT_VERSION + 1, precision=None)
    with pytest.raises(ModelVersionError, match=f"format version {FORMAT_VERSION + 1}"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"format_version": "one"}', "\xff\xfe"])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match="not a model manifest"):
        Manifest.read(tmp_path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"glm-lsp\.json cannot be read"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "changes", [{"precision": None}, {"capacity": "big"}, {"files": {"a": {"bytes": 3}}}, {"source": "x"}]
)
def test_an_incomplete_manifest_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_raw(tmp_path, **changes)
    with pytest.raises(ManifestError, match="incomplete"):
        Manifest.read(tmp_path)


ESCAPING = [
    "../secret", "a/../../b", "/etc/passwd", "C:/x", "C:\\x", "\\\\server\\share\\x", "//server/share/x",
    "a\\b", "", ".", "..", ".hidden", "a//b", "a/", "a\n", "a\0b", "café",
]  # fmt: skip


@pytest.mark.parametrize("name", ESCAPING)
def test_file_names_may_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    write_raw(tmp_path, files={name: {"sha256": "ab" * 32, "bytes": 7}})
    with pytest.raises(ManifestError, match="not a file of its own folder"):
        Manifest.read(tmp_path)


@given(st.text(alphabet="a./\\:~ ", max_size=12))
def test_no_accepted_name_leads_outside(name: str) -> None:
    if is_inside_name(name):
        path = Path("/models/one") / name
        assert path.resolve().is_relative_to("/models/one")
        assert path.resolve() != Path("/models/one")
