"""The story of a request."""

from __future__ import annotations

import msgspec
import pytest

from glm_lsp.cli_why import print_story
from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.outcome import Outcome, Source
from glm_lsp.completion.policy import POLICIES, Eagerness
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.syntax_memory import SyntaxMemory
from glm_lsp.completion.why import Story, story
from glm_lsp.completion.why_text import Asked, OtherFile, why_text
from glm_lsp.lsp.last_request import FAILED, NO_ENGINE, SWITCHED_OFF, LastRequest, Whereabouts
from glm_lsp.syntax.pace import Clocks
from tests.fakes.scripted_client import Script, ScriptedClient

BALANCED = Preferences(policy=POLICIES[Eagerness.BALANCED])


def at(marked: str, version: int = 1) -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri="file:///w/a.py",
        path="a.py",
        language_id="python",
        version=version,
        text=before + after,
        offset=len(before),
    )


async def told(script: Script, marked: str = "import os\nx = ║\ny = 1\n", candidates: int = 1) -> Story:
    # However busy the machine is: no time passes.
    syntax = SyntaxMemory(clocks=Clocks(lambda: 0.0, lambda: 0.0))
    completer = Completer(ScriptedClient([script]), syntax=syntax)
    outcome = await completer.suggest(at(marked), candidates=candidates, preferences=BALANCED)
    return story(outcome, is_invoked=candidates > 1, total_ms=1.25)


async def test_what_was_shown_and_what_was_cut_off() -> None:
    found = await told(Script([["compute", " ", "+", " unlikely"]], probability=0.7))
    assert (found.trigger, found.source, found.mode, found.reason) == ("automatic", "model", "LINE", "")
    assert found.shown == ["compute"]
    (candidate,) = found.candidates
    assert (candidate.model_text, candidate.shown) == ("compute + unlikely", "compute")
    assert [(part.text, part.verdict) for part in candidate.parts] == [("compute", "")]
    assert candidate.parts[0].score == pytest.approx(0.7)
    assert (found.threshold, found.trims) == (POLICIES[Eagerness.BALANCED].threshold, True)
    assert found.context is not None
    assert (found.context.prefix_chars, found.context.suffix_chars) == (
        len("import os\nx = "),
        len("y = 1\n"),
    )
    assert (found.context.prompt_tokens, found.context.cached_tokens, found.completion_tokens) == (100, 90, 4)


async def test_each_filter_that_did_something_is_named() -> None:
    found = await told(Script([["y = 1"]], probability=0.9), "║\ny = 1\n")
    assert (found.shown, found.reason) == ([], "drop_if_repeats_below")
    assert [(step.name, step.text) for step in found.candidates[0].filters] == [("drop_if_repeats_below", "")]
    assert "stand below the cursor already" in found.explanation
    found = await told(Script([["a\u202eb\n"]], probability=0.9))
    assert [step.name for step in found.candidates[0].filters][:2] == ["strip_hidden", "cut_at_stop"]


async def test_what_was_not_sure_enough_says_how_sure_it_was() -> None:
    found = await told(Script([["perhaps"]], probability=0.1))
    assert (found.shown, found.reason) == ([], "below_threshold")
    (part,) = found.candidates[0].parts
    assert (part.text, part.verdict, part.score) == ("perhaps", "below_threshold", pytest.approx(0.1))


async def test_what_would_break_the_file_is_told() -> None:
    found = await told(Script([[")))"]], probability=0.99))
    assert (found.shown, found.reason) == ([], "parses_worse")
    assert "syntax errors" in found.explanation


async def test_every_candidate_of_a_request_by_hand_has_its_story() -> None:
    found = await told(Script([["one"], ["two"], ["three"]], probability=0.1), candidates=3)
    assert (found.trigger, found.threshold) == ("invoked", 0.0)
    assert [candidate.shown for candidate in found.candidates] == ["one", "two", "three"]


async def test_where_nobody_was_asked_there_is_only_a_reason() -> None:
    completer = Completer(ScriptedClient.saying("x"))
    found = story(await completer.suggest(at("na║me")), is_invoked=False, total_ms=0.1)
    assert (found.source, found.context, found.candidates, found.reason) == (None, None, [], "inside_word")


async def test_people_can_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_story(await told(Script([["compute", " ", "+", " \x1b[31munlikely"]], probability=0.8)), "python")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    for words in ("automatic", "probability", "compute", "strip_hidden", "90 of them cached", "engine"):
        assert words in shown
    print_story(story(Outcome(version=1, offset=0, reason="mid_line"), is_invoked=True, total_ms=0.0), "")
    shown = capsys.readouterr().out
    assert "nothing      mid_line: more than closing punctuation stands right of the cursor" in shown


