"""Whatever the source is and whatever an author says: documentation is put in, or refused, and no code is touched."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tree_sitter import Node

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.comment import plan_comments
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import STYLES
from glm_lsp.docstring.docstrings import Proposal, Source, propose
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.inventory import inventory
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.sentence import vetted
from glm_lsp.errors import CodeTouchedError, GlmError, NothingToDocumentError
from glm_lsp.evaluate.syntax import parses
from tests.documentation_sources import SOURCES

pytest.importorskip("pygments", reason="glm-lsp[eval]")
from glm_lsp.evaluate.documentation.code_judge import is_same_code

HOSTILE = [
    '"""', "'''", "*/", "/*", "//", "\\", '\\"', "\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\0",
    "\x1b[31m", "`", "{", "}", "${x}", "@param", ":param x:", "Args:", "<!--", "-->", "#", "\t", "\ufeff", "\u202e",
    "😀", "e\u0301", "a" * 300, "->", "%s", "\\N{DASH}", "\\u0022", "*", "* /", "</script>", "??/", "\ud800",
]  # fmt: skip
HARMFUL = set("\0\x0b\x0c\x85\u2028\u2029\ufeff\x1b\u202e\ud800")
SPLINTERS = [
    "(", ")", "[", "]", "{", "}", "<", ">", '"', "'", "`", '"""', "'''", "/*", "*/", "/**", "//", "///", "#", "\\",
    "\n", "\r", "\r\n", "\t", " ", "\0", "\x0c", "\x0b", "\u2028", "\ufeff", "😀", "ä", ";", ":", ",", "=>", "=", "@",
    "->", "...", 'r#"', '"#', "def f(", "class A:", "function f(", "export ", "func F() {", "pub fn f() {", "return",
    "#define X \\\n", "template <", "async ", "static ", "'''doc'''", "/** doc */\n", "/// doc\n", "# doc\n", "<a>",
    "</a>", "<!--", "${", "if (", "else", "\n\n\n", "    ",
]  # fmt: skip


class HostileAuthor:
    """Says what could do harm; half of the time as a model's raw text is looked at, else unseen."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    async def write(self, gap: Gap) -> str | None:
        text = hostile(self._rng)
        return vetted(text, gap) if self._rng.random() < 0.5 else text


def hostile(rng: random.Random) -> str:
    words = ["Reads", "the", "value", *(rng.choice(HOSTILE) for _ in range(rng.randint(1, 4)))]
    rng.shuffle(words)
    return rng.choice(["", " "]).join(words)


def mutated(text: str, rng: random.Random) -> str:
    """The text with up to four accidents."""
    for _ in range(rng.randint(0, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([1, 1, 3, 10, 80]))
        match rng.randrange(9):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:]
            case 2:
                other = rng.randrange(len(text) + 1)
                text = text[:other] + text[start:end] + text[other:]
            case 3 | 4:
                text = text[:start] + rng.choice(SPLINTERS) + text[start:]
            case 5:
                text = text[: max(start, len(text) // 2)]
            case 6:
                line = rng.choice(["\r\n", "\r"])
                text = text[:start] + text[start:].replace("\n", line, rng.choice([1, 5, -1]))
            case 7:
                bracket = rng.choice(["(", "[", "{", "<", "((", "<div>", "if x {"])
                text = text[:start] + bracket * rng.choice([2, 50]) + text[start:]
            case _:
                text = text[:start] + text[start:].replace("    ", rng.choice(["\t", "", "  "]))
    return text


def source_of(language: str, text: str, rng: random.Random) -> Source:
    snapshot = DocumentSnapshot(uri="f:///a", path="a", language_id=language, version=0, text=text, offset=0)
    forced = rng.choice([None, None, *STYLES[language]])
    return Source.of(snapshot, NoSurroundings(), forced)


def plans_of(source: Source, rng: random.Random) -> Iterator[list[Plan]]:
    """Everything at once, a few by themselves, and comments above a piece of the document."""
    plans = [item.plan for item in inventory(source, private=True) if item.plan]
    yield plans
    for plan in rng.sample(plans, min(2, len(plans))):
        yield [plan]
    start, end = sorted(rng.randrange(len(source.snapshot.text) + 1) for _ in range(2))
    with suppress(NothingToDocumentError):
        yield list(plan_comments(source, start, end))


def assert_sound(source: Source, proposal: Proposal) -> None:
    language, before = source.snapshot.language_id, source.snapshot.text
    if can_be_judged(source):
        assert is_same_code(language, before, proposal.text)
    for one in proposal.documented:
        for insertion in one.insertions:
            assert 0 <= insertion.offset <= len(before)
            assert adds_no_code(insertion.text.strip(), within=one.entity.documentation is not None)
            # Indentation is the source's, whatever it is made of.
            assert not set(insertion.text) & (HARMFUL - set(before))
    assert len(proposal.text) == len(before) + sum(len(each.text) for each in proposal.insertions)


def can_be_judged(source: Source) -> bool:
    """Whether code can be told: there is no syntax error, and nothing in JSX's text looks like a comment or a quote."""
    if source.tree.root.has_error:
        return False
    if source.snapshot.language_id == "python":
        return parses(source.snapshot.text)  # the grammar takes more than Python does
    is_jsx = source.snapshot.language_id.endswith("react")
    if is_jsx and re.search(r"<\w+ \[", source.snapshot.text):
        return False  # the judge takes a comparison for a tag
    return not is_jsx or not any(
        re.search(rb"/[*/]|[\"'`]|<!--", text) for text in jsx_texts(source.tree.root)
    )


