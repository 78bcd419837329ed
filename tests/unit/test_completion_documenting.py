"""Documentation that was just begun: where that is so, and who is asked to complete it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from glm_lsp.completion.documenting import Opening, opening_before
from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.outcome import Source
from glm_lsp.completion.policy import POLICIES, Eagerness
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.why import story
from glm_lsp.syntax.scope import Scope
from tests.fakes.scripted_client import ScriptedClient


def at(marked: str, language_id: str = "python", version: int = 1) -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri="file:///w/a",
        path="a",
        language_id=language_id,
        version=version,
        text=before + after,
        offset=len(before),
    )


@dataclass
class Clerk:
    """A `Documenter` that always has the same to say."""

    text: str | None = 'Do it."""'
    asked: list[Opening] = field(default_factory=list)

    async def finish(self, snapshot: DocumentSnapshot, opening: Opening) -> str | None:
        self.asked.append(opening)
        return self.text


@pytest.mark.parametrize(
    ("marked", "language_id", "opening"),
    [
        ('"""║', "python", Opening(0, '"""', "", "")),
        ('def f():\n    """║\n    pass', "python", Opening(13, '"""', "    ", "")),
        ('def f():\r\n\t"""║"""\r\n', "python", Opening(11, '"""', "\t", '"""')),
        ("  r'''║'''  ", "python", Opening(2, "r'''", "  ", "'''")),
        ("/**║", "javascript", Opening(0, "/**", "", "")),
        ("  /**║ */\n", "typescriptreact", Opening(2, "/**", "  ", " */")),
        ("/**║*/", "java", Opening(0, "/**", "", "*/")),
        ("///║", "rust", Opening(0, "///", "", "")),
        ("///║\nint f();", "cpp", Opening(0, "///", "", "")),
        ("/**\n * ║\n */\nf();", "javascript", Opening(0, "/**", "", "\n */", "\n * ")),
        ("/**\n * ║\nf();", "javascript", Opening(0, "/**", "", "", "\n * ")),
        ("\r\n\t/**\r\n\t *║\r\n\t */", "java", Opening(3, "/**", "\t", "\r\n\t */", "\r\n\t *")),
        ("// Area║\nfunc Area() {}", "go", Opening(0, "// Area", "", "")),
        ("\t// Área ║\r\n\tÁrea() int", "go", Opening(1, "// Área ", "\t", "")),
        ("// Package a║\npackage a", "go", Opening(0, "// Package a", "", "")),
        ("/**\n║ */", "c", Opening(0, "/**", "", " */", "\n")),
        ("/**\n║", "cpp", Opening(0, "/**", "", "", "\n")),
    ],
)
def test_openings(marked: str, language_id: str, opening: Opening) -> None:
    assert opening_before(at(marked, language_id)) == opening


@pytest.mark.parametrize(
    ("marked", "language_id"),
    [
        ("║", "python"),
        ('""║', "python"),
        ('"""║', "plaintext"),
        ('x = """║', "python"),
        ('"""║ and text', "python"),
        ("\"\"\"║'''", "python"),
        ('"""Text."""║', "python"),
        ('f"""║', "python"),
        ('b"""║', "python"),
        ('"""x║', "python"),
        ('""""║', "python"),
        ("/*║", "javascript"),
        ("/***║", "javascript"),
        ("x /**║", "javascript"),
        ("/**║ text */", "javascript"),
        ("///║", "javascript"),
        ("//║", "rust"),
        ("////║", "rust"),
        ("/**║", "python"),
        ("/**\n * ║", "python"),
        ("/**\n * x║", "javascript"),
        ("/**\n *  ║", "javascript"),
        ("/**\n * ║ text", "javascript"),
        ("/**\n\n║", "javascript"),
        ("/** Text.\n * ║", "javascript"),
        ("x /**\n * ║", "javascript"),
        ("\n * ║", "javascript"),
        (" * ║", "javascript"),
        ("///\n║", "rust"),
        ("//║\nfunc Area() {}", "go"),
        ("// Are║\nfunc Area() {}", "go"),
        ("// Area is║\nfunc Area() {}", "go"),
        ("// Area║ is\nfunc Area() {}", "go"),
        ("x // Area║\nfunc Area() {}", "go"),
        ("// Area║\n\nfunc Area() {}", "go"),
        ("// Area║", "go"),
        ("// area║\nfunction area() {}", "javascript"),
        ('"""\n    ║', "python"),
    ],
)
def test_other_places(marked: str, language_id: str) -> None:
    assert opening_before(at(marked, language_id)) is None


