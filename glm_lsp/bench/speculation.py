"""`glm-lsp bench speculation`: what guessing ahead brings, and that it changes nothing.

Two workers on one session, one of which guesses, get the same requests in turn, so that both meet the machine in the
same state. Three kinds of requests: those of the typing trace; the same ones again after a word above the cursor has
changed, as when a person goes back to mend something; and docstrings of the program's own functions.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from msgspec.structs import replace

from glm_lsp.bench.environment import Environment, look_around, place_of
from glm_lsp.bench.recording import recorded_requests
from glm_lsp.bench.result import Result, new_result
from glm_lsp.bench.trace.trace import own_trace
from glm_lsp.completion.context import WindowBudget
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.job import Event, Job
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.session import Session
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import EngineError, GlmError
from glm_lsp.evaluate.documentation.bare_model import find_tasks, request_of
from glm_lsp.evaluate.held_out import HeldOutFile, held_out
from glm_lsp.evaluate.scores import estimate_ratio
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, progress_bar, silent

EDITS = 3
"""Of one place, one after the other."""

_NUM_SLOTS = 3
_WORD = re.compile(r"[A-Za-z_]{4,}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker said to a request, and what it took."""

    text: str
    logprobs: tuple[float, ...]
    num_tokens: int
    decode_ms: float
    total_ms: float
    steps: int


class Contender:
    """A worker of its own slots, on a session that others use, too."""

    def __init__(self, folder: ModelFolder, session: Session, *, speculates: bool) -> None:
        self._worker = Worker.load(folder, session, num_slots=_NUM_SLOTS, speculates=speculates)
        self._numbers = count(1)

    def tell(self, request: CompletionRequest) -> Told:
        """Serves a request.

        Raises:
            GlmError: as the worker.
        """
        events: list[Event] = []
        before = self._worker.counters["runs"]
        self._worker.serve(Job(next(self._numbers), request, events.append))
        return _told(events, int(self._worker.counters["runs"] - before))


@dataclass(slots=True)
class Tally:
    """Both workers' answers to one kind of requests."""

    plain: list[Told] = field(default_factory=list)
    guessing: list[Told] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """How many, how alike, how fast. Ratios above one mean that guessing is faster."""
        pairs = list(zip(self.plain, self.guessing, strict=True))
        alike = sum((a.text, a.logprobs) == (b.text, b.logprobs) for a, b in pairs)
        tokens = sum(told.num_tokens for told in self.plain)
        return {
            "requests": len(pairs),
            "identical": alike,
            "tokens": tokens,
            "steps_per_token": {
                "plain": sum(told.steps for told in self.plain) / max(1, tokens),
                "guessing": sum(told.steps for told in self.guessing) / max(1, tokens),
            },
            "decode_speedup": _ratio([a.decode_ms for a, _ in pairs], [b.decode_ms for _, b in pairs]),
            "speedup": _ratio([a.total_ms for a, _ in pairs], [b.total_ms for _, b in pairs]),
        }


def bench_speculation(
    folder: ModelFolder,
    *,
    threads: int,
    num_prompts: int,
    device: Device = "auto",
    keys: int | None = None,
    seed: int = 1,
    warn: Callable[[Environment], None] = lambda _: None,
) -> Result:
    """Measures a model on the program's own trace and its own functions.

    Args:
        threads: 0 chooses by the machine.
        num_prompts: of each kind, at most.
        device: where the model runs.
        keys: so many of the trace at most; all if None.
        warn: told what is known of the machine before anything is measured.

    Raises:
        GlmError: the model cannot be loaded, or a request fails.
    """
    with (
        Engine.load(folder, device=device, threads=threads or None) as engine,
        progress_bar("recording") as bar,
    ):
        environment = look_around(engine.describe())
        warn(environment)
        typed = recorded_requests(own_trace(), engine, keys=keys, progress=bar)
    files = held_out([], are_files=False).files
    with progress_bar("answering") as bar:
        found = measure_speculation(
            folder, environment, typed, files, num_prompts=num_prompts, seed=seed, progress=bar
        )
    return replace(found, parameters=found.parameters | {"keys": keys})