NOTHING = story(Outcome(version=1, offset=0, reason="mid_line"), is_invoked=False, total_ms=0.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "just now"),
        (2.4, "2 s ago"),
        (119.0, "119 s ago"),
        (121.0, "2 min ago"),
        (7100.0, "118 min ago"),
        (7300.0, "2 h ago"),
    ],
)
def test_the_first_line_says_where_and_when(seconds: float, words: str) -> None:
    first = why_text(NOTHING, "python", Asked("src/a.py", 12, 5, seconds)).partition("\n")[0]
    assert first == f"asked        src/a.py:12:5, {words}"
    first = why_text(NOTHING, "python", Asked("", 1, 1, seconds, is_changed=True)).partition("\n")[0]
    assert first == f"asked        unsaved document:1:1, {words}; the text has changed since"


def test_what_came_of_it_stands_above_how_it_came() -> None:
    lines = why_text(NOTHING, "").split("\n")
    assert lines[0] == "nothing      mid_line: more than closing punctuation stands right of the cursor"
    assert lines[1] == "trigger      automatic, language unknown"


def test_other_files_are_told_with_the_reasons_to_leave_some_out() -> None:
    others = [
        OtherFile("b.py", 30, "shown to the model"),
        OtherFile("b.py", 12, "shown to the model"),
        *(OtherFile(f"built/{number}.py", 0, "git ignores it") for number in range(10)),
        OtherFile("built/0.py", 0, "git ignores it"),
        OtherFile("e\nvil.py", 0, "there is no room left for it"),
    ]
    lines = why_text(NOTHING, "python", None, others).split("\n")
    assert "files        b.py (42 characters)" in lines
    (ignored,) = [line for line in lines if line.endswith("git ignores it")]
    assert ignored.startswith("left out     built/0.py, built/1.py, ")
    assert ignored.endswith("built/7.py and 2 more: git ignores it")
    assert "left out     e\\nvil.py: there is no room left for it" in lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_cursor_is_told_by_line_and_column(end: str) -> None:
    asked = Whereabouts.of(at(f"a = 1{end}{end}b = '🎉'║{end}"))
    assert asked.place == (3, 8)


@pytest.mark.parametrize("reason", [SWITCHED_OFF, NO_ENGINE, FAILED])
def test_where_nobody_was_asked_the_text_says_why(reason: str) -> None:
    last = LastRequest(1, reason=reason, asked=Whereabouts.of(at("x = ║")), is_invoked=True)
    lines = last.text([], is_changed=False).split("\n")
    assert lines[0] == "asked        a.py:1:5, just now"
    assert lines[1] == f"nothing      {reason}: {last.story()['explanation']}"
    assert lines[2].startswith("trigger      invoked")


async def test_editors_get_the_same_in_their_spelling() -> None:
    completer = Completer(ScriptedClient.saying("compute"))
    outcome = await completer.suggest(at("x = ║", version=7))
    wire = LastRequest(7, outcome, ms=2.0).story()
    plain = msgspec.to_builtins(story(outcome, is_invoked=False, total_ms=2.0))
    assert wire["version"] == 7
    assert wire["totalMs"] == plain["total_ms"] == 2.0
    assert wire["candidates"][0]["modelText"] == plain["candidates"][0]["model_text"] == "compute"
    assert len(wire) == len(plain) + 1
    for reason in (SWITCHED_OFF, NO_ENGINE, FAILED):
        wire = LastRequest(1, reason=reason).story()
        assert (wire["reason"], wire["candidates"]) == (reason, [])
        assert len(wire["explanation"]) > 20


async def test_a_line_that_opens_what_it_does_not_close_is_for_who_asks_by_hand() -> None:
    script = Script([["values = ["]], probability=0.99)
    completer = Completer(ScriptedClient([script]))
    eager = Preferences(policy=POLICIES[Eagerness.EAGER])
    unasked = await completer.suggest(at("x = 1\n║\n"), preferences=eager)
    assert [candidate.text for candidate in unasked.suggestions] == ["values"]
    outcome = await completer.suggest(at("x = 1\n║\n", version=2), preferences=Preferences())
    assert [candidate.text for candidate in outcome.suggestions] == ["values = ["]


@pytest.mark.parametrize("source", [each.value for each in Source])
def test_where_a_text_comes_from_is_told_in_words(source: str) -> None:
    lines = why_text(msgspec.structs.replace(NOTHING, source=source), "python").split("\n")
    origin = next(line for line in lines if line.startswith("from "))
    assert source not in ("typed-through", "cache") or origin.endswith("nobody was asked")
    assert "-" not in origin  # no name of the program's own
