"""Python's definitions: what they are called, take and give, and where their docstrings go."""

from __future__ import annotations

import ast
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from glm_lsp.docstring.edit import TextInsertion, inserted, line_break_of
from glm_lsp.docstring.entity import (
    Documentation,
    Entity,
    EntityKind,
    Parameter,
    ParameterKind,
    Place,
    Returned,
)
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.source_tree import parse


def entities(source: str) -> tuple[Entity, ...]:
    tree = parse("python", source)
    assert tree is not None
    return find_entities(tree)


def only(source: str, name: str = "f") -> Entity:
    [found] = [entity for entity in entities(source) if entity.name == name]
    return found


def with_docstring(source: str, name: str = "f", text: str = '"""D."""') -> str:
    place = only(source, name).place
    assert place is not None
    insertion = (place.before + text + place.after).replace("\n", line_break_of(source))
    return inserted(source, [TextInsertion(place.offset, insertion)])


def test_whole_entity_of_a_method() -> None:
    source = (
        "class Pool:\n"
        "    @trace\n"
        "    async def fetch[K](self, key: K, *args: int, limit: float = 2.5, **more: str) -> bytes:\n"
        "        if not key:\n"
        "            raise KeyError(key)\n"
        "        return b''\n"
    )
    assert entities(source)[1:] == (
        Entity(
            kind=EntityKind.CLASS,
            name="Pool",
            start=0,
            end=len(source) - 1,
            header_end=source.index(":") + 1,
            place=Place(source.index("\n"), "    ", before="\n    ", after="\n"),
        ),
        Entity(
            kind=EntityKind.METHOD,
            name="fetch",
            owner="Pool",
            start=source.index("@"),
            end=len(source) - 1,
            header_end=source.index(" bytes:") + 7,
            parameters=(
                Parameter(name="key", type="K"),
                Parameter(name="args", type="int", kind=ParameterKind.VARIADIC),
                Parameter(name="limit", type="float", default="2.5", is_optional=True, is_by_name=True),
                Parameter(name="more", type="str", kind=ParameterKind.KEYWORDS, is_by_name=True),
            ),
            type_parameters=("K",),
            returns=Returned("bytes"),
            raises=("KeyError",),
            is_async=True,
            place=Place(source.index(" bytes:") + 7, "        ", before="\n        "),
        ),
    )


def test_whole_entity_of_a_documented_class() -> None:
    source = (
        "# Licence\n\n\"\"\"About é.\"\"\"\n\nclass A(B):\n\tr'''Old.'''\n\n"
        "\tx: int = 1\n\t_y: str\n\tz: ClassVar[int]\n"
        "\tu: dataclasses.InitVar[int] = 2\n\tv: KW_ONLY\n"
    )
    assert entities(source) == (
        Entity(
            kind=EntityKind.MODULE,
            name="",
            start=0,
            end=len(source),
            header_end=source.index("class"),
            documentation=Documentation(11, 25, '"""About é."""', ""),
        ),
        Entity(
            kind=EntityKind.CLASS,
            name="A",
            start=source.index("class"),
            end=len(source) - 1,
            header_end=source.index("(B):") + 4,
            attributes=(Parameter(name="x", type="int", default="1", is_optional=True),),
            documentation=Documentation(source.index("r'''"), source.index("r'''") + 11, "r'''Old.'''", "\t"),
        ),
    )


@pytest.mark.parametrize(
    ("signature", "names"),
    [
        ("()", ""),
        ("(a, b)", "a b"),
        ("(a, /, b, *, c)", "a b c"),
        ("(*args, **kwargs)", "args kwargs"),
        ("(* args, ** kwargs)", "args kwargs"),
        ("(a=1, *, b: int = 2)", "a b"),
        ("(\n    a,  # first\n    # between\n    b,\n)", "a b"),
        ("(a=lambda x, y: (x, y), b={'k': [1]})", "a b"),
        ("(self, a)", "self a"),
    ],
)
def test_parameters_of_functions(signature: str, names: str) -> None:
    assert [one.name for one in only(f"def f{signature}: pass\n").parameters] == names.split()


