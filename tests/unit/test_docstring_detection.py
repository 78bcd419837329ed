"""Which dialect is found, and from what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from glm_lsp.docstring.detection import NoSurroundings, dialect_of
from glm_lsp.docstring.dialect import STYLES, Dialect, Style

GOOGLE = '"""Does it.\n\n    Args:\n        size: The size.\n    """'
NUMPY = '"""Does it.\n\n    Parameters\n    ----------\n    size : int\n        The size.\n    """'
SPHINX = '"""Does it.\n\n    :param size: the size\n    :return: the rest\n    """'
EPYDOC = '"""Does it.\n\n    @param size: the size\n    @rtype: int\n    """'
PROSE = '"""Does it."""'


@dataclass
class Elsewhere:
    texts: Sequence[str] = ()
    columns: int | None = None
    asked: list[str] = field(default_factory=list)

    def documentations(self, language_id: str) -> Sequence[str]:
        self.asked.append(language_id)
        return self.texts

    def width(self, language_id: str) -> int | None:
        return self.columns


def python(*own: str, others: Sequence[str] = (), forced: Style | None = None) -> Dialect:
    return dialect_of("python", own, Elsewhere(others), forced)


@pytest.mark.parametrize(
    ("own", "style"),
    [
        ([GOOGLE], Style.GOOGLE),
        ([NUMPY], Style.NUMPY),
        ([SPHINX], Style.SPHINX),
        ([EPYDOC], Style.SPHINX),
        ([GOOGLE, NUMPY, NUMPY], Style.NUMPY),
        ([NUMPY, GOOGLE], Style.GOOGLE),
        ([PROSE] * 20 + [SPHINX], Style.SPHINX),
        ([PROSE] * 3, Style.PLAIN),
        ([PROSE] * 2, Style.GOOGLE),
        ([], Style.GOOGLE),
        (['"""Uses :class:`Box`.\n\n    Returns: nothing of the kind.\n    """'], Style.GOOGLE),
        (['"""Usage\n    -----\n\n    Prose.\n    """'] * 3, Style.PLAIN),
        (['"""Does it.\n\n    Example:\n        f()\n    """'] * 3, Style.PLAIN),
        (['b"""Args:\n    x: y\n"""', 'f"""x"""', "not a string"], Style.GOOGLE),
    ],
)
def test_python_style(own: list[str], style: Style) -> None:
    assert python(*own).style is style


def test_others_are_asked_only_where_a_document_does_not_tell() -> None:
    elsewhere = Elsewhere([NUMPY])
    assert dialect_of("python", [SPHINX], elsewhere).style is Style.SPHINX
    assert elsewhere.asked == []
    assert dialect_of("python", [PROSE], elsewhere).style is Style.NUMPY
    assert elsewhere.asked == ["python"]


def test_own_quotes_with_the_projects_style() -> None:
    dialect = python("'''Do it.'''", others=[GOOGLE.replace("The", "the").replace("size.", "size")])
    assert (dialect.style, dialect.opening, dialect.capital, dialect.full_stop) == (
        Style.GOOGLE,
        "'''",
        False,
        False,
    )


def test_a_forced_style_with_the_habits_of_that_style() -> None:
    dialect = python(NUMPY, others=[SPHINX, SPHINX], forced=Style.SPHINX)
    assert (dialect.style, dialect.capital, dialect.returns_heading) == (Style.SPHINX, False, "return")
    assert dialect.third_person


@pytest.mark.parametrize("language_id", sorted(STYLES))
def test_a_style_of_another_language_is_left_out(language_id: str) -> None:
    alien = next(style for style in Style if style not in STYLES[language_id])
    assert dialect_of(language_id, [], NoSurroundings(), alien).style is STYLES[language_id][0]


@pytest.mark.parametrize("language_id", sorted(STYLES))
def test_each_style_of_a_language_can_be_forced(language_id: str) -> None:
    for style in STYLES[language_id]:
        assert dialect_of(language_id, [], NoSurroundings(), style).style is style


def test_doc_comments_are_looked_at() -> None:
    comment = "/** Counts.\n *\n * @param x - the x\n * @remarks More.\n */"
    assert dialect_of("javascript", [], Elsewhere([comment] * 3)).style is Style.TSDOC
    assert dialect_of("javascript", [], NoSurroundings()).style is Style.JSDOC


@pytest.mark.parametrize(
    ("docstring", "habit", "value"),
    [
        (GOOGLE, "third_person", True),
        (GOOGLE.replace("Does", "Do"), "third_person", False),
        (GOOGLE.replace("Does", "Keys"), "third_person", False),
        (GOOGLE, "opening", '"""'),
        ("r" + GOOGLE, "opening", 'r"""'),
        ("'Do it.'", "opening", ""),
        (GOOGLE, "summary_below", False),
        (GOOGLE.replace("Does", "\n    Does"), "summary_below", True),
        (GOOGLE.replace("Does", "\\\n    Does"), "summary_below", True),
        (PROSE, "is_one_line", True),
        ('"""\n    Does it.\n    """', "is_one_line", False),
        (GOOGLE, "types", False),
        (GOOGLE.replace("size:", "size (int):"), "types", True),
        (SPHINX, "types", False),
        (SPHINX.replace("param ", "param int "), "types", True),
        (EPYDOC, "types", False),
        (SPHINX.replace(":return", ":type size: int\n    :return"), "types", True),
        (SPHINX.replace(":return", ":param x: more\n    :return"), "types", False),
        (SPHINX.replace(":param size: the size\n    ", ""), "types", False),
        ('"""Does it.\n\n    Returns:\n        int: The rest.\n    """', "types", True),
        (GOOGLE, "capital", True),
        (GOOGLE, "full_stop", True),
        (SPHINX, "capital", False),
        (SPHINX, "full_stop", False),
        (NUMPY, "full_stop", True),
        (NUMPY, "types", True),
        (GOOGLE, "parameters_heading", "Args"),
        (GOOGLE.replace("Args", "Arguments"), "parameters_heading", "Arguments"),
        (GOOGLE, "has_sections", True),
    ],
)
def test_python_habits(docstring: str, habit: str, value: object) -> None:
    assert getattr(python(docstring), habit) == value


