"""The store: finding, listing and removing models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from glm_lsp.errors import InputError, ManifestError, ModelNotFoundError, StorageError
from glm_lsp.models.manifest import MANIFEST_FILE
from glm_lsp.models.store import ModelFolder, ModelStore
from tests.tiny_model import tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def store(tiny: ModelFolder, tmp_path: Path) -> ModelStore:
    """A starter, two models, a broken one and a leftover."""
    for name in ("starter", "models/codegeex4-9b", "models/glm-edge", "models/broken"):
        shutil.copytree(tiny.path, tmp_path / name)
    (tmp_path / "models/broken" / MANIFEST_FILE).write_text("{", encoding="utf-8")
    (tmp_path / "models/.new-123").mkdir()
    (tmp_path / "models/notes.txt").write_text("", encoding="utf-8")
    return ModelStore(tmp_path / "models", tmp_path / "starter")


def test_a_model_is_found_by_name(store: ModelStore) -> None:
    assert store.resolve().path == store.starter
    assert store.resolve("starter").path == store.starter
    found = store.resolve("glm-edge")
    assert found.path == store.folder / "glm-edge"
    assert found.config.hidden_size == 64
    assert found.tokenizer_path.is_file()


def test_a_model_is_found_by_path(
    store: ModelStore, tiny: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.resolve(str(tiny.path)).path == tiny.path
    monkeypatch.chdir(tiny.path.parent)
    assert store.resolve("./tiny").path == tiny.path
    assert store.resolve("tiny").path == tiny.path


def test_a_missing_model_brings_similar_names(store: ModelStore) -> None:
    with pytest.raises(ModelNotFoundError, match="did you mean codegeex4-9b"):
        store.resolve("codegeex-9b")
    with pytest.raises(ModelNotFoundError) as error:
        store.resolve("no/such/model")
    assert "did you mean" not in error.value.cause


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        ModelFolder.load(tmp_path / "nothing")


def test_the_list_shows_broken_models_too(store: ModelStore) -> None:
    entries = store.list()
    assert [entry.name for entry in entries] == ["starter", "broken", "codegeex4-9b", "glm-edge"]
    assert [entry.built_in for entry in entries] == [True, False, False, False]
    assert [entry.model is None for entry in entries] == [False, True, False, False]
    assert isinstance(entries[1].error, ManifestError)


def test_without_models_the_list_is_empty(tmp_path: Path) -> None:
    assert ModelStore(tmp_path / "none", tmp_path / "neither").list() == []


def test_home_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    assert ModelStore().folder == tmp_path / "models"
    assert ModelStore().path_of("mine") == tmp_path / "models" / "mine"
    assert ModelStore().path_of("starter").name == "starter"


def test_a_removed_model_is_gone(store: ModelStore) -> None:
    store.remove("broken")
    assert "broken" not in [entry.name for entry in store.list()]
    with pytest.raises(ModelNotFoundError, match="glm-edge"):
        store.remove("glm-edg")
    with pytest.raises(InputError, match="built-in"):
        store.remove("starter")


def test_a_folder_that_cannot_be_removed_is_named(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageError, match="broken"):
        store.remove("broken")


@pytest.mark.parametrize(
    "name",
    [
        "../x", "a b", "", ".hidden", "a/b", "glm.", "CON", "aux", "nul.gguf", "COM1", "lpt9.x", "模型", "a\"b", "a\n",
        "a" * 129,
    ],
)  # fmt: skip
def test_names_must_be_plain(store: ModelStore, name: str) -> None:
    with pytest.raises(InputError):
        store.path_of(name)
    with pytest.raises(ModelNotFoundError):
        store.resolve(f"{name}/nothing")


@pytest.mark.parametrize("name", ["a", "console", "com", "glm-4-9b.v2", "a" * 128])
def test_plain_names_are_taken(store: ModelStore, name: str) -> None:
    assert store.new_path(name) == store.folder / name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("starter", "built-in"), ("Starter", "from the model 'starter' in case only"),
        ("GLM-Edge", "from the model 'glm-edge' in case only"), ("BROKEN", "from the model 'broken'"),
    ],
)  # fmt: skip
def test_a_new_model_cannot_be_mistaken_for_another(store: ModelStore, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        store.new_path(name)
    assert store.new_path("glm-edge") == store.folder / "glm-edge"
