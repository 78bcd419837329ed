"""One request from snapshot to outcome, against an engine that plays back scripts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.other_files import NOTHING, OtherFiles
from glm_lsp.completion.outcome import Outcome, Source, TokenCounts
from glm_lsp.completion.place import MAX_TOKENS
from glm_lsp.completion.placement import Refusal
from glm_lsp.completion.policy import Policy
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.prompt import Reference
from glm_lsp.completion.reason import BELOW_THRESHOLD, CANCELLED
from glm_lsp.completion.running import GRACE_S
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.errors import EngineError, EngineLostError, GlmError
from glm_lsp.syntax.scope import Scope
from tests.fakes.scripted_client import TIMING, Script, ScriptedClient


def at(marked: str, version: int = 1, uri: str = "file:///w/a.py") -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri=uri, path="a.py", language_id="python", version=version, text=before + after, offset=len(before)
    )


class Finder:
    """Finds what it is told to."""

    def __init__(self, found: OtherFiles, ignored: str = "") -> None:
        self.found = found
        self.ignored = ignored

    def is_ignored(self, uri: str) -> bool:
        return uri == self.ignored

    async def find(self, snapshot: DocumentSnapshot, context_length: int, *, copies: bool) -> OtherFiles:
        assert context_length == 1024
        return self.found


def texts(outcome: Outcome) -> list[str]:
    return [candidate.text for candidate in outcome.suggestions]


async def test_a_keystroke_goes_all_the_way() -> None:
    client = ScriptedClient.saying("compute(y)\nz = 2")
    outcome = await Completer(client).suggest(at("import os\nx = ║\nprint(x)\n", version=7))
    (request,) = client.requests
    assert (request.prompt, request.suffix) == ("import os\nx = ", "print(x)\n")
    assert (request.n, request.temperature, request.max_tokens) == (1, 0.0, MAX_TOKENS[Mode.LINE])
    assert (request.glm.path, request.glm.language, request.glm.mode) == ("a.py", "Python", Mode.LINE)
    assert (request.stream, request.logprobs, request.glm.warm_up) == (True, 0, False)
    assert texts(outcome) == ["compute(y)"]
    assert (outcome.version, outcome.offset, outcome.mode, outcome.reason) == (7, 14, Mode.LINE, "")
    assert outcome.usage == TokenCounts(num_prompt_tokens=100, num_cached_tokens=90, num_completion_tokens=16)
    assert outcome.timing_ms == TIMING
    assert outcome.generated == ("compute(y)\nz = 2",)
    (candidate,) = outcome.suggestions
    assert (candidate.source, candidate.finish_reason) == (Source.MODEL, "stop")
    assert client.open_streams == 0
    assert client.num_cancelled == 0


async def test_the_score_is_about_what_is_shown() -> None:
    client = ScriptedClient([Script([["ab", "cd", "\n", "ef"]], probability=0.5)])
    (candidate,) = (await Completer(client).suggest(at("x = ║"))).suggestions
    assert candidate.text == "abcd"
    assert candidate.score == pytest.approx(0.25)


async def test_an_engine_without_log_probabilities_gives_no_score() -> None:
    client = ScriptedClient([Script([["ab"]], probability=None)])
    sure = Preferences(policy=Policy(threshold=0.9))
    (candidate,) = (await Completer(client).suggest(at("x = ║"), preferences=sure)).suggestions
    assert (candidate.text, candidate.score) == ("ab", None)


async def test_what_is_not_likely_is_not_shown() -> None:
    client = ScriptedClient([Script([["ab"]], probability=0.3)])
    less, more = (Preferences(policy=Policy(threshold=threshold)) for threshold in (0.29, 0.31))
    assert texts(await Completer(client).suggest(at("x = ║"), preferences=less)) == ["ab"]
    outcome = await Completer(client).suggest(at("x = ║"), preferences=more)
    assert (outcome.suggestions, outcome.reason) == ((), BELOW_THRESHOLD)


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (at("na║me"), Refusal.INSIDE_WORD),
        (at("x = ║y"), Refusal.MID_LINE),
        (replace(at("x = ║"), path=".env"), Refusal.SECRET_FILE),
        (replace(at("║"), path="", uri="untitled:1"), Refusal.EMPTY_DOCUMENT),
    ],
)
async def test_where_nothing_fits_the_engine_is_not_asked(
    snapshot: DocumentSnapshot, reason: Refusal
) -> None:
    client = ScriptedClient.saying("x")
    outcome = await Completer(client).suggest(snapshot)
    assert (outcome.suggestions, outcome.reason, outcome.usage) == ((), reason, TokenCounts())
    assert client.requests == []
    assert client.num_described == 0


@pytest.mark.parametrize(
    ("text", "reason"), [("", "nothing_generated"), ("\nx", "cut_at_stop"), ("   ", "drop_if_blank")]
)
async def test_the_filter_that_dropped_the_text_is_named(text: str, reason: str) -> None:
    outcome = await Completer(ScriptedClient.saying(text)).suggest(at("x = 1║"))
    assert (outcome.suggestions, outcome.reason) == ((), reason)


async def test_a_block_gets_more_room() -> None:
    client = ScriptedClient.saying("a = 1\n    return a\nb")
    outcome = await Completer(client).suggest(at("def f():\n    ║\n"))
    assert texts(outcome) == ["a = 1\n    return a"]
    assert client.requests[0].max_tokens == MAX_TOKENS[Mode.BLOCK] > MAX_TOKENS[Mode.LINE]


async def test_a_torn_last_line_of_a_block_is_not_shown() -> None:
    script = Script([list("a = 1\n    retu")], finish_reason="length")
    outcome = await Completer(ScriptedClient([script])).suggest(at("def f():\n    ║\n"))
    assert texts(outcome) == ["a = 1"]
    assert outcome.suggestions[0].finish_reason == "length"
    script = Script([list("compute(a, b")], finish_reason="length")
    # Without its end the call would be an error in the file.
    assert texts(await Completer(ScriptedClient([script])).suggest(at("def f():\n    ║\n"))) == ["compute"]


async def test_line_breaks_go_back_as_they_are_in_the_document() -> None:
    client = ScriptedClient.saying("a = 1\n    return a")
    outcome = await Completer(client).suggest(at("def f():\r\n    ║\r\nx = 1\r\n"))
    assert texts(outcome) == ["a = 1\r\n    return a"]
    assert outcome.suggestions[0].score == pytest.approx(0.5 ** len("a = 1\n    return a"))
    assert (client.requests[0].prompt, client.requests[0].suffix) == ("def f():\n    ", "x = 1\n")


async def test_references_of_secret_files_stay_at_home() -> None:
    client = ScriptedClient.saying("1")
    references = (Reference("b.py", "b = 1"), Reference("deploy/.env", "TOKEN=1"))
    finder = Finder(OtherFiles(in_prompt=references))
    await Completer(client, finder=finder).suggest(at("x = ║"))
    assert [reference.path for reference in client.requests[0].glm.references] == ["b.py"]


async def test_what_is_only_looked_up_stands_before_the_documents_own_text() -> None:
    client = ScriptedClient.saying("1")
    finder = Finder(OtherFiles(looked_up="other = 1\n\n"))
    completer = Completer(client, finder=finder)
    await completer.suggest(at("x = ║"))
    assert client.requests[0].glm.text_before == "other = 1\n\n"
    assert client.requests[0].glm.references == ()
    # The model might say something else when it can look up something else.
    await completer.suggest(at("y = ║"))
    finder.found = OtherFiles(looked_up="else = 2\n\n")
    await completer.suggest(at("x = ║"))
    assert len(client.requests) == 3


async def test_room_for_other_files_is_taken_from_the_window_once_and_for_all() -> None:
    prefixes = []
    reference = Reference("b.py", "b")
    for found in (OtherFiles(reserved_chars=900), OtherFiles((reference,), reserved_chars=900), NOTHING):
        client = ScriptedClient.saying("1")
        await Completer(client, finder=Finder(found)).suggest(at("value = 1\n" * 300 + "x = ║"))
        prefixes.append(client.requests[0].prompt)
    assert prefixes[0] == prefixes[1]
    assert len(prefixes[0]) < len(prefixes[2]) - 300


async def test_in_a_document_that_is_ignored_nobody_is_asked() -> None:
    client = ScriptedClient.saying("1")
    completer = Completer(client, finder=Finder(NOTHING, ignored="file:///w/a.py"))
    outcome = await completer.suggest(at("x = ║"))
    assert (outcome.suggestions, outcome.reason) == ((), Refusal.IGNORED_FILE)
    await completer.warm(at("x = ║"))
    assert client.requests == []
    assert texts(await completer.suggest(at("x = ║", uri="file:///w/b.py"))) == ["1"]


# candidates


async def test_several_candidates_are_sampled_and_all_different() -> None:
    client = ScriptedClient([Script([["first"], ["second"], [" first "], ["\n"]])])
    outcome = await Completer(client).suggest(at("x =║"), candidates=4)
    assert texts(outcome) == ["first", "second"]
    first, second = client.requests
    assert (first.n, first.temperature, first.seed) == (4, 0.8, 0)
    # Two of them were of no use, so others were asked for.
    assert (second.n, second.temperature, second.seed) == (4, 1.1, 4)
    assert outcome.usage.num_completion_tokens == 8


async def test_more_candidates_than_are_known_ask_the_engine() -> None:
    client = ScriptedClient([Script([["one"]]), Script([["one"], ["two"], ["three"]])])
    completer = Completer(client)
    assert texts(await completer.suggest(at("x = ║"))) == ["one"]
    assert texts(await completer.suggest(at("x = ║"), candidates=3)) == ["one", "two", "three"]
    assert texts(await completer.suggest(at("x = t║", 2), candidates=3)) == ["wo", "hree"]
    assert len(client.requests) == 2


# what is known


async def test_typing_what_is_suggested_asks_nothing() -> None:
    client = ScriptedClient.saying("compute(y)")
    completer = Completer(client)
    await completer.suggest(at("x = ║\ny = 1\n"))
    whole = "compute(y)"
    for count in range(1, len(whole)):
        outcome = await completer.suggest(at(f"x = {whole[:count]}║\ny = 1\n", version=1 + count))
        assert texts(outcome) == [whole[count:]]
        assert outcome.suggestions[0].source is Source.TYPED_THROUGH
        assert (outcome.version, outcome.offset) == (1 + count, 4 + count)
        assert outcome.usage == TokenCounts()
    assert len(client.requests) == 1


async def test_going_back_a_key_still_fits() -> None:
    client = ScriptedClient.saying("compute(y)")
    completer = Completer(client)
    await completer.suggest(at("x = c║", 1))
    assert texts(await completer.suggest(at("x = cco║", 2))) == ["mpute(y)"]
    assert texts(await completer.suggest(at("x = cc║", 3))) == ["ompute(y)"]
    assert len(client.requests) == 1


async def test_typing_through_several_lines() -> None:
    client = ScriptedClient.saying("a = 1\n    return a")
    completer = Completer(client)
    await completer.suggest(at("def f():\r\n    ║\r\nx"))
    outcome = await completer.suggest(at("def f():\r\n    a = 1\r\n    re║\r\nx", 2))
    assert texts(outcome) == ["turn a"]
    assert len(client.requests) == 1


@pytest.mark.parametrize(
    "marked",
    [
        "x = comma║\ny = 1\n",
        "x = com║\ny = 2\n",
        "z = com║\ny = 1\n",
        "x = com║;\ny = 1\n",
        "x =║\ny = 1\n",
        "x = com\n║\ny = 1\n",
        "\nx = com║\ny = 1\n",
    ],
)
async def test_anything_else_asks_again(marked: str) -> None:
    client = ScriptedClient.saying("compute(y)", "new")
    completer = Completer(client)
    await completer.suggest(at("x = ║\ny = 1\n"))
    await completer.suggest(at(marked, 2))
    assert len(client.requests) == 2


async def test_where_the_model_had_ended_nothing_follows() -> None:
    client = ScriptedClient.saying("compute(y)", "new")
    completer = Completer(client)
    await completer.suggest(at("x = ║\ny = 1\n"))
    outcome = await completer.suggest(at("x = compute(y)║\ny = 1\n", 2))
    assert (outcome.suggestions, outcome.reason) == ((), "nothing_generated")
    assert len(client.requests) == 1


async def test_where_the_model_was_stopped_something_may_follow() -> None:
    client = ScriptedClient([Script([list("compute")], finish_reason="length"), Script([list("(y)")])])
    completer = Completer(client)
    await completer.suggest(at("x = ║\ny = 1\n"))
    assert texts(await completer.suggest(at("x = compute║\ny = 1\n", 2))) == ["(y)"]


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        ("x = f(║)", "a, 'b')"[:-1]),
        ("x = f(a, '║')", "b"),
        ("x = f(a, 'b'║)", None),
        ("x = f(a, 'c')║", None),
    ],
)
async def test_what_the_editor_closes_by_itself_still_fits(marked: str, left: str | None) -> None:
    client = ScriptedClient.saying("f(a, 'b')", ", new")
    completer = Completer(client)
    await completer.suggest(at("x = ║"))
    outcome = await completer.suggest(at(marked, 2))
    assert texts(outcome) == ([left] if left else [", new"])
    assert len(client.requests) == (1 if left else 2)


async def test_the_same_place_is_answered_from_the_cache() -> None:
    client = ScriptedClient.saying("one", "two", "three")
    completer = Completer(client)
    first, second = at("x = ║"), at("y = ║", uri="file:///w/b.py")
    await completer.suggest(first)
    await completer.suggest(second)
    await completer.suggest(replace(first, text="x = 1\ny = ", offset=10, version=2))
    again = await completer.suggest(replace(first, version=3))
    assert texts(again) == ["one"]
    assert (again.suggestions[0].source, again.version) == (Source.CACHE, 3)
    assert (again.usage, again.timing_ms) == (TokenCounts(), None)
    assert len(client.requests) == 3


async def test_that_there_is_nothing_to_show_is_known_too() -> None:
    client = ScriptedClient.saying("", "one")
    completer = Completer(client)
    assert (await completer.suggest(at("x = ║"))).reason == "nothing_generated"
    assert (await completer.suggest(at("x = ║", 2))).reason == "nothing_generated"
    assert len(client.requests) == 1


async def test_what_the_engine_broke_off_is_asked_again() -> None:
    client = ScriptedClient([Script([[]], finish_reason="cancelled"), Script([["one"]])])
    completer = Completer(client)
    assert (await completer.suggest(at("x = ║"))).reason == CANCELLED
    assert texts(await completer.suggest(at("x = ║"))) == ["one"]


async def test_a_closed_document_is_forgotten() -> None:
    client = ScriptedClient.saying("one")
    completer = Completer(client)
    await completer.suggest(at("x = ║"))
    await completer.suggest(at("x = ║", uri="file:///w/b.py"))
    completer.forget("file:///w/a.py")
    await completer.suggest(at("x = o║", uri="file:///w/b.py"))
    assert len(client.requests) == 2
    await completer.suggest(at("x = ║"))
    assert len(client.requests) == 3


async def test_other_wishes_are_another_question() -> None:
    client = ScriptedClient([Script([["perhaps"]], probability=0.5)])
    completer = Completer(client)
    assert texts(await completer.suggest(at("x = ║"))) == ["perhaps"]
    sure = Preferences(policy=Policy(threshold=0.9, trims=True))
    outcome = await completer.suggest(at("x = ║"), preferences=sure)
    assert (outcome.suggestions, outcome.reason) == ((), BELOW_THRESHOLD)
    quiet = Preferences(quiet_in=frozenset([Scope.COMMENT]))
    assert texts(await completer.suggest(at("# ║", 2))) == ["perhaps"]
    outcome = await completer.suggest(at("# ║", 2), preferences=quiet)
    assert (outcome.suggestions, outcome.reason) == ((), Refusal.IN_COMMENT)
    outcome = await completer.suggest(
        at("x = '║", 3), preferences=Preferences(quiet_in=frozenset([Scope.STRING]))
    )
    assert (outcome.suggestions, outcome.reason) == ((), Refusal.IN_STRING)
    # Who asks by hand wants one.
    assert texts(await completer.suggest(at("# ║", 4), candidates=2, preferences=quiet)) == ["perhaps"]


# cancellation, errors, overlapping requests


async def cancelled_at(
    completer: Completer, client: ScriptedClient, marked: str, num_pieces: int = 0
) -> None:
    """Asks, and takes it back when so many pieces have come."""
    task = asyncio.create_task(completer.suggest(at(marked)))
    await client.started.wait()
    while client.num_pieces < num_pieces:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_closes_the_stream_soon() -> None:
    client = ScriptedClient([Script([["o", "ne"]], gate=asyncio.Event()), Script([["two"]])])
    completer = Completer(client)
    await cancelled_at(completer, client, "x = ║")
    assert client.open_streams == 1
    await asyncio.sleep(GRACE_S + 0.05)
    assert (client.open_streams, client.num_cancelled) == (0, 1)
    assert texts(await completer.suggest(at("x = ║"))) == ["two"]


async def test_a_request_that_says_what_is_typed_is_joined() -> None:
    gate = asyncio.Semaphore(2)
    client = ScriptedClient([Script([list("compute")], gate=gate), Script([["other"]])])
    completer = Completer(client)
    await cancelled_at(completer, client, "x = ║", num_pieces=2)
    joined = asyncio.create_task(completer.suggest(at("x = c║", version=2)))
    await asyncio.sleep(GRACE_S + 0.05)
    for _ in range(5):
        gate.release()
    outcome = await joined
    assert (texts(outcome), outcome.version, outcome.offset) == (["ompute"], 2, 5)
    assert outcome.suggestions[0].source is Source.JOINED
    assert outcome.usage.num_completion_tokens == 7
    assert (len(client.requests), client.num_cancelled) == (1, 0)


async def test_a_request_that_goes_another_way_is_not_waited_for() -> None:
    gate = asyncio.Semaphore(1)
    client = ScriptedClient([Script([list("compute")], gate=gate), Script([["lumn"]])])
    completer = Completer(client)
    await cancelled_at(completer, client, "x = ║", num_pieces=1)
    task = asyncio.create_task(completer.suggest(at("x = col║", version=2)))
    await asyncio.sleep(0.01)
    assert len(client.requests) == 1, "c may become col"
    gate.release()
    gate.release()
    outcome = await task
    assert (texts(outcome), outcome.suggestions[0].source) == (["lumn"], Source.MODEL)
    assert (len(client.requests), client.num_cancelled, client.open_streams) == (2, 1, 0)


async def test_an_edit_ends_what_it_overtakes_before_anybody_asks_again() -> None:
    gate = asyncio.Semaphore(2)
    client = ScriptedClient([Script([list("compute")], gate=gate)])
    completer = Completer(client)
    await cancelled_at(completer, client, "x = ║", num_pieces=2)
    completer.edited("file:///w/b.py", lambda _: None)
    completer.edited("file:///w/a.py", lambda _: "c")
    await asyncio.sleep(0.01)
    assert (client.open_streams, client.num_cancelled) == (1, 0)
    completer.edited("file:///w/a.py", lambda snapshot: "cat" if snapshot.offset == 4 else None)
    await asyncio.sleep(0.01)
    assert (client.open_streams, client.num_cancelled) == (0, 1)


async def test_what_nobody_waited_for_to_the_end_is_known() -> None:
    gate = asyncio.Semaphore(1)
    client = ScriptedClient([Script([list("one")], gate=gate), Script([["two"]])])
    completer = Completer(client)
    await cancelled_at(completer, client, "x = ║", num_pieces=1)
    gate.release()
    gate.release()
    await asyncio.sleep(0.02)
    (candidate,) = (await completer.suggest(at("x = o║", version=2))).suggestions
    assert (candidate.text, candidate.source) == ("ne", Source.CACHE)
    assert len(client.requests) == 1


async def test_another_document_is_left_alone() -> None:
    gate = asyncio.Event()
    client = ScriptedClient([Script([["one"]], gate=gate), Script([["two"]])])
    completer = Completer(client)
    first = asyncio.create_task(completer.suggest(at("x = ║")))
    await client.started.wait()
    assert texts(await completer.suggest(at("y = ║", uri="file:///w/b.py"))) == ["two"]
    gate.set()
    assert texts(await first) == ["one"]


@pytest.mark.parametrize("error", [EngineLostError("gone"), EngineError("refused")])
async def test_an_error_of_the_engine_comes_through_and_is_not_remembered(error: GlmError) -> None:
    client = ScriptedClient([Script([["half"]], error=error), Script([["whole"]])])
    completer = Completer(client)
    with pytest.raises(type(error), match=error.cause):
        await completer.suggest(at("x = ║"))
    assert client.open_streams == 0
    assert texts(await completer.suggest(at("x = ║"))) == ["whole"]
    # Another engine may have taken its place, with another context length.
    assert client.num_described == (2 if isinstance(error, EngineLostError) else 1)


async def test_an_older_request_that_ends_late_answers_for_its_own_text_only() -> None:
    gate = asyncio.Event()
    client = ScriptedClient([Script([["old"]], gate=gate), Script([["newer"]]), Script([["third"]])])
    completer = Completer(client)
    old = asyncio.create_task(completer.suggest(at("x = ║", 1)))
    await client.started.wait()
    new = await completer.suggest(at("x = n║", 2))
    gate.set()
    late = await old
    assert (texts(new), new.version, new.offset) == (["newer"], 2, 5)
    assert (texts(late), late.reason, late.version, late.offset) == ([], CANCELLED, 1, 4)
    # What is on screen is the newer one: typing on goes through that.
    assert texts(await completer.suggest(at("x = nne║", 3))) == ["wer"]
    assert texts(await completer.suggest(at("x = ol║", 4))) == ["third"]


async def test_suggestions_never_change_what_was_typed() -> None:
    text, whole = "x = ║\ny = 1\n", "compute(y, 'z')"
    completer = Completer(ScriptedClient.saying(whole))
    for count in range(len(whole)):
        snapshot = at(text.replace("║", f"{whole[:count]}║"), 1 + count)
        outcome = await completer.suggest(snapshot)
        (candidate,) = outcome.suggestions
        before, after = snapshot.text[: outcome.offset], snapshot.text[outcome.offset :]
        assert before + candidate.text + after == f"x = {whole}\ny = 1\n"


# warm-up


async def test_what_follows_a_suggestion_is_known_before_it_is_taken() -> None:
    client = ScriptedClient([Script([list("foo")], finish_reason="length"), Script([list("(1)")])])
    completer = Completer(client)
    here = at("x = ║\ny = 2\n")
    await completer.look_ahead(here, await completer.suggest(here))
    assert [request.prompt for request in client.requests] == ["x = ", "x = foo"]
    # It is not on screen: the suggestion still is.
    assert texts(await completer.suggest(at("x = f║\ny = 2\n", version=2))) == ["oo"]
    (candidate,) = (await completer.suggest(at("x = foo║\ny = 2\n", version=3))).suggestions
    assert (candidate.text, candidate.source) == ("(1)", Source.CACHE)
    assert len(client.requests) == 2


async def test_looking_ahead_asks_only_where_something_could_follow() -> None:
    client = ScriptedClient.saying("", "foo")
    completer = Completer(client)
    nothing = await completer.suggest(at("x = ║"))
    await completer.look_ahead(at("x = ║"), nothing)
    assert len(client.requests) == 1
    here = at("y = ║")
    shown = await completer.suggest(here)
    for _ in range(3):
        await completer.look_ahead(here, shown)
    assert [request.prompt for request in client.requests] == ["x = ", "y = "]


async def test_warming_sends_the_same_prompt() -> None:
    client = ScriptedClient.saying("one")
    completer = Completer(client)
    usage = await completer.warm(at("import os\nx = ║\ny"))
    await completer.suggest(at("import os\nx = ║\ny"))
    warm, real = client.requests
    assert warm.glm.warm_up
    assert (warm.prompt, warm.suffix, warm.glm.mode, warm.glm.path) == (
        real.prompt, real.suffix, real.glm.mode, real.glm.path,
    )  # fmt: skip
    assert (usage.num_prompt_tokens, usage.num_completion_tokens) == (100, 0)


async def test_warming_works_inside_words_but_not_in_secret_files() -> None:
    client = ScriptedClient.saying("one")
    completer = Completer(client)
    await completer.warm(at("na║me"))
    assert len(client.requests) == 1
    assert await completer.warm(replace(at("x = ║"), path=".env")) == TokenCounts()
    assert len(client.requests) == 1


async def test_the_window_follows_the_engines_context_length() -> None:
    marked = f"{'y = 1' + chr(10):s}" * 2000 + "x = ║"
    lengths = []
    for context_length, most in ((512, None), (4096, None), (4096, 512), (0, None)):
        client = ScriptedClient([Script([["one"]])], context_length=context_length)
        await Completer(client, max_prompt_tokens=most).suggest(at(marked))
        lengths.append(len(client.requests[0].prompt))
    small, large, capped, unknown = lengths
    assert small < 512 * 3 < large < 4096 * 3
    assert capped < 512 * 3
    assert 512 * 3 < unknown < 2048 * 3
