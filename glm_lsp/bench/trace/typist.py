"""The person of a trace: decides at each moment, from what is shown, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.bench.trace.trace import Back, Edit, Event, Key, Look, Return, Slip, Trace
from glm_lsp.evaluate.typing_simulation import is_taken


class Deed(StrEnum):
    """What a step is. `GO`, `LOOK` and `RETURN` only move the cursor; the others are keys."""

    GO = "go"
    KEY = "key"
    BACK = "back"
    TAKE = "take"
    LOOK = "look"
    RETURN = "return"

    @property
    def is_key(self) -> bool:
        """Whether it changes the text."""
        return self in (Deed.KEY, Deed.BACK, Deed.TAKE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the person does. Afterwards the cursor stands behind `text`, and the editor asks there.

    Attributes:
        file: number of the file.
        start: of what `text` replaces, in code points; not used by LOOK.
        end: behind it.
        text: what is inserted.
        line: where LOOK goes, to its end; from 0.
        is_slip: whether `text` is wrong and will be taken back.
    """

    deed: Deed
    file: int
    start: int = 0
    end: int = 0
    text: str = ""
    line: int = 0
    is_slip: bool = False


class Typist:
    """Goes through a trace. Ask for `delay_ms`, wait as long, show what is suggested then, and do the `step`.

    A suggestion is taken in place of the next key when the edit's text goes on with all of it and it ends where
    a word or a line ends (`is_taken`), and nothing wrong is left to take back. Everything else on screen is
    ignored.
    """

    def __init__(self, trace: Trace) -> None:
        self._edits = iter(trace.edits)
        self._edit: Edit | None = None
        self._events: Iterator[Event] = iter(())
        self._event: Event | None = None
        self._done = 0
        self._num_wrong = 0
        self._advance()

    @property
    def delay_ms(self) -> int | None:
        """Milliseconds until the next step; None when there is nothing left to do."""
        if self._event is not None:
            return self._event.delay_ms
        return None if self._edit is None else self._edit.delay_ms

    @property
    def expected(self) -> str:
        """What the edit's text goes on with at the cursor; empty when the cursor is elsewhere."""
        if self._edit is None or self._event is None or self._num_wrong or isinstance(self._event, Return):
            return ""
        return self._edit.text[self._done :]

    def step(self, shown: str) -> Step:
        """What the person does now, with this suggestion at the cursor, empty if there is none.

        Raises:
            IndexError: nothing is left to do.
        """
        if self._edit is None:
            raise IndexError("the trace is at its end")
        event = self._event
        if event is None:
            self._events = iter(self._edit.events)
            self._done, self._num_wrong = 0, len(self._edit.wrong)
            step = Step(Deed.GO, self._edit.file, self._cursor, self._cursor)
        elif is_taken(shown, self.expected):
            step = self._insert(Deed.TAKE, shown)
            self._done += len(shown)
        else:
            step = self._do(event)
        self._advance()
        return step

    def _do(self, event: Event) -> Step:
        edit = self._edit
        assert edit is not None  # noqa: S101  # an event belongs to an edit
        match event:
            case Key():
                step = self._insert(Deed.KEY, event.text[self._done - event.at :])
                self._done = event.at + len(event.text)
            case Slip():
                step = self._insert(Deed.KEY, event.text, is_slip=True)
                self._num_wrong += len(event.text)
            case Back():
                step = Step(Deed.BACK, edit.file, self._cursor - 1, self._cursor)
                self._num_wrong -= 1
            case Look():
                step = Step(Deed.LOOK, edit.file, line=event.line)
            case Return():
                step = Step(Deed.RETURN, edit.file, self._cursor, self._cursor)
        return step

    @property
    def _cursor(self) -> int:
        edit = self._edit
        return 0 if edit is None else edit.offset + self._done + self._num_wrong

    def _insert(self, deed: Deed, text: str, *, is_slip: bool = False) -> Step:
        file = 0 if self._edit is None else self._edit.file
        return Step(deed, file, self._cursor, self._cursor, text, is_slip=is_slip)

    def _advance(self) -> None:
        """To the next event that is not spared by what was taken, in this edit or the next."""
        while (event := next(self._events, None)) is not None:
            if event.at >= self._done or self._is_half_written(event):
                self._event = event
                return
        self._event = None
        self._edit = next(self._edits, None)

    def _is_half_written(self, event: Event) -> bool:
        """A suggestion may end between a line feed and the indent that comes with it."""
        return isinstance(event, Key) and event.at + len(event.text) > self._done
