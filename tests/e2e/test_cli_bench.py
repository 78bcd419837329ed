"""`glm-lsp bench` as a shell runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.bench.result import store
from tests.cli_process import CommandLine
from tests.unit.test_bench_result import result


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("home"))


def test_a_stored_result_is_drawn_beside_itself(cli: CommandLine, tmp_path: Path) -> None:
    path = store(result(), tmp_path)
    found = cli("bench", "plot", str(path))
    assert (found.status, found.stdout) == (0, "")
    assert path.with_name(f"{path.stem}-latency.svg").is_file()
    assert f"{path.stem}-latency.png" in found.stderr


def test_what_is_no_result_is_wrong_use(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    found = cli("bench", "plot", str(tmp_path / "x.json"))
    assert (found.status, found.stdout) == (2, "")
    assert found.stderr.startswith("GLM-100: ")