@pytest.mark.parametrize(
    ("signature", "names"),
    [("a, /, b", ""), ("a, *, b, c=1", "b c"), ("*a: int, b", "b"), ("a, *b, **c", "c"), ("**a", "a")],
)
def test_parameters_that_are_given_by_name(signature: str, names: str) -> None:
    found = only(f"def f({signature}): pass\n").parameters
    assert [each.name for each in found if each.is_by_name] == names.split()


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("def f(self, a): pass", "a"),
        ("def f(this, a): pass", "a"),
        ("def f(self, /, a): pass", "a"),
        ("def f(): pass", ""),
        ("def f(*args): pass", "args"),
        ("def f(*, a): pass", "a"),
        ("@classmethod\n    def f(cls, a): pass", "a"),
        ("@staticmethod\n    def f(a, b): pass", "a b"),
        ("@a.b(1)\n    @staticmethod\n    def f(a, b): pass", "a b"),
        ("if x:\n        def f(self, a): pass", "a"),
        ("def g(self):\n        def f(self, a): pass", "self a"),
    ],
)
def test_receivers_are_no_parameters(method: str, names: str) -> None:
    assert [one.name for one in only(f"class A:\n    {method}\n").parameters] == names.split()


def test_new_has_a_receiver_though_it_is_static() -> None:
    found = only("class A:\n    @staticmethod\n    def __new__(cls, a): pass\n", "__new__")
    assert [one.name for one in found.parameters] == ["a"]


@pytest.mark.parametrize(
    ("parameter", "type_", "default"),
    [
        ("a: int", "int", ""),
        ("a: dict[\n  str,\n  int,  # why\n] = {}", "dict[str, int]", "{}"),
        ("a: 'Later | None' = None", "'Later | None'", "None"),
        ("a = (\n 1,\n)", "", "(1,)"),
        ("a = {\n 'b': [\n  1,\n ],\n}", "", "{'b': [1]}"),
        ("a = (\n)", "", "()"),
        ("a = 'two  blanks'", "", "'two  blanks'"),
        ("a='back\\\\slash'", "", ""),
        ('a="""x"""', "", ""),
        ("a='*/'", "", ""),
        ("a='é😀'", "", "'é😀'"),
        ("a={" + "1, " * 600 + "}", "", ""),
    ],
)
def test_types_and_defaults_on_one_line(parameter: str, type_: str, default: str) -> None:
    [found] = only(f"def f({parameter}): pass\n").parameters
    assert (found.name, found.type, found.default) == ("a", type_, default)
    assert found.is_optional == ("=" in parameter)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("def f[T, *Ts, **P](x: T)", ("T", "Ts", "P")),
        ("def f[T: (int, str)]()", ("T",)),
        ("class f[K, V: list[int]](B)", ("K", "V")),
        ("def f()", ()),
    ],
)
def test_type_parameters(header: str, names: tuple[str, ...]) -> None:
    assert only(f"{header}: pass\n").type_parameters == names


