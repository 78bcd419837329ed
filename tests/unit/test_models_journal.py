"""The journal of a weight file: what an import that was cut off goes on with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glm_lsp.models.journal import Journal
from glm_lsp.models.span import Span
from glm_lsp.models.weight_file import ALIGNMENT, WeightFile

PURPOSE = {"sha256": "ab", "precision": "int4"}


def note(path: Path, **spans: list[Span]) -> None:
    with Journal(path, PURPOSE) as journal:
        for name, parts in spans.items():
            journal.remember(name, parts)


def noted(path: Path, *names: str, purpose: dict[str, str] = PURPOSE) -> list[list[Span] | None]:
    with Journal(path, purpose) as journal:
        return [journal.recall(name) for name in names]


def test_a_journal_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, a=[Span(0, 10), Span(4096, 4)], b=[Span(8192, 100)])
    assert noted(path, "a", "c") == [[Span(0, 10), Span(4096, 4)], None]
    with Journal(path, PURPOSE) as journal:
        assert journal.end == 8292
    note(path, c=[Span(12288, 1)])
    assert noted(path, "b", "c") == [[Span(8192, 100)], [Span(12288, 1)]]


def test_another_purpose_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, a=[Span(0, 10)])
    assert noted(path, "a", purpose=PURPOSE | {"precision": "int8"}) == [None]
    assert noted(path, "a") == [None]


@pytest.mark.parametrize("lost", [1, 7, 30])
def test_a_line_cut_off_counts_as_not_written(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "journal"
    note(path, a=[Span(0, 10)], b=[Span(4096, 5)])
    path.write_bytes(path.read_bytes()[:-lost])
    assert noted(path, "a", "b") == [[Span(0, 10)], None]
    note(path, b=[Span(4096, 6)])
    assert noted(path, "b") == [[Span(4096, 6)]]


def test_a_weight_file_keeps_what_its_journal_knows(tmp_path: Path) -> None:
    values = np.arange(ALIGNMENT, dtype=np.float32)

    def write(names: list[str], lost_bytes: int = 0) -> list[str]:
        """Stores tensors as an import does; returns those that were really written."""
        written = []
        with (
            Journal(tmp_path / "journal", PURPOSE) as journal,
            WeightFile(tmp_path / "weights", journal) as weights,
        ):
            for number, name in enumerate(names):
                if weights.recall(name) is None:
                    written.append(name)
                    weights.record(name, [weights.write([values + number, values - number])])
            # What is written of a tensor that is never recorded.
            weights.write([values[: lost_bytes // 4]])
        return written

    assert write(["a", "b"], lost_bytes=1000) == ["a", "b"]
    whole = 2 * values.nbytes
    assert (tmp_path / "weights").stat().st_size == 2 * whole + 1000
    assert write(["a", "b", "c"]) == ["c"]
    found = np.fromfile(tmp_path / "weights", np.float32).reshape(3, 2, -1)
    for number in range(3):
        np.testing.assert_array_equal(found[number], [values + number, values - number])


@pytest.mark.parametrize("kept", [None, 0, 9])
def test_a_weight_file_that_is_too_short_is_written_anew(tmp_path: Path, kept: int | None) -> None:
    path = tmp_path / "weights"
    note(tmp_path / "journal", a=[Span(0, 10)])
    if kept is not None:
        path.write_bytes(bytes(kept))
    with Journal(tmp_path / "journal", PURPOSE) as journal, WeightFile(path, journal) as weights:
        assert weights.recall("a") is None
    assert noted(tmp_path / "journal", "a") == [None]


def test_what_was_damaged_meanwhile_is_written_anew_with_all_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "weights"

    def write() -> list[str]:
        written = []
        with Journal(tmp_path / "journal", PURPOSE) as journal, WeightFile(path, journal) as weights:
            for name in "abc":
                if weights.recall(name) is None:
                    written.append(name)
                    values = np.full(100, ord(name), np.uint8)
                    weights.record(name, [weights.write([values]), weights.write([values, values])])
        return written

    assert write() == ["a", "b", "c"]
    whole = path.read_bytes()
    # Of "b" the second part: it begins at the fourth page.
    path.write_bytes(whole[: 3 * ALIGNMENT + 5] + b"?" + whole[3 * ALIGNMENT + 6 :])
    assert write() == ["b", "c"]
    assert path.read_bytes() == whole
    assert write() == []


@pytest.mark.parametrize(
    "line", [b"\x00\xff\n", b"[]\n", b'{"name": "b"}\n', b'{"name": "b", "spans": [[1]]}\n']
)
def test_a_damaged_line_ends_the_record(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal"
    note(path, a=[Span(0, 10)])
    path.write_bytes(path.read_bytes() + line)
    note(path, c=[Span(4096, 10)])
    assert noted(path, "a", "b", "c") == [[Span(0, 10)], None, [Span(4096, 10)]]
