"""Keystroke traces: what is drawn, stored and read again."""

from __future__ import annotations

import json
import lzma
import random
import statistics
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.bench.trace import __main__ as command
from glm_lsp.bench.trace import trace as stored
from glm_lsp.bench.trace.draw import draw_trace
from glm_lsp.bench.trace.hand import Hand
from glm_lsp.bench.trace.trace import Back, Key, Look, Slip, Trace, load_trace, own_trace, store_trace
from glm_lsp.errors import InputError, StorageError
from glm_lsp.evaluate.held_out import HeldOutFile

CODE = "".join(
    f'def number_{n}(value: int) -> int:\n    """Adds {n} to a value."""\n    return value + {n}\n\n\n'
    for n in range(12)
)
FILES = [
    HeldOutFile("pkg/one.py", "python", CODE),
    HeldOutFile("pkg/two.py", "python", CODE.replace("v", "w")),
]


def drawn(seed: int = 1, keys: int = 400, files: list[HeldOutFile] | None = None) -> Trace:
    return draw_trace(files or FILES, seed=seed, description="two files", keys=keys)


@pytest.fixture(scope="module")
def own() -> Trace:
    return own_trace()


def test_own_trace_has_what_a_benchmark_needs(own: Trace) -> None:
    assert len(own.files) >= 20
    assert own.num_keys >= 2_000
    assert len({edit.file for edit in own.edits}) == len(own.files)
    events = [event for edit in own.edits for event in edit.events]
    for kind, least in ((Slip, 50), (Back, 100), (Look, 5)):
        assert sum(isinstance(event, kind) for event in events) >= least
    assert sum(bool(edit.wrong) for edit in own.edits) >= 10, "edits in the middle of a line"
    switches = sum(a.file != b.file for a, b in zip(own.edits, own.edits[1:], strict=False))
    assert switches > len(own.files), "files are left and visited again"


def test_own_trace_is_what_is_drawn_over_its_files(own: Trace) -> None:
    texts = zip(own.files, own.final_texts(), strict=True)
    files = [HeldOutFile(file.path, file.language, text) for file, text in texts]
    assert draw_trace(files, seed=own.seed, description=own.description).digest == own.digest


def test_own_trace_is_small(own: Trace, tmp_path: Path) -> None:
    assert store_trace(own, tmp_path / "own.xz") < 200_000


def test_edits_in_the_middle_have_text_right_of_them(own: Trace) -> None:
    texts = [file.text for file in own.files]
    for edit in own.edits:
        text = texts[edit.file]
        if edit.wrong:
            rest = text[edit.offset + len(edit.wrong) :].partition("\n")[0]
            assert rest.strip()
        texts[edit.file] = text[: edit.offset] + edit.text + text[edit.offset + len(edit.wrong) :]


@pytest.mark.parametrize("seed", range(6))
def test_every_drawn_trace_ends_with_the_files_it_was_drawn_from(seed: int) -> None:
    trace = drawn(seed)
    assert trace.final_texts() == [file.text for file in FILES]
    assert [file.text for file in trace.files] != trace.final_texts()


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.sampled_from("ab( \n\t\r😀é=."), min_size=150, max_size=600), seed=st.integers(0, 1000)
)
def test_any_text_can_be_drawn_stored_and_read(text: str, seed: int) -> None:
    try:
        trace = drawn(seed, 120, [HeldOutFile("a.py", "python", text)])
    except InputError:
        return
    assert trace.final_texts() == [text.replace("\r\n", "\n").replace("\r", "\n")]
    assert stored._problem(msgspec.json.decode(msgspec.json.encode(trace), type=Trace)) == ""


def test_same_seed_gives_the_same_trace_and_another_seed_another() -> None:
    assert drawn(1).digest == drawn(1).digest
    assert drawn(1).digest != drawn(2).digest


def test_keys_are_about_as_many_as_asked_for() -> None:
    assert 300 < drawn(keys=500).num_keys < 750


def test_line_ends_become_line_feeds() -> None:
    trace = drawn(files=[HeldOutFile("a.py", "python", CODE.replace("\n", "\r\n"))])
    assert trace.final_texts() == [CODE]


def test_files_without_a_passage_are_refused() -> None:
    with pytest.raises(InputError, match="no file has whole lines"):
        drawn(files=[HeldOutFile("a.py", "python", "x = 1\n")])


def test_files_without_a_passage_are_left_out_among_others() -> None:
    trace = drawn(files=[HeldOutFile("short.py", "python", "x = 1\n"), *FILES])
    assert [file.path for file in trace.files] == ["pkg/one.py", "pkg/two.py"]


def test_stored_trace_comes_back_and_equal_ones_make_equal_files(tmp_path: Path) -> None:
    store_trace(drawn(), tmp_path / "a.xz")
    store_trace(drawn(), tmp_path / "b.xz")
    assert load_trace(tmp_path / "a.xz") == drawn()
    assert (tmp_path / "a.xz").read_bytes() == (tmp_path / "b.xz").read_bytes()