@pytest.mark.parametrize(
    ("function", "returns", "yields"),
    [
        ("def f():\n    return x", Returned(name="x"), None),
        ("def f() -> (\n    None\n):\n    pass", None, None),
        ("def f():\n    return", None, None),
        ("def f():\n    return None", None, None),
        ("def f():\n    if a:\n        return None\n    return 1", Returned(), None),
        ("def f() -> int: ...", Returned("int"), None),
        ("def f() -> None:\n    return g()", None, None),
        ("def f() -> 'None': pass", None, None),
        ("def f() -> typing.NoReturn: pass", None, None),
        ("def f() -> Never: pass", None, None),
        ("def f() -> int | None: pass", Returned("int | None"), None),
        ("def f() -> Iterator[int]: return iter(())", Returned("Iterator[int]"), None),
        ("def f():\n    def g():\n        return 1", None, None),
        ("def f():\n    g = lambda: (yield)", None, None),
        ("def f():\n    class A:\n        def g(self): yield 1", None, None),
        ("def f():\n    yield", None, Returned()),
        ("def f():\n    x = yield 1\n    return x", None, Returned()),
        ("def f():\n    yield from g()", None, Returned()),
        ("def f() -> Iterator[int]:\n    yield 1", None, Returned("int")),
        (
            "def f() -> t.Generator[tuple[int, str], None, bool]:\n    yield 1",
            None,
            Returned("tuple[int, str]"),
        ),
        ("async def f() -> AsyncIterator[int]:\n    yield 1", None, Returned("int")),
        ("def f() -> Stream:\n    yield 1", None, Returned()),
    ],
)
def test_what_comes_back(function: str, returns: Returned | None, yields: Returned | None) -> None:
    found = only(f"{function}\n")
    assert (found.returns, found.yields) == (returns, yields)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("raise ValueError", "ValueError"),
        ("raise ValueError('a') from e", "ValueError"),
        ("raise pkg.mod.Broken(1)", "pkg.mod.Broken"),
        ("raise struct.error", "struct.error"),
        ("raise _Stop", "_Stop"),
        ("raise error", ""),
        ("raise self.error", ""),
        ("raise self.failure(1)", ""),
        ("raise make()(1)", ""),
        ("raise", ""),
        ("if a: raise A\n    raise B\n    raise A", "A B"),
        ("def g(): raise A", ""),
        ("try: raise A\n    except A: pass", ""),
        ("try: raise A\n    except m.A: pass", ""),
        ("try: raise A\n    except (B, A) as e: pass", ""),
        ("try: raise A\n    except B: pass", "A"),
        ("try: raise A\n    except Exception: pass", ""),
        ("try: raise A\n    except: pass", ""),
        ("try: raise KeyError\n    except LookupError: pass", ""),
        ("try: raise LookupError\n    except KeyError: pass", "LookupError"),
        ("try: raise A\n    except A: raise", "A"),
        ("try: raise A\n    except A as e: raise e", "A"),
        ("try: raise A\n    except A: raise B", "B"),
        ("try: g()\n    except A: pass\n    else: raise A", "A"),
        ("try: g()\n    except B: pass\n    finally: raise B", "B"),
        ("try:\n        try: raise A\n        finally: pass\n    except* A: pass", ""),
        ("try: g()\n    except A:\n        raise A", "A"),
        ("with suppress(A): raise A", ""),
        ("with contextlib.suppress(KeyError, m.A): raise A", ""),
        ("with suppress(A): raise B", "B"),
        ("with open(A): raise A", "A"),
        ("with open(A) as a, suppress(LookupError): raise KeyError", ""),
        ("with pytest.raises((A, B), match='c') as e:\n        raise B", ""),
        ("with self.assertRaises(expected_exception=A): raise A", ""),
        ("with suppress(A): g()\n    raise A", "A"),
        ("async with open(a):\n        with suppress(A):\n            if a: raise A", ""),
    ],
)
def test_what_is_raised(body: str, names: str) -> None:
    assert only(f"def f():\n    {body}\n").raises == tuple(names.split())


@pytest.mark.parametrize(
    ("decorator", "kind"),
    [
        ("@property", EntityKind.PROPERTY),
        ("@functools.cached_property", EntityKind.PROPERTY),
        ("@f.setter", EntityKind.PROPERTY),
        ("@property\n    @abc.abstractmethod", EntityKind.PROPERTY),
        ("@classmethod", EntityKind.METHOD),
        ("@property(1)", EntityKind.METHOD),
    ],
)
def test_decorators_make_properties(decorator: str, kind: EntityKind) -> None:
    assert only(f"class A:\n    {decorator}\n    def f(self): return 1\n").kind is kind


