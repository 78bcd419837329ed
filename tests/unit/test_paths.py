"""Folders: where they lie, who may enter, and what is said when they cannot be used."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from glm_lsp import paths
from glm_lsp.errors import StorageError, StorageFullError

FOLDERS = {
    "cache": paths.cache_dir,
    "run": paths.runtime_dir,
    "logs": paths.log_dir,
    "models": paths.models_dir,
    "checkpoints": paths.checkpoints_dir,
}
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("name", FOLDERS)
def test_home_holds_every_folder_and_makes_it_private(home: Path, name: str) -> None:
    folder = FOLDERS[name]()
    assert folder == home / name
    assert folder.is_dir()
    if os.name != "nt":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_config_file_lies_in_home_and_is_not_created(home: Path) -> None:
    assert paths.config_file() == home / "config.toml"
    assert not home.exists()


def test_without_home_the_platform_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLM_LSP_HOME", raising=False)
    monkeypatch.setattr(paths.platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "platform")
    assert paths.cache_dir() == tmp_path / "platform"


def test_home_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLM_LSP_HOME", "here")
    assert paths.cache_dir() == tmp_path / "here" / "cache"


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_file_in_the_way_is_named(home: Path, folder: Callable[[], Path]) -> None:
    home.write_text("in the way")
    with pytest.raises(StorageError, match="home") as caught:
        folder()
    assert caught.value.code == "GLM-500"


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_full_disk_has_its_own_code(
    home: Path, folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageFullError) as caught:
        folder()
    assert caught.value.code == "GLM-501"


def test_folder_that_cannot_be_written_to_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="cannot be written to"):
        paths.cache_dir()


@posix_only
def test_runtime_folder_is_closed_to_others_when_found_open(home: Path) -> None:
    (home / "run").mkdir(parents=True)
    (home / "run").chmod(0o777)
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700


@posix_only
def test_runtime_folder_of_another_user_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(StorageError, match="belongs to another user"):
        paths.runtime_dir()


@posix_only
def test_without_a_runtime_folder_of_the_session_ours_lies_directly_in_the_shared_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLM_LSP_HOME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(
        paths.platformdirs, "user_runtime_path", lambda *_, **__: tmp_path / "shared" / "glm-lsp"
    )
    assert paths.runtime_dir() == tmp_path / f"glm-lsp-{os.getuid()}"
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700