def test_who_hardly_ever_lists_is_not_taken_to_miss_it() -> None:
    assert not python(*[PROSE] * 9, GOOGLE).has_sections
    assert python(*[PROSE] * 3, GOOGLE).has_sections
    assert python(*[PROSE] * 9, GOOGLE, forced=Style.GOOGLE).has_sections
    assert not python(*[PROSE] * 9).has_sections
    assert python().has_sections


@pytest.mark.parametrize(
    ("language_id", "columns", "width"),
    [
        ("python", None, 88),
        ("rust", None, 100),
        ("java", None, 100),
        ("go", None, 100),
        ("typescript", None, 80),
        ("c", None, 80),
        ("python", 79, 79),
        ("c", 100, 100),
        ("python", 320, 120),
    ],
)
def test_width(language_id: str, columns: int | None, width: int) -> None:
    assert dialect_of(language_id, [], Elsewhere((), columns)).width == width


def test_comments_have_one_form_whatever_tells_the_style() -> None:
    dialect = dialect_of("cpp", ["/// A boat."], NoSurroundings())
    assert (dialect.style, dialect.opening, dialect.has_brief) == (Style.DOXYGEN, "///", False)


def test_prose_about_what_has_no_signature_tells_nothing_about_tags() -> None:
    prose = ["/** A boat. */"] * 5
    assert dialect_of("java", prose, NoSurroundings(), signed=prose).style is Style.PLAIN
    assert dialect_of("java", prose, NoSurroundings(), signed=prose[:2]).has_sections
    tagged = "/**\n * Sails.\n *\n * @return how far\n */"
    assert dialect_of("java", [*prose, tagged], NoSurroundings(), signed=[tagged]).has_sections
    assert not dialect_of("java", [*prose, tagged], NoSurroundings()).has_sections


def test_whoever_wishes_a_style_gets_its_tags() -> None:
    few = ["/** A boat. */"] * 9 + ["/** @return x */"]
    assert not dialect_of("java", few, NoSurroundings()).has_sections
    assert dialect_of("java", few, NoSurroundings(), Style.JAVADOC).has_sections
    assert not dialect_of("java", few, NoSurroundings(), Style.PLAIN).has_sections


def test_what_has_no_docstring_yet_counts_for_who_leaves_sections_out() -> None:
    def has_sections(num_bare: int, num_signed: int, *listing: str) -> bool:
        signed = [*[PROSE] * num_bare, *listing]
        return dialect_of(
            "python", signed, NoSurroundings(), None, signed, num_signed=num_signed
        ).has_sections

    assert not has_sections(1, 1)
    assert has_sections(1, 4)
    assert not has_sections(9, 10, GOOGLE)
    assert has_sections(9, 12, GOOGLE)
    # As if the three without one had got theirs in the meantime.
    assert has_sections(9, 12, *[GOOGLE] * 3)
    assert not has_sections(10, 12, *[GOOGLE] * 2)
