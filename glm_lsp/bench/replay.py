"""Types a trace in an editor: every key at its time, every answer timed, and what the server says about it."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glm_lsp.bench.editor import ANSWER_WITHIN_S, Editor, Reply
from glm_lsp.bench.open_document import OpenDocument
from glm_lsp.bench.screen import Screen
from glm_lsp.bench.soundness import Fault
from glm_lsp.bench.trace.trace import Trace
from glm_lsp.bench.trace.typist import Deed, Step, Typist
from glm_lsp.errors import EngineSilentError, GlmError
from glm_lsp.evaluate.typing_simulation import count_typed
from glm_lsp.progress import Progress, silent

CANCELLED_CODES = (-32800, -32801)
"""JSON-RPC errors of LSP: the request was cancelled, or the text has changed since."""


@dataclass(slots=True)
class Keystroke:
    """One step of the person, and the request that the editor sent because of it.

    Attributes:
        version: of the document then.
        sent_at: when the editor began to send, on the clock of `time.perf_counter`.
        ms: from there until the last byte of the answer was read; None when none came.
        is_overtaken: the next step came before the answer.
        error: JSON-RPC's code of an answer that was none.
        hint: what was suggested.
        is_new: whether that appeared, rather than being what was left of the hint before.
        told: `glm/lastRequest`, empty when it was not asked: of overtaken requests nothing is known.
        num_chars: characters that this step wrote and that stay; indents that an editor makes do not count.
    """

    deed: Deed
    file: int
    version: int
    sent_at: float
    ms: float | None = None
    is_overtaken: bool = False
    error: int | None = None
    hint: str = ""
    is_new: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)
    num_chars: int = 0


@dataclass(slots=True)
class Replay:
    """What came of typing a trace.

    Attributes:
        keystrokes: in order.
        screen: what was seen.
        faults: what was wrong with suggestions.
        elapsed_s: from the first to the last.
        num_commands: commands of items that were run.
        is_whole: whether the trace was typed to its end.
    """

    keystrokes: list[Keystroke]
    screen: Screen
    faults: Counter[Fault] = field(default_factory=Counter)
    elapsed_s: float = 0.0
    num_commands: int = 0
    is_whole: bool = False


class Player:
    """Types one trace once.

    Args:
        editor: with a server that is ready.
        trace: what is typed.
        folder: the workspace; the files need not be there.
        speed: times between keys are divided by it; None sends each key when the answer to the one before is there.
        keys: so many at most.
    """

    def __init__(
        self, editor: Editor, trace: Trace, folder: Path, *, speed: float | None, keys: int | None = None
    ) -> None:
        self._editor = editor
        self._trace = trace
        self._folder = folder
        self._speed = speed
        self._most = trace.num_keys if keys is None else min(keys, trace.num_keys)
        self._documents: dict[int, OpenDocument] = {}
        self._replay = Replay([], Screen())
        self._waiting: dict[int, Keystroke] = {}
        self._asking: dict[int, Keystroke] = {}
        self._sent_at = 0.0
        self._cursor = 0
        self._command: Mapping[str, Any] | None = None

    def play(self, progress: Progress = silent) -> Replay:
        """Types it; call `check_texts` afterwards.

        Raises:
            GlmError: the server or its engine failed.
        """
        typist = Typist(self._trace)
        num_keys = 0
        started = self._sent_at = time.perf_counter()
        while (delay_ms := typist.delay_ms) is not None and num_keys < self._most:
            if self._speed is None:
                self._settle()
            else:
                # Counted from the step before: somebody held up for a moment does not type faster afterwards.
                self._receive_until(self._sent_at + delay_ms / 1000 / self._speed)
            step = typist.step(self._replay.screen.shown)
            self._do(step)
            num_keys += step.deed.is_key
            progress(num_keys, self._most)
        self._settle()
        self._replay.elapsed_s = time.perf_counter() - started
        self._replay.is_whole = typist.delay_ms is None
        return self._replay

    def check_texts(self) -> None:
        """Makes sure that the server has the same texts as the editor, and that they are what was to be typed.

        Raises:
            EngineError: the server does not answer.
            GlmError: a text is another.
        """
        finals = self._trace.final_texts()
        for number, document in self._documents.items():
            path = self._trace.files[number].path
            if self._replay.is_whole and document.text != finals[number]:
                raise GlmError(f"typing {path} did not give the text it should")
            question = {"textDocument": document.identifier, "withText": True}
            told = self._editor.request("glm/lastRequest", question)
            if told is None:  # all of its requests were overtaken
                self._editor.request("textDocument/inlineCompletion", document.question(len(document.text)))
                told = self._editor.request("glm/lastRequest", question)
            if told is None or told["textSha256"] != hashlib.sha256(document.text.encode()).hexdigest():
                raise GlmError(f"the server's text of {path} is not the editor's")

    def _do(self, step: Step) -> None:
        document = self._document(step.file)
        screen = self._replay.screen
        is_line_start = document.text[: step.start].endswith("\n")
        num_chars = count_typed(step.text, at_line_start=is_line_start)
        self._sent_at = time.perf_counter()
        if step.deed.is_key:
            document.replace(step.start, step.end, step.text)
            self._cursor = step.start + len(step.text)
        else:
            self._cursor = document.line_end(step.line) if step.deed is Deed.LOOK else step.start
        for number, overtaken in self._waiting.items():
            if not overtaken.is_overtaken:
                overtaken.is_overtaken = True
                self._editor.cancel(number)
        number = self._editor.send("textDocument/inlineCompletion", document.question(self._cursor))
        keystroke = Keystroke(
            step.deed, step.file, document.version, self._sent_at, num_chars=0 if step.is_slip else num_chars
        )
        if step.deed is Deed.KEY:
            screen.type(step.text)
        else:
            screen.clear()
        if step.deed is Deed.TAKE:
            self._run_command()
        self._command = None
        self._waiting[number] = keystroke
        self._replay.keystrokes.append(keystroke)

    def _document(self, number: int) -> OpenDocument:
        if number not in self._documents:
            file = self._trace.files[number]
            uri = self._folder.joinpath(*file.path.split("/")).as_uri()
            self._documents[number] = OpenDocument.open(self._editor, uri, file.language, file.text)
        return self._documents[number]

    def _run_command(self) -> None:
        """What an editor does with the command of an item that was taken."""
        if self._command is not None:
            self._editor.send("workspace/executeCommand", self._command)
            self._replay.num_commands += 1

    def _receive_until(self, due: float) -> None:
        while (reply := self._editor.next_reply(due)) is not None:
            self._take(reply)

    def _settle(self) -> None:
        """Waits until everything is answered."""
        while self._waiting or self._asking:
            reply = self._editor.next_reply(time.perf_counter() + ANSWER_WITHIN_S)
            if reply is None:
                raise EngineSilentError(f"the language server said nothing for {ANSWER_WITHIN_S:.0f} s")
            self._take(reply)

    def _take(self, reply: Reply) -> None:
        if (keystroke := self._waiting.pop(reply.id, None)) is not None:
            keystroke.ms = 1000 * (reply.at - keystroke.sent_at)
            keystroke.error = None if reply.error is None else int(reply.error.get("code", 0))
            if not keystroke.is_overtaken:
                self._show(keystroke, reply.result)
        elif (keystroke := self._asking.pop(reply.id, None)) is not None:
            told = reply.result if isinstance(reply.result, dict) else {}
            # Another version would be that of a later request, answered between ours and this question.
            keystroke.told = told if told.get("version") == keystroke.version else {}
        self._editor.check_status()

    def _show(self, keystroke: Keystroke, result: Any) -> None:
        """Puts an answer on the screen, and asks what there is to know about it: its time has been taken already."""
        document = self._documents[keystroke.file]
        keystroke.hint = document.hint(self._cursor, result)
        self._replay.faults.update(document.faults(self._cursor, result))
        keystroke.is_new = self._replay.screen.answer(keystroke.hint)
        items = result.get("items") if isinstance(result, dict) else result
        self._command = items[0].get("command") if items else None
        number = self._editor.send("glm/lastRequest", {"textDocument": document.identifier})
        self._asking[number] = keystroke
