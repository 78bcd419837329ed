"""The cache of editors: parts are there in full or not at all, and nothing is fetched unasked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.editors.setup import debian
from tests.editors.setup.__main__ import main
from tests.editors.setup.cache import VARIABLE, SetupError, part
from tests.editors.setup.code_server import code_server
from tests.editors.setup.neovim import neovim


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def test_a_part_is_made_once(cache: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "program").write_text("it")

    first = part("thing-1", make, install=True)
    assert part("thing-1", make, install=False) == first == cache / "thing-1"
    assert (first / "program").read_text() == "it"
    assert len(made) == 1


def test_a_part_that_cannot_be_made_leaves_nothing_behind(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise SetupError("no")

    with pytest.raises(SetupError):
        part("thing-1", fail, install=True)
    assert list(cache.iterdir()) == []


def test_a_part_that_another_run_has_finished_meanwhile_is_taken(cache: Path) -> None:
    def make(folder: Path) -> None:
        (cache / "thing-1").mkdir()
        (cache / "thing-1" / "theirs").touch()
        (folder / "ours").touch()

    assert [file.name for file in part("thing-1", make, install=True).iterdir()] == ["theirs"]


def test_tests_fetch_nothing(cache: Path) -> None:
    with pytest.raises(SetupError, match="make test-editors"):
        neovim()
    assert not cache.exists()


@pytest.mark.parametrize("names", [[], ["kakoune"]])
def test_what_can_be_set_up_is_told(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(names) == 2
    assert "neovim vscode extension" in capsys.readouterr().err


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian with nothing but dpkg, used by root; the file holds what apt-get was asked to do."""
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    calls.touch()
    for name, body in (
        ("apt-get", f'echo "$@" >> {calls}'),
        ("dpkg-query", 'case "$*" in *dpkg) echo install ok installed;; *) exit 1;; esac'),
    ):
        script = programs / name
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv(debian.CONSENT, raising=False)
    return calls


@pytest.mark.parametrize("said", [None, "", "0"])
def test_a_host_is_not_changed_unasked(host: Path, monkeypatch: pytest.MonkeyPatch, said: str | None) -> None:
    if said is not None:
        monkeypatch.setenv(debian.CONSENT, said)
    with pytest.raises(SetupError) as refusal:
        debian.install("dpkg", "one", "two")
    assert "apt-get install --no-install-recommends one two\n" in str(refusal.value)
    assert f"{debian.CONSENT}=1" in str(refusal.value)
    assert host.read_text() == ""


def test_a_host_is_changed_when_root_wants_it(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(debian.CONSENT, "1")
    debian.install("dpkg")
    assert host.read_text() == ""
    debian.install("dpkg", "one")
    assert host.read_text().splitlines() == [
        "--quiet update",
        "install --no-install-recommends one --yes --quiet",
    ]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="As root"):
        debian.install("two")


def test_all_that_the_host_lacks_is_asked_for_before_anything_is_fetched(host: Path, cache: Path) -> None:
    with pytest.raises(SetupError, match=r"install .*build-essential .*chromium"):
        code_server(install=True)
    assert not cache.exists()
