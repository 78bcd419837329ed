"""`glm-lsp bench engine`: the engine alone, beside the least it can cost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from glm_lsp.bench.engine_figures import (
    decode_figures,
    decode_series,
    first_token_series,
    graph_figures,
    long_figures,
    start_figures,
    verification_figures,
)
from glm_lsp.bench.engine_requests import GPU_SHORTEST, Bar, ask_engine, no_bar
from glm_lsp.bench.environment import Environment
from glm_lsp.bench.first_token import KEYSTROKE_TOKENS, Round, measure_first_tokens
from glm_lsp.bench.floor import measure_floor, weight_bytes
from glm_lsp.bench.restored import with_capacity
from glm_lsp.bench.result import Result, new_result
from glm_lsp.bench.startup import measure_starts
from glm_lsp.bench.steps import SHORTEST, FilledCache, prompt_lengths
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.place import MAX_TOKENS
from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.engine.cuda.session import CudaSession
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.kv_memory import slot_bytes
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import Session
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate.held_out import held_out
from glm_lsp.models.store import ModelFolder

LONG_PROMPTS = (1024, 2048, 4096)
LONG_CAPACITY = 4352
"""Holds the longest of these and the room that is kept for an answer."""

CONVERTED_BYTES = 256 << 20
"""A model with more weights is not converted for the sake of long prompts."""


def bench_engine(
    folder: ModelFolder,
    *,
    device: Device = "auto",
    threads: int = 0,
    seconds: float = 5.0,
    num_starts: int = 5,
    num_requests: int = 0,
    warn: Callable[[Environment], None] = lambda _: None,
    bar: Bar = no_bar,
) -> Result:
    """Measures a model on this machine.

    Args:
        folder: the model.
        device: where it runs; on a GPU prompts are longer, and the floor is that of its own memory.
        threads: of one run; 0 chooses by the machine.
        seconds: for each of the measurements, about; there are six to nine of them.
        num_starts: processes started one after the other.
        num_requests: so many to see whether memory grows over them.
        warn: told what is known of the machine before anything is measured.

    Raises:
        GlmError: the model cannot be loaded, or an engine process does not come up.
    """
    token_ids, chars = own_tokens(folder), own_chars()
    asked = ask_engine(
        folder,
        token_ids,
        longest_prompt(folder),
        chars_per_token=chars / len(token_ids),
        device=device,
        threads=threads,
        seconds=seconds,
        num_requests=num_requests,
        warn=warn,
        bar=bar,
    )
    environment, place = asked.environment, asked.place
    used, on_gpu = environment.threads, place == "cuda"
    with bar("steps") as progress:
        session = _open(folder, place, used)
        cache = FilledCache(session, token_ids)
        pasts = prompt_lengths(cache.num_tokens, GPU_SHORTEST if on_gpu else SHORTEST)
        decode = cache.decode_ms(pasts, seconds, progress)
        verified_past = pasts[len(pasts) // 2]
        verification = cache.verification_ms(verified_past, seconds, progress)
        report = session.report if isinstance(session, CudaSession) else None
        del session, cache  # a second one has to fit beside nothing
    launched: dict[int, list[float]] = {}
    if on_gpu:
        with bar("steps without CUDA graphs") as progress:
            cache = FilledCache(_open(folder, place, used, cuda_graphs=False), token_ids)
            launched = cache.decode_ms(pasts, seconds, progress)
            del cache
    with bar("memory"):
        floor = measure_floor(folder, used, environment.cache_mib, kv_token_bytes(folder), place)
    with bar("starts") as progress:
        starts = measure_starts(folder, used, first_request(), num_starts, progress, device=place)
    long_rounds, long_decode = ({}, {}) if on_gpu else _long_prompts(folder, token_ids, used, seconds, bar)
    decode |= long_decode
    figures = {
        **asked.figures,
        "decode": decode_figures(decode, floor),
        "verification": verification_figures(verified_past, verification),
        "graphs": graph_figures(decode, launched),
        "device": report,
        "start": start_figures(starts),
        "long_prompts": long_figures(long_rounds, long_decode, floor),
    }
    parameters = {
        "seconds": seconds,
        "starts": num_starts,
        "requests": num_requests,
        "keystroke_tokens": KEYSTROKE_TOKENS,
        "answer_tokens": asked.answer_tokens,
    }
    rounds = {**asked.rounds, **long_rounds}
    series = {"first-token": first_token_series(rounds), "decode": decode_series(decode, floor)}
    return new_result("engine", environment, parameters=parameters, figures=figures, series=series)


def own_tokens(folder: ModelFolder) -> list[int]:
    """The program's own sources as one run of token ids of a model."""
    return SourceTokenizer.open(folder.tokenizer_path).encode(_own_text())


def own_chars() -> int:
    """How many characters these tokens stand for."""
    return len(_own_text())


def _own_text() -> str:
    return "".join(file.text for file in held_out([], are_files=False).files)


def longest_prompt(folder: ModelFolder) -> int:
    """Tokens of the longest prompt that the engine takes."""
    manifest = folder.manifest
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    context = min(manifest.context_length, manifest.capacity)
    return PromptEncoder(tokenizer, manifest.prompt_profile, context).budget


def kv_token_bytes(folder: ModelFolder) -> int:
    """Keys and values of one token."""
    return slot_bytes(folder) // folder.manifest.capacity


def first_request() -> CompletionRequest:
    """What an editor asks for: the rest of a line in the midst of the longest of the program's own files."""
    file = max(held_out([], are_files=False).files, key=lambda each: len(each.text))
    cursor = len(file.text) // 2
    next_line = file.text.find("\n", cursor) + 1
    return CompletionRequest(
        prompt=file.text[cursor - 1000 : cursor],
        suffix=file.text[next_line : next_line + 300],
        max_tokens=MAX_TOKENS[Mode.LINE],
        stream=True,
        logprobs=0,
        glm=GlmOptions(path=file.path, language=LANGUAGE_NAMES[file.language], mode=Mode.LINE),
    )


def _open(
    folder: ModelFolder, place: Literal["cpu", "cuda"], threads: int, *, cuda_graphs: bool = True
) -> Session:
    """A session as the engine's, ready for its first step."""
    session = open_session(folder, device=place, threads=threads, cuda_graphs=cuda_graphs)
    session.warm_up()
    return session


def _long_prompts(
    folder: ModelFolder, token_ids: Sequence[int], threads: int, seconds: float, bar: Bar
) -> tuple[dict[int, list[Round]], dict[int, list[float]]]:
    """Rounds and decode steps; nothing for a model neither built for long prompts nor small enough to be converted."""
    with tempfile.TemporaryDirectory(prefix="glm-bench-") as room:
        if longest_prompt(folder) < max(LONG_PROMPTS):
            if weight_bytes(folder) > CONVERTED_BYTES:
                return {}, {}
            folder = with_capacity(folder, Path(room) / "long", LONG_CAPACITY)
        with (
            bar("long prompts") as progress,
            Engine.load(folder, device="cpu", threads=threads, max_slots=1, speculates=False) as engine,
        ):
            rounds = measure_first_tokens(engine, token_ids, LONG_PROMPTS, seconds, progress)
        with bar("steps behind long prompts") as progress:
            cache = FilledCache(_open(folder, "cpu", threads), token_ids)
            return rounds, cache.decode_ms(LONG_PROMPTS, seconds, progress)
