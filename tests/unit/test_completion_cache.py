"""What the cache of answers knows, keeps and forgets."""

from __future__ import annotations

from glm_lsp.completion.cache import Answer, CompletionCache, Question
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.outcome import Written
from glm_lsp.engine.wire import CompletionRequest, GlmOptions


def question(prefix: str = "p", before: str = "b", after: str = "a", uri: str = "file:///a.py") -> Question:
    options = GlmOptions(text_before=before, text_after=after, mode=Mode.LINE)
    return Question.of(uri, "\n", CompletionRequest(prompt=prefix, glm=options))


def answer(*texts: str, torn: bool = False) -> Answer:
    return Answer(tuple(Written(text, "length" if torn else "stop") for text in texts))


def left(cache: CompletionCache, asked: Question) -> tuple[list[str], str] | None:
    match = cache.match(asked)
    return ([one.text for one in match[0].choices], match[1]) if match else None


def test_the_text_around_is_part_of_the_question_but_not_kept() -> None:
    cache = CompletionCache()
    cache.insert(question(), answer("x"))
    assert left(cache, question()) == (["x"], "")
    assert question().stem.request.glm.text_before == question().stem.request.glm.text_after == ""
    assert cache.match(question(before="c")) is None
    assert cache.match(question(after="c")) is None
    assert cache.match(question(before="ba", after="")) is None
    assert cache.match(question("q")) is None
    assert cache.match(question(uri="file:///b.py")) is None


def test_typing_the_beginning_of_an_answer_asks_nothing_new() -> None:
    cache = CompletionCache()
    cache.insert(question("x = "), answer("compute(y)", "column"))
    assert left(cache, question("x = com")) == (["pute(y)"], "com")
    assert left(cache, question("x = co")) == (["mpute(y)", "lumn"], "co")
    assert cache.match(question("x = cat")) is None
    assert cache.match(question("x =")) is None, "what stood there before is not known"


def test_of_several_the_one_asked_last_wins() -> None:
    cache = CompletionCache()
    cache.insert(question("x = "), answer("compute"))
    cache.insert(question("x = com"), answer("puter"))
    assert left(cache, question("x = comp")) == (["uter"], "p")
    cache.insert(question("x = comp"), answer("any"))
    assert left(cache, question("x = compu")) == (["ter"], "pu"), "the last one does not fit any more"
    assert left(cache, question("x = co")) == (["mpute"], "co"), "nor did it exist before its first key"


def test_where_an_answer_ended_it_says_nothing_and_where_it_was_stopped_it_is_not_known() -> None:
    cache = CompletionCache()
    cache.insert(question("x = "), answer("abc"))
    assert left(cache, question("x = abc")) == ([""], "abc")
    cache.insert(question("y = "), answer("abc", torn=True))
    assert cache.match(question("y = abc")) is None
    assert left(cache, question("y = ab")) == (["c"], "ab")


def test_the_answer_unused_for_longest_makes_room() -> None:
    cache = CompletionCache(capacity=2)
    cache.insert(question("a"), answer("1"))
    cache.insert(question("b"), answer("2"))
    assert left(cache, question("a")) == (["1"], "")
    cache.insert(question("c"), answer("3"))
    assert (len(cache), cache.match(question("b"))) == (2, None)
    assert left(cache, question("a")) == (["1"], "")
    assert left(cache, question("c")) == (["3"], "")


def test_a_document_is_forgotten_as_a_whole() -> None:
    cache = CompletionCache()
    other = question("a", uri="file:///b.py")
    cache.insert(question("a"), answer("1"))
    cache.insert(question("b"), answer("2"))
    cache.insert(other, answer("3"))
    cache.evict("file:///a.py")
    assert (len(cache), cache.match(question("a"))) == (1, None)
    assert left(cache, other) == (["3"], "")


def test_a_later_answer_to_the_same_question_replaces_the_earlier() -> None:
    cache = CompletionCache()
    cache.insert(question(), answer("1"))
    cache.insert(question(), answer("2"))
    assert (len(cache), left(cache, question())) == (1, (["2"], ""))
    cache.evict("file:///a.py")
    assert len(cache) == 0
