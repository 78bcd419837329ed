"""What the cache of answers keeps, and what it does not."""

from __future__ import annotations

from glm_lsp.completion.cache import CacheKey, CompletionCache
from glm_lsp.completion.context import Window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.outcome import Outcome
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import CompletionRequest, GlmOptions


def key(before: str = "b", after: str = "a", prompt: str = "p") -> CacheKey:
    options = GlmOptions(text_before=before, text_after=after)
    return CacheKey.of("file:///a.py", "\n", CompletionRequest(prompt=prompt, glm=options))


def test_the_text_around_is_part_of_the_question_but_not_kept() -> None:
    cache = CompletionCache()
    window = Window("prefix", "suffix", "", before="b" * 1000, after="a" * 1000)
    around = Surroundings(window=window, mode=Mode.LINE)
    cache.insert(key(), Outcome(version=1, offset=2, reason="x", surroundings=around))
    kept = cache.match(key())
    assert kept is not None
    assert kept.surroundings is not None
    assert kept.surroundings.window == Window("prefix", "suffix", "")
    assert key().request.glm.text_before == key().request.glm.text_after == ""
    assert cache.match(key(before="c")) is None
    assert cache.match(key(after="c")) is None
    assert cache.match(key(before="ba", after="")) is None
    assert cache.match(key(prompt="q")) is None


def test_an_outcome_that_never_met_a_window_is_kept_as_it_is() -> None:
    cache = CompletionCache()
    outcome = Outcome(version=1, offset=2, reason="x")
    cache.insert(key(), outcome)
    assert cache.match(key()) == outcome
