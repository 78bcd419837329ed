"""Whatever the source is and whatever an author says: documentation is put in, or refused, and no code is touched."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from tree_sitter import Node

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.comment import plan_comments
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import STYLES
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.inventory import inventory
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.proposal import Proposal, Source, propose
from glm_lsp.docstring.vetting.sentence import vetted
from glm_lsp.errors import CodeTouchedError, GlmError, NothingToDocumentError
from glm_lsp.evaluate.syntax import parses
from tests.documentation_sources import SOURCES

pytest.importorskip("pygments", reason="glm-lsp[eval]")
from glm_lsp.evaluate.documentation.code_judge import is_same_code, tokens

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


def assert_sound(source: Source, proposal: Proposal) -> Counter[str]:
    """Judges what was put in; counts who could."""
    language, before = source.snapshot.language_id, source.snapshot.text
    verdict = "judged" if can_be_judged(source) else "unjudged"
    if verdict == "judged":
        assert is_same_code(language, before, proposal.text)
    assert_insertions(before, proposal)
    if not language.endswith("react"):
        return Counter([verdict]) + lexed(language, before, proposal.insertions)
    if source.tree.root.has_error:  # the lexer does not find out of a tag that nothing closes
        return Counter([verdict, "broken JSX"])
    return Counter([verdict, f"JSX {verdict}"]) + lexed(language, before, proposal.insertions)


def assert_insertions(before: str, proposal: Proposal) -> None:
    for one in proposal.documented:
        for insertion in one.insertions:
            assert 0 <= insertion.offset <= len(before)
            assert adds_no_code(insertion.text.strip(), within=one.entity.documentation is not None)
            # Indentation is the source's, whatever it is made of.
            assert not set(insertion.text) & (HARMFUL - set(before))
    rest, end = [], 0
    for each in proposal.insertions:
        rest.append(before[end : each.offset])
        end = each.offset
    parts = [
        part for piece, each in zip(rest, proposal.insertions, strict=True) for part in (piece, each.text)
    ]
    assert "".join([*parts, before[end:]]) == proposal.text


def lexed(language: str, before: str, insertions: Sequence[TextInsertion]) -> Counter[str]:
    """Looks at each insertion as a lexer does that knows nothing of syntax: it is a comment or a docstring there.

    Where the lexer takes the place for the middle of something else, as behind a quote that nothing closes, it cannot
    say. Sources with errors are judged in this way, too.
    """
    found: Counter[str] = Counter()
    kinds, added = kinds_of(language, before), kinds_of(language, inserted(before, insertions))
    shift = 0
    for each in insertions:
        here = kinds[max(each.offset - 1, 0) : each.offset + 1]
        there = added[each.offset + shift : each.offset + shift + len(each.text)]
        shift += len(each.text)
        if len(here) == 2 and here[0] == here[1] and kinds_are_code(here[:1]):
            found["unlexed"] += 1
        else:
            found["lexed"] += 1
            assert not kinds_are_code(there), each
    return found


def kinds_of(language: str, text: str) -> list[int]:
    """For each character the number of the token it is in, negative in comments and blanks."""
    kinds: list[int] = []
    # As the lexer would do it, but each character stays one.
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\ufeff", " ")
    for number, (kind, piece) in enumerate(tokens(language, text), start=1):
        kinds += [-number if kind == "comment" or not piece.strip() else number] * len(piece)
    return kinds


def kinds_are_code(kinds: list[int]) -> bool:
    return any(kind > 0 for kind in kinds)


def can_be_judged(source: Source) -> bool:
    """Whether code can be told: there is no syntax error, and nothing in JSX that its lexer takes for something else:
    comments or quotes in the text, a comparison for a tag."""
    if source.tree.root.has_error:
        return False
    if source.snapshot.language_id == "python":
        return parses(source.snapshot.text)  # the grammar takes more than Python does
    if not source.snapshot.language_id.endswith("react"):
        return True
    return not any(
        (node.type == "<" and owner == "binary_expression")
        or (node.type == "jsx_text" and re.search(rb"/[*/]|[\"'`]|<!--", node.text or b""))
        for node, owner in nodes(source.tree.root)
    )


def nodes(root: Node) -> Iterator[tuple[Node, str]]:
    """Every node with the type of the one it is in."""
    waiting = [(root, "")]
    while waiting:
        node, owner = waiting.pop()
        yield node, owner
        waiting += [(child, node.type) for child in node.children]


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
                        outcomes += assert_sound(source, proposal)
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


@pytest.mark.parametrize(
    ("language", "before", "text", "verdict"),
    [
        ("python", "def f(:\n    pass\n", "    x = 1\n", None),
        ("python", "def f(:\n    pass\n", "    # x\n", "lexed"),
        ("python", "def f(:\r    pass\r", '    """Does it."""\r', "lexed"),
        ("c", "int f({\n    1;\n", "    /** x */ y\n", None),
        ("c", "int f({\n    1;\n", "    /** x */\n", "lexed"),
        ("java", 'class A {\n"a\n" +\n', "/** x */", "lexed"),
        ("go", "var a = `\n` + 1\n", "// x", "unlexed"),
    ],
)
def test_the_lexer_tells_comments_from_code_in_broken_sources(
    language: str, before: str, text: str, verdict: str | None
) -> None:
    insertion = TextInsertion(max(before.find("\n"), before.find("\r")) + 1 - (verdict == "unlexed"), text)
    if verdict:
        assert lexed(language, before, [insertion]) == {verdict: 1}
    else:
        with pytest.raises(AssertionError):
            lexed(language, before, [insertion])


def test_mutated_sources() -> None:
    outcomes = attack(60, seed=1)
    print(outcomes)
    assert_much_was_done(outcomes, documented=400, refused=0.05)


@pytest.mark.slow
def test_many_mutated_sources() -> None:
    outcomes = attack(5000, seed=2)
    print(outcomes)
    assert_much_was_done(outcomes, documented=50_000, refused=0.02)


def assert_much_was_done(outcomes: Counter[str], *, documented: int, refused: float) -> None:
    assert outcomes["documented"] >= documented
    assert outcomes["refused"] < refused * outcomes["planned"]
    assert outcomes["proven"] >= documented / 80
    assert outcomes["judged"] > outcomes["unjudged"] / 4
    assert outcomes["JSX judged"] > 4 * outcomes["JSX unjudged"]
    assert outcomes["lexed"] > 20 * outcomes["unlexed"]


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
    plans = [item.plan for item in inventory(source, private=True) if item.plan][:3]
    with asyncio.Runner() as runner, suppress(CodeTouchedError):
        assert_insertions(source.snapshot.text, runner.run(propose(source, plans, HostileAuthor(rng))))