def test_trace_that_cannot_be_stored_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        store_trace(drawn(), tmp_path / "file" / "a.xz")


def damaged(change: str, value: object) -> bytes:
    """A small trace with one thing changed, as it would lie in a file."""
    trace = json.loads(msgspec.json.encode(drawn(keys=60)))
    place = trace
    *path, last = change.split(".")
    for name in path:
        place = place[int(name) if name.isdigit() else name]
    place[int(last) if last.isdigit() else last] = value
    return lzma.compress(json.dumps(trace).encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no archive", "not a keystroke trace"),
        (lzma.compress(b"{}"), "not a keystroke trace"),
        (lzma.compress(b"\xff"), "not a keystroke trace"),
        (lzma.compress(msgspec.json.encode(drawn()))[:-20], "cut off"),
        (lzma.compress(b" " * (stored._MAX_PACKED_BYTES + 1)), "too large"),
        (damaged("format_version", 99), "format version 99"),
        (damaged("edits.0.file", 9), "names a file that is not there"),
        (damaged("edits.0.offset", 10**6), "does not find its place"),
        (damaged("edits.0.wrong", "nowhere in the file"), "does not find its place"),
        (damaged("edits.0.text", "something else"), "do not write its text"),
        (damaged("edits.0.events.0", ["back", 0, 1]), "do not write its text"),
        (damaged("edits.0.events.0", ["look", 0, 1, 1]), "do not write its text"),
        (damaged("edits.0.events.0", ["dance", 0, 1]), "not a keystroke trace"),
        (damaged("edits.0.delay_ms", -1), "not a keystroke trace"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.xz").write_bytes(data)
    with pytest.raises(InputError, match=message):
        load_trace(tmp_path / "a.xz")


def test_trace_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_trace(tmp_path / "none.xz")


def test_gaps_have_the_shape_that_is_documented() -> None:
    hand = Hand(random.Random(1))
    gaps = sorted(hand.gap("a") for _ in range(20_000))
    assert statistics.median(gaps) == pytest.approx(200, rel=0.03)
    assert statistics.mean(gaps) == pytest.approx(233, rel=0.03)
    assert gaps[5_000] == pytest.approx(143, rel=0.03)
    assert gaps[15_000] == pytest.approx(279, rel=0.03)


def test_people_think_before_a_line_more_than_within_a_word() -> None:
    hand = Hand(random.Random(1))
    within, before_word, before_line = (
        statistics.mean(hand.gap(char) for _ in range(5_000)) for char in ("a", " ", "\n")
    )
    assert within < before_word < before_line


def test_slips_press_a_neighbour_and_stay_on_their_line() -> None:
    hand = Hand(random.Random(1))
    slips = [hand.slip("a\nb") for _ in range(50_000)]
    assert set(slips) == {"", "s"}
    assert slips.count("s") / 50_000 == pytest.approx(0.03, rel=0.1)
    assert {hand.slip("Return") for _ in range(5_000)} == {"", "E", "Ee", "Eet", "T", "Te", "Tet"}
    assert {hand.slip("( x") for _ in range(500)} == {""}


def test_one_key_in_twenty_is_a_backspace_that_mends_a_slip(own: Trace) -> None:
    events = [event for edit in own.edits if not edit.wrong for event in edit.events]
    keys = [event for event in events if isinstance(event, Key | Slip | Back)]
    assert 0.02 < sum(isinstance(key, Back) for key in keys) / len(keys) < 0.08


def test_build_command_stores_what_it_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.py").write_text(CODE)
    out = tmp_path / "trace.xz"
    arguments = [
        "build",
        "--files",
        str(tmp_path / "one.py"),
        "--seed",
        "5",
        "--keys",
        "200",
        "--out",
        str(out),
    ]
    assert command.main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    trace = load_trace(out)
    assert report["digest"] == trace.digest
    assert (report["files"], report["seed"], report["bytes"]) == (1, 5, out.stat().st_size)
    assert trace.final_texts() == [CODE]


def test_build_command_tells_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = command.main(
        ["build", "--files", str(tmp_path / "none.py"), "--out", str(tmp_path / "trace.xz")]
    )
    assert status == 2
    assert "GLM-101" in capsys.readouterr().err
    assert not (tmp_path / "trace.xz").exists()


@pytest.mark.parametrize("option", ["--limit", "--keys", "--seed"])
def test_build_command_refuses_numbers_that_make_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["build", "--out", str(tmp_path / "trace.xz"), option, "-1"])
    assert f"argument {option}: invalid" in capsys.readouterr().err


def test_build_command_without_files_takes_the_programs_own(tmp_path: Path) -> None:
    out = tmp_path / "trace.xz"
    assert command.main(["build", "--out", str(out), "--limit", "21", "--keys", "2100"]) == 0
    trace = load_trace(out)
    assert len(trace.files) == 21
    assert all(file.path.startswith("glm_lsp/") for file in trace.files)
