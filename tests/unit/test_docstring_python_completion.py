"""Python docstrings that lack something: what is put in, and where."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.entity import Documentation, Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.source_tree import parse
from glm_lsp.docstring.styles.known import styling_of

PARAMETERS = (
    Parameter(name="size", type="int"),
    Parameter(name="mode", default="None", is_optional=True),
    Parameter(name="rest", kind=ParameterKind.VARIADIC),
)
LISTING = Dialect(style=Style.GOOGLE, has_sections=True)
HEAD = "def f(size, mode, *rest):\n    "


def completed(docstring: str, dialect: Dialect = LISTING, **parts: object) -> str:
    """The docstring with what it lacks, each sentence its slot's kind and name."""
    source = HEAD + docstring + "\n"
    entity = Entity(
        **{  # type: ignore[arg-type]
            "kind": EntityKind.FUNCTION,
            "name": "f",
            "start": 0,
            "end": len(source),
            "header_end": len(HEAD),
            "parameters": PARAMETERS,
            "returns": Returned("bool"),
            "raises": ("errors.GoneError",),
            "documentation": Documentation(len(HEAD), len(HEAD) + len(docstring), docstring, "    "),
            **parts,
        }
    )
    insertions = styling_of(dialect.style, "python").missing(entity, dialect)
    texts = [
        TextInsertion(
            insertion.place.offset,
            insertion.text([slot.name or slot.kind.name.lower() for slot in insertion.skeleton.slots], 88),
        )
        for insertion in insertions
    ]
    assert len({text.offset for text in texts}) == len(texts)
    assert all(text.text for text in texts)
    after = inserted(source, texts)
    ast.parse(after)
    return after.removeprefix(HEAD).removesuffix("\n")


def test_a_line_becomes_a_whole_docstring() -> None:
    assert completed('"""Do it."""') == (
        '"""Do it.\n\n'
        "    Args:\n        size: size\n        mode: mode\n        *rest: rest\n\n"
        "    Returns:\n        returns\n\n"
        "    Raises:\n        errors.GoneError: errors.GoneError\n"
        '    """'
    )


def test_entries_go_where_the_signature_has_them() -> None:
    before = (
        '"""Do it.\n\n'
        '    Args:\n        mode: How to do it,\n            or not.\n        old: Gone.\n    """'
    )
    after = completed(before, returns=None, raises=())
    assert after == (
        '"""Do it.\n\n    Args:\n        size: size\n        mode: How to do it,\n            or not.\n'
        '        *rest: rest\n        old: Gone.\n    """'
    )


def test_entries_behind_all_when_none_is_known() -> None:
    before = '"""Do it.\n\n    Args:\n        old: Gone.\n    """'
    after = completed(before, returns=None, raises=(), parameters=PARAMETERS[:1])
    assert after == '"""Do it.\n\n    Args:\n        old: Gone.\n        size: size\n    """'


def test_sections_go_between_those_that_are_there() -> None:
    before = (
        '"""Do it.\n\n    Args:\n        size: A.\n        mode: B.\n        *rest: C.\n\n'
        '    Raises:\n        GoneError: D.\n\n    Example:\n        >>> f()\n    """'
    )
    assert completed(before) == before.replace("    Raises:", "    Returns:\n        returns\n\n    Raises:")


def test_sections_go_ahead_of_examples() -> None:
    before = '"""Do it.\n\n    Examples\n    --------\n    >>> f()\n    """'
    after = completed(before, Dialect(style=Style.NUMPY, has_sections=True), parameters=(), raises=())
    assert after == before.replace(
        "    Examples", "    Returns\n    -------\n    bool\n        returns\n\n    Examples"
    )


def test_two_things_behind_one_line() -> None:
    before = '"""Do it.\n\n    Args:\n        size: A.\n        mode: B.\n\n    More.\n    """'
    assert completed(before) == (
        '"""Do it.\n\n    Args:\n        size: A.\n        mode: B.\n        *rest: rest\n\n'
        "    Returns:\n        returns\n\n    Raises:\n        errors.GoneError: errors.GoneError\n\n"
        '    More.\n    """'
    )


def test_numpy_in_a_project_of_another_style() -> None:
    before = (
        '"""\n    Do it.\n\n'
        '    Parameters\n    ----------\n    size : int\n        A.\n    *rest\n        C.\n    """'
    )
    assert completed(before, raises=()) == (
        '"""\n    Do it.\n\n    Parameters\n    ----------\n    size : int\n        A.\n    mode\n'
        "        mode\n    *rest\n        C.\n\n    Returns\n    -------\n    bool\n        returns\n"
        '    """'
    )


