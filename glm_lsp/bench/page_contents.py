"""What the page tells of each measurement: which figures, and what each means in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["ms", "share", "times", "MiB", "tokens/s", "number"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a command.

    Attributes:
        path: of keys with dots between them; a `*` stands for every key, which takes the place of `{}` in `label`.
        meaning: a sentence for people.
    """

    path: str
    label: str
    unit: Unit
    meaning: str


ABOUT: Final = {
    "typing": "A person types in an editor that the real server and engine serve.",
    "engine": "The engine alone, without server and editor, beside what memory allows.",
    "load": "Several editors on one engine.",
    "overhead": "What language server and HTTP add to the work of the model.",
    "storm": "Far more requests than can be answered.",
    "speculation": "What guessing ahead brings, and that it changes no answer.",
    "compare": "The engine beside other programs, on the same weights and requests.",
}

HEADLINE: Final = {
    "typing": ("latency_ms", "a key to its answer"),
    "engine": ("start.first_completion_ms", "start to first completion"),
    "load": ("by_editors.1.paced.latency_ms", "one editor at a person's pace"),
    "overhead": ("front.latency_ms", "a key, glm-lsp serve"),
    "storm": ("last_ms", "last of a storm"),
    "compare": ("engines.glm-lsp.request_ms", "a request to glm-lsp"),
}
"""Path and name of the distribution whose history is shown."""

MAIN: Final[Mapping[str, tuple[Figure, ...]]] = {
    "typing": (
        Figure(
            "latency_ms",
            "a key to its answer",
            "ms",
            "What a person waits for; the editor's own wait comes on top.",
        ),
        Figure(
            "latency_by_source_ms.*",
            "answered from: {}",
            "ms",
            "By whom: the model, the cache, what is left of the ghost text; none where nothing fits.",
        ),
        Figure(
            "latency_at_moves_ms",
            "after moving the cursor",
            "ms",
            "The first answer at another place, which begins cold.",
        ),
        Figure("ttft_ms", "first token", "ms", "Inside the engine, of requests that ran the model."),
        Figure("cold_start_ms.*", "from the start to: {}", "ms", "A fresh server with a fresh engine."),
        Figure(
            "reused_prompt_ratio",
            "prompt tokens re-used",
            "share",
            "Found in the KV cache, so that the model need not read them again.",
        ),
        Figure(
            "typed_through_ratio",
            "keys typed along",
            "share",
            "Answered by what was left of the ghost text, without the model.",
        ),
        Figure(
            "kept_chars_ratio",
            "characters saved",
            "share",
            "Of all that had to be written, these came with suggestions.",
        ),
        Figure(
            "shown_precision", "suggestions taken", "share", "Of those that appeared: the rest was ignored."
        ),
        Figure(
            "flicker_per_100_keys",
            "flicker in 100 keys",
            "number",
            "Ghost text that changed or came back while it was being typed.",
        ),
        Figure("errors", "errors", "number", "Requests answered with an error."),
    ),
    "engine": (
        Figure(
            "first_token.by_prompt.*.cold_ms",
            "first token, {} new tokens",
            "ms",
            "Nothing of the prompt is in the KV cache.",
        ),
        Figure(
            "first_token.by_prompt.*.warm_ms",
            "first token, {} tokens cached",
            "ms",
            "All but the last two tokens are, as after a key.",
        ),
        Figure(
            "long_prompts.by_prompt.*.cold_ms",
            "first token, {} new tokens",
            "ms",
            "In a copy of the model with room for prompts that no request has.",
        ),
        Figure(
            "long_prompts.by_prompt.*.warm_ms", "first token, {} tokens cached", "ms", "In the same copy."
        ),
        Figure(
            "decode.by_past.*.step_ms",
            "a step behind {} tokens",
            "ms",
            "One token more, once the prompt has been read.",
        ),
        Figure(
            "cancel.by_phase.*",
            "cancelled while {}",
            "ms",
            "From the cancel until the engine is free.",
        ),
        Figure("start.first_completion_ms", "start to first completion", "ms", "A fresh engine process."),
        Figure(
            "decode.memory_gb_s", "memory, GB/s", "number", "What the machine reads: the floor of every step."
        ),
    ),
    "load": (
        Figure(
            "by_editors.*.paced.latency_ms",
            "{} at once, a person's pace",
            "ms",
            "So many editors; from a request to the end of its answer.",
        ),
        Figure(
            "by_editors.*.saturated.latency_ms",
            "{} at once, without a pause",
            "ms",
            "Each asks again as soon as it has its answer.",
        ),
        Figure(
            "by_editors.*.paced.unfairness",
            "slowest / fastest of {}",
            "times",
            "Medians of the editors: 1 is fair.",
        ),
        Figure(
            "by_editors.*.paced.reused_prompt_ratio",
            "prompt tokens re-used, {} at once",
            "share",
            "Found in the KV cache.",
        ),
        Figure("by_editors.*.paced.resident_mib", "engine's memory, {} at once", "MiB", "At the end."),
    ),
    "overhead": (
        Figure(
            "front.latency_ms",
            "a key, glm-lsp serve",
            "ms",
            "Its engine takes no time: what is left is the server's.",
        ),
        Figure(
            "front.bare_latency_ms",
            "a key, bare pygls",
            "ms",
            "A language server that does nothing but answer.",
        ),
        Figure("front.start_ms", "start, glm-lsp serve", "ms", "Until the editor's greeting is answered."),
        Figure("front.bare_start_ms", "start, bare pygls", "ms", "The same of the server that does nothing."),
        Figure("http.*.added_ms", "HTTP, {} tokens", "ms", "What of a request lies outside of the engine."),
        Figure("front.latency_ratio", "a key / bare pygls", "times", "Medians, with the 95 % interval."),
    ),
    "storm": (
        Figure("idle_ms", "without a storm", "ms", "Single requests between the storms."),
        Figure("last_ms", "last of a storm", "ms", "The answer somebody waits for when the typing stops."),
        Figure("cancelled_ms", "cancelled", "ms", "From the cancel to its answer."),
        Figure(
            "last_against_idle",
            "last / without a storm",
            "times",
            "At p95: what is left of a storm behind it.",
        ),
        Figure("requests", "requests", "number", "All that were sent."),
        Figure("unanswered", "unanswered", "number", "Each should have one answer."),
        Figure("most_in_engine", "most in the engine", "number", "At once, whenever it was asked."),
        Figure("memory_growth_mib", "memory growth", "MiB", "After the first storm."),
    ),
    "speculation": (
        Figure(
            "*.speedup",
            "{}: times as fast",
            "times",
            "Whole requests with guesses against plain ones, with the 95 % interval.",
        ),
        Figure("*.decode_speedup", "{}: decoding", "times", "The same without the reading of the prompt."),
        Figure("*.requests", "{}: requests", "number", "Each was asked with and without guesses."),
        Figure("*.identical", "{}: same answers", "number", "Should be as many as there were requests."),
    ),
    "compare": (
        Figure("engines.*.request_ms", "{}", "ms", "A whole request while typing."),
        Figure("engines.*.ratio.p50", "{} / glm-lsp, p50", "times", "Above 1: glm-lsp is faster."),
        Figure("engines.*.ratio.p95", "{} / glm-lsp, p95", "times", "The same for slow answers."),
    ),
}