def test_kinds_owners_and_privacy() -> None:
    source = (
        "def f():\n    def g(): pass\n    class C:\n        def m(self): pass\n"
        "class A:\n    def __init__(self, a): return 1\n    def _p(self): pass\n    def __len__(self): pass\n"
        "    class _B:\n        def q(self): pass\n    def __x(self): pass\n"
        "if TYPE_CHECKING:\n    class D: pass\n"
        "try:\n    def h(): pass\nexcept E:\n    def h(): pass\nelse:\n    pass\n"
    )
    assert [
        (one.qualified_name, one.kind.name, one.is_public, one.is_nested) for one in entities(source)
    ] == [
        ("", "MODULE", True, False),
        ("f", "FUNCTION", True, False),
        ("g", "FUNCTION", True, True),
        ("C", "CLASS", True, True),
        ("C.m", "METHOD", True, True),
        ("A", "CLASS", True, False),
        ("A.__init__", "CONSTRUCTOR", True, False),
        ("A._p", "METHOD", False, False),
        ("A.__len__", "METHOD", True, False),
        ("A._B", "CLASS", False, False),
        ("A._B.q", "METHOD", False, False),
        ("A.__x", "METHOD", False, False),
        ("D", "CLASS", True, False),
        ("h", "FUNCTION", True, False),
        ("h", "FUNCTION", True, False),
    ]
    assert only(source, "__init__").returns is None


