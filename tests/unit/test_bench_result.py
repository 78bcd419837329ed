"""Results are stored, found again and printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glm_lsp import cli_bench
from glm_lsp.bench import plots, tables
from glm_lsp.bench.delivery import Delivery
from glm_lsp.bench.environment import Environment
from glm_lsp.bench.result import Result, Series, as_json, load, new_result, store
from glm_lsp.bench.table import figures_table, table
from glm_lsp.errors import InputError, StorageError

ENVIRONMENT = Environment(
    processor="a processor", cores=2, cache_mib=32.0, memory_mib=8192, system="an OS", python="3.11.7",
    onnxruntime="1.31.1", glm_lsp="0.1.0", commit=None, model="tiny", model_hash="abc", precision="int8",
    device="cpu", threads=2, date="2026-11-22T11:03:44+00:00", load_average=0.1, busy_share=0.0,
)  # fmt: skip


@dataclass
class Phase:
    p50: float
    count: int


def result() -> Result:
    return new_result(
        "engine",
        ENVIRONMENT,
        parameters={"lengths": [32, 64]},
        figures={"decode": Phase(1.23456789, 3), "none": None},
        series={
            "latency": Series(kind="cdf", title="t", x="ms", columns={"model": [3.0, 1.0, 2.0], "none": []})
        },
    )


def test_a_stored_result_is_the_same_when_loaded(tmp_path: Path) -> None:
    path = store(result(), tmp_path / "new" / "folder")
    assert path.name == "engine-20261122-110344.json"
    assert load(path) == result()
    assert json.loads(path.read_text("utf-8")) == as_json(result())


def test_figures_are_plain_numbers_with_four_decimals() -> None:
    assert result().figures == {"decode": {"p50": 1.2346, "count": 3}, "none": None}


def test_people_see_every_figure_and_where_it_was_measured() -> None:
    shown = figures_table(result())
    for part in ("a processor", "tiny int8", "2 threads", "p50", "1.2346"):
        assert part in shown


def test_a_table_keeps_wide_rows_whole() -> None:
    text = table("", ["name", "p50", "count"], [["x" * 150, 0.123456, 12345], ["y", 1234.5, None]])
    head, *_, first, second = text.splitlines()
    assert head.split() == ["name", "p50", "count"]
    assert first.split() == ["x" * 150, "0.123", "12,345"]
    assert second.split() == ["y", "1,234", "-"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\xff", '{"command": 3}'])
def test_what_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "latin-1")
    with pytest.raises(InputError, match=r"x\.json is not a result"):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "lines", "columns": {"ms": [1, 2], "a": [1]}},
        {"kind": "lines", "columns": {"a": [1, 2]}},
        {"kind": "bars", "columns": {"a": [1, 2]}, "labels": ["one"]},
        {"columns": {"a": ["many"]}},
    ],
)
def test_what_cannot_be_drawn_is_no_result(tmp_path: Path, change: dict[str, Any]) -> None:
    told = as_json(result())
    told["series"]["latency"] |= change
    (tmp_path / "x.json").write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"x\.json is not a result"):
        load(tmp_path / "x.json")


def test_figures_of_another_kind_are_told() -> None:
    spread = {"p50": 1.0, "p95": 1.0, "p99": 1.0, "max": 1.0}
    figures = {
        "front": {"latency_ms": spread, "bare_latency_ms": spread, "start_ms": None, "bare_start_ms": None}
        | {"latency_ratio": "much", "start_ratio": None},
        "http": {},
    }
    odd = new_result("overhead", ENVIRONMENT, parameters={"lines": "many"}, figures=figures)
    with pytest.raises(InputError, match="other figures"):
        tables.tables_of(odd)


def test_a_missing_or_foreign_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "absent.json")
    newer = store(msgspec.structs.replace(result(), format_version=99), tmp_path)
    with pytest.raises(InputError, match="format version 99"):
        load(newer)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        store(result(), tmp_path / "file" / "below")


def test_json_alone_is_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Delivery(as_json=True, folder=tmp_path, plots=False).deliver(result())
    out, err = capsys.readouterr()
    printed = json.loads(out)
    others = printed["environment"].pop("others_share")
    assert others is None or 0 <= others <= 1
    expected = as_json(result())
    del expected["environment"]["others_share"]
    assert printed == expected
    assert str(tmp_path / "engine-20261122-110344.json") in err


def test_plots_lie_beside_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Delivery(folder=tmp_path, plots=True).deliver(result(), "the table")
    assert capsys.readouterr().out == "the table\n"
    assert {path.name for path in tmp_path.iterdir()} == {
        "engine-20261122-110344.json",
        "engine-20261122-110344-latency.svg",
        "engine-20261122-110344-latency.png",
    }


def test_a_result_is_stored_though_nobody_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, file: object = None) -> None:
        # A busy machine is warned of on stderr, which somebody may still read.
        if file is None:
            raise BrokenPipeError

    monkeypatch.setattr("builtins.print", closed)
    with pytest.raises(BrokenPipeError):
        Delivery(folder=tmp_path).deliver(result(), "the table")
    assert (tmp_path / "engine-20261122-110344.json").is_file()


def test_a_result_that_cannot_be_stored_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery = Delivery(folder=tmp_path / "results")
    (tmp_path / "results").rmdir()
    (tmp_path / "results").write_text("")
    with pytest.raises(StorageError):
        delivery.deliver(result(), "the table")
    assert capsys.readouterr().out == "the table\n"


def test_what_is_printed_is_made_of_the_whole_result(capsys: pytest.CaptureFixture[str]) -> None:
    Delivery(as_json=True).deliver(result(), printed=lambda whole: {"date": whole.environment.date})
    assert json.loads(capsys.readouterr().out) == {"date": ENVIRONMENT.date}


def test_an_impossible_folder_is_said_before_measuring(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / ("x" * 300), tmp_path / "file" / "below"):
        with pytest.raises(InputError) as caught:
            Delivery(folder=folder)
        assert "--output" in caught.value.remedy


def test_what_cannot_be_delivered_is_said_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        Delivery(folder=tmp_path / "file")
    with pytest.raises(InputError, match="--output"):
        Delivery(plots=True)
    monkeypatch.setattr(plots, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"glm-lsp\[bench\]"):
        Delivery(folder=tmp_path, plots=True)
    Delivery(folder=tmp_path)  # nothing is drawn: nothing is missed


def test_every_measurement_can_be_shown_again() -> None:
    names = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli_bench.app.registered_commands
    }
    assert names - {"show", "plot", "page"} == tables._TABLES.keys()