def measure_speculation(
    folder: ModelFolder,
    environment: Environment,
    typed: Sequence[CompletionRequest],
    files: Sequence[HeldOutFile],
    *,
    num_prompts: int,
    seed: int = 1,
    progress: Progress = silent,
) -> Result:
    """Measures a model with and without guessing.

    Args:
        typed: the requests of a typing trace.
        files: whose functions get docstrings.
        num_prompts: of each kind, at most.

    Raises:
        GlmError: the model cannot be loaded, or a request fails.
    """
    session = open_session(folder, device=place_of(environment), threads=environment.threads)
    session.warm_up()
    budget = WindowBudget.for_context(
        folder.manifest.context_length, copies=folder.manifest.copying is not None
    )
    rng = random.Random(seed)
    documented = [request_of(task, budget) for file in files for task in find_tasks(file)]
    rng.shuffle(documented)
    kinds: dict[str, list[tuple[CompletionRequest, bool]]] = {
        "typing": [(request, True) for request in typed[:num_prompts]],
        "edits": list(_edits(typed, num_prompts, rng)),
        "docstrings": [(replace(request, logprobs=0), True) for request in documented[:num_prompts]],
    }
    total, done = sum(map(len, kinds.values())), count(1)
    found = {
        kind: _measure(folder, session, requests, lambda: progress(next(done), total)).figures()
        for kind, requests in kinds.items()
    }
    parameters = {"prompts": num_prompts, "seed": seed}
    return new_result("speculation", environment, parameters=parameters, figures=found)


def edited(request: CompletionRequest, rng: random.Random) -> CompletionRequest | None:
    """The request as it would be with one more letter in a word of the line above the cursor's; None without any."""
    prompt = request.prompt_text
    line = prompt.rfind("\n")
    words = list(_WORD.finditer(prompt, prompt.rfind("\n", 0, max(0, line)) + 1, max(0, line)))
    if not words:
        return None
    end = rng.choice(words).end()
    return replace(request, prompt=f"{prompt[:end]}{rng.choice('sxy')}{prompt[end:]}")


def _edits(
    typed: Sequence[CompletionRequest], limit: int, rng: random.Random
) -> Iterator[tuple[CompletionRequest, bool]]:
    """Places of the trace, each followed by its edits; only those count."""
    num_edits = 0
    for request in rng.sample(typed, len(typed)):
        changed: CompletionRequest | None = request
        for number in range(EDITS + 1):
            if changed is None or num_edits >= limit:
                break
            yield changed, number > 0
            num_edits += number > 0
            changed = edited(changed, rng)


def _measure(
    folder: ModelFolder,
    session: Session,
    requests: Sequence[tuple[CompletionRequest, bool]],
    step: Callable[[], None],
) -> Tally:
    plain = Contender(folder, session, speculates=False)
    guessing = Contender(folder, session, speculates=True)
    tally = Tally()
    for number, (request, counts) in enumerate(requests):
        # Whoever is second finds the weights in the processor's cache.
        order = (plain, guessing) if number % 2 else (guessing, plain)
        told = {contender: contender.tell(request) for contender in order}
        if counts:
            tally.plain.append(told[plain])
            tally.guessing.append(told[guessing])
        step()
    return tally


def _told(events: Sequence[Event], steps: int) -> Told:
    for event in events:
        if isinstance(event, GlmError):
            raise event
    chunks = [event for event in events if isinstance(event, CompletionChunk)]
    last = chunks[-1]
    if last.glm is None or last.usage is None:
        raise EngineError("an answer came without its end")
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return Told(
        text="".join(choice.text for choice in choices),
        logprobs=tuple(p for choice in choices if choice.logprobs for p in choice.logprobs.token_logprobs),
        num_tokens=last.usage.completion_tokens,
        decode_ms=last.glm.timing_ms.decode,
        total_ms=last.glm.timing_ms.total,
        steps=steps,
    )


def _ratio(numerators: Sequence[float], denominators: Sequence[float]) -> object:
    return estimate_ratio(numerators, denominators, seed=1) if sum(denominators) else None
