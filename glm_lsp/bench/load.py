"""`glm-lsp bench load`: several editors on one engine process.

The editors are HTTP clients with what a front does between document and engine (`Completer`), all on one event loop in
this process. Whole language servers would measure how many Python processes fit onto the machine; what editors share
is the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from glm_lsp.bench.crowd import KEY_MEDIAN_S, Editor, EditorLog, editors_in
from glm_lsp.bench.distribution import distribution
from glm_lsp.bench.engine_process import EngineProcess, engine_process
from glm_lsp.bench.environment import Environment, look_around
from glm_lsp.bench.result import Result, Series, new_result
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.evaluate.held_out import HeldOutFile, held_out
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent

Manner = Literal["paced", "saturated"]
MANNERS: tuple[Manner, ...] = ("paced", "saturated")
"""At a person's pace, a key cancelling the request before; or the next key as soon as the answer is there."""

EDITORS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Phase:
    """So many editors typing in one manner for a while."""

    manner: Manner
    seconds: float
    logs: list[EditorLog]
    resident_mib: float | None


def bench_load(
    folder: ModelFolder,
    *,
    editors: Sequence[int] = EDITORS,
    threads: int = 0,
    memory_mib: int | None = None,
    seconds: float = 5.0,
    seed: int = 1,
    warn: Callable[[Environment], None] = lambda _: None,
    progress: Progress = silent,
) -> Result:
    """Measures one engine process under more and more editors.

    Args:
        folder: the model.
        editors: how many, one phase of each manner for each.
        threads: of the engine; 0 chooses by the machine.
        memory_mib: limit of the engine's KV cache; the program's default when omitted.
        seconds: of a phase.
        seed: of what is typed and when.
        warn: told what is known of the machine before anything is measured.

    Raises:
        GlmError: the engine does not come up or leaves.
    """
    with engine_process(folder, threads, memory_mib) as engine:
        return asyncio.run(_bench(engine, editors, seconds, seed, warn, progress))


async def _bench(  # noqa: PLR0917
    engine: EngineProcess,
    editors: Sequence[int],
    seconds: float,
    seed: int,
    warn: Callable[[Environment], None],
    progress: Progress,
) -> Result:
    files = held_out([], are_files=False).files
    async with new_client(engine) as client:
        about = await engine.ready(client)
    environment = look_around(about)
    warn(environment)
    phases: dict[int, dict[Manner, Phase]] = {}
    for number, count in enumerate(editors):
        phases[count] = {}
        for place, manner in enumerate(MANNERS):
            progress(number * len(MANNERS) + place, len(editors) * len(MANNERS))
            phases[count][manner] = await run_phase(engine, files, count, manner, seconds, seed)
    parameters = {
        "editors": list(editors),
        "seconds": seconds,
        "seed": seed,
        "key_median_s": KEY_MEDIAN_S,
        "kv_slots": about.num_slots,
    }
    figures = {
        "by_editors": {count: phase_figures(found) for count, found in phases.items()},
        "peak_mib": engine.peak_mib,
    }
    return new_result("load", environment, parameters=parameters, figures=figures, series=load_series(phases))


async def run_phase(  # noqa: PLR0917
    engine: EngineProcess,
    files: Sequence[HeldOutFile],
    count: int,
    manner: Manner,
    seconds: float,
    seed: int,
) -> Phase:
    """`count` editors, each with a connection of its own, open their files and then type at the same time.

    Raises:
        GlmError: the engine cannot be reached when a file is opened.
    """
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(new_client(engine)) for _ in range(count)]
        typing = editors_in(files, clients, seed)
        for editor in typing:
            await editor.open()
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with asyncio.TaskGroup() as group:
            for editor in typing:
                group.create_task(_type(editor, manner, seconds))
        return Phase(manner, loop.time() - started, [each.log for each in typing], engine.resident_mib)


def phase_figures(phases: Mapping[Manner, Phase]) -> dict[str, Any]:
    """By manner: what became of the requests, how long they took, how evenly, and what was re-used."""
    return {manner: _figures(phase) for manner, phase in phases.items()}


def _figures(phase: Phase) -> dict[str, Any]:
    logs = phase.logs
    answered = [asked for log in logs for asked in log.answered]
    num_prompt = sum(asked.num_prompt for asked in answered)
    medians = [found.p50 for log in logs if (found := distribution([asked.ms for asked in log.answered]))]
    return {
        "keys": sum(log.num_keys for log in logs),
        "requests": sum(log.num_sent for log in logs),
        "answered": len(answered),
        "cancelled": sum(log.num_cancelled for log in logs),
        "failed": sum(log.num_failed for log in logs),
        "lost": sum(log.num_lost for log in logs),
        "latency_ms": distribution([asked.ms for asked in answered]),
        "queue_ms": distribution([asked.queue_ms for asked in answered]),
        "fastest_editor_ms": min(medians, default=None),
        "slowest_editor_ms": max(medians, default=None),
        "unfairness": max(medians) / min(medians) if medians else None,
        "answers_per_s": len(answered) / phase.seconds,
        "tokens_per_s": sum(asked.num_tokens for asked in answered) / phase.seconds,
        "reused_prompt_ratio": sum(asked.num_cached for asked in answered) / num_prompt
        if num_prompt
        else None,
        "resident_mib": phase.resident_mib,
    }


def load_series(phases: Mapping[int, Mapping[Manner, Phase]]) -> dict[str, Series]:
    """Latency over the number of editors, and its distribution for each number at a person's pace."""
    x = "editors"
    columns: dict[str, list[float]] = {x: [float(count) for count in phases]}
    titles = {"paced": "at a person's pace", "saturated": "without a pause"}
    for manner in MANNERS:
        found = [distribution(_latencies(each[manner])) for each in phases.values()]
        if all(found):
            columns[f"{titles[manner]}, p50"] = [each.p50 for each in found if each]
            columns[f"{titles[manner]}, p95"] = [each.p95 for each in found if each]
    return {
        "editors": Series(
            kind="lines",
            title="Editors on one engine",
            x=x,
            y="ms from request to end",
            columns=columns,
            log="y",
        ),
        "latency": Series(
            kind="cdf",
            title="Editors on one engine, at a person's pace",
            x="ms from request to end",
            columns={
                f"{count} editor{'s' * (count > 1)}": _latencies(each["paced"])
                for count, each in phases.items()
            },
            log="x",
        ),
    }


def _latencies(phase: Phase) -> list[float]:
    return [round(asked.ms, 3) for log in phase.logs for asked in log.answered]


async def _type(editor: Editor, manner: Manner, seconds: float) -> None:
    if manner == "paced":
        await editor.type_at_pace(seconds)
    else:
        await editor.type_at_once(seconds)


@asynccontextmanager
async def new_client(engine: EngineProcess) -> AsyncIterator[HttpEngineClient]:
    """A client with connections of its own."""
    client = HttpEngineClient(engine.address)
    try:
        yield client
    finally:
        await client.close()