def jsx_texts(root: Node) -> Iterator[bytes]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "jsx_text":
            yield node.text or b""
        waiting += node.children


def adds_no_code(text: str, *, within: bool) -> bool:
    """Whether an insertion is documentation by itself, or does not end the one it stands in.

    Who looks at a source with a syntax error cannot say what of it is code.
    """
    if within:
        return not re.search(r"[*]/|\"\"\"|'''", text)
    if text.startswith(("//", "#")):
        return all(line.lstrip().startswith(text[0]) for line in re.split(r"\r\n?|\n", text) if line.strip())
    closing = "*/" if text.startswith("/*") else text.lstrip("r")[:3]
    return closing in {"*/", '"""', "'''"} and text.find(closing, 3) == len(text) - len(closing)


def attack(count: int, seed: int) -> Counter[str]:
    """Mutates sources and has them documented; counts what came of it."""
    outcomes: Counter[str] = Counter()
    with asyncio.Runner() as runner:
        for number in range(count):
            rng = random.Random(f"{seed}/{number}")
            language = sorted(SOURCES)[number % len(SOURCES)]
            text = mutated(SOURCES[language], rng)
            try:
                source = source_of(language, text, rng)
                for plans in plans_of(source, rng):
                    outcomes["planned"] += len(plans)
                    if not plans:
                        continue
                    try:
                        proposal = runner.run(propose(source, plans, HostileAuthor(rng)))
                    except CodeTouchedError:
                        outcomes["refused"] += len(plans)
                    else:
                        outcomes["refused"] += len(proposal.refused)
                        outcomes["documented"] += len(proposal.documented)
                        assert_sound(source, proposal)
                    outcomes["proven"] += proof_sees_harm(source, plans, rng)
            except GlmError:
                outcomes["errors"] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed}/{number}, {language}:\n{text!r}") from error
    return outcomes


# Half a character is no text, and what an escape means is not seen in a syntax tree.
_UNPROVABLE = re.compile(r"[\ud800\\\\]")


def proof_sees_harm(source: Source, plans: list[Plan], rng: random.Random) -> bool:
    """Puts unseen sentences in, and asks whether the proof sees what they do to the code."""
    raw = []
    for plan in plans:
        for insertion in plan.insertions:
            sentences = [_UNPROVABLE.sub("", hostile(rng)) or "x" for _ in insertion.skeleton.slots]
            raw.append(TextInsertion(insertion.place.offset, insertion.text(sentences, plan.dialect.width)))
    language, before = source.snapshot.language_id, source.snapshot.text
    after = inserted(before, raw)
    if not can_be_judged(source) or is_same_code(language, before, after):
        return False
    assert touches_code(language, before, after)
    return True


def test_mutated_sources() -> None:
    outcomes = attack(300, seed=1)
    print(outcomes)
    assert outcomes["documented"] > 2000
    assert outcomes["proven"] > 50
    assert outcomes["refused"] < outcomes["planned"] / 20


@pytest.mark.slow
def test_many_mutated_sources() -> None:
    outcomes = attack(5000, seed=2)
    print(outcomes)
    assert outcomes["refused"] < outcomes["planned"] / 20


@pytest.mark.parametrize("language", SOURCES)
def test_nothing_of_a_sound_source_is_refused(language: str) -> None:
    rng = random.Random(1)
    with asyncio.Runner() as runner:
        for line_end in ("\n", "\r\n"):
            source = source_of(language, SOURCES[language].replace("\n", line_end), rng)
            plans = [item.plan for item in inventory(source, private=True) if item.plan]
            assert len(plans) >= 3
            proposal = runner.run(propose(source, plans, HostileAuthor(rng)))
            assert proposal.refused == ()
            assert_sound(source, proposal)
            assert {each.documentation is None for each in source.entities} == {True, False}


@pytest.mark.parametrize("language", SOURCES)
@pytest.mark.parametrize("is_closed", [True, False])
def test_deep_nesting_ends_nothing(language: str, is_closed: bool) -> None:
    text = SOURCES[language]
    middle = text.index("\n", len(text) // 2) + 1
    deep = "(" * 20_000 + ")" * 20_000 * is_closed
    rng = random.Random(1)
    source = source_of(language, text[:middle] + deep + text[middle:], rng)
    plans = [item.plan for item in inventory(source, private=True) if item.plan]
    with asyncio.Runner() as runner, suppress(CodeTouchedError):
        assert_sound(source, runner.run(propose(source, plans, HostileAuthor(rng))))
