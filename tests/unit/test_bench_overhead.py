"""What `glm-lsp bench overhead` is made of: its stub engine, its figures and its command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from glm_lsp.bench.front_overhead import FrontTimes
from glm_lsp.bench.http_overhead import RequestTimes
from glm_lsp.bench.overhead import front_figures, http_figures
from glm_lsp.bench.overhead_table import overhead_table
from glm_lsp.bench.result import load, new_result
from glm_lsp.bench.stub_engine import TOKENS
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from tests.cli_process import CommandLine, make_home
from tests.fakes.fake_server import short_folder
from tests.page_rows import left_out
from tests.unit.test_bench_result import ENVIRONMENT


@pytest.fixture(scope="module")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return make_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def stub() -> Iterator[str]:
    """The address of a stub engine in a process of its own."""
    with short_folder() as folder:
        command = (sys.executable, "-m", "glm_lsp.bench.stub_engine", f"unix:{folder}/s")
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield process.stdout.readline().decode().strip()
            process.kill()


async def test_the_stub_speaks_the_engines_protocol(stub: str) -> None:
    client = HttpEngineClient(stub)
    assert (await client.describe()).copies
    # Longer than a socket takes at once.
    request = CompletionRequest(prompt="x", glm=GlmOptions(text_before="y" * 300_000))
    for _ in range(3):
        async with aclosing(client.complete(request)) as chunks:
            texts = [choice.text async for chunk in chunks for choice in chunk.choices]
        assert "".join(texts) == "".join(TOKENS)
    await client.close()


def test_figures_compare_what_was_measured_side_by_side() -> None:
    front = front_figures(FrontTimes([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [300.0], [200.0]))
    assert front["latency_ms"].p50 == 2
    assert front["latency_ratio"].value == 0.5
    assert front["start_ratio"].value == 1.5
    http = http_figures(RequestTimes(http=[3.0, 4.0, 9.0], call=[2.0, 2.0, 2.0], inside=[2.5, 3.0, 2.0]))
    assert http["added_ms"].p50 == 1.0
    assert http["added_ms"].max == 7.0
    assert http["ratio"].value == 2.0


def test_no_start_needs_to_be_measured() -> None:
    front = front_figures(FrontTimes([1.0], [2.0]))
    assert front["start_ratio"] is front["start_ms"] is None
    http = http_figures(RequestTimes([3.0], [2.0], [1.0]))
    figures = {"front": front, "http": {"4": http}}
    shown = overhead_table(new_result("overhead", ENVIRONMENT, parameters={"lines": 10}, figures=figures))
    assert "4 tokens, over HTTP" in shown
    assert "start" not in shown


def test_the_command_measures_both_parts(command_line: CommandLine, tmp_path: Path) -> None:
    ran = command_line(
        "bench", "overhead", "--keys", "5", "--lines", "300", "--starts", "1", "--tokens", "1,3",
        "--json", "--output", str(tmp_path),
    )  # fmt: skip
    assert ran.status == 0, ran.stderr
    assert ran.json["parameters"]["threads"] == 0
    assert ran.json["environment"]["threads"] > 0, "what the engine chose"
    figures = ran.json["figures"]
    assert figures["front"]["latency_ms"]["count"] == figures["front"]["bare_latency_ms"]["count"] == 5
    assert 0 < figures["front"]["latency_ms"]["p50"] < 1000
    assert figures["front"]["start_ms"]["count"] == 1
    assert set(figures["http"]) == {"1", "3"}
    assert 0 < figures["http"]["3"]["added_ms"]["p50"] < figures["http"]["3"]["http_ms"]["p50"]
    (stored,) = tmp_path.iterdir()
    assert stored.suffix == ".json"
    assert left_out(load(stored)) == []


@pytest.mark.parametrize("tokens", ["many", "1,4097"])
def test_lengths_are_numbers_that_can_be_asked_for(command_line: CommandLine, tokens: str) -> None:
    found = command_line("bench", "overhead", "--tokens", tokens)
    assert (found.status, found.stdout) == (2, "")
    assert found.stderr.startswith("GLM-100: ")
