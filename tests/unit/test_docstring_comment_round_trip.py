"""What is written is read again, whatever the entity; what is taken away is put back."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.entity import Documentation, Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.styles.known import styling_of
from tests.doc_comments import LANGUAGES, dialect

_TAGGED = (Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN)
_SIGNED = [EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR, EntityKind.CLASS]
_NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
_WORDS = st.lists(
    st.text(string.ascii_letters + string.digits + "-'(),.:;*+#`<>[]{}", min_size=1, max_size=12)
    # No tag and no heading by chance, and nothing that ends the comment.
    .filter(lambda word: "*/" not in word and not word.startswith(("#", "-", "*", "```"))),
    min_size=1,
    max_size=30,
).map(lambda words: " ".join(["Words", *words]))
_SOURCES = st.sampled_from(
    ["", "number", "{ a: { b: string } }", "Map<string, [number, string]>", "() => void", "'}'"]
)
_DEFAULTS = st.sampled_from(["", "1", "[1, [2]]", "{}", "'a b'", "f(x)"])


@st.composite
def _entities(draw: st.DrawFn) -> Entity:
    names = draw(st.lists(_NAMES, max_size=5, unique=True))
    parameters = [
        Parameter(
            name=name,
            type=draw(_SOURCES),
            default=draw(_DEFAULTS),
            kind=draw(st.sampled_from([ParameterKind.PLAIN, ParameterKind.PLAIN, ParameterKind.VARIADIC])),
            is_optional=draw(st.booleans()),
            parts=tuple(draw(st.lists(_NAMES, max_size=2, unique=True))),
        )
        for name in names
    ]
    exceptions = draw(st.lists(_NAMES.map(lambda name: f"{name}Error"), max_size=2, unique=True))
    does_yield, does_return = draw(st.booleans()), draw(st.booleans())
    return Entity(
        kind=draw(st.sampled_from(_SIGNED)),
        name="send",
        start=0,
        end=1,
        header_end=1,
        parameters=tuple(parameters),
        type_parameters=tuple(draw(st.lists(_NAMES, max_size=2, unique=True))),
        returns=Returned(draw(_SOURCES)) if does_return and not does_yield else None,
        yields=Returned(draw(_SOURCES)) if does_yield else None,
        raises=tuple(exceptions),
        is_fallible=draw(st.booleans()),
        is_async=draw(st.booleans()),
        is_unsafe=draw(st.booleans()),
        may_panic=draw(st.booleans()),
    )


_HABITS = st.fixed_dictionaries(
    {
        "types": st.booleans(),
        "dash": st.booleans(),
        "summary_below": st.booleans(),
        "is_one_line": st.booleans(),
        "has_brief": st.booleans(),
        "has_sections": st.just(True),
        "command": st.sampled_from("@\\"),
        "opening": st.sampled_from(["", "/**", "/*!", "///", "//!"]),
        "width": st.integers(30, 120),
    }
)
_INDENTS = st.sampled_from(["", "  ", "\t"])
_FEW = settings(max_examples=40, deadline=None)


def _assert_told(style: Style, what: Entity, text: str) -> None:
    read = styling_of(style, LANGUAGES[style]).read(text)
    assert read.parameters == tuple(parameter.name for parameter in what.parameters)
    assert read.type_parameters == what.type_parameters
    assert read.raises == what.raises
    comes_back = (what.returns or what.yields) and what.kind in (EntityKind.FUNCTION, EntityKind.METHOD)
    assert (read.has_returns or read.has_yields) is bool(comes_back)
    assert read.has_yields is bool(comes_back and what.yields and style is Style.JSDOC)


@pytest.mark.parametrize("style", _TAGGED)
@_FEW
@given(what=_entities(), habits=_HABITS, indent=_INDENTS, words=_WORDS)
def test_written_and_read(
    style: Style, what: Entity, habits: dict[str, object], indent: str, words: str
) -> None:
    spoken = dialect(style, **habits)
    skeleton = styling_of(style, LANGUAGES[style]).skeleton(what, spoken)
    text = skeleton.text([words] * len(skeleton.slots), indent, spoken.width)
    _assert_told(style, what, text)


@_FEW
@given(what=_entities(), width=st.integers(30, 120), words=_WORDS)
def test_written_and_read_in_rust(what: Entity, width: int, words: str) -> None:
    styling, spoken = styling_of(Style.RUSTDOC), dialect(Style.RUSTDOC, has_sections=True)
    skeleton = styling.skeleton(what, spoken)
    read = styling.read(skeleton.text([words] * len(skeleton.slots), "    ", width))
    is_class = what.kind is EntityKind.CLASS
    assert read.parameters == (() if is_class else tuple(parameter.name for parameter in what.parameters))
    assert read.has_returns is bool(what.returns and what.kind in (EntityKind.FUNCTION, EntityKind.METHOD))


@pytest.mark.parametrize("style", [*_TAGGED, Style.RUSTDOC])
@_FEW
@given(
    what=_entities(),
    habits=_HABITS,
    blanks=st.tuples(_INDENTS, st.sampled_from(["\n", "\r\n"])),
    data=st.data(),
)
def test_what_is_taken_away_is_put_back(
    style: Style, what: Entity, habits: dict[str, object], blanks: tuple[str, str], data: st.DataObject
) -> None:
    indent, line_break = blanks
    styling, spoken = styling_of(style, LANGUAGES[style]), dialect(style, **habits)
    kept = data.draw(st.sets(st.sampled_from([parameter.name for parameter in what.parameters] or [""])))
    less = replace(
        what,
        parameters=tuple(parameter for parameter in what.parameters if parameter.name in kept),
        type_parameters=what.type_parameters if data.draw(st.booleans()) else (),
        returns=what.returns if data.draw(st.booleans()) else None,
        yields=what.yields if data.draw(st.booleans()) else None,
        raises=what.raises[: data.draw(st.integers(0, 2))],
        is_fallible=what.is_fallible and data.draw(st.booleans()),
        is_unsafe=what.is_unsafe and data.draw(st.booleans()),
    )
    skeleton = styling.skeleton(less, spoken)
    before = skeleton.text(["Some words."] * len(skeleton.slots), indent, spoken.width).replace(
        "\n", line_break
    )
    there = replace(what, documentation=Documentation(0, len(before), before, indent))
    edits = [
        TextInsertion(
            insertion.place.offset,
            insertion.text(["Other words."] * len(insertion.skeleton.slots), 80).replace("\n", line_break),
        )
        for insertion in styling.missing(there, spoken)
    ]
    after = inserted(before, edits)
    _only_grew(before, after, edits)
    if style is not Style.RUSTDOC:
        _assert_told(style, what, after)
    # Nothing is missing any more, and all stands in the order of the signature.
    whole = replace(what, documentation=Documentation(0, len(after), after, indent))
    assert styling.missing(whole, spoken) == ()
    fresh = styling.skeleton(what, spoken)
    assert styling.read(after) == styling.read(
        fresh.text(["Some words."] * len(fresh.slots), indent, spoken.width)
    )


def _only_grew(before: str, after: str, edits: list[TextInsertion]) -> None:
    assert len(after) == len(before) + sum(len(edit.text) for edit in edits)
    remaining = iter(after)
    assert all(sign in remaining for sign in before)
    assert "*/" not in after[:-2]
    assert all(line == line.rstrip() for line in after.split("\n")) or "\r" in after


_PIECES = st.sampled_from(
    [
        *[
            "",
            "",
            "Sends.",
            "  More of it.",
            "- `a`: x",
            "* b - y",
            "```",
            "~~~",
            "{@link X}",
            "{@code",
            "}",
            "\t",
            "...",
        ],
        *[
            "@param a x",
            "@param  {T} [b=[1]] - y",
            "\\param[in] c",
            "@arg {{ x: 1 }} a",
            "@param a.x y",
            "@param",
            "@x:",
        ],
        *[
            "@returns {T} x",
            "\\return",
            "@throws {E} x",
            "@throws",
            "@template T",
            "@param <T> x",
            "@tparam T",
        ],
        *[
            "@code",
            "@endcode",
            "@see X",
            "@deprecated",
            "@brief Sum.",
            "@remarks x",
            "@unknown",
            "@",
            "\\",
            "@1",
        ],
        *[
            "# Arguments",
            "# Errors",
            "## Examples",
            "#",
            "# hidden",
            "// x",
            "* @param b",
            "@param a @returns b",
        ],
    ]
)
_SHAPES = st.sampled_from(
    [
        ("/**", " * ", " */"),
        ("/**", "", "*/"),
        ("/*!", "\t* ", "**/"),
        ("///", "/// ", ""),
        ("//!", "//!", ""),
    ]
)
_ALL = Entity(
    kind=EntityKind.METHOD,
    name="send",
    start=0,
    end=1,
    header_end=1,
    parameters=tuple(
        Parameter(name=name, parts=parts) for name, parts in (("a", ("x",)), ("b", ()), ("c", ()))
    ),
    type_parameters=("T",),
    returns=Returned(),
    raises=("E",),
    is_fallible=True,
    is_unsafe=True,
)


@pytest.mark.parametrize("style", [*_TAGGED, Style.RUSTDOC])
@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(_PIECES, min_size=1, max_size=8),
    shape=_SHAPES,
    is_tight=st.booleans(),
    indent=_INDENTS,
    habits=_HABITS,
)
def test_whatever_is_there_stays_there(
    style: Style, pieces: list[str], shape: tuple[str, str, str], is_tight: bool, **rest: object
) -> None:
    indent, spoken = str(rest["indent"]), dialect(style, **rest["habits"])  # type: ignore[arg-type]
    opening, mark, closing = shape
    lines = [opening, *(mark + piece for piece in pieces), *([closing] if closing else [])]
    before = f"\n{indent}".join(lines)
    if is_tight and closing:
        before = f"{opening} {f'{chr(10)}{indent}{mark}'.join(pieces)} {closing.strip()}"
    styling = styling_of(style, LANGUAGES[style])
    what = replace(_ALL, documentation=Documentation(0, len(before), before, indent))
    edits = [
        TextInsertion(
            insertion.place.offset,
            insertion.text(["Other words."] * len(insertion.skeleton.slots), spoken.width),
        )
        for insertion in styling.missing(what, spoken)
    ]
    after = inserted(before, edits)
    remaining = iter(after)
    assert all(sign in remaining for sign in before)
    assert after.startswith(opening)
    assert after.endswith(closing.strip())
    assert "*/" not in after[:-2] or not closing
    # Told once, and told for good.
    whole = replace(what, documentation=Documentation(0, len(after), after, indent))
    assert styling.missing(whole, spoken) == ()
    told = styling.read(before)
    assert set(told.parameters) <= set(styling.read(after).parameters)
    assert styling.read(after).summary == told.summary
