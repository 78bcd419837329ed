"""New Python docstrings: what they list, how they are laid out, what a linter says of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Place, Returned
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.source_tree import parse
from glm_lsp.docstring.styles.known import styling_of

STYLES = [Style.GOOGLE, Style.NUMPY, Style.SPHINX, Style.PLAIN]

SHAPES = """\
from collections.abc import Iterator


def nothing():
    pass


def everything(
    size: int, mode: "str | None" = None, *args: float, scale=1.5, **kwargs: list[int]
) -> dict[str, int]:
    if size:
        raise ValueError("size")
    raise KeyError(mode)


def numbers(end: int) -> Iterator[int]:
    yield from range(end)


async def fetch(url: str) -> bytes:
    raise OSError(url)


class Box:
    width: int
    height: float = 2.0

    def __init__(self, width: int) -> None:
        if width < 0:
            raise ValueError(width)
        self.width = width

    @property
    def area(self) -> float:
        return self.width * self.height

    @staticmethod
    def unit() -> "Box":
        return Box(1)


class Empty:
    def method(self, other):
        def inner(x):
            return x

        return inner(other)
"""


def sentence(slot: Slot) -> str:
    return "Do the thing." if slot.kind is SlotKind.SUMMARY else "The value that is meant."


def documented(text: str, dialect: Dialect) -> str:
    """The text with a docstring for everything in it."""
    tree = parse("python", text)
    assert tree is not None
    styling = styling_of(dialect.style, "python")
    insertions = []
    for entity in find_entities(tree):
        assert entity.place is not None
        skeleton = styling.skeleton(entity, dialect)
        insertion = Insertion(entity.place, skeleton)
        written = insertion.text([sentence(slot) for slot in skeleton.slots], dialect.width)
        insertions.append(TextInsertion(entity.place.offset, written))
    return inserted(text, insertions)


def complaints(path: Path, convention: str) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--output-format",
        "concise",
    ]
    options = ["--select", "D,E501,W", "--config", f'lint.pydocstyle.convention = "{convention}"']
    result = subprocess.run([*command, *options, str(path)], capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    return result.stdout if result.returncode else ""


def function(**parts: object) -> Entity:
    place = Place(0, "    ")
    entity = Entity(kind=EntityKind.FUNCTION, name="f", start=0, end=0, header_end=0, place=place)
    return replace(entity, **parts)  # type: ignore[arg-type]


def written(entity: Entity, dialect: Dialect, *sentences: str) -> str:
    skeleton = styling_of(dialect.style, "python").skeleton(entity, dialect)
    texts = sentences or [sentence(slot) for slot in skeleton.slots]
    return skeleton.text(texts, "    ", dialect.width)


@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize(
    ("style", "convention", "summary_below"),
    [
        (Style.GOOGLE, "google", False),
        (Style.NUMPY, "numpy", False),
        (Style.NUMPY, "numpy", True),
        (Style.SPHINX, "pep257", False),
        (Style.SPHINX, "pep257", True),
        (Style.PLAIN, "pep257", False),
    ],
)
def test_a_linter_has_nothing_to_say(
    tmp_path: Path, style: Style, convention: str, summary_below: bool, types: bool
) -> None:
    path = tmp_path / "shapes.py"
    path.write_text(documented(SHAPES, Dialect(style=style, types=types, summary_below=summary_below)))
    assert complaints(path, convention) == ""


def test_the_linter_is_listening(tmp_path: Path) -> None:
    path = tmp_path / "shapes.py"
    path.write_text(
        documented(SHAPES, Dialect(style=Style.GOOGLE)).replace("        size: The", "        siz: The")
    )
    assert "D417" in complaints(path, "google")
    path.write_text(SHAPES)
    assert "D103" in complaints(path, "google")


@pytest.mark.parametrize("style", STYLES)
def test_what_is_written_is_read_again(style: Style) -> None:
    dialect = Dialect(style=style, types=True)
    text = documented(SHAPES, dialect)
    found = {
        node.name: styling_of(style, "python").read(f'"""{ast.get_docstring(node, clean=False)}"""')
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    assert all(each.summary == "Do the thing." for each in found.values())
    lists = style is not Style.PLAIN
    everything = found["everything"]
    assert everything.parameters == (("size", "mode", "args", "scale", "kwargs") if lists else ())
    assert everything.raises == (("ValueError", "KeyError") if lists else ())
    assert everything.has_returns is lists
    assert (found["numbers"].has_yields, found["numbers"].has_returns) == (lists, False)
    assert found["Box"].attributes == (("width", "height") if lists else ())
    assert found["__init__"].parameters == (("width",) if lists else ())
    assert not found["__init__"].has_returns
    assert not found["area"].has_returns
    assert found["nothing"].parameters == ()


GOOGLE = '''"""Do it.

    Args:
        size: The size of what is meant, which takes more
            than a line.
        *rest: The rest.
        **options: The options.

    Returns:
        The answer to a question that takes more than one
        line.

    Raises:
        ValueError: If it is wrong.
    """'''
NUMPY = '''"""Do it.

    Parameters
    ----------
    size : int, default 3
        The size of what is meant, which takes more than a
        line.
    *rest : str
        The rest.
    **options
        The options.

    Returns
    -------
    list[int]
        The answer to a question that takes more than one
        line.

    Raises
    ------
    ValueError
        If it is wrong.
    """'''
SPHINX = '''"""Do it.

    :param size: The size of what is meant, which takes more
        than a line.
    :type size: int
    :param rest: The rest.
    :type rest: str
    :param options: The options.
    :returns: The answer to a question that takes more than
        one line.
    :rtype: list[int]
    :raises ValueError: If it is wrong.
    """'''


@pytest.mark.parametrize(
    ("style", "types", "expected"),
    [
        (Style.GOOGLE, False, GOOGLE),
        (Style.NUMPY, False, NUMPY),
        (Style.SPHINX, True, SPHINX),
        (Style.PLAIN, True, '"""Do it."""'),
    ],
)
def test_the_layout(style: Style, types: bool, expected: str) -> None:
    entity = function(
        parameters=(
            Parameter(name="size", type="int", default="3", is_optional=True),
            Parameter(name="rest", type="str", kind=ParameterKind.VARIADIC),
            Parameter(name="options", kind=ParameterKind.KEYWORDS),
        ),
        returns=Returned("list[int]"),
        raises=("ValueError",),
    )
    sentences = [
        "Do it.",
        "The size of what is meant, which takes more than a line.",
        "The rest.",
        "The options.",
        "The answer to a question that takes more than one line.",
        "If it is wrong.",
    ]
    dialect = Dialect(style=style, types=types, width=60)
    assert written(entity, dialect, *(sentences if style is not Style.PLAIN else sentences[:1])) == expected


@pytest.mark.parametrize(
    ("type_", "line"),
    [
        ("", "object"),
        ("int", "int"),
        ("collections.abc.Mapping[collections.abc.Hashable, int]", "collections.abc.Mapping"),
        ("Mapping[collections.abc.Hashable, int] | collections.abc.Sequence[int]", "object"),
        ("typing.Optional[collections.abc.Mapping[collections.abc.Hashable, int]]", "object"),
    ],
)
def test_what_comes_back_has_a_type_in_numpys_style(type_: str, line: str) -> None:
    text = written(function(returns=Returned(type_)), Dialect(style=Style.NUMPY, width=50), "Do it.", "What.")
    assert text == f'"""Do it.\n\n    Returns\n    -------\n    {line}\n        What.\n    """'


def test_nothing_stands_in_for_a_type_in_numpys_style() -> None:
    parameters = (
        Parameter(name="encoding", default='"utf-8"', is_optional=True),
        Parameter(name="size", type="int", default="None", is_optional=True),
    )
    text = written(function(parameters=parameters), Dialect(style=Style.NUMPY), "Do it.", "A.", "B.")
    assert "    encoding\n        A.\n    size : int, optional\n        B.\n" in text


def test_google_with_types_and_another_heading() -> None:
    entity = function(
        parameters=(
            Parameter(name="a", type="int"),
            Parameter(name="b", type="str", default="''", is_optional=True),
        ),
        returns=Returned("bool"),
    )
    dialect = Dialect(style=Style.GOOGLE, types=True, parameters_heading="Arguments")
    assert written(entity, dialect, "S.", "A.", "B.", "R.").splitlines()[2:] == [
        "    Arguments:",
        "        a (int): A.",
        "        b (str, optional): B.",
        "",
        "    Returns:",
        "        bool: R.",
        '    """',
    ]


