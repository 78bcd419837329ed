"""Edits that race with answers: whatever is shown fits the text that the server had when it answered."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///races.py"


class Race:
    """One request and one edit, at times that are left to chance."""

    def __init__(self, client: LspClient, rng: random.Random, number: int) -> None:
        self.client = client
        self.rng = rng
        self.version = 10 * number
        self.line = f"value_{number} = {number}"
        self.suggestion = f"echo({self.line})"
        self.typed: str | None = ""

    async def run(self) -> str:
        """The outcome in a word; `stale` is the one that must not be."""
        client = self.client
        client.change(URI, self.version, {"text": f"# head\n{self.line}\n# tail\n"})
        answer = client.ask(URI, 1, len(self.line))
        await asyncio.sleep(self.rng.random() * 0.05)
        self.edit(
            self.rng.choice(("nothing", "types along", "types else", "above", "below", "deletes", "undoes"))
        )
        barrier = client.send("glm/status")
        items = (await answer)["items"]
        await barrier
        order = [client.replied.index(future.id) for future in (answer, barrier)]  # type: ignore[attr-defined]
        outcome = self.judge(items, self.typed)
        if outcome == "stale" and order[0] < order[1]:
            # Answered before the edit was read: it fits the text before, and the editor knows of its own edit.
            outcome = self.judge(items, "")
        return outcome

    def edit(self, kind: str) -> None:
        """Makes an edit and notes what it means: the text typed at the cursor, or None for a change elsewhere."""
        column = len(self.line)
        if kind == "types along":
            size = self.rng.randrange(1, 5)
            self.typed = self.suggestion[:size]
            self.client.change(URI, self.version + 1, insertion(1, column, self.typed))
        elif kind == "types else":
            self.typed = "#"
            self.client.change(URI, self.version + 1, insertion(1, column, "#"))
        elif kind in ("above", "below"):
            self.typed = None
            self.client.change(URI, self.version + 1, insertion(0 if kind == "above" else 2, 0, "# more\n"))
        elif kind == "deletes":
            self.typed = None
            places = [{"line": 1, "character": column - 1}, {"line": 1, "character": column}]
            change = {"range": {"start": places[0], "end": places[1]}, "text": ""}
            self.client.change(URI, self.version + 1, change)
        elif kind == "undoes":
            self.client.change(URI, self.version + 1, insertion(1, column, "x"))
            places = [{"line": 1, "character": column}, {"line": 1, "character": column + 1}]
            self.client.change(
                URI, self.version + 2, {"range": {"start": places[0], "end": places[1]}, "text": ""}
            )

    def judge(self, items: list[dict[str, object]], typed: str | None) -> str:
        if not items:
            return "empty"
        place = {"line": 1, "character": len(self.line) + len(typed or "")}
        fits = typed is not None and items == [
            {"insertText": self.suggestion[len(typed) :], "range": {"start": place, "end": place}}
        ]
        if not fits or not self.suggestion.startswith(typed or ""):
            return "stale"
        return "typed along" if typed else "whole"


async def race(lab: Lab, num_races: int, seed: int) -> Counter[str]:
    client = await lab.start("--delay-ms", "3")
    client.open(URI, "")
    rng = random.Random(seed)
    return Counter([await Race(client, rng, number).run() for number in range(1, num_races + 1)])


async def test_no_stale_text_in_300_races(own_lab: Lab) -> None:
    outcomes = await race(own_lab, 300, seed=1)
    print(f"races: {dict(outcomes)}")
    assert outcomes["stale"] == 0
    # They were races: answers came from before and after the edits.
    assert min(outcomes["whole"], outcomes["empty"], outcomes["typed along"]) >= 5


@pytest.mark.slow
async def test_no_stale_text_in_2000_races(own_lab: Lab) -> None:
    outcomes = await race(own_lab, 2000, seed=2)
    assert outcomes["stale"] == 0


async def test_typing_ahead_of_the_answers_ends_with_the_right_one(own_lab: Lab) -> None:
    """As Neovim does: a request with each key, none cancelled, some keys faster than the engine."""
    client = await own_lab.start("--delay-ms", "3")
    client.open(URI, "")
    rng = random.Random(5)
    line, answers = "", []
    for number, char in enumerate("result = compute(first, second)[0]"):
        client.change(URI, number + 2, insertion(0, number, char))
        line += char
        answers.append(client.ask(URI, 0, number + 1))
        await asyncio.sleep(rng.random() * 0.05)
    results = [(await answer)["items"] for answer in answers]
    assert [item["insertText"] for item in results[-1]] == [f"echo({line})"]
