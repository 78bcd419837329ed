"""An editor window with a language server and an engine of its own, which nobody else uses and nothing outlives."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, TypeVar

from glm_lsp.bench.editor import Editor
from glm_lsp.bench.environment import processor_seconds
from glm_lsp.bench.open_document import OpenDocument
from glm_lsp.config import ENVIRONMENT_PREFIX, Settings
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.state import ProcessState, StateFile
from glm_lsp.errors import EngineError, EngineStartError
from glm_lsp.models.store import ModelStore
from glm_lsp.paths import HOME_VARIABLE

T = TypeVar("T")

READY_WITHIN_S = 300.0
_LINGER_S = 0.1
_APPEARS_WITHIN_S = 1.0
_GONE_WITHIN_S = 5.0
_POLL_S = 0.02
_LOG_LINES = 5
_SIGNALS = (signal.SIGTERM,) if sys.platform == "win32" else (signal.SIGTERM, signal.SIGKILL)

_FIRST_FILE = "def area(width, height):\n    return width * "


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Milliseconds from starting the server's process.

    Attributes:
        initialize: to the reply to `initialize`.
        ready: to the engine, a fresh process with the model loaded.
        first_completion: to the answer to the first completion.
    """

    initialize: float
    ready: float
    first_completion: float


@dataclass(frozen=True, slots=True)
class Window:
    """One window, ready to complete.

    Attributes:
        folder: the workspace; empty.
        engine: what the engine says of itself.
        state: where it listens.
    """

    editor: Editor
    folder: Path
    engine: EngineDescription
    cold_start: ColdStart
    state: ProcessState

    def metrics(self) -> dict[str, float]:
        """The engine's counters, since it was started.

        Raises:
            EngineError: it does not answer.
        """
        return asyncio.run(_ask(self.state, HttpEngineClient.metrics))


@contextmanager
def open_window(settings: Settings, count_own: Callable[[float], None] = lambda _: None) -> Iterator[Window]:
    """Starts `glm-lsp serve` with its engine in a home of their own; both are gone when the block is left.

    The model is that of the settings; of the other settings device, threads, memory limit and the most tokens of a
    completion hold, too.

    Args:
        settings: as above.
        count_own: told the processor time of the engine in the end: it is no child of this process.

    Raises:
        ModelError: the model cannot be used.
        EngineError: server or engine do not come up.
    """
    model = ModelStore().resolve(settings.model)  # before the home is another
    settings = replace(settings, model=str(model.path), engine_url=None)
    with tempfile.TemporaryDirectory(prefix="glm-lsp-", ignore_cleanup_errors=True) as temporary:
        room = Path(temporary).resolve()
        workspace = room / "workspace"
        workspace.mkdir()
        with (room / "server.log").open("wb") as log:
            editor = _start(settings, room, workspace, log)
        window = None
        try:
            window = _ready_window(editor, room, workspace)
            yield window
            count_own(processor_seconds(window.engine.pid))
            editor.close()
            _wait(lambda: not _is_alive(window.engine.pid), _GONE_WITHIN_S)
        except EngineError as error:
            raise _with_log(error, room / "server.log") from error
        finally:
            editor.kill()
            # An engine that has just been started may not have shown itself yet.
            _end_engines(room / "run", may_appear=window is None)


def _start(settings: Settings, room: Path, workspace: Path, log: IO[bytes]) -> Editor:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT_PREFIX)}
    return Editor(
        (sys.executable, "-P", "-m", "glm_lsp", "serve"),
        cwd=workspace,
        env={**environ, HOME_VARIABLE: str(room)},
        log=log,
        options=_options(settings),
    )


def _options(settings: Settings) -> Mapping[str, Any]:
    return {
        "model": settings.model,
        "device": settings.device,
        "threads": settings.threads,
        "memoryMib": settings.memory_mib,
        "lingerS": _LINGER_S,
    }


def _ready_window(editor: Editor, room: Path, workspace: Path) -> Window:
    editor.greet(workspace)
    initialized = time.perf_counter()
    editor.wait_until_ready(READY_WITHIN_S)
    ready = time.perf_counter()
    document = OpenDocument.open(editor, (workspace / "first.py").as_uri(), "python", _FIRST_FILE)
    editor.request("textDocument/inlineCompletion", document.question(len(_FIRST_FILE)))
    completed = time.perf_counter()
    document.close()
    times = [1000 * (moment - editor.started) for moment in (initialized, ready, completed)]
    state = _engine_state(room / "run")
    engine = asyncio.run(_ask(state, HttpEngineClient.describe))
    return Window(editor, workspace, engine, ColdStart(*times), state)


def _engine_state(folder: Path) -> ProcessState:
    for path in folder.glob("*.json"):
        state = StateFile(path).read()
        if state is not None and state.status == "ready":
            return state
    raise EngineStartError("the language server has its engine elsewhere")


async def _ask(state: ProcessState, question: Callable[[HttpEngineClient], Awaitable[T]]) -> T:
    client = HttpEngineClient(state.address, state.token)
    try:
        return await question(client)
    finally:
        await client.close()


def _end_engines(folder: Path, *, may_appear: bool) -> None:
    """Leaves no engine of this folder behind: they go by themselves, or are ended."""
    if may_appear:
        _wait(lambda: bool(_engine_pids(folder)), _APPEARS_WITHIN_S)
    is_gone = _wait(lambda: not _engine_pids(folder), _GONE_WITHIN_S)
    for number in () if is_gone else _SIGNALS:
        for pid in _engine_pids(folder):
            with suppress(OSError):
                os.kill(pid, number)
        if _wait(lambda: not _engine_pids(folder), _GONE_WITHIN_S):
            break


def _is_alive(pid: int) -> bool:
    """Whether a process is there. Asking in this way would end it on Windows, where its lock has to tell."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _wait(condition: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return holds


def _engine_pids(folder: Path) -> list[int]:
    """Engines that run: a lock is held by a live process or by none."""
    holders = [ProcessLock(path).holder() for path in folder.glob("*.lock")]
    return [pid for pid in holders if pid]


def _with_log(error: EngineError, log: Path) -> EngineError:
    """The error with the last lines of the server's log, which is gone in a moment."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()[-_LOG_LINES:]
    said = "; it said: " + " | ".join(lines) if lines else ""
    return type(error)(error.cause + said, error.remedy)
