"""Typing a trace: what is sent when, what is taken, and that nothing is believed which is not so."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.bench.editor import Reply
from glm_lsp.bench.replay import Player, Replay
from glm_lsp.bench.trace.draw import draw_trace
from glm_lsp.bench.trace.trace import Back, Edit, Key, Look, Return, Slip, Trace, TraceFile
from glm_lsp.bench.trace.typist import Deed
from glm_lsp.errors import EngineLostError, EngineSilentError, GlmError
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.lsp.document import Change, Documents

ASK, TELL = "textDocument/inlineCompletion", "glm/lastRequest"
CODE = "".join(f"def number_{n}(value: int) -> int:\n    return value + {n}\n\n\n" for n in range(9))
Suggest = Callable[[str], str]


class FakeEditor:
    """An `Editor` whose server holds the documents as the real one does and suggests what the test says.

    Args:
        suggest: from the text before the cursor to the hint.
        late: requests that are not answered before the next one is sent.
    """

    def __init__(self, suggest: Suggest = lambda before: "", late: tuple[int, ...] = ()) -> None:
        self.suggest = suggest
        self.late = late
        self.documents = Documents()
        self.trouble: GlmError | None = None
        self.sent: list[tuple[str, Any]] = []
        self.command: Mapping[str, Any] | None = None
        self.error: int | None = None
        self.forgets_edits = False
        self.is_silent = False
        self._number = 0
        self._asked = 0
        self._replies: deque[Reply] = deque()
        self._held: dict[int, tuple[str, Any]] = {}
        self._told: dict[str, Any] = {}

    def notify(self, method: str, params: Any) -> None:
        self.sent.append((method, params))
        item = params.get("textDocument", {})
        if method == "textDocument/didOpen":
            self.documents.open(item["uri"], item["languageId"], item["version"], item["text"])
        elif method == "textDocument/didChange":
            changes = [Change(change["text"], _edges(change["range"])) for change in params["contentChanges"]]
            self.documents.change(item["uri"], item["version"], changes[: 0 if self.forgets_edits else None])

    def cancel(self, number: int) -> None:
        self.sent.append(("cancel", number))
        if self._held.pop(number, None) is not None:
            self._replies.append(
                Reply(number, time.perf_counter(), error={"code": -32800, "message": "cancelled"})
            )

    def send(self, method: str, params: Any) -> int:
        self._number += 1
        self.sent.append((method, params))
        if method == ASK and self._asked in self.late:
            self._held[self._number] = method, params
        elif not self.is_silent:
            self._replies.append(self._answer(self._number, method, params))
        self._asked += method == ASK
        return self._number

    def request(self, method: str, params: Any) -> Any:
        return self._answer(0, method, params).result

    def check_status(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def next_reply(self, deadline: float) -> Reply | None:
        if not self._replies and self._held and deadline > time.perf_counter() + 1:
            number, (method, params) = self._held.popitem()  # the one that nobody overtakes
            self._replies.append(self._answer(number, method, params))
        if self._replies:
            return self._replies.popleft()
        time.sleep(max(0.0, min(1.0, deadline - time.perf_counter())))
        return None

    def _answer(self, number: int, method: str, params: Any) -> Reply:
        now = time.perf_counter()
        if method == TELL:
            return Reply(number, now, self._tell(params))
        if method != ASK or self.error is not None:
            error = {"code": self.error, "message": "no"} if self.error is not None else None
            return Reply(number, now, error=error)
        uri, place = params["textDocument"]["uri"], params["position"]
        snapshot = self.documents.snapshot(uri, (place["line"], place["character"]))
        assert snapshot is not None
        hint = self.suggest(snapshot.text[: snapshot.offset])
        self._told[uri] = {
            "version": snapshot.version,
            "source": "model" if hint else None,
            "numCompletionTokens": 1,
        }
        item = {"insertText": hint, "range": {"start": place, "end": place}, "command": self.command}
        return Reply(number, now, {"items": [item] if hint else []})

    def _tell(self, params: Any) -> Any:
        uri = params["textDocument"]["uri"]
        document = self.documents.get(uri)
        if document is None or uri not in self._told:
            return None
        digest = hashlib.sha256(str(document.text).encode()).hexdigest()
        return self._told[uri] | ({"textSha256": digest} if params.get("withText") else {})


def _edges(wire: Any) -> Any:
    return tuple((wire[edge]["line"], wire[edge]["character"]) for edge in ("start", "end"))


def trace(*events: Any, text: str) -> Trace:
    file = TraceFile(path="pkg/a.py", language="python", text="x = 1\n\n")
    edit = Edit(file=0, offset=6, wrong="", text=text, delay_ms=0, events=events)
    return Trace(description="", seed=0, files=(file,), edits=(edit,))


def keys(text: str, delay_ms: int = 0) -> list[Key]:
    return [Key(at, char, delay_ms) for at, char in enumerate(text)]


def play(editor: FakeEditor, typed: Trace, **options: Any) -> Replay:
    options = {"speed": None, **options}
    player = Player(editor, typed, Path("/work space"), **options)  # type: ignore[arg-type]
    replay = player.play()
    player.check_texts()
    return replay


def methods(editor: FakeEditor) -> list[str]:
    return [method for method, _ in editor.sent]


def test_every_step_asks_and_then_asks_what_it_was() -> None:
    editor = FakeEditor()
    replay = play(editor, trace(*keys("ab"), text="ab"))
    change = ["textDocument/didChange", ASK, TELL]
    assert methods(editor) == ["textDocument/didOpen", ASK, TELL, *change, *change]
    assert [stroke.deed for stroke in replay.keystrokes] == [Deed.GO, Deed.KEY, Deed.KEY]
    assert [stroke.version for stroke in replay.keystrokes] == [1, 2, 3]
    assert all(stroke.told["version"] == stroke.version for stroke in replay.keystrokes)
    assert all(stroke.ms is not None and stroke.ms >= 0 for stroke in replay.keystrokes)
    assert replay.is_whole
    assert editor.sent[0][1]["textDocument"]["uri"] == "file:///work%20space/pkg/a.py"


def test_hint_that_agrees_is_taken_and_its_command_run() -> None:
    editor = FakeEditor(lambda before: "abc" if before.endswith("\n") else "")
    editor.command = {"title": "note", "command": "glm.note", "arguments": [1]}
    replay = play(editor, trace(*keys("abc = 1"), text="abc = 1"))
    assert [stroke.deed for stroke in replay.keystrokes][:3] == [Deed.GO, Deed.TAKE, Deed.KEY]
    assert ("workspace/executeCommand", editor.command) in editor.sent
    assert replay.num_commands == 1
    assert [stroke.num_chars for stroke in replay.keystrokes] == [0, 3, 1, 1, 1, 1]


def test_command_of_a_hint_that_is_not_taken_is_not_run() -> None:
    editor = FakeEditor(lambda before: "zzz")
    editor.command = {"title": "note", "command": "glm.note"}
    assert play(editor, trace(*keys("ab"), text="ab")).num_commands == 0
    assert "workspace/executeCommand" not in methods(editor)


def test_slips_and_indents_are_not_characters_of_the_text() -> None:
    events = [Key(0, "a", 0), Slip(1, "q", 0), Back(1, 0), Key(1, "\n    ", 0), Key(6, "b", 0)]
    replay = play(FakeEditor(), trace(*events, text="a\n    b"))
    assert [stroke.num_chars for stroke in replay.keystrokes] == [0, 1, 0, 0, 1, 1]


def test_key_that_comes_early_cancels_the_request_before() -> None:
    editor = FakeEditor(late=(1,))
    replay = play(editor, trace(*keys("abc"), text="abc"), speed=1000.0)
    overtaken = replay.keystrokes[1]
    assert overtaken.is_overtaken
    assert overtaken.error == -32800
    assert overtaken.told == {}
    assert methods(editor).count("cancel") == 1
    order = methods(editor)
    assert order.index("cancel") < len(order) - 1 - order[::-1].index(ASK)
    assert sum(stroke.is_overtaken for stroke in replay.keystrokes) == 1


def test_last_answer_is_waited_for() -> None:
    replay = play(FakeEditor(late=(3,)), trace(*keys("abc"), text="abc"), speed=1000.0)
    assert not replay.keystrokes[-1].is_overtaken
    assert replay.keystrokes[-1].error is None


def test_answer_of_another_kind_is_counted_as_an_error() -> None:
    editor = FakeEditor()
    editor.error = -32603
    with pytest.raises(
        GlmError, match="not the editor's"
    ):  # nothing was ever answered, so nothing can be told
        play(editor, trace(*keys("a"), text="a"))


def test_what_is_told_of_another_version_is_not_believed() -> None:
    editor = FakeEditor(lambda before: "zzz")
    tell = editor._tell
    editor._tell = lambda params: {**tell(params), "version": 99}  # type: ignore[method-assign]
    replay = play(editor, trace(*keys("a"), text="a"))
    assert [stroke.told for stroke in replay.keystrokes] == [{}, {}]


def test_server_with_another_text_is_found_out() -> None:
    editor = FakeEditor()
    editor.forgets_edits = True
    with pytest.raises(GlmError, match=r"text of pkg/a.py is not the editor's"):
        play(editor, trace(*keys("ab"), text="ab"))


def test_silent_server_is_found_out() -> None:
    editor = FakeEditor()
    editor.is_silent = True
    with pytest.raises(EngineSilentError, match="said nothing"):
        play(editor, trace(*keys("ab"), text="ab"))


def test_engine_in_trouble_ends_it() -> None:
    editor = FakeEditor()
    editor.trouble = EngineLostError("gone")
    with pytest.raises(EngineLostError, match="gone"):
        play(editor, trace(*keys("ab"), text="ab"))


def test_keys_can_be_limited() -> None:
    replay = play(FakeEditor(), trace(*keys("abcdef"), text="abcdef"), keys=2)
    assert sum(stroke.deed.is_key for stroke in replay.keystrokes) == 2
    assert not replay.is_whole


def test_times_between_keys_are_those_of_the_trace() -> None:
    replay = play(FakeEditor(), trace(*keys("abc", delay_ms=60), text="abc"), speed=2.0)
    sent = [stroke.sent_at for stroke in replay.keystrokes]
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert all(gap >= 0.03 for gap in gaps)


def test_looking_elsewhere_asks_there_and_changes_nothing() -> None:
    events = [Key(0, "a", 0), Look(1, 0, 0), Return(1, 0), Key(1, "b", 0)]
    editor = FakeEditor()
    play(editor, trace(*events, text="ab"))
    places = [params["position"] for method, params in editor.sent if method == ASK]
    assert places == [
        {"line": 1, "character": 0},
        {"line": 1, "character": 1},
        {"line": 0, "character": 5},
        {"line": 1, "character": 1},
        {"line": 1, "character": 2},
    ]


@pytest.mark.parametrize("seed", range(3))
def test_text_is_right_whatever_is_suggested_and_whenever(seed: int) -> None:
    files = [HeldOutFile(f"{name}.py", "python", CODE) for name in "ab"]
    typed = draw_trace(files, seed=seed, description="", keys=200)

    def guess(before: str) -> str:
        start = CODE.find(before[-12:]) + len(before[-12:])
        return CODE[start : start + seed + 4]

    editor = FakeEditor(guess, late=tuple(range(3, 300, 5)))
    replay = play(editor, typed, speed=1000.0)  # it checks the texts itself
    assert replay.is_whole
    assert any(stroke.deed is Deed.TAKE for stroke in replay.keystrokes)
    assert any(stroke.is_overtaken for stroke in replay.keystrokes)