@pytest.mark.parametrize("style", [Style.GOOGLE, Style.NUMPY, Style.SPHINX])
@pytest.mark.parametrize("bad", ['Literal["\\n"]', 'X["""y"""]', "'''", "a\u2028b", "a\tb", "/* */"])
def test_source_that_could_end_a_docstring_is_left_out(style: Style, bad: str) -> None:
    entity = function(
        parameters=(Parameter(name="a", type=bad, default=bad, is_optional=True),), returns=Returned(bad)
    )
    text = written(entity, Dialect(style=style, types=True))
    assert bad not in text
    assert "\\" not in text
    assert isinstance(ast.literal_eval(text), str)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("indent", ["    ", "\t\t", " " * 24])
def test_lines_are_no_longer_than_allowed(style: Style, indent: str) -> None:
    parameters = tuple(
        Parameter(name=f"parameter_{number}", type="dict[str, Sequence[tuple[int, int]]]")
        for number in range(3)
    )
    entity = function(parameters=parameters, returns=Returned("X" * 90), raises=("ValueError",))
    entity = replace(entity, place=Place(0, indent))
    dialect = Dialect(style=style, types=True, width=79)
    skeleton = styling_of(style, "python").skeleton(entity, dialect)
    text = indent + skeleton.text(["word " * 40 + "end."] * len(skeleton.slots), indent, dialect.width)
    lines = [line.expandtabs(4) for line in text.split("\n")]
    # The opening quotes of the first line count as well.
    assert max(map(len, lines)) <= dialect.width
    assert len(lines) > 3 * len(skeleton.slots)
    assert all(line == line.rstrip() for line in lines)


