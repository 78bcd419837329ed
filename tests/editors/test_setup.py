"""The cache of editors: parts are there in full or not at all, and nothing is fetched unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.setup.__main__ import main
from tests.editors.setup.cache import VARIABLE, SetupError, part
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


@pytest.mark.parametrize("names", [[], ["emacs"]])
def test_what_can_be_set_up_is_told(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(names) == 2
    assert "neovim vscode extension" in capsys.readouterr().err
