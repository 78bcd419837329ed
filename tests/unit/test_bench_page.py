"""Stored results as one page."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glm_lsp.bench.load import EDITORS
from glm_lsp.bench.page import collect, page
from glm_lsp.bench.page_chart import chart
from glm_lsp.bench.page_contents import ABOUT, HEADLINE, MAIN
from glm_lsp.bench.page_figures import ANY
from glm_lsp.bench.page_style import STYLE
from glm_lsp.bench.result import Result, Series, load, new_result, store
from glm_lsp.bench.servers import OURS
from glm_lsp.errors import InputError
from tests.cli_in_process import InProcess
from tests.cli_process import Finished
from tests.fakes.scripted_client import ScriptedClient
from tests.page_rows import left_out
from tests.unit.test_bench_result import ENVIRONMENT, result

STORED = Path(__file__).parents[2] / "benchmarks" / "results"
EVIL = "<script>alert('1')</script>\"'&\x1b[31m"
VOID = {"meta", "line", "rect", "circle", "polyline", "br"}


def run_cli(home: Path, *arguments: str) -> Finished:
    return InProcess(home, lambda: ScriptedClient.saying("x"))("bench", "page", *arguments)


class Reader(HTMLParser):
    """What a browser would see: elements, attributes and text; and whether every element is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += f"{data}\n"


def typing_result(date: str = "2026-11-22T11:03:44+00:00", p50: float = 2.5, **about: Any) -> Result:
    """A result with the main figures of `bench typing`."""
    spread = {"count": 10, "mean": 3.0, "p50": p50, "p95": 17.0, "p99": 23.0, "max": 70.5}
    return new_result(
        "typing",
        msgspec.structs.replace(ENVIRONMENT, date=date, **about),
        parameters={"speed": 4.0},
        figures={
            "latency_ms": spread,
            "latency_by_source_ms": {"model": spread, "cache": None},
            "kept_chars_ratio": 0.3791,
            "errors": 0,
            "cold_start_ms": {"ready": 1038.0},
        },
        series={
            "latency": Series(kind="cdf", title="Keys", x="ms", columns={"model": [1.0, 3.0, 2.0]}, log="x")
        },
    )


def shown(*results: Result, folder: Path) -> Reader:
    for each in results:
        store(each, folder)
    return Reader(page(collect(folder)))


def test_the_page_says_what_was_measured_on_what(tmp_path: Path) -> None:
    seen = shown(typing_result(commit="0123456789abcdef"), folder=tmp_path)
    for words in (
        "bench typing",
        ABOUT["typing"],
        "2026-11-22 11:03",
        "tiny int8 on cpu",
        "a processor, 2 cores",
        "0.1.0, commit 0123456789",
        "typing-20261122-110344.json",
        "a key to its answer",
        "answered from: model",
        "37.9%",
        "1,038 ms",
        "70.5",
    ):
        assert words in seen.text
    assert seen.open == []
    assert "answered from: cache" not in seen.text


def test_nothing_is_run_and_nothing_is_loaded(tmp_path: Path) -> None:
    store(typing_result(), tmp_path)
    source = page(collect(tmp_path))
    seen = Reader(source)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("content", policy) in seen.attributes
    assert not seen.names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not [
        name for name, _ in seen.attributes if name in {"src", "href", "style"} or name.startswith("on")
    ]
    assert not re.search(r"url\(|@import|https?:", source)


def test_whatever_a_file_says_stays_text(tmp_path: Path) -> None:
    evil = msgspec.structs.replace(
        typing_result(processor=EVIL, model=EVIL, commit=EVIL, system=EVIL, glm_lsp=EVIL, device=EVIL),
        figures={"latency_by_source_ms": {EVIL: typing_result().figures["latency_ms"]}, EVIL: EVIL},
        series={
            EVIL: Series(kind="cdf", title=EVIL, x=EVIL, columns={EVIL: [1.0]}),
            "lines": Series(kind="lines", title=EVIL, x=EVIL, y=EVIL, columns={EVIL: [1.0], "b": [2.0]}),
            "bars": Series(kind="bars", title=EVIL, x=EVIL, y=EVIL, columns={EVIL: [1.0]}, labels=[EVIL]),
        },
    )
    store(evil, tmp_path)
    (tmp_path / "<script>.json").write_text("{}")
    (tmp_path / "unknown.json").write_bytes(
        msgspec.json.encode(msgspec.structs.replace(evil, command=EVIL, figures={EVIL: {EVIL: 1}}))
    )
    seen = Reader(page(collect(tmp_path)))
    assert "script" not in seen.names
    assert seen.text.count("alert('1')") > 10
    assert "<script>.json" in seen.text
    assert seen.open == []


