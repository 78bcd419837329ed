"""The engine's log: private, rotated, and taking along what native code prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp.engine.process.log import log_tail, logging_to, open_log
from glm_lsp.errors import StorageError

NATIVE_AND_PYTHON = """
import logging, os, sys
from pathlib import Path
from glm_lsp.engine.process.log import EngineLogHandler

handler = EngineLogHandler(Path(sys.argv[1]), max_bytes=400)
logging.basicConfig(level="INFO", handlers=[handler])
os.write(1, b"native before\\n")
for number in range(8):
    logging.info("line %d %s", number, "x" * 60)
os.write(2, b"native after\\n")
"""


def test_native_output_follows_the_log_through_rotation(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    run = subprocess.run(
        [sys.executable, "-c", NATIVE_AND_PYTHON, str(log)], capture_output=True, check=True, timeout=60
    )
    assert run.stdout == run.stderr == b""
    old = tmp_path / "engine.log.1"
    assert "native after" in log.read_text()
    assert "line 7" in log.read_text()
    assert "line 7" not in old.read_text()
    assert sorted(tmp_path.iterdir()) == [log, old]
    assert {file.stat().st_mode & 0o777 for file in (log, old)} == {0o600}


def test_a_log_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("old\n")
    log.chmod(0o644)
    os.close(open_log(log))
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text() == "old\n"


def test_a_log_that_cannot_be_opened_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), logging_to(tmp_path / "file" / "engine.log"):
        pass


def test_an_error_at_the_end_reaches_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    program = (
        "import os, sys, logging\nfrom pathlib import Path\nfrom glm_lsp.engine.process.log import logging_to\n"
        "with logging_to(Path(sys.argv[1])):\n    logging.info('inside')\n    os.write(2, b'native\\n')\n"
        "print('outside', file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(log)], capture_output=True, check=True, timeout=60, text=True
    )
    assert (run.stdout, run.stderr) == ("", "outside\n")
    assert "inside" in log.read_text()
    assert "native" in log.read_text()
    assert "outside" not in log.read_text()


def test_the_tail_is_short_and_harmless(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_bytes(b"first\n" + b"x" * 100_000 + b"\n\x1b[31mred\x07\n\xff\nlast\n")
    assert log_tail(log, 3) == "?[31mred?\n\N{REPLACEMENT CHARACTER}\nlast"
    assert "first" not in log_tail(log)
    assert log_tail(tmp_path / "missing") == ""