def test_sphinx_with_types_as_it_has_them() -> None:
    before = '"""Do it.\n\n    :param mode: B,\n      or not.\n    :type mode: str\n    """'
    assert completed(before) == (
        '"""Do it.\n\n    :param size: size\n    :type size: int\n    :param mode: B,\n      or not.\n'
        "    :type mode: str\n    :param rest: rest\n    :returns: returns\n    :rtype: bool\n"
        '    :raises errors.GoneError: errors.GoneError\n    """'
    )


def test_fields_are_put_ahead_of_examples() -> None:
    before = '"""Do it.\n\n    Example:\n        f()\n    """'
    after = completed(before, Dialect(style=Style.SPHINX, has_sections=True), returns=None, raises=())
    assert after == before.replace(
        "    Example", "    :param size: size\n    :param mode: mode\n    :param rest: rest\n\n    Example"
    )


def test_epydoc_keeps_its_mark() -> None:
    before = '"""Do it.\n\n    @param size: A.\n    @return: D.\n    """'
    assert completed(before, raises=(), parameters=PARAMETERS[:2]) == before.replace(
        "    @return", "    @param mode: mode\n    @return"
    )


def test_closing_quotes_get_a_line_of_their_own() -> None:
    before = '"""Do it.\n\n    :param size: A."""'
    after = completed(before, returns=None, raises=(), parameters=PARAMETERS[:2])
    assert after == '"""Do it.\n\n    :param size: A.\n    :param mode: mode\n    """'


def test_narrow_indentation_is_followed() -> None:
    before = '"""Do it.\n\n    Args:\n      size: A.\n    """'
    after = completed(before, raises=(), parameters=PARAMETERS[:2])
    assert (
        after
        == '"""Do it.\n\n    Args:\n      size: A.\n      mode: mode\n\n    Returns:\n      returns\n    """'
    )


def test_line_breaks_of_windows_stay() -> None:
    before = '"""Do it.\r\n\r\n    Args:\r\n        size: A.\r\n    """'
    after = completed(before, returns=None, raises=(), parameters=PARAMETERS[:2])
    assert after == before.replace("A.", "A.\n        mode: mode")


def test_types_are_given_where_the_others_have_them() -> None:
    before = '"""Do it.\n\n    Args:\n        mode (str): B.\n    """'
    after = completed(before, returns=None, raises=(), parameters=PARAMETERS[:2])
    assert after == before.replace("        mode", "        size (int): size\n        mode")


@pytest.mark.parametrize(
    "docstring",
    [
        (
            '"""Do it.\n\n    Args:\n        size: A.\n        mode, rest: B.\n\n'
            '    Returns:\n        C.\n\n    Raises:\n        GoneError: D.\n    """'
        ),
        (
            '"""Return it.\n\n'
            "    Args:\n        size (int): A.\n        mode: B.\n        rest - C.\n\n"
            '    Raises:\n        errors.GoneError: D.\n    """'
        ),
        (
            '"""Do it.\n\n    Parameters\n    ----------\n    size, mode\n    *rest : int\n\n'
            '    Returns\n    -------\n    bool\n\n    Raises\n    ------\n    GoneError\n    """'
        ),
        (
            '"""Do it.\n\n'
            "    :param int size: A.\n    :param mode: B.\n    :param *rest: C.\n"
            '    :return: D.\n    :raise GoneError: E.\n    """'
        ),
    ],
)
def test_nothing_where_nothing_lacks(docstring: str) -> None:
    assert completed(docstring) == docstring


@pytest.mark.parametrize(
    "docstring",
    [
        "'Do it.'",
        '"Do it."',
        '"""Do it.""" """Or not."""',
        '"""Do it. \\\n    """',
        (
            '"""Do it.\n\n'
            '    Args:\n        the size is what it is\n    Returns: a thing.\n    Raises: GoneError.\n    """'
        ),
        (
            '"""Do it.\n\n'
            '    Args:\n    size: what it is\n    Returns: a thing.\n    Raises: GoneError.\n    """'
        ),
        '"""Args:\n        old: Gone.\n    """ ""',
        '"""Do it.\n\n    Parameters:\n    size (int):\n        What it is.\n    """',
        '"""Do it.\n\n    Args:\n        the size of it\n    """',
        '"""Args:\n        old: Gone.\n    """',
    ],
)
def test_nothing_where_no_place_is_sure(docstring: str) -> None:
    assert completed(docstring) == docstring