def test_of_each_kind_the_newest_and_the_history_of_the_others(tmp_path: Path) -> None:
    runs = [typing_result(f"2026-11-2{day}T10:00:00+00:00", p50=float(day)) for day in (1, 3, 2)]
    busy = typing_result("2026-11-20T10:00:00+00:00", 9.5, others_share=0.5, processor="another one")
    seen = shown(*runs, busy, result(), folder=tmp_path)
    assert seen.text.index("bench typing") < seen.text.index("bench engine")
    assert "measured\n2026-11-23 10:00" in seen.text
    history = seen.text[seen.text.index("History: a key to its answer") :]
    days = re.findall(r"2026-11-2\d 10:00", history)
    assert days == ["2026-11-23 10:00", "2026-11-22 10:00", "2026-11-21 10:00", "2026-11-20 10:00"]
    assert "another machine; the machine was busy" in history
    assert "5 stored results" in seen.text
    assert "Other programs took" not in seen.text


def test_one_run_has_no_history_and_a_busy_machine_is_told(tmp_path: Path) -> None:
    seen = shown(typing_result(others_share=0.42), folder=tmp_path)
    assert "History" not in seen.text
    assert "Other programs took 42% of the processor time: figures are too slow." in seen.text


def test_what_cannot_be_read_is_named_beside_the_rest(tmp_path: Path) -> None:
    store(typing_result(), tmp_path)
    (tmp_path / "broken.json").write_text('{"command": "typing"')
    (tmp_path / "newer.json").write_text(json.dumps({"format_version": 99, "something": "else"}))
    (tmp_path / "notes.txt").write_text("no result")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    seen = shown(folder=tmp_path)
    assert "bench typing" in seen.text
    for words in (
        "newer.json has format version 99; this program reads 1",
        "broken.json is not a result of `glm-lsp bench`",
        "pipe.json is not a regular file",
        "folder.json is not a regular file",
    ):
        assert words in seen.text
    assert "notes.txt" not in seen.text


def test_figures_of_another_version_are_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    odd = msgspec.structs.replace(typing_result(), figures={"latency_ms": "fast", "errors": 0})
    seen = shown(odd, folder=tmp_path)
    assert "other figures than this version's" in seen.text
    assert "Requests answered with an error." in seen.text


@pytest.mark.parametrize("name", ["missing", "file", "empty", "broken"])
def test_a_folder_without_results_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.json").write_text("[]")
    with pytest.raises(InputError) as caught:
        collect(tmp_path / name)
    assert name in caught.value.cause
    assert "--output" in caught.value.remedy


def test_the_command_writes_the_page_and_writes_it_anew(tmp_path: Path) -> None:
    store(typing_result(), tmp_path)
    (tmp_path / "broken.json").write_text("{}")
    done = run_cli(tmp_path, str(tmp_path))
    assert (done.status, done.stdout) == (0, "")
    assert f"written: {tmp_path / 'index.html'}" in done.stderr
    assert "left out: " in done.stderr
    first = (tmp_path / "index.html").read_text("utf-8")
    store(typing_result("2026-11-23T11:03:44+00:00"), tmp_path)
    assert run_cli(tmp_path, str(tmp_path)).status == 0
    assert (tmp_path / "index.html").read_text("utf-8") != first
    assert not list(tmp_path.glob("*.new"))


def test_a_page_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    store(typing_result(), tmp_path)
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    done = run_cli(tmp_path, str(tmp_path))
    assert done.status == 2
    assert "is not a page of this program" in done.stderr
    assert (tmp_path / "index.html").read_text() == "<h1>mine</h1>"
    named = tmp_path / "new" / "page.html"
    assert run_cli(tmp_path, str(tmp_path), "--output", str(named)).status == 0
    assert "bench typing" in Reader(named.read_text("utf-8")).text


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    store(typing_result(), tmp_path)
    (tmp_path / "taken").mkdir()
    done = run_cli(tmp_path, str(tmp_path), "--output", str(tmp_path / "taken"))
    assert done.status == 1
    assert "GLM-" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.new"))


def points(drawn: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'points="([^"]*)"', drawn)
    return [[tuple(map(float, pair.split(","))) for pair in line.split()] for line in found]  # type: ignore[misc]