def test_overloads_and_overrides() -> None:
    source = (
        "@typing.overload\ndef f(a: int) -> int: ...\n@overload\ndef g(a: str) -> str: ...\n"
        "@overload(np.sum)\ndef h(a): pass\nclass A:\n    @override\n    def m(self): pass\n"
    )
    assert [(one.name, one.is_overload, one.overrides) for one in entities(source)[1:]] == [
        ("f", True, False),
        ("g", True, False),
        ("h", False, False),
        ("A", False, False),
        ("m", False, True),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    pass\n", 'def f():\n    """D."""\n    pass\n'),
        ("def f():\n\tpass\n", 'def f():\n\t"""D."""\n\tpass\n'),
        ("def f():\r\n    pass\r\n", 'def f():\r\n    """D."""\r\n    pass\r\n'),
        ("def f():\r    pass\rx = 1\r", 'def f():\r    """D."""\r    pass\rx = 1\r'),
        ("def f():\n    pass", 'def f():\n    """D."""\n    pass'),
        ("def f():\n    # why\n    pass\n", 'def f():\n    """D."""\n    # why\n    pass\n'),
        (
            "def f(a):\n    # type: (A) -> B\n    g()\n",
            'def f(a):\n    # type: (A) -> B\n    """D."""\n    g()\n',
        ),
        ("def f():  # why\n    pass\n", 'def f():  # why\n    """D."""\n    pass\n'),
        ("def f():\n\n    pass\n", 'def f():\n    """D."""\n\n    pass\n'),
        ("def f():\n\f\n    pass\n", 'def f():\n    """D."""\n\f\n    pass\n'),
        ("def f(\n    a,\n):\n  pass\n", 'def f(\n    a,\n):\n  """D."""\n  pass\n'),
        ("def f(): return 1\n", 'def f():\n    """D."""\n    return 1\n'),
        ("def f():return 1", 'def f():\n    """D."""\n    return 1'),
        ("def f(): a = 1; return a\n", 'def f():\n    """D."""\n    a = 1; return a\n'),
        ("def f(): return '#'\n", 'def f():\n    """D."""\n    return \'#\'\n'),
        ("def f(a):  # noqa: D1\n    pass\n", 'def f(a):  # noqa: D1\n    """D."""\n    pass\n'),
        (
            "def f(\n    a,\n):  # type: ignore\n    pass\n",
            'def f(\n    a,\n):  # type: ignore\n    """D."""\n    pass\n',
        ),
        (
            "def f(a):  # noqa\n    # type: (int) -> int\n    return a\n",
            'def f(a):  # noqa\n    # type: (int) -> int\n    """D."""\n    return a\n',
        ),
        ("if x:\n\tdef f(): pass\n", 'if x:\n\tdef f(): \n\t\t"""D."""\n\t\tpass\n'),
        ("if x:\n  def f(): pass\n", 'if x:\n  def f():\n    """D."""\n    pass\n'),
        ("def f(a):\n", 'def f(a):\n    """D."""\n'),
        ("class f: pass\n", 'class f:\n    """D."""\n\n    pass\n'),
        ("class f:\n    a = 1\n", 'class f:\n    """D."""\n\n    a = 1\n'),
        ("class f:\n\n    a = 1\n", 'class f:\n    """D."""\n\n    a = 1\n'),
        (
            "class f:\r\n    # why\r\n    a = 1\r\n",
            'class f:\r\n    """D."""\r\n\r\n    # why\r\n    a = 1\r\n',
        ),
        ("@a\n\n@b(\n1)\nasync def f():\n  pass\n", '@a\n\n@b(\n1)\nasync def f():\n  """D."""\n  pass\n'),
        ("def f():\n    f'a'\n", 'def f():\n    """D."""\n    f\'a\'\n'),
        ("def f():\n    b'a'\n", 'def f():\n    """D."""\n    b\'a\'\n'),
        ("def f():\n    'a' f'b'\n", 'def f():\n    """D."""\n    \'a\' f\'b\'\n'),
        ("def f():\n    'a'.b()\n", 'def f():\n    """D."""\n    \'a\'.b()\n'),
    ],
)
def test_where_docstrings_go(source: str, expected: str) -> None:
    outcome = with_docstring(source)
    assert outcome == expected
    assert only(outcome).documentation is not None
    assert not touches_code("python", source, outcome)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", '"""D."""\n'),
        ("\n", '"""D."""\n'),
        ("import a\n", '"""D."""\n\nimport a\n'),
        ("\ufeffimport a\n", '\ufeff"""D."""\n\nimport a\n'),
        ("\n\n\nimport a\n", '"""D."""\n\n\nimport a\n'),
        ("#!/bin/x\nimport a\n", '#!/bin/x\n\n"""D."""\n\nimport a\n'),
        ("#!/bin/x\r\nimport a\r\n", '#!/bin/x\r\n\r\n"""D."""\r\n\r\nimport a\r\n'),
        ("# a\n# b\n\nimport a\n", '# a\n# b\n\n"""D."""\n\nimport a\n'),
        ("# a\n\n# b\nimport a\n", '# a\n\n"""D."""\n\n# b\nimport a\n'),
        ("# a\nfrom __future__ import b\n", '# a\n\n"""D."""\n\nfrom __future__ import b\n'),
        ("# a\n\n# type: ignore\nimport b\n", '# a\n\n# type: ignore\n\n"""D."""\n\nimport b\n'),
        ("# a\n\n# mypy: x\n# c\nimport b\n", '# a\n\n# mypy: x\n# c\n\n"""D."""\n\nimport b\n'),
        (
            "#!/bin/x\n\n# /// script\n# a = 1\n# ///\nimport b\n",
            '#!/bin/x\n\n# /// script\n# a = 1\n# ///\n\n"""D."""\n\nimport b\n',
        ),
        ("# a\n\n#cython: x=3\nimport b\n", '# a\n\n#cython: x=3\n\n"""D."""\n\nimport b\n'),
        ("# ruff: noqa\n\n# b\nimport a\n", '# ruff: noqa\n\n"""D."""\n\n# b\nimport a\n'),
        ("# pylint: disable-next=c\na\n", '"""D."""\n\n# pylint: disable-next=c\na\n'),
        (
            "# isort: skip_file\n# pylint: disable-next=c\na\n",
            '# isort: skip_file\n\n"""D."""\n\n# pylint: disable-next=c\na\n',
        ),
        ("# a", '# a\n\n"""D."""'),
        ("# a\n", '# a\n\n"""D."""\n'),
    ],
)
def test_where_module_docstrings_go(source: str, expected: str) -> None:
    outcome = with_docstring(source, "")
    assert outcome == expected
    assert not touches_code("python", source, outcome)


@pytest.mark.parametrize(
    "source",
    [
        "def f(): \\\n    pass\n",
        "if x: def f(): pass\n",
        'def f():\n    """D."""\n',
        "def f(x): return x  # type: ignore\n",
        "def f(x): return (  # pragma: no cover\n    x)\n",
        "class f: pass  # noqa: E701\n",
        "class f:\n    __slots__ = ('__doc__',)\n",
        "class f:\n    if x:\n        __slots__ = ['a', '__doc__']\n",
        "class f:\n    __slots__ = {'a': '', '__doc__': ''}\n",
        "class f:\n    __slots__ = (*g.__slots__, 'a')\n",
        "class f:\n    __slots__ = ('\\x5f_doc__',)\n",
        "class f:\n    __slots__ = ('a',)\n    __slots__ += g\n",
        "class f:\n    __doc__ = g.__doc__\n",
        "class f:\n    a, __doc__ = b\n",
        "class f:\n    @property\n    def __doc__(self): pass\n",
    ],
)
def test_no_place(source: str) -> None:
    assert only(source).place is None


@pytest.mark.parametrize(
    "body",
    [
        "__slots__ = ()",
        "__slots__ = 'a', 'b'",
        "__slots__ = ['a',  # why\n        'b']",
        "__slots__ = {'a': __name__}",
        "def g(self):\n        self.__doc__ = g.__doc__",
        "class g:\n        __slots__ = ('__doc__',)",
    ],
)
def test_slots_that_leave_room_for_a_docstring(body: str) -> None:
    outcome = with_docstring(f"class f:\n    {body}\n")
    exec(outcome, {"__name__": "test"})  # noqa: S102
    assert only(outcome).documentation is not None


@pytest.mark.parametrize(
    "statement",
    ["__doc__ = 'a'", "__doc__: str = 'a'", "a, __doc__ = b", "if a:\n    __doc__ += b", "from a import __doc__",
     "from a import b as __doc__", "def __doc__(): pass"],
)  # fmt: skip
def test_a_module_that_documents_itself_gets_no_docstring(statement: str) -> None:
    assert only(f"{statement}\n", "").place is None
    assert only(f"{statement}\n".replace("__doc__", "__dog__"), "").place is not None


def test_a_module_that_reads_its_docstring_gets_one() -> None:
    assert only("parser = Parser(__doc__)\n", "").place is not None


def test_a_docstring_behind_the_signature_is_as_deep_as_a_body() -> None:
    source = 'class A:\n  def f(x, y): """Sum."""\n'
    found = only(source)
    assert found.is_sound
    assert found.documentation == Documentation(source.index('"'), len(source) - 1, '"""Sum."""', "    ")
    assert not only(source.rstrip() + "  # type: ignore\n").is_sound


@pytest.mark.parametrize(
    ("body", "text", "is_one"),
    [
        ('"""A.\n\n    B."""', '"""A.\n\n    B."""', True),
        ("'A'", "'A'", True),
        ('R"""A"""', 'R"""A"""', True),
        ("u'A'; return", "u'A'", True),
        ("# why\n    'A'", "'A'", True),
        ("'A' 'B'", "'A' 'B'", False),
        ("('A')", "('A')", False),
        ("('A'\n     'B')", "('A'\n     'B')", False),
    ],
)
def test_docstrings_that_are_there(body: str, text: str, is_one: bool) -> None:
    source = f"def f():\n    {body}\n"
    found = only(source)
    start = source.index(text)
    assert found.documentation == Documentation(start, start + len(text), text, "    ")
    assert found.is_sound == is_one


def test_damage_is_told_of_what_holds_it() -> None:
    source = "def f():\n    return 1 +* 2\n\ndef g():\n    return 1\n"
    assert [(one.name, one.is_sound) for one in entities(source)] == [("", False), ("f", False), ("g", True)]


def test_deep_nesting_ends_nothing() -> None:
    depth = 20_000
    source = f"def f(a={'[' * depth}{']' * depth}):\n    return {'(' * depth}1{')' * depth}\n"
    assert only(source).returns == Returned()


# What Python itself says is an oracle that shares nothing with the grammar.


def _own(function: ast.AST) -> Iterator[ast.AST]:
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _names(function: ast.FunctionDef | ast.AsyncFunctionDef, *, in_class: bool) -> list[str]:
    arguments = function.args
    positional = [one.arg for one in arguments.posonlyargs + arguments.args]
    decorators = [ast.unparse(one).rpartition(".")[2] for one in function.decorator_list]
    if in_class and ("staticmethod" not in decorators or function.name == "__new__"):
        positional = positional[1:]
    return [
        *positional,
        *([arguments.vararg.arg] if arguments.vararg else []),
        *(one.arg for one in arguments.kwonlyargs),
        *([arguments.kwarg.arg] if arguments.kwarg else []),
    ]


def _expected(tree: ast.Module) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []

    def visit(node: ast.AST, in_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found.append(
                    (child.lineno, child.name, [], False, False, ast.get_docstring(child, clean=False))
                )
                visit(child, True)
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                own = list(_own(ast.Module(body=child.body, type_ignores=[])))
                is_generator = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in own)
                values = [one.value for one in own if isinstance(one, ast.Return) and one.value is not None]
                gives = any(not (isinstance(one, ast.Constant) and one.value is None) for one in values)
                if child.returns is not None:
                    last = ast.unparse(child.returns).strip("'").rpartition(".")[2]
                    gives = last not in ("None", "NoReturn", "Never")
                gives = gives and not is_generator and not (in_class and child.name == "__init__")
                is_generator = is_generator and not (in_class and child.name == "__init__")
                names, text = _names(child, in_class=in_class), ast.get_docstring(child, clean=False)
                found.append((child.lineno, child.name, names, gives, is_generator, text))
                visit(child, False)
            else:
                visit(child, in_class)

    visit(tree, False)
    return sorted(found, key=lambda each: (each[0], each[1]))


def _described(source: str, among: tuple[Entity, ...]) -> list[tuple[object, ...]]:
    found = []
    for entity in among:
        if entity.kind is EntityKind.MODULE:
            continue
        text = ast.literal_eval(f"({entity.documentation.text})") if entity.documentation else None
        head = ast.parse(f"{_header(source, entity)} pass").body[0]
        assert isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        line = source.count("\n", 0, entity.start) + head.lineno
        names = [one.name for one in entity.parameters]
        found.append((line, entity.name, names, entity.returns is not None, entity.yields is not None, text))
    return sorted(found, key=lambda each: (each[0], each[1]))


def _header(source: str, entity: Entity) -> str:
    """Decorators and signature, from the first column on."""
    lines = source[entity.start : entity.header_end].split("\n")
    return "\n".join(
        line if number == 0 or not line[:1].isspace() else line.lstrip() for number, line in enumerate(lines)
    )


def _library(every: int) -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    return files[::every]


def _sources(paths: list[Path]) -> Iterator[tuple[str, ast.Module]]:
    for path in paths:
        try:
            with tokenize.open(path) as file:
                source = file.read()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield source, ast.parse(source)
        except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
            continue


def _agrees_with_python(source: str, tree: ast.Module, found: tuple[Entity, ...]) -> None:
    assert _described(source, found) == _expected(tree)
    module = found[0]
    text = ast.literal_eval(f"({module.documentation.text})") if module.documentation else None
    assert text == ast.get_docstring(tree, clean=False)


def _takes_docstrings_everywhere(source: str, tree: ast.Module, found: tuple[Entity, ...]) -> None:
    """At all places at once: Python sees a docstring for each but those without a place, and the same code."""
    insertions = [
        TextInsertion(one.place.offset, f'{one.place.before}"""D."""{one.place.after}')
        for one in found
        if one.place
    ]
    outcome = ast.parse(inserted(source, insertions))
    num_without = sum(one.place is None and one.documentation is None for one in found)
    for node in ast.walk(outcome):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            text = ast.get_docstring(node)
            num_without -= text is None
            if text == "D.":
                node.body = node.body[1:]
    assert num_without == 0
    assert ast.dump(outcome) == ast.dump(tree)


def _check_library(every: int) -> int:
    """Compares what is found in files of the standard library; those that the grammar has errors in tell nothing."""
    checked = 0
    for source, tree in _sources(_library(every)):
        found = entities(source)
        module = found[0]
        if module.is_sound:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _agrees_with_python(source, tree, found)
                _takes_docstrings_everywhere(source, tree, found)
            checked += 1
    return checked


def test_python_agrees_about_some_of_its_library() -> None:
    assert _check_library(40) > 15


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_python_agrees_about_its_library() -> None:
    assert _check_library(4) > 250
