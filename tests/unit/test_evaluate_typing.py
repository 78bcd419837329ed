"""The typing simulator, with a completer whose engine plays back scripts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from glm_lsp.completion.policy import Policy
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    CompletionRequest,
    Logprobs,
    PromptTokensDetails,
    Usage,
)
from glm_lsp.errors import EngineLostError, InputError
from glm_lsp.evaluate import typing_simulation as typing
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.typing_simulation import Region, Tally
from glm_lsp.evaluate.validity import is_worse
from tests.fakes.scripted_client import Script, ScriptedClient

BEFORE = "import os\n\n\n"
BELOW = "\n\n\nprint(read())\n"


def region(text: str, below: str = BELOW) -> Region:
    file = HeldOutFile("a.py", "python", BEFORE + text + below)
    return Region(file, len(BEFORE), len(BEFORE) + len(text))


class Knowing:
    """An engine that answers what its rule makes of the prompt, with the same probability for each character."""

    def __init__(self, rule, probability: float = 0.5) -> None:  # type: ignore[no-untyped-def]
        self.rule = rule
        self.probability = probability
        self.prompts: list[str] = []

    async def describe(self) -> EngineDescription:
        return EngineDescription(model="knowing", context_length=4096)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        self.prompts.append(request.prompt)
        text = self.rule(request.prompt)
        logprobs = Logprobs(list(text), [math.log(self.probability)] * len(text))
        yield chunk(Choice(index=0, text=text, logprobs=logprobs))
        yield chunk(Choice(index=0, finish_reason="stop"))
        counts = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        yield chunk(usage=Usage(**counts, prompt_tokens_details=PromptTokensDetails(cached_tokens=0)))

    async def close(self) -> None:
        """Nothing is open."""


def chunk(*choices: Choice, usage: Usage | None = None) -> CompletionChunk:
    return CompletionChunk(id="", created=0, model="", choices=list(choices), usage=usage)


def oracle(text: str):  # type: ignore[no-untyped-def]
    """Always writes the rest of the line as it stands in `text`."""

    def rest_of_line(prompt: str) -> str:
        typed = prompt.removeprefix(BEFORE)
        assert text.startswith(typed)
        return text[len(typed) :].partition("\n")[0]

    return rest_of_line


async def test_who_knows_every_line_saves_all_but_the_line_breaks() -> None:
    text = "first = alpha(1)\nsecond = beta(first)"
    tally = await typing.simulate(Knowing(oracle(text)), region(text))
    assert tally == Tally(
        num_chars=len(text), num_kept=len(text) - 1, num_asked=3, num_shown=2, num_taken=2, num_parsed=2
    )


async def test_who_says_nothing_saves_nothing() -> None:
    text = "first = alpha(1)\nsecond = beta(first)"
    tally = await typing.simulate(ScriptedClient.saying(""), region(text))
    assert tally == Tally(num_chars=len(text), num_asked=len(text))


async def test_a_wrong_hint_is_not_taken_and_counts_once_while_it_stays() -> None:
    """It begins rightly, so the person types along; then it is wrong and another one comes."""
    text = "value = first"
    tally = await typing.simulate(
        Knowing(lambda prompt: "value = other" if prompt == BEFORE else ""), region(text)
    )
    assert (tally.num_shown, tally.num_taken, tally.num_kept) == (1, 0, 0)
    assert tally.num_asked == len(text)


async def test_replaced_hints_are_counted() -> None:
    text = "value_of_first"
    words = iter(f"wrong_{i}" for i in range(99))
    tally = await typing.simulate(Knowing(lambda prompt: next(words)), region(text))
    assert tally.num_taken == 0
    assert tally.num_shown > 2
    assert tally.num_replaced == tally.num_shown - 1


async def test_hints_below_the_threshold_are_not_shown() -> None:
    text = "first = alpha(1)"
    client = Knowing(oracle(text), probability=0.6)
    assert (await typing.simulate(client, region(text), Policy(0.5))).num_taken == 1
    assert (await typing.simulate(client, region(text), Policy(0.7))).num_shown == 0


async def test_hints_that_break_the_file_are_counted() -> None:
    """The server would not show one in Python; in a language it has no grammar for nobody can tell."""
    broken = "first = alpha(1"
    assert is_worse("python", "first = 1\n", f"{broken}\n")
    assert not is_worse("python", "first = \n", "first = alpha(1)\n")
    assert is_worse("elvish", "", "((((") is None
    text = "value = first\nother = value"
    tally = await typing.simulate(Knowing(oracle(text)), region(text))
    assert (tally.num_parsed, tally.num_worse) == (tally.num_shown, 0)


async def test_indents_count_nowhere() -> None:
    text = "if first:\n        second(1)"
    client = Knowing(oracle(text))
    tally = await typing.simulate(client, region(text))
    assert tally.num_chars == len("if first:\nsecond(1)")
    assert tally.num_kept == tally.num_chars - 1
    assert client.prompts[-1].endswith("first:\n        "), "the editor has indented"


async def test_model_is_asked_each_question_once_for_all_thresholds() -> None:
    text = "first = alpha(1)"
    client = Knowing(lambda prompt: "")
    tallies = await typing.simulate_all(
        client, [region(text), region(text)], {"whole": Policy(), "half": Policy(0.5), "sure": Policy(0.9)}
    )
    assert list(tallies) == ["whole", "half", "sure"]
    assert [tally.num_asked for tally in tallies["sure"]] == [len(text)] * 2
    # Each region has a memory of its own.
    assert len(client.prompts) == 2 * len(text)


async def test_progress_counts_regions() -> None:
    seen: list[tuple[int, int]] = []
    await typing.simulate_all(
        Knowing(lambda prompt: ""),
        [region("a = 1")] * 2,
        {"whole": Policy()},
        progress=lambda *counts: seen.append(counts),
    )
    assert seen == [(1, 2), (2, 2)]


async def test_a_lost_engine_is_reported() -> None:
    client = ScriptedClient([Script([[]], error=EngineLostError("gone"))])
    with pytest.raises(EngineLostError):
        await typing.simulate_all(client, [region("a = 1")])


@pytest.mark.parametrize(
    ("hint", "rest", "taken"),
    [
        ("foo", "foo", True),
        ("foo", "foo(1)", True),
        ("foo", "foo\nbar", True),
        ("foo", "foobar", False),
        ("foo", "foo_1", False),
        ("foo(", "foo(1)", True),
        ("foo(1", "foo(12)", False),
        ("foo ", "foo bar", True),
        ("fox", "foo", False),
        ("foo bar", "foo", False),
        ("", "foo", False),
        ("  ", "  foo", False),
        ("größe", "größer", False),
    ],
)
def test_a_hint_is_taken_if_it_is_right_and_no_word_goes_on(hint: str, rest: str, taken: bool) -> None:
    assert typing.is_taken(hint, rest) is taken


@pytest.mark.parametrize(
    ("text", "at_start", "expected"),
    [("", True, 0), ("  a b", True, 3), ("  a b", False, 5), ("a\n\t b\r\n  c", True, 5), ("\n\n", False, 2)],
)
def test_typed_characters(text: str, at_start: bool, expected: int) -> None:
    assert typing.count_typed(text, at_line_start=at_start) == expected


def test_regions_are_whole_lines_of_some_length() -> None:
    text = "".join(f"    name_{i} = {i}\n" * (i % 3) + "\n" for i in range(200))
    files = [HeldOutFile("a.py", "python", text), HeldOutFile("short.py", "python", "x = 1\n")]
    regions = typing.draw_regions(files, 20, seed=1)
    assert regions == typing.draw_regions(files, 20, seed=1)
    for found in regions:
        assert found.start == 0 or text[found.start - 1] == "\n"
        assert text[found.end : found.end + 1] in ("\n", "")
        assert typing.REGION_CHARS <= found.end - found.start < typing.REGION_CHARS + 40
        assert found.text.partition("\n")[0].strip()


def test_regions_begin_at_each_line_as_often_and_none_is_enormous() -> None:
    """Two lines are too long for any region; one of them is the last and longer than lines are looked for."""
    usual = "".join(f"const name_{i} = {i};\n" for i in range(40))
    text = usual + "x" * 20_000 + "\n" + usual + "y" * 160_000
    regions = typing.draw_regions([HeldOutFile("a.js", "javascript", text)], 3000, seed=1)
    assert all(typing.REGION_CHARS <= found.end - found.start <= 2 * typing.REGION_CHARS for found in regions)
    counts = Counter(found.start for found in regions)
    assert 0 in counts, "the first line, too"
    assert 40 < len(counts) < 60
    assert max(counts.values()) < 3 * min(counts.values())
    assert not any("xx" in found.text or "yy" in found.text for found in regions)


@pytest.mark.parametrize("texts", [[], [""], ["x = 1\n" * 10], ["// head\n" * 3 + "x" * 160_000]])
def test_files_without_a_region_are_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="no file has whole lines of 300 to 600 characters"):
        typing.draw_regions([HeldOutFile("a.py", "python", text) for text in texts], 1, seed=1)


def test_ratios_are_over_all_regions() -> None:
    tallies = [
        Tally(num_chars=100, num_kept=30, num_asked=80, num_shown=10, num_taken=5, num_replaced=2),
        Tally(num_chars=300, num_kept=10, num_asked=290, num_shown=30, num_taken=5, num_replaced=10),
    ]
    scores = typing.summarise(Policy(0.4), tallies, seed=1)
    assert scores.kept_chars.value == pytest.approx(40 / 400)
    assert scores.saved_keys.value == pytest.approx(30 / 400)
    assert scores.shown_precision is not None
    assert scores.shown_precision.value == pytest.approx(10 / 40)
    assert scores.replaced is not None
    assert scores.replaced.value == pytest.approx(12 / 40)
    assert scores.shown_per_100_chars == pytest.approx(10)
    assert scores.kept_chars.low <= scores.kept_chars.value <= scores.kept_chars.high


def test_best_keeps_most_where_the_precision_is_enough() -> None:
    def at(threshold: float, kept: int, taken: int, shown: int) -> typing.TypingScores:
        tally = Tally(num_chars=100, num_kept=kept, num_shown=shown, num_taken=taken)
        return typing.summarise(Policy(threshold), [tally], seed=1)

    curve = [at(0, 30, 2, 10), at(0.5, 20, 4, 10), at(0.7, 25, 5, 10), at(0.9, 1, 1, 1), at(1, 0, 0, 0)]
    assert typing.best(curve) is curve[2]
    assert typing.best(curve[:1]) is None
    assert curve[4].shown_precision is None