def test_a_distribution_rises_from_left_to_right() -> None:
    drawn = chart(
        Series(kind="cdf", title="t", x="ms", columns={"a": [*range(1, 5001)], "none": []}, log="x")
    )
    (line,) = points(drawn)
    assert 100 < len(line) < 300
    assert line == sorted(line, key=lambda point: (point[0], -point[1]))
    assert line[-1][1] < line[0][1]
    assert "<title>a</title>" in drawn
    assert "none" not in drawn


@pytest.mark.parametrize("kind", ["cdf", "bars"])
def test_everybody_in_a_comparison_has_a_colour(kind: Any) -> None:
    """Eight lines or bars can be told apart, in light and in dark, with a colour that the style sheet has."""
    labels = ["all"] if kind == "bars" else []
    columns = {f"engine {number}": [1.0 + number] for number in range(8)}
    drawn = chart(Series(kind=kind, title="t", x="x", y="y", columns=columns, labels=labels))
    marks = re.findall(r'class="(bar|dot) (c\d)"', drawn)
    assert len(set(marks)) == len(marks) == 8
    for mark, colour in marks:
        assert re.search(rf"\.{mark}\.{colour} \{{ fill: var\(--{colour}\); \}}|\.{mark}\.{colour}, ", STYLE)
        assert f".key.{colour} {{" in STYLE
        assert f".line.{colour} {{" in STYLE
        assert STYLE.count(f"--{colour}: ") == 4


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
@pytest.mark.parametrize(
    "values", [[1.0], [0.0, 0.0], [-1.0, 2.0], [5e-324, 1e308], [1e308, 1.7e308], [1.0, 1.0000000000000002]]
)
@pytest.mark.parametrize("kind", ["cdf", "lines", "bars"])
def test_any_numbers_make_a_picture_or_none(kind: Any, values: list[float], log: Any) -> None:
    labels = [str(value) for value in values] if kind == "bars" else []
    columns = {"x": values, "y": values} if kind == "lines" else {"y": values}
    drawn = chart(Series(kind=kind, title="t", x="x", y="y", columns=columns, labels=labels, log=log))
    assert Reader(drawn).open == []
    assert not re.search(r"\b(nan|inf)\b", drawn)
    for left, top in (point for line in points(drawn) for point in line):
        assert 0 <= left <= 560
        assert 0 <= top <= 240


@pytest.mark.parametrize("path", sorted(STORED.glob("*.json")), ids=lambda path: path.name)
def test_of_a_published_result_nothing_is_left_out(path: Path) -> None:
    """Of each measurement's latest shape that is asked where the whole of it is tested."""
    assert left_out(load(path)) == []


def test_a_figure_that_is_gone_is_noticed() -> None:
    assert "flicker_per_100_keys" in left_out(typing_result())
    assert "kept_chars_ratio" not in left_out(typing_result())
    odd = msgspec.structs.replace(typing_result(), figures={"latency_ms": "fast", "errors": "none"})
    assert {"latency_ms", "errors"} <= set(left_out(odd))


def test_what_did_not_hold_is_told(tmp_path: Path) -> None:
    storm = new_result("storm", ENVIRONMENT, parameters={}, figures={"broken": ["1 was lost", EVIL, 7]})
    seen = shown(storm, folder=tmp_path)
    assert f"Did not hold: 1 was lost; {EVIL}." in seen.text
    fine = new_result("storm", ENVIRONMENT, parameters={}, figures={"broken": []})
    (tmp_path / "fine").mkdir()
    assert "Did not hold" not in shown(fine, folder=tmp_path / "fine").text


def test_every_measurement_is_told_in_words() -> None:
    assert set(MAIN) == set(ABOUT)
    assert set(HEADLINE) < set(ABOUT)


@pytest.mark.parametrize("command", sorted(HEADLINE))
def test_a_history_is_of_one_of_the_distributions(command: str) -> None:
    path = HEADLINE[command][0].split(".")
    (figure,) = [
        figure
        for figure in MAIN[command]
        if len(path) == len(wanted := figure.path.split("."))
        and all(name in {key, ANY} for key, name in zip(path, wanted, strict=True))
    ]
    assert figure.unit == "ms"
    bound = [key for key, name in zip(path, figure.path.split("."), strict=True) if name == ANY]
    assert bound == {"load": [str(min(EDITORS))], "compare": [OURS]}.get(command, [])
