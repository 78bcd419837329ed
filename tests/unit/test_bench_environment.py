"""What a result says about the machine, the program and the model."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import msgspec
import pytest

import glm_lsp
from glm_lsp.bench import environment
from glm_lsp.bench.environment import (
    BUSY_SHARE,
    ProcessorWatch,
    busy_share,
    commit,
    look_around,
    processor_seconds,
)
from glm_lsp.engine.description import EngineDescription

MODEL = EngineDescription(
    model="tiny", model_hash="abc", precision="int8", device="cpu", threads=2, context_length=512
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    result = subprocess.run(
        [str(which("git")), *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_everything_is_told() -> None:
    found = look_around(MODEL)
    assert found.processor
    assert found.cores >= 1
    assert found.glm_lsp == glm_lsp.__version__
    assert (found.model, found.model_hash, found.precision, found.threads) == ("tiny", "abc", "int8", 2)
    assert found.date.endswith("+00:00")
    assert found.busy_share is None or 0 <= found.busy_share <= 1
    assert msgspec.json.decode(msgspec.json.encode(found), type=environment.Environment) == found


def test_the_commit_and_whether_files_differ(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert commit(checkout) == head
    (checkout / "untracked.txt").write_text("b")
    assert commit(checkout) == head
    (checkout / "a.txt").write_text("changed")
    assert commit(checkout) == f"{head}+changes"


def test_a_package_inside_another_checkout_has_no_commit(checkout: Path, tmp_path: Path) -> None:
    inside = checkout / "site-packages"
    inside.mkdir()
    assert commit(inside) is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout / "nothing"))
    assert commit(checkout) is None


def test_processor_time_of_others_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([(1000, 800), (1200, 850)])
    monkeypatch.setattr(environment, "_processor_ticks", lambda: next(ticks))
    assert busy_share(lambda _: None) == 0.75


def test_nobody_tells_how_busy_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_processor_ticks", lambda: None)
    assert busy_share(lambda _: None) is None


def watch(monkeypatch: pytest.MonkeyPatch, own_s: float) -> float | None:
    """1,000 ticks pass, of which 400 are idle; one second has as many as the system's clock."""
    ticks = iter([(0, 0), (1000, 400)])
    seconds = iter([5.0, 5.0 + own_s])
    monkeypatch.setattr(environment, "_processor_ticks", lambda: next(ticks))
    monkeypatch.setattr(environment, "_own_seconds", lambda: next(seconds))
    return ProcessorWatch().others_share()


def test_what_is_not_ours_was_taken_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks_a_second = os.sysconf("SC_CLK_TCK")
    assert watch(monkeypatch, 0) == 0.6
    assert watch(monkeypatch, 500 / ticks_a_second) == 0.1
    assert watch(monkeypatch, 700 / ticks_a_second) == 0  # clocks differ by a tick or two


def test_a_detached_process_of_ours_is_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([(0, 0), (1000, 400)])
    monkeypatch.setattr(environment, "_processor_ticks", lambda: next(ticks))
    monkeypatch.setattr(environment, "_own_seconds", lambda: 5.0)
    watch = ProcessorWatch()
    watch.count_own(500 / os.sysconf("SC_CLK_TCK"))
    assert watch.others_share() == 0.1


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_system_tells_what_a_process_has_taken() -> None:
    told, own = processor_seconds(os.getpid()), time.process_time()
    assert told == pytest.approx(own, abs=0.2)
    assert processor_seconds(2**31) == 0


def test_our_own_work_is_not_taken_for_others() -> None:
    watch = ProcessorWatch()
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    others = watch.others_share()
    assert others is None or 0 <= others <= 1
    assert environment._own_seconds() >= 0.3


@pytest.mark.parametrize(
    ("before", "during", "warned"),
    [
        (None, None, ""),
        (BUSY_SHARE / 2, None, ""),
        (0.75, None, "take 75%"),
        (0.75, BUSY_SHARE / 2, ""),  # what counts is the measurement itself
        (0.0, 0.4, "took 40%"),
    ],
)
def test_a_busy_machine_is_warned_of(before: float | None, during: float | None, warned: str) -> None:
    found = msgspec.structs.replace(look_around(MODEL), busy_share=before, others_share=during)
    assert bool(warned) == bool(found.warning)
    assert warned in found.warning
