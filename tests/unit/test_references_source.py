"""When references change and when they hold still, how long one waits for them, and which are chosen."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.references import chunk
from glm_lsp.references.candidate import ALL_KINDS, Candidate, Kind, Verdict
from glm_lsp.references.files import MAX_FILE_BYTES
from glm_lsp.references.gatherer import Errand, Gatherer
from glm_lsp.references.location import file_of, file_of_key, root_of
from glm_lsp.references.notes import EditorNotes
from glm_lsp.references.plan import Plan, Way
from glm_lsp.references.ring import MAX_CHUNKS, Ring, RingChunk
from glm_lsp.references.selection import Selection, select
from glm_lsp.references.similarity import dice, jaccard, words
from glm_lsp.references.source import ReferenceSource
from tests.fakes.editor import Editor, put

FRAME = 32


def code(topic: str, num_functions: int = 12) -> str:
    """Code whose words are its own."""
    return "".join(
        f"def {topic}_make_{number}({topic}_in_{number}):\n"
        f"    {topic}_out_{number} = {topic}_in_{number}.call_{topic}_{number}()\n"
        f"    return {topic}_out_{number}\n\n\n"
        for number in range(num_functions)
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    main = "from helper import helper_make_1, helper_make_30\n" + code("main", 40).replace(
        "call_main", "helper_make"
    )
    main += "\n".join(["helper_make_30(alpha, beta)"] * 3)
    put(
        tmp_path,
        {
            "main.py": main,
            "helper.py": code("helper", 40),
            "near.py": code("main", 4) + code("near"),
            "sub/ring.py": code("ring"),
            "sub/other.py": code("other"),
            "other.js": "function helper_make_1() { return main_make_1 }\n" * 10,
        },
    )
    return tmp_path


@pytest.fixture
def source(workspace: Path) -> Iterator[ReferenceSource]:
    found = ReferenceSource([workspace])
    yield found
    found.stop()


@pytest.fixture
def editor(workspace: Path, source: ReferenceSource) -> Editor:
    found = Editor(workspace, source)
    found.open("sub/ring.py")
    found.edit("sub/ring.py", 20)
    found.open("main.py")
    found.edit("main.py", 5)
    return found


async def test_all_kinds_are_found_and_explained(editor: Editor) -> None:
    found = await editor.gather("main.py", 5)
    explained = editor.source.explain()
    used = {(each.path, each.kind) for each in explained if each.verdict is Verdict.USED}
    assert {("helper.py", Kind.DEFINITIONS), ("sub/ring.py", Kind.RING), ("near.py", Kind.NEIGHBOUR)} <= used
    assert sum(each.chars for each in explained) == sum(len(each.text) for each in found)
    assert "main.py" not in {each.path for each in found}
    assert "other.js" not in {each.path for each in explained}
    texts = {each.path: each.text for each in found}
    assert "helper_make_1" in texts["helper.py"]
    assert "ring_make_4" in texts["sub/ring.py"]


@pytest.mark.parametrize("kind", Kind)
async def test_kinds_can_be_chosen(workspace: Path, kind: Kind) -> None:
    source = ReferenceSource([workspace], kinds=[kind])
    editor = Editor(workspace, source)
    editor.open("sub/ring.py")
    editor.edit("sub/ring.py", 20)
    editor.open("main.py")
    editor.edit("main.py", 5)
    assert await editor.gather("main.py", 5) != ()
    assert {each.kind for each in source.explain()} == {kind}
    source.stop()


@pytest.mark.parametrize("max_chars", [0, 100, 300, 600, 1500, 5000])
async def test_the_budget_holds(editor: Editor, max_chars: int) -> None:
    found = await editor.gather("main.py", 5, max_chars)
    assert sum(len(each.text) + len(each.path) + FRAME for each in found) <= max_chars
    assert (found != ()) == (max_chars >= 300)


async def test_keys_change_nothing_and_far_places_do(editor: Editor) -> None:
    first = await editor.gather("main.py", 5)
    for line in (6, 20, 1, 37):
        editor.edit("main.py", line, editor.texts["main.py"] + "# more\n")
        assert await editor.gather("main.py", line) is not first
        assert await editor.gather("main.py", line) == first
    far = await editor.gather("main.py", 201)
    assert far != first
    assert "helper_make_30" in "".join(each.text for each in far)


async def test_what_was_shown_before_keeps_its_place_at_the_head(workspace: Path, editor: Editor) -> None:
    first = await editor.gather("main.py", 5)
    put(workspace, {"near2.py": code("main", 5) + code("near2")})
    editor.open("near2.py")
    far = await editor.gather("main.py", 60)
    kept = [each for each in far if each in first]
    assert kept == [each for each in first if each in far]
    assert list(far[: len(kept)]) == kept
    assert far != first


async def test_a_saved_file_is_looked_at_in_the_background(workspace: Path, editor: Editor) -> None:
    before = await editor.gather("main.py", 5)
    put(workspace, {"helper.py": code("helper", 40).replace("_in_1)", "_in_1, added)")})
    editor.source.saved(editor.key("helper.py"))
    began = time.perf_counter()
    assert await editor.gather("main.py", 5) == before
    after = before
    while after == before and time.perf_counter() - began < 20:
        await asyncio.sleep(0.01)
        after = await editor.gather("main.py", 5)
    kept = [each for each in before if each in after]
    assert kept == list(after[: len(kept)])  # what has changed comes last, behind what a cache still holds
    assert kept != []
    assert all("_in_1, added)" in each.text for each in after[len(kept) :])


async def test_a_save_that_changes_nothing_changes_nothing(editor: Editor) -> None:
    before = await editor.gather("main.py", 5)
    for line in (9, 12, 30):
        editor.source.saved(editor.key("main.py"))
        await editor.gather("main.py", line)
        await asyncio.sleep(0.1)
        assert await editor.gather("main.py", line) == before


async def test_nobody_waits_longer_than_agreed(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    real = Gatherer.gather

    def slow(self: Gatherer, errand: Errand, cancelled: Callable[[], bool]) -> Selection:
        assert goes_on.wait(20)
        return real(self, errand, cancelled)

    monkeypatch.setattr(Gatherer, "gather", slow)
    began = time.perf_counter()
    assert await editor.gather("main.py", 5, within_s=0.05) == ()
    assert time.perf_counter() - began < 1.0
    goes_on.set()
    assert await editor.gather("main.py", 6) != ()


async def test_another_place_calls_off_what_is_under_way(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int | None, bool]] = []
    goes_on = threading.Event()

    def noting(self: Gatherer, errand: Errand, cancelled: Callable[[], bool]) -> Selection:
        assert goes_on.wait(20)
        asked.append((errand.document.line, cancelled()))
        return Selection()

    monkeypatch.setattr(Gatherer, "gather", noting)
    await editor.gather("main.py", 5, within_s=0)
    await editor.gather("main.py", 100, within_s=0)
    editor.source.close(editor.key("main.py"))
    await editor.gather("main.py", 5, within_s=0)
    goes_on.set()
    await editor.gather("main.py", 5)
    assert asked == [(5, True), (100, True), (5, False)]


def test_a_loop_may_end_before_the_work_does(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    goes_on, real = threading.Event(), Gatherer.gather

    def slow(self: Gatherer, errand: Errand, cancelled: Callable[[], bool]) -> Selection:
        assert goes_on.wait(20)
        return real(self, errand, cancelled)

    monkeypatch.setattr(Gatherer, "gather", slow)
    source = ReferenceSource([workspace])
    editor = Editor(workspace, source)
    editor.open("main.py")
    assert asyncio.run(editor.gather("main.py", 5, within_s=0)) == ()
    goes_on.set()
    assert asyncio.run(editor.gather("main.py", 5)) != ()
    source.stop()
    assert caplog.text == ""


async def test_a_failure_costs_the_references_only(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Gatherer, errand: Errand, cancelled: object) -> Selection:
        raise RuntimeError("private text")

    monkeypatch.setattr(Gatherer, "gather", broken)
    assert await editor.gather("main.py", 5) == ()
    assert "RuntimeError" in caplog.text
    assert "private" not in caplog.text


async def test_a_stopped_source_has_nothing(editor: Editor) -> None:
    assert await editor.gather("main.py", 5) != ()
    editor.source.stop()
    assert await editor.gather("main.py", 5) == ()
    editor.source.stop()


async def test_other_roots_make_other_paths(workspace: Path, editor: Editor) -> None:
    source = editor.source
    source.set_roots([workspace, workspace / "sub"])
    assert "ring.py" in {each.path for each in await editor.gather("main.py", 5)}
    source.set_roots([workspace / "sub"])
    assert {each.path for each in await editor.gather("main.py", 5)} == {"ring.py"}
    source.set_roots([])
    assert await editor.gather("main.py", 5) == ()


async def test_closed_documents(workspace: Path, editor: Editor) -> None:
    editor.open("draft.py", code("draft"))
    editor.edit("draft.py", 9)
    editor.edit("main.py", 5)
    assert "draft.py" in {each.path for each in await editor.gather("main.py", 5)}
    editor.source.close(editor.key("draft.py"))
    editor.source.close(editor.key("sub/ring.py"))
    paths = {each.path for each in await editor.gather("main.py", 100)}
    assert "draft.py" not in paths  # it was never saved
    assert "sub/ring.py" in paths


async def test_the_text_at_the_cursor_is_not_repeated(workspace: Path, editor: Editor) -> None:
    put(
        workspace,
        {"copy.py": (workspace / "main.py").read_text(), "near3.py": (workspace / "near.py").read_text()},
    )
    found = await editor.gather("main.py", 5)
    verdicts = {(each.path, each.kind): each.verdict for each in editor.source.explain()}
    assert verdicts["copy.py", Kind.NEIGHBOUR] is Verdict.LIKE_THE_CURSOR
    assert {verdicts[path, Kind.NEIGHBOUR] for path in ("near.py", "near3.py")} == {
        Verdict.USED,
        Verdict.DUPLICATE,
    }
    assert "copy.py" not in {each.path for each in found}


async def test_what_is_only_looked_up_in_may_be_like_the_text_at_the_cursor(workspace: Path) -> None:
    put(workspace, {"copy.py": (workspace / "main.py").read_text()})
    source = ReferenceSource([workspace], kinds=[Kind.NEIGHBOUR], is_shown=False)
    editor = Editor(workspace, source)
    editor.open("main.py")
    found = await editor.gather("main.py", 5)
    source.stop()
    assert "copy.py" in {each.path for each in found}


async def test_a_plan_for_another_model_holds_from_the_next_request_on(
    workspace: Path, editor: Editor
) -> None:
    put(workspace, {"copy.py": (workspace / "main.py").read_text()})
    assert "sub/ring.py" in {each.path for each in await editor.gather("main.py", 5)}
    editor.source.set_plan(Plan(Way.LOOKUP, frozenset([Kind.NEIGHBOUR]), 8000))
    assert editor.source.explain() == []
    found = await editor.gather("main.py", 5)
    assert "copy.py" in {each.path for each in found}
    assert {each.kind for each in editor.source.explain()} == {Kind.NEIGHBOUR}
    editor.source.set_plan(Plan(Way.LOOKUP, frozenset([Kind.NEIGHBOUR]), 8000))
    assert await editor.gather("main.py", 5) == found
    editor.source.set_plan(Plan(Way.PROMPT, ALL_KINDS, 8000))
    assert "copy.py" not in {each.path for each in await editor.gather("main.py", 5)}


async def test_untitled_documents_get_references_from_the_ring(workspace: Path, editor: Editor) -> None:
    editor.texts["new.py"] = "import x\n"
    snapshot = editor.snapshot("new.py")
    found = await editor.source.gather(
        type(snapshot)(
            uri="untitled:Untitled-1",
            path="",
            language_id="python",
            version=1,
            text="ring_make_4(a, b)\n",
            offset=3,
        ),
        3000,
        within_s=60,
    )
    assert "sub/ring.py" in {each.path for each in found}


@pytest.mark.parametrize("num_chars", [0, MAX_FILE_BYTES + 1, 6_000_000])
async def test_enormous_documents(editor: Editor, num_chars: int) -> None:
    editor.open("main.py", "x" * num_chars)
    assert await asyncio.wait_for(editor.gather("main.py", 0), 60) is not None


def test_notes_are_cheap(workspace: Path) -> None:
    source = ReferenceSource([workspace])
    text = code("large", 20_000)
    assert len(text) > 1_000_000
    key = f"file://{(workspace / 'large.py').as_posix()}"
    seconds = []
    for number in range(200):
        began = time.thread_time()
        source.open(key, "large.py", "", "python", text)
        source.edited(key, text, 100 * number)
        source.saved(key)
        source.close(key)
        seconds.append(time.thread_time() - began)
    assert sorted(seconds)[100] < 0.0008  # four calls
    source.stop()


def test_notes_of_places() -> None:
    notes = EditorNotes()
    notes.edited("file:///a.py", "x", 1)  # not open
    notes.open("file:///a.py", "", "python", "one")
    notes.open("untitled:b", "", "python", "nowhere")
    assert [each.line for each in notes.take().visited] == [None]
    for line in (10, 11, 40, 42):
        notes.edited("file:///a.py", f"text {line}", line)
    assert notes.take().visited == ()
    notes.edited("file:///a.py", "text 90", 90)
    assert [(each.line, each.text) for each in notes.take().visited] == [(42, "text 42")]
    notes.open("file:///c.py", "", "python", "c")
    notes.edited("file:///c.py", "c", 5)
    assert [(each.file, each.line) for each in notes.take().visited] == [("/c.py", None), ("/a.py", 90)]
    assert [each.file for each in notes.documents] == ["/c.py", "/a.py"]
    notes.close("file:///c.py")
    happened = notes.take()
    assert [(each.file, each.line) for each in happened.visited] == [("/c.py", 5)]
    assert happened.closed == {"/c.py"}
    assert notes.take() == type(happened)((), frozenset())


def test_the_ring_keeps_the_newest_of_what_is_alike() -> None:
    ring = Ring()
    for number in range(30):
        ring.add(RingChunk.of(f"/{number}.py", code(f"topic{number}")))
    assert len(ring) == MAX_CHUNKS
    ring.add(RingChunk.of("/new.py", code("topic29") + "one_more = 1\n"))
    assert [each.file for each in ring.chunks][-2:] == ["/28.py", "/new.py"]
    ring.forget("/new.py")
    assert ring.chunks[-1].file == "/28.py"
    ring.clear()
    assert ring.chunks == ()


@given(st.text(st.sampled_from("ab \n")), st.integers(-3, 50), st.integers(1, 64), st.integers(0, 300))
@settings(deadline=None)
def test_pieces_are_whole_lines_and_fit(text: str, line: int, num_lines: int, max_chars: int) -> None:
    piece = chunk.around(text, line, num_lines, max_chars)
    assert len(piece) <= max_chars
    assert piece.count("\n") < num_lines
    assert not piece or f"\n{piece}\n" in f"\n{text}\n"
    score, similar = chunk.most_similar(text, words("aab bab"), num_lines, max_chars)
    assert 0 <= score <= 1
    assert len(similar) <= max_chars
    assert not similar or f"\n{similar}\n" in f"\n{text}\n"


def test_the_most_similar_piece_is_the_one_with_the_words() -> None:
    text = code("first", 30) + code("wanted", 8) + code("last", 30)
    score, piece = chunk.most_similar(text, words(code("wanted", 3)), 32, 4000)
    assert "wanted_make_1" in piece
    assert score > 0.3
    assert chunk.most_similar(text, words("unheard of"), 32, 4000) == (0.0, "")


def test_data_is_no_piece() -> None:
    assert chunk.around("\n".join(["x" * 500] * 10), 3, 64, 10_000) == ""
    assert chunk.around("a\nb", 0, 64, 100) == ""


def test_similarities() -> None:
    one, other = words("alpha beta gamma"), words("beta gamma delta é_ü x 1")
    assert other == {"beta", "gamma", "delta", "é_ü"}
    assert jaccard(one, other) == 2 / 5
    assert dice(one, other) == 4 / 7
    assert jaccard(frozenset(), frozenset()) == dice(frozenset(), one) == 0.0


def test_what_is_shown_stays_while_the_place_does() -> None:
    pieces = [Candidate(Kind.RING, f"{name}.py", code(name, 3)) for name in ("one", "two", "three")]
    room = pieces[2].cost + 10
    shown = [pieces[2]]
    assert select(pieces, shown, room, frozenset(), stays=True).chosen == (pieces[2],)
    assert select(pieces, shown, room, frozenset(), stays=False).chosen == (pieces[0],)
    assert select(pieces[:2], shown, room, frozenset(), stays=True).chosen == (pieces[0],)  # it is gone
    everything = select(pieces, shown, 10_000, frozenset(), stays=True).chosen
    assert everything == (pieces[2], pieces[1], pieces[0])


def test_a_piece_is_cut_to_the_room_there_is() -> None:
    piece = Candidate(Kind.RING, "a.py", code("a", 30).rstrip("\n"))
    found = select([piece], [], 500, frozenset(), stays=False)
    assert len(found.chosen) == 1
    assert found.chosen[0].text in piece.text
    assert 120 <= len(found.chosen[0].text) <= 500
    none = select([piece], [], 100, frozenset(), stays=False)
    assert [each.verdict for each in none.explained] == [Verdict.NO_ROOM]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file:///w/a%20b%23.py", "/w/a b#.py"),
        ("file:///w/../x/a.py", "/x/a.py"),
        ("file://localhost/w/a.py", "/w/a.py"),
        ("FILE:///w/a.py?x=1#y", "/w/a.py"),
        ("file:/w/a.py", "/w/a.py"),
        ("file:a.py", ""),
        ("file:///C%3A/w/a.py", "c:/w/a.py"),
        ("file:///c:/w/a.py", "c:/w/a.py"),
        ("untitled:Untitled-1", ""),
        ("git:/w/a.py", ""),
        ("vscode-remote://host/w/a.py", ""),
        ("file:///w/a%00.py", ""),
        ("", ""),
    ],
)
def test_addresses(uri: str, expected: str) -> None:
    assert file_of(uri).replace("\\", "/") == expected


def test_decoded_addresses_are_not_decoded_twice() -> None:
    assert file_of_key("file:///w/a%20b#c.py") == "/w/a%20b#c.py"


def test_roots() -> None:
    assert root_of("/w/sub/a.py", ["/w", "/w/sub", "/w/su"]) == "/w/sub"
    assert root_of("/w2/a.py", ["/w"]) == ""
    assert root_of("/a.py", ["/"]) == "/"
    assert root_of("", ["/w"]) == ""
