"""What the language server costs: keys in a long file, answered by an engine that takes no time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from glm_lsp.bench.editor import ANSWER_WITHIN_S, Editor
from glm_lsp.bench.keyboard import Keyboard
from glm_lsp.config import ENVIRONMENT_PREFIX
from glm_lsp.errors import EngineError
from glm_lsp.paths import HOME_VARIABLE
from glm_lsp.progress import Progress, silent

SERVE = (sys.executable, "-P", "-m", "glm_lsp", "serve")
BARE = (sys.executable, "-P", "-m", "glm_lsp.lsp.bare_server")
_STUB = (sys.executable, "-P", "-m", "glm_lsp.bench.stub_engine")
_READY_WITHIN_S = 60.0
_WARM_UP = 50
_PAUSE_S = 0.005
_KEYS = "abcdefghij - xyz"


@dataclass(slots=True)
class FrontTimes:
    """Milliseconds of each key, from before its edit is sent to the reply to the request behind it.

    Attributes:
        ours: through `glm-lsp serve`.
        bare: through pygls alone, in turn with ours.
        ours_start, bare_start: from starting the process to the reply to `initialize`.
    """

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    ours_start: list[float] = field(default_factory=list)
    bare_start: list[float] = field(default_factory=list)


def measure_front(num_lines: int, num_keys: int, num_starts: int, progress: Progress = silent) -> FrontTimes:
    """Types into both servers in turn, so that both meet the machine in the same state.

    Args:
        num_lines: of the open file, some 40 characters each; keys are typed in its middle.
        num_keys: measured ones, after some that are not.
        num_starts: of each server.

    Raises:
        EngineError: a server does not come up, does not answer, or has nothing to suggest.
    """
    times = FrontTimes()
    with _open_room() as room:
        for _ in range(num_starts):
            times.ours_start.append(room.start_ms(SERVE))
            times.bare_start.append(room.start_ms(BARE))
        with closing(room.editor(SERVE)) as ours, closing(room.editor(BARE)) as bare:
            ours.greet(room.folder)
            bare.greet(room.folder)
            ours.wait_until_ready(_READY_WITHIN_S)
            lines = _long_file(num_lines)
            typed = [
                (editor, Keyboard(editor, room.folder, lines, num_lines // 2), samples)
                for editor, samples in ((ours, times.ours), (bare, times.bare))
            ]
            for number in range(_WARM_UP + num_keys):
                progress(number, _WARM_UP + num_keys)
                for editor, keyboard, samples in typed:
                    ms = _press(editor, keyboard, _KEYS[number % len(_KEYS)])
                    if number >= _WARM_UP:
                        samples.append(ms)
    return times


def _long_file(num_lines: int) -> list[str]:
    lines = [f"    value_{number} = compute(first, {number}) + other" for number in range(num_lines)]
    lines[num_lines // 2] = ""
    return lines


def _press(editor: Editor, keyboard: Keyboard, char: str) -> float:
    """Milliseconds until the answer to a key.

    Raises:
        EngineError: there is none, or nothing in it.
    """
    time.sleep(_PAUSE_S)
    begun = time.perf_counter()
    number = keyboard.press(char)
    reply = editor.next_reply(begun + ANSWER_WITHIN_S)
    if reply is None or reply.id != number or not reply.result or not reply.result["items"]:
        raise EngineError(f"the language server did not answer a key as it should: {reply}")
    return 1000 * (reply.at - begun)


@dataclass(frozen=True, slots=True)
class _Room:
    """A folder that is home and workspace, and a stub engine."""

    folder: Path
    environ: Mapping[str, str]
    engine_url: str
    log: IO[bytes]

    def editor(self, command: Sequence[str]) -> Editor:
        """An editor with a fresh server."""
        options = {"engineUrl": self.engine_url}
        return Editor(command, cwd=self.folder, env=self.environ, log=self.log, options=options)

    def start_ms(self, command: Sequence[str]) -> float:
        """From starting a server to its first reply."""
        with closing(self.editor(command)) as editor:
            editor.greet(self.folder)
            return 1000 * (time.perf_counter() - editor.started)


@contextmanager
def _open_room() -> Iterator[_Room]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT_PREFIX)}
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="glm-bench-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(name)).resolve()
        log = stack.enter_context((folder / "log").open("wb"))
        address = "127.0.0.1:0" if sys.platform == "win32" else f"unix:{folder}/stub.sock"
        stub = subprocess.Popen(  # noqa: S603  # our own command
            (*_STUB, address), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        stack.callback(stub.communicate)
        stack.callback(stub.kill)
        url = stub.stdout.readline().decode().strip() if stub.stdout else ""
        if not url:
            raise EngineError("the stub engine ended while it started")
        yield _Room(folder, clean | {HOME_VARIABLE: str(folder)}, url, log)