def test_tabs_indent_what_is_below_tabs() -> None:
    entity = replace(function(parameters=(Parameter(name="a"),)), place=Place(0, "\t"))
    skeleton = styling_of(Style.GOOGLE, "python").skeleton(entity, Dialect(style=Style.GOOGLE))
    assert skeleton.text(["S.", "A."], "\t", 88) == '"""S.\n\n\tArgs:\n\t\ta: A.\n\t"""'


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect(style=Style.PLAIN), '"""S."""'),
        (Dialect(style=Style.PLAIN, opening="'''"), "'''S.'''"),
        (Dialect(style=Style.PLAIN, opening='r"""'), 'r"""S."""'),
        (Dialect(style=Style.PLAIN, is_one_line=False), '"""S.\n    """'),
        (Dialect(style=Style.PLAIN, is_one_line=False, summary_below=True), '"""\n    S.\n    """'),
        (Dialect(style=Style.PLAIN, summary_below=True), '"""S."""'),
    ],
)
def test_quotes(dialect: Dialect, expected: str) -> None:
    assert written(function(), dialect, "S.") == expected


def test_slots_follow_the_habits() -> None:
    entity = function(parameters=(Parameter(name="a"),), raises=("E",))
    dialect = Dialect(style=Style.SPHINX, full_stop=False, capital=False)
    summary, *others = styling_of(Style.SPHINX, "python").skeleton(entity, dialect).slots
    assert (summary.capital, summary.full_stop) == (True, True)
    assert [(slot.kind, slot.name, slot.capital, slot.full_stop) for slot in others] == [
        (SlotKind.PARAMETER, "a", False, False),
        (SlotKind.RAISES, "E", False, False),
    ]
