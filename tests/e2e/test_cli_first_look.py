"""`make run`'s tour with the real server and engine, and what these connect to meanwhile."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.first_look import DOCUMENTED, PLACES, without_docstring
from tests.cli_process import make_home

ROOT = Path(__file__).parents[2]

# Runs in every Python process of the tour, the engine's too, and notes what is connected to or looked up.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        address = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
        with open(os.environ["WATCH_LOG"], "a") as log:
            log.write(f"{event} {address!r}\\n")
sys.addaudithook(watch)
"""


@pytest.mark.parametrize(("path", "marked"), PLACES)
def test_place_is_in_its_file_once(path: str, marked: str) -> None:
    before, _, taken = marked.partition("|")
    assert taken
    assert (ROOT / path).read_text("utf-8").split("\n").count(before + taken) == 1


@pytest.mark.parametrize(("path", "definition"), DOCUMENTED)
def test_definition_is_in_its_file_once_and_has_a_docstring(path: str, definition: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert text.split("\n").count(definition) == 1
    rest, row = without_docstring(text, definition)
    assert rest.split("\n")[row] == definition
    assert rest.count('"""') == text.count('"""') - 2


@pytest.mark.skipif(sys.platform == "win32", reason="engines listen on loopback there")
def test_tour_ends_well_and_connects_to_nothing_but_the_engines_socket(tmp_path: Path) -> None:
    command_line = make_home(tmp_path / "home")
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    log = tmp_path / "watch.log"
    result = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "first_look.py")],
        env={**command_line.environ, "PYTHONPATH": str(tmp_path), "WATCH_LOG": str(log)},
        capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert len(re.findall(r"^    \d+ ms, ", result.stdout, re.MULTILINE)) == len(PLACES)
    assert "no model needed" in result.stdout
    assert result.stdout.count("Generate docstring for ") == len(DOCUMENTED)
    assert "«Args:»" in result.stdout
    connected = set(log.read_text().splitlines())
    assert len(connected) >= 1, "the watch sees the engine's socket"
    assert {
        line for line in connected if not line.startswith(f"socket.connect '{command_line.home}/run/")
    } == set()
