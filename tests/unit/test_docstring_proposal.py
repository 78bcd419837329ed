"""What of many definitions' documentation is kept, how often it is proven, and who ends that."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring import proof
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.finding import undocumented
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.proposal import Proposal, Source, propose
from glm_lsp.docstring.skeleton import Skeleton
from glm_lsp.errors import CodeTouchedError
from glm_lsp.syntax.tree import SyntaxTree

NUM = 101


class Silent:
    """Vouches for nothing."""

    async def write(self, gap: Gap) -> str | None:
        return None


class Parses:
    """Counts the parses of a proof; the texts parsed are in `texts`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self._parse = proof.parse
        monkeypatch.setattr(proof, "parse", self)

    def __call__(self, language_id: str, text: str) -> SyntaxTree | None:
        self.texts.append(text)
        self.begun.set()
        self.go_on.wait(60)
        return self._parse(language_id, text)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Parses:
    return Parses(monkeypatch)


def source() -> Source:
    text = "".join(f"def f{number}(a):\n    return a\n\n\n" for number in range(NUM))
    snapshot = DocumentSnapshot(
        uri="file:///a", path="a", language_id="python", version=1, text=text, offset=0
    )
    return Source.of(snapshot, NoSurroundings())


def plans(source: Source, bad: set[int]) -> Iterator[Plan]:
    """One for each function; those of `bad` put in code."""
    for number, entity in enumerate(undocumented(source.entities)):
        plan = source.plan(entity)
        assert plan is not None
        (insertion,) = plan.insertions
        code = (Insertion(insertion.place, Skeleton(("x = 1",))),)
        yield Plan(entity, plan.dialect, code if number in bad else plan.insertions)


async def proposed(bad: set[int]) -> Proposal:
    document = source()
    return await propose(document, list(plans(document, bad)), Silent())


@pytest.mark.parametrize(("bad", "most"), [(set(), 2), ({0}, 20), ({50}, 20), ({3, 97}, 40)])
async def test_what_touches_code_is_found_without_proving_each_alone(
    parses: Parses, bad: set[int], most: int
) -> None:
    proposal = await proposed(bad)
    assert [entity.name for entity in proposal.refused] == [f"f{number}" for number in sorted(bad)]
    assert len(proposal.documented) == NUM - len(bad)
    assert "x = 1" not in proposal.text
    assert len(parses.texts) <= most
    # The document itself is parsed once.
    assert parses.texts.count(proposal.snapshot.text) == 1


async def test_what_is_not_proven_in_time_is_refused(parses: Parses) -> None:
    proposal = await proposed(set(range(1, NUM, 2)))
    assert proposal.documented != ()
    assert len(proposal.documented) + len(proposal.refused) == NUM
    assert "x = 1" not in proposal.text
    assert len(parses.texts) <= 60


async def test_nothing_but_code_is_an_error() -> None:
    with pytest.raises(CodeTouchedError):
        await proposed(set(range(NUM)))


async def test_who_gives_up_ends_the_proof(parses: Parses) -> None:
    parses.go_on.clear()
    task = asyncio.create_task(proposed({50}))
    await asyncio.to_thread(parses.begun.wait, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    parses.go_on.set()
    await asyncio.sleep(0.2)
    assert len(parses.texts) <= 2
