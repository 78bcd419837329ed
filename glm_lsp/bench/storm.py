"""`glm-lsp bench storm`: far more requests than can be answered, through the real server and engine.

Two hundred keys a second, each an edit and a request behind it. Half of the requests are cancelled by the editor
after up to 30 ms, as VS Code does; the others are overtaken by the next, as in Neovim. What has to hold:

- every request gets exactly one answer: suggestions, an empty list for overtaken requests, or LSP's code for cancelled
  ones;
- the engine works on one request at a time, and no queue grows;
- a cancelled request is answered soon;
- the last request of a storm is answered as fast as one without any storm;
- memory does not grow.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from glm_lsp.bench.editor import ANSWER_WITHIN_S, Editor, Reply
from glm_lsp.bench.environment import Environment, look_around
from glm_lsp.bench.keyboard import Keyboard
from glm_lsp.bench.result import Result, Series, new_result
from glm_lsp.bench.storm_figures import Storm, broken_promises, storm_figures
from glm_lsp.bench.window import Window, open_window
from glm_lsp.config import Settings
from glm_lsp.doctor.machine import proc_file
from glm_lsp.progress import Progress, silent

RATE = 200

_BURST_S = 3.0
_IDLE_KEYS = 8
_CANCEL_AFTER_S = 0.03
_CANCELLED, _OVERTAKEN = -32800, -32801
_BREATH_S = 0.1
_KEYS = "abcdefghijklmnopqrstuvwxyz_ (),.=+0123456789"
_NUM_FUNCTIONS = 400
_ENGINE_GAUGE = "glm_lsp_completions_running"


def bench_storm(
    settings: Settings,
    *,
    seconds: float = 60.0,
    rate: int = RATE,
    seed: int = 1,
    warn: Callable[[Environment], None] = lambda _: None,
    count_own: Callable[[float], None] = lambda _: None,
    progress: Progress = silent,
) -> Result:
    """Raises storms of some seconds, one after the other.

    Args:
        settings: model, device and threads; server and engine are fresh ones.
        seconds: of all storms together.
        rate: requests a second.
        seed: of what is typed and cancelled.
        warn: told what is known of the machine before anything is measured.
        count_own: told the processor time of the engine, which is no child of this process.

    Raises:
        ModelError: the model cannot be used.
        EngineError: server or engine do not come up, or fail on the way.
    """
    with open_window(settings, count_own) as window:
        environment = look_around(window.engine)
        warn(environment)
        storm = _Weather(window, rate, seed).run(seconds, progress)
    figures = storm_figures(storm)
    return new_result(
        "storm",
        environment,
        parameters={"seconds": seconds, "rate": rate, "seed": seed},
        figures=figures | {"broken": broken_promises(figures)},
        series={
            "latency": Series(
                kind="cdf",
                title=f"{rate} requests a second",
                x="ms",
                columns={
                    "without a storm": storm.idle_ms,
                    "last of a storm": storm.last_ms,
                    "cancelled, from the cancel": storm.cancelled_ms,
                },
            )
        },
    )


class _Weather:
    """Storms and what lies between them."""

    def __init__(self, window: Window, rate: int, seed: int) -> None:
        self._window = window
        self._editor: Editor = window.editor
        self._period_s = 1 / rate
        self._rng = random.Random(seed)
        self._keyboard = Keyboard(window.editor, window.folder, _document(), 4 * (_NUM_FUNCTIONS // 2) + 2)
        self._storm = Storm()
        self._waiting: dict[int, float] = {}
        self._cancelled: dict[int, float] = {}
        self._to_cancel: list[tuple[float, int]] = []

    def run(self, seconds: float, progress: Progress) -> Storm:
        """Bursts until that many seconds are full; idle requests before each and after the last."""
        num_bursts = max(1, round(seconds / _BURST_S))
        for burst in range(num_bursts):
            progress(burst, num_bursts)
            self._idle()
            self._rage(seconds / num_bursts)
            self._note_memory()
        self._idle()
        return self._storm

    def _idle(self) -> None:
        for _ in range(_IDLE_KEYS):
            time.sleep(_BREATH_S)
            self._storm.idle_ms.append(self._answer_to(self._ask()))

    def _rage(self, seconds: float) -> None:
        begun = time.perf_counter()
        number = last = 0
        num_keys = max(1, round(seconds / self._period_s))
        for key in range(num_keys):
            self._until(begun + key * self._period_s)
            last = number = self._ask()
            if self._rng.random() < 0.5 and key + 1 < num_keys:
                due = time.perf_counter() + self._rng.random() * _CANCEL_AFTER_S
                self._to_cancel.append((due, number))
            if key % max(1, round(0.5 / self._period_s)) == 0:
                self._storm.in_engine.append(self._window.metrics().get(_ENGINE_GAUGE, 0.0))
        self._storm.last_ms.append(self._answer_to(last))
        self._until(time.perf_counter() + _CANCEL_AFTER_S)
        deadline = time.perf_counter() + ANSWER_WITHIN_S
        while self._waiting and (reply := self._editor.next_reply(deadline)) is not None:
            self._take(reply)

    def _ask(self) -> int:
        begun = time.perf_counter()
        number = self._keyboard.press(self._rng.choice(_KEYS))
        self._waiting[number] = begun
        self._storm.num_sent += 1
        return number

    def _answer_to(self, number: int) -> float:
        """Milliseconds from the key to its answer; all that it was waited for without one."""
        begun = self._waiting[number]
        deadline = begun + ANSWER_WITHIN_S
        while (reply := self._editor.next_reply(deadline)) is not None:
            self._take(reply)
            if reply.id == number:
                return 1000 * (reply.at - begun)
        return 1000 * ANSWER_WITHIN_S

    def _until(self, due: float) -> None:
        """Takes answers and cancels requests until a moment has come."""
        while True:
            cancel_at = min(self._to_cancel, default=(due, 0))
            if cancel_at[0] < due:
                self._receive_until(cancel_at[0])
                self._to_cancel.remove(cancel_at)
                if cancel_at[1] in self._waiting:
                    self._cancelled[cancel_at[1]] = time.perf_counter()
                    self._editor.cancel(cancel_at[1])
            else:
                self._receive_until(due)
                return

    def _receive_until(self, due: float) -> None:
        while (reply := self._editor.next_reply(due)) is not None:
            self._take(reply)

    def _take(self, reply: Reply) -> None:
        # A second answer to one request is as wrong as none.
        is_known = self._waiting.pop(reply.id, None) is not None
        self._storm.answers[kind_of(reply) if is_known else "unasked"] += 1
        cancelled_at = self._cancelled.pop(reply.id, None)
        if cancelled_at is not None:
            self._storm.cancelled_ms.append(1000 * max(0.0, reply.at - cancelled_at))

    def _note_memory(self) -> None:
        pids = (self._editor.pid, self._window.engine.pid)
        resident = [proc_file(f"{pid}/status").get("VmRSS", "").removesuffix(" kB") for pid in pids]
        if all(kib.isdigit() for kib in resident):
            self._storm.memory_mib.append(sum(map(int, resident)) / 1024)


def _document() -> list[str]:
    """Lines in whose midst there is something to suggest."""
    function = "def number_{0}(value: int) -> int:\n    return value + {0}\n\n\n"
    return "".join(function.format(number) for number in range(_NUM_FUNCTIONS)).split("\n")


def kind_of(reply: Reply) -> str:
    """What an answer is."""
    if reply.error is None:
        return "shown" if reply.result and reply.result.get("items") else "empty"
    return {_CANCELLED: "cancelled", _OVERTAKEN: "overtaken"}.get(reply.error.get("code", 0), "failed")
