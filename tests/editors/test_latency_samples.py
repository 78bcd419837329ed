"""Which keys count in the measurement of real editors, and what their parts are."""

from __future__ import annotations

from tests.editors.latency.passages import passages
from tests.editors.latency.samples import Answer, Figures, Sample, samples
from tests.editors.vscode import Frame, Key, Record


def record(*frames: tuple[float, str], keys: str = "ab") -> Record:
    """Keys at 1000, 2000, ... ms."""
    pressed = [Key(1000.0 * number, key) for number, key in enumerate(keys, start=1)]
    return Record(pressed, [Frame(at, (), ghost) for at, ghost in frames])


def test_new_ghost_text_counts_from_its_key_to_the_screen() -> None:
    found = samples(record((0, ""), (1090, "lpha")), [Answer(1050, 1070)])
    assert found == [Sample(waiting_ms=50, server_ms=20, showing_ms=20)]
    assert found[0].whole_ms == 90


def test_what_is_left_of_ghost_text_is_nothing_new() -> None:
    assert samples(record((0, ""), (1090, "bc"), (2010, "c")), [Answer(1050, 1070), Answer(2050, 2070)]) == [
        Sample(50, 20, 20)
    ]


def test_another_suggestion_in_its_place_counts() -> None:
    found = samples(record((0, "xy"), (1010, ""), (1090, "lpha")), [Answer(1050, 1070)])
    assert found == [Sample(50, 20, 20)]


def test_what_comes_after_the_next_key_counts_for_that_one_only_when_it_asked() -> None:
    late = record((0, ""), (2090, "lpha"))
    assert samples(late, [Answer(1050, 2070)]) == []
    assert samples(late, [Answer(1050, 1990), Answer(2050, 2070)]) == [Sample(50, 20, 20)]


def test_ghost_text_that_the_editor_had_already_does_not_count() -> None:
    assert samples(record((0, ""), (1010, "lpha")), [Answer(1050, 1070)]) == []


def test_of_several_questions_the_last_that_was_answered_in_time_counts() -> None:
    answered = [Answer(1010, 1020), Answer(1050, 1070), Answer(1080, 1200)]
    assert samples(record((0, ""), (1090, "lpha")), answered) == [Sample(50, 20, 20)]


def test_a_row_tells_how_many_keys_and_samples_there_were() -> None:
    figures = Figures("VS Code", 9, (Sample(50, 20, 20), Sample(50, 20, 20)))
    assert figures.row() == "| VS Code | 9 | 2 | 50 / 50 | 20 / 20 | 20 / 20 | 90 / 90 |"
    assert Figures("VS Code", 9, ()).row() == "| VS Code | 9 | 0 | - | - | - | - |"


def test_passages_are_lines_of_files_of_their_own_and_lack_there() -> None:
    found = passages(5)
    assert len({passage.name for passage in found}) == len(found) == 5
    for passage in found:
        line = passage.text.split("\n")[passage.line - 1]
        assert len(line) == passage.column
        assert passage.keys
        assert "\n" not in passage.keys