def test_prose_is_left_alone_where_nobody_lists() -> None:
    quiet = Dialect(style=Style.GOOGLE, has_sections=False)
    assert completed('"""Do it."""', quiet) == '"""Do it."""'
    assert completed('"""Do it."""', Dialect(style=Style.PLAIN)) == '"""Do it."""'
    # A docstring with sections of its own is completed all the same.
    own = '"""Do it.\n\n    Args:\n        size: A.\n    """'
    assert "*rest: rest" in completed(own, quiet)
    assert "*rest: rest" in completed(own, Dialect(style=Style.PLAIN))


def test_a_property_is_a_value() -> None:
    assert completed('"""Do it."""', kind=EntityKind.PROPERTY, parameters=(), raises=()) == '"""Do it."""'


def test_attributes_only_where_some_are_listed() -> None:
    parts = {
        "kind": EntityKind.CLASS,
        "parameters": (),
        "returns": None,
        "raises": (),
        "attributes": PARAMETERS[:2],
    }
    assert completed('"""A thing."""', **parts) == '"""A thing."""'
    before = '"""A thing.\n\n    Attributes:\n        size: A.\n    """'
    assert completed(before, **parts) == before.replace("A.\n", "A.\n        mode: mode\n")


@pytest.mark.parametrize(
    ("docstring", "dialect", "expected"),
    [
        ('""""""', Dialect(style=Style.PLAIN), '"""summary"""'),
        ("''''''", Dialect(style=Style.PLAIN), "'''summary'''"),
        ('"""\n    """', Dialect(style=Style.PLAIN), '"""summary\n    """'),
        ('""""""', Dialect(style=Style.PLAIN, is_one_line=False), '"""summary\n    """'),
        ('""""""', LISTING, '"""summary\n\n    Args:\n        size: size\n    """'),
        ('"""\\\n    """', LISTING, '"""\\\n    """'),
    ],
)
def test_an_empty_docstring_is_filled(docstring: str, dialect: Dialect, expected: str) -> None:
    assert completed(docstring, dialect, parameters=PARAMETERS[:1], returns=None, raises=()) == expected


KEYWORDS_ONLY = '"""Do it.\n\n    Keyword Args:\n        by: by\n\n    Returns:\n        returns\n    """'


def test_keyword_sections_get_what_is_given_by_name_only() -> None:
    parts: dict[str, object] = {
        "parameters": (
            Parameter(name="size"),
            Parameter(name="by", is_by_name=True),
            Parameter(name="at", is_by_name=True),
        ),
        "raises": (),
    }
    assert completed(KEYWORDS_ONLY, **parts) == KEYWORDS_ONLY.replace(
        "    Keyword Args:\n        by: by\n",
        "    Args:\n        size: size\n\n    Keyword Args:\n        by: by\n        at: at\n",
    )
    with_args = KEYWORDS_ONLY.replace("    Keyword", "    Args:\n        other: other\n\n    Keyword")
    assert completed(with_args, **parts) == with_args.replace(
        "other: other\n", "other: other\n        size: size\n"
    ).replace("by: by\n", "by: by\n        at: at\n")


def test_other_parameters_of_numpy_are_not_the_first_ones() -> None:
    before = '"""Do it.\n\n    Other Parameters\n    ----------------\n    mode\n        mode\n    """'
    parts: dict[str, object] = {"parameters": PARAMETERS[:2], "returns": Returned("bool"), "raises": ()}
    assert completed(before, replace(LISTING, style=Style.NUMPY), **parts) == (
        '"""Do it.\n\n    Parameters\n    ----------\n    size : int\n        size\n\n'
        "    Other Parameters\n    ----------------\n    mode\n        mode\n\n"
        '    Returns\n    -------\n    bool\n        returns\n    """'
    )


def test_a_docstring_behind_the_signature_is_completed_as_deep_as_a_body() -> None:
    source = 'def f(x): """Sum."""\n'
    tree = parse("python", source)
    assert tree is not None
    entity = next(one for one in find_entities(tree) if one.name == "f")
    [insertion] = styling_of(Style.GOOGLE).missing(entity, LISTING)
    outcome = inserted(source, [TextInsertion(insertion.place.offset, insertion.text(["what"], 88))])
    assert outcome == 'def f(x): """Sum.\n\n    Args:\n        x: what\n    """\n'
    assert ast.get_docstring(ast.parse(outcome).body[0]) == "Sum.\n\nArgs:\n    x: what"  # type: ignore[arg-type]