async def test_documentation_is_suggested_as_a_whole_without_asking_the_model_for_more() -> None:
    client, clerk = ScriptedClient.saying("no"), Clerk()
    outcome = await Completer(client, documenter=clerk).suggest(at('def f():\n    """║\n', version=7))
    (candidate,) = outcome.suggestions
    assert (candidate.text, candidate.source, candidate.score) == ('Do it."""', Source.DOCSTRING, None)
    assert (outcome.source, outcome.version, outcome.offset) == (Source.DOCSTRING, 7, 16)
    assert client.requests == []
    told = story(outcome, is_invoked=False, total_ms=1.0)
    assert (told.source, told.shown, told.reason) == ("docstring", ['Do it."""'], "")


async def test_it_goes_where_nothing_else_would() -> None:
    """Behind the cursor stands what the editor has closed by itself, which is no closing bracket."""
    client = ScriptedClient.saying("no")
    there = at("/**║ */\nf();", "javascript")
    assert (await Completer(client).suggest(there)).suggestions == ()
    assert (await Completer(client, documenter=Clerk(" Do it.")).suggest(there)).suggestions != ()


async def test_typed_through_and_asked_again() -> None:
    clerk = Clerk()
    completer = Completer(ScriptedClient.saying("no"), documenter=clerk)
    await completer.suggest(at('"""║\n', version=1))
    (candidate,) = (await completer.suggest(at('"""Do║\n', version=2))).suggestions
    assert (candidate.text, candidate.source) == (' it."""', Source.TYPED_THROUGH)
    (candidate,) = (await completer.suggest(at('"""║\n', version=3))).suggestions
    assert (candidate.text, candidate.source) == ('Do it."""', Source.CACHE)
    assert len(clerk.asked) == 1
    await completer.suggest(at('x\n"""║\n', version=4))
    assert len(clerk.asked) == 2


async def test_where_it_is_not_known_what_is_documented_the_model_goes_on() -> None:
    client = ScriptedClient.saying("Some text.")
    outcome = await Completer(client, documenter=Clerk(None)).suggest(at('"""║\n'))
    assert [candidate.text for candidate in outcome.suggestions] == ["Some text."]


@pytest.mark.parametrize(
    ("preferences", "candidates", "is_offered"),
    [
        (Preferences(), 1, True),
        (Preferences(policy=POLICIES[Eagerness.BALANCED]), 1, True),
        (Preferences(policy=POLICIES[Eagerness.SUBTLE]), 1, False),
        (Preferences(policy=POLICIES[Eagerness.SUBTLE]), 3, True),
        (Preferences(quiet_in=frozenset([Scope.STRING])), 1, False),
        (Preferences(quiet_in=frozenset([Scope.STRING])), 3, True),
        (Preferences(quiet_in=frozenset([Scope.COMMENT])), 1, True),
    ],
)
async def test_only_where_the_settings_want_it(
    preferences: Preferences, candidates: int, is_offered: bool
) -> None:
    clerk = Clerk()
    completer = Completer(ScriptedClient.saying("x", "y", "z"), documenter=clerk)
    await completer.suggest(at('"""║\n'), preferences=preferences, candidates=candidates)
    assert bool(clerk.asked) is is_offered


async def test_what_is_left_alone_is_left_alone_here_too() -> None:
    clerk = Clerk()
    snapshot = DocumentSnapshot(
        uri="file:///.env", path=".env", language_id="python", version=1, text='"""', offset=3
    )
    assert (await Completer(ScriptedClient.saying("x"), documenter=clerk).suggest(snapshot)).suggestions == ()
    assert clerk.asked == []
