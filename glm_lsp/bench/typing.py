"""`glm-lsp bench typing`: a stored trace of keystrokes, typed in an editor that the real server serves.

The person takes a hint with Tab, in place of the next key, when it is on screen at that moment, what is to be
written begins with all of it, and no word goes on behind it. Nobody needs time to read it: the measure is the
server's. A key that comes before the answer to the one before has the editor cancel that request, as VS Code does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glm_lsp.bench.environment import Environment, look_around
from glm_lsp.bench.replay import Player
from glm_lsp.bench.result import Result, as_json, new_result
from glm_lsp.bench.trace.trace import Trace
from glm_lsp.bench.typing_figures import typing_figures, typing_series
from glm_lsp.bench.window import open_window
from glm_lsp.config import Settings
from glm_lsp.errors import InputError
from glm_lsp.progress import Progress, silent

SPEED = 4.0
"""Times as fast as a person, so that the program's own trace takes some minutes."""
MAX_SPEED = "max"


def parse_speed(text: str) -> float | None:
    """A factor, or None for "max": as fast as answers come.

    Raises:
        InputError: neither.
    """
    if text == MAX_SPEED:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 1000:
        raise InputError(f"{text!r} is not a speed", f"Write a number from 0.1 to 1000, or {MAX_SPEED}.")
    return speed


def bench_typing(
    settings: Settings,
    trace: Trace,
    *,
    speed: float | None = SPEED,
    keys: int | None = None,
    warn: Callable[[Environment], None] = lambda _: None,
    count_own: Callable[[float], None] = lambda _: None,
    progress: Progress = silent,
) -> Result:
    """Types a trace and measures every key.

    Args:
        settings: model, device, threads and limits; the engine is a fresh one of its own.
        trace: what is typed.
        speed: times between keys are divided by it; None sends each key when the answer is there.
        keys: so many at most.
        warn: told what is known of the machine before anything is measured.
        count_own: told the processor time of the engine, which is no child of this process.

    Raises:
        ModelError: the model cannot be used.
        EngineError: server or engine do not come up, or fail on the way.
        GlmError: the server's text is not the editor's in the end.
    """
    with open_window(settings, count_own) as window:
        environment = look_around(window.engine)
        warn(environment)
        player = Player(window.editor, trace, window.folder, speed=speed, keys=keys)
        before = window.metrics()
        replay = player.play(progress)
        after = window.metrics()
        player.check_texts()
    counted = {name: value - before.get(name, 0) for name, value in after.items()}
    return new_result(
        "typing",
        environment,
        parameters={"trace": trace.about(), "speed": MAX_SPEED if speed is None else speed, "keys": keys},
        figures=typing_figures(replay, window.cold_start, counted),
        series=typing_series(replay),
    )


def flat_json(result: Result) -> dict[str, Any]:
    """What `--json` prints: the stored result, with its figures, machine, model and commit at the top as well."""
    about = result.environment
    identity = {"machine": about.processor, "model": about.model, "commit": about.commit}
    return {**result.figures, **identity, **as_json(result)}
