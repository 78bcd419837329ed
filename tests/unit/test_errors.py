"""The exception tree, and that docs/troubleshooting.md explains every code in it and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glm_lsp import errors
from glm_lsp.errors import GlmError, InputError

ROOT = Path(__file__).parents[2]
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
HUNDREDS = {
    "InputError": "1", "ModelError": "2", "RuntimeLibraryError": "3", "EngineError": "4", "StorageError": "5",
    "TrainingError": "6",
}  # fmt: skip


def tree(kind: type[GlmError] = GlmError) -> list[type[GlmError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in tree(child))]


def documented() -> dict[str, str]:
    """Code to its section's text."""
    parts = re.split(r"^### (GLM-\d{3}).*$", TROUBLESHOOTING.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_codes_are_unique_and_well_formed() -> None:
    # Subclasses elsewhere are internal: they show their parent's code.
    codes = [kind.code for kind in tree() if kind.__module__ == GlmError.__module__]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"GLM-\d{3}", code) for code in codes)


@pytest.mark.parametrize("kind", tree()[1:], ids=lambda kind: kind.__name__)
def test_code_has_the_hundred_of_its_branch(kind: type[GlmError]) -> None:
    branch = next(name for name in HUNDREDS if any(base.__name__ == name for base in kind.__mro__))
    assert kind.code[4] == HUNDREDS[branch]


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_to_do(kind: type[GlmError]) -> None:
    assert len(kind.remedy.split()) >= 2
    assert kind.__doc__


def test_troubleshooting_explains_exactly_the_codes_there_are() -> None:
    assert set(documented()) == {kind.code for kind in tree()}


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_troubleshooting_gives_cause_and_remedy(kind: type[GlmError]) -> None:
    text = documented()[kind.code]
    assert "**Cause.**" in text
    assert "**Remedy.**" in text
    assert len(text.split()) > 15


def test_no_error_class_stands_elsewhere() -> None:
    """Codes are given out in errors.py alone."""
    for path in (ROOT / "glm_lsp").rglob("*.py"):
        if path.name != "errors.py":
            codes = re.findall(r"code\s*=\s*[\"']GLM-", path.read_text("utf-8"))
            assert codes == [], path


def test_documents_named_in_remedies_exist() -> None:
    named = re.findall(r"\b(?:docs/\w+|README)\.md", Path(errors.__file__).read_text("utf-8"))
    missing = sorted({name for name in named if not (ROOT / name).is_file()})
    assert missing == []


def test_message_holds_code_cause_and_remedy() -> None:
    error = InputError("the cause", "The remedy.")
    assert str(error) == "GLM-100: the cause. The remedy."
    assert error.to_dict() == {"code": "GLM-100", "cause": "the cause", "remedy": "The remedy."}


def test_own_remedy_leaves_the_class_alone() -> None:
    InputError("x", "Another remedy.")
    assert InputError("x").remedy == InputError.remedy != "Another remedy."
