"""`glm-lsp bench overhead`: what language server and HTTP add to the work of the model.

The front is measured with an engine that answers at once, beside a bare pygls server; the engine's HTTP with a model,
beside calls of the same engine in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from glm_lsp.bench.distribution import distribution, median_ratio
from glm_lsp.bench.environment import Environment, look_around
from glm_lsp.bench.front_overhead import FrontTimes, measure_front
from glm_lsp.bench.http_overhead import RequestTimes, measure_http
from glm_lsp.bench.result import Result, Series, new_result
from glm_lsp.engine.description import EngineDescription
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent

LENGTHS = (1, 4, 10)


def bench_overhead(
    folder: ModelFolder,
    *,
    threads: int = 0,
    num_lines: int = 10_000,
    num_keys: int = 1000,
    num_starts: int = 5,
    lengths: Sequence[int] = LENGTHS,
    warn: Callable[[Environment], None] = lambda _: None,
    progress: Progress = silent,
) -> Result:
    """Measures both.

    Args:
        folder: the model of the engine's part.
        threads: of the engine; 0 chooses by the machine.
        num_lines: of the file that is typed into.
        num_keys: keys, and requests of each length.
        num_starts: of each language server.
        lengths: tokens of the engine's answers.
        warn: told what is known of the machine before anything is measured.

    Raises:
        EngineError: a server does not come up or fails.
    """
    manifest = folder.manifest
    about = EngineDescription(
        model=manifest.name,
        model_hash=folder.hash,
        precision=manifest.precision,
        device="cpu",
        threads=threads,
    )
    environment = look_around(about)
    warn(environment)
    front = measure_front(num_lines, num_keys, num_starts, progress)
    engine, http = measure_http(folder, threads, lengths, num_keys, progress)
    return new_result(
        "overhead",
        msgspec.structs.replace(environment, threads=engine.threads),  # those that it chose
        parameters={
            "lines": num_lines, "keys": num_keys, "starts": num_starts, "tokens": list(lengths), "threads": threads,
        },
        figures={"front": front_figures(front), "http": {str(n): http_figures(http[n]) for n in http}},
        series={
            "front": Series(
                kind="cdf",
                title=f"A key in a file of {num_lines:,} lines, engine that takes no time",
                x="ms",
                columns={"glm-lsp serve": front.ours, "bare pygls": front.bare},
            )
        },
    )  # fmt: skip


def front_figures(times: FrontTimes) -> dict[str, Any]:
    """Latencies, and ratios of medians against bare pygls."""
    start_ratio = None
    if times.ours_start:
        start_ratio = median_ratio(times.ours_start, times.bare_start)
    return {
        "latency_ms": distribution(times.ours),
        "bare_latency_ms": distribution(times.bare),
        "latency_ratio": median_ratio(times.ours, times.bare),
        "start_ms": distribution(times.ours_start),
        "bare_start_ms": distribution(times.bare_start),
        "start_ratio": start_ratio,
    }


def http_figures(times: RequestTimes) -> dict[str, Any]:
    """Latencies; `added_ms` is what lies outside of the engine, request by request."""
    added = [whole - inside for whole, inside in zip(times.http, times.inside, strict=True)]
    return {
        "http_ms": distribution(times.http),
        "call_ms": distribution(times.call),
        "added_ms": distribution(added),
        "ratio": median_ratio(times.http, times.call),
    }
