"""What is found of the names a file uses: imports, the files they mean, and outlines of those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glm_lsp.references.candidate import Kind
from glm_lsp.references.imports import Import, imports
from glm_lsp.references.outline import outline
from glm_lsp.references.resolve import resolve
from glm_lsp.references.source import ReferenceSource
from glm_lsp.syntax.tree import SyntaxTree
from tests.fakes.editor import Editor, put


def tree(language_id: str, text: str) -> SyntaxTree:
    found = SyntaxTree.parse(language_id, text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "import a.b\n", [("a.b", "", "a.b")]),
        ("python", "import a.b as c, d\n", [("a.b", "", "c"), ("d", "", "d")]),
        ("python", "from .a import b, c as d\n", [(".a", "b", "b"), (".a", "c", "d")]),
        ("python", "from .. import a\nfrom . import *\n", [("..", "a", "a"), (".", "*", "")]),
        ("python", "if x:\n    from a import b\ntry:\n    import c\nexcept E:\n    import d\n",
         [("a", "b", "b"), ("c", "", "c"), ("d", "", "d")]),
        ("python", "from a import (\n  b,  # why\n  c,\n)\n", [("a", "b", "b"), ("a", "c", "c")]),
        ("javascript", "import a, {b, c as d} from './x';\nimport * as e from \"./y\";\n",
         [("./x", "default", "a"), ("./x", "b", "b"), ("./x", "c", "d"), ("./y", "", "e")]),
        ("javascript", "const a = require('./x');\nconst {b, c: d} = require('./y');\nconst z = require('fs')\n",
         [("./x", "", "a"), ("./y", "b", "b"), ("./y", "c", "d")]),
        ("typescript", "import type { A } from './a'\nimport './effects'\n", [("./a", "A", "A")]),
        ("rust", "use crate::a::{B, c::D as E, self};\nuse super::f::*;\nmod g;\nmod h { }\n",
         [("crate::a", "B", "B"), ("crate::a::c", "D", "E"), ("crate", "a", "a"), ("super::f", "*", ""),
          ("self::g", "", "g")]),
        ("java", "import a.b.C;\nimport static a.b.D.e;\n", [("a.b", "C", "C")]),
        ("c", '#include "a.h"\n', []),
    ],
)  # fmt: skip
def test_imports(language_id: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert imports(tree(language_id, text)) == tuple(Import(*each) for each in expected)


FILES = {
    "/w/a.py", "/w/pkg/__init__.py", "/w/pkg/b.py", "/w/pkg/sub/__init__.py", "/w/pkg/sub/c.py", "/w/pkg/typing.py",
    "/w/src/lib/d.py", "/w/js/x.ts", "/w/js/y.js", "/w/js/dir/index.tsx", "/w/js/z.d.ts", "/w/rs/lib.rs",
    "/w/rs/a.rs", "/w/rs/a/b.rs", "/w/rs/c/mod.rs", "/w/jv/org/p/A.java", "/outside/o.py", "/w/stub.pyi",
}  # fmt: skip


@pytest.mark.parametrize(
    ("language_id", "module", "file", "expected"),
    [
        ("python", "pkg.b", "/w/pkg/sub/c.py", "/w/pkg/b.py"),
        ("python", ".c", "/w/pkg/sub/x.py", "/w/pkg/sub/c.py"),
        ("python", "..b", "/w/pkg/sub/c.py", "/w/pkg/b.py"),
        ("python", "..", "/w/pkg/sub/c.py", "/w/pkg/__init__.py"),
        ("python", "pkg", "/w/a.py", "/w/pkg/__init__.py"),
        ("python", "lib.d", "/w/a.py", "/w/src/lib/d.py"),
        ("python", "stub", "/w/a.py", "/w/stub.pyi"),
        ("python", "typing", "/w/pkg/b.py", ""),  # that is the one of the standard library
        ("python", "....outside.o", "/w/pkg/b.py", ""),
        ("python", "os.path", "/w/a.py", ""),
        ("javascript", "./y", "/w/js/m.js", "/w/js/y.js"),
        ("typescript", "./x.js", "/w/js/m.ts", "/w/js/x.ts"),
        ("typescript", "./z", "/w/js/m.ts", "/w/js/z.d.ts"),
        ("typescript", "../js/dir", "/w/js/m.ts", "/w/js/dir/index.tsx"),
        ("javascript", "react", "/w/js/m.js", ""),
        ("javascript", "../../outside/o.py", "/w/js/m.js", ""),
        ("rust", "crate::a::b", "/w/rs/c/mod.rs", "/w/rs/a/b.rs"),
        ("rust", "self::b", "/w/rs/a.rs", "/w/rs/a/b.rs"),
        ("rust", "super::a", "/w/rs/c/mod.rs", "/w/rs/a.rs"),
        ("rust", "crate::c::Type", "/w/rs/a.rs", "/w/rs/c/mod.rs"),
        ("rust", "std::io", "/w/rs/a.rs", ""),
        ("java", "org.p.A", "/w/jv/org/q/B.java", "/w/jv/org/p/A.java"),
        ("haskell", "A", "/w/a.hs", ""),
        ("python", "o", "/outside/p.py", ""),
    ],
)
def test_modules_are_found_within_the_workspace(
    language_id: str, module: str, file: str, expected: str
) -> None:
    assert resolve(language_id, module, file, ["/w"], FILES.__contains__) == expected


PYTHON = '''
@decorated
def f(
    a: int,  # first
    b=": #",
) -> str:  # why
    """Says what.

    At length.
    """
    return ANSWER


class C(Base, metaclass=M):
    """A class."""

    x = 1

    def __init__(self): ANSWER

    @property
    async def p(self) -> dict[str, int]:
        return ANSWER


if x:
    def g(): pass
else:
    class D: pass
'''
TYPESCRIPT = """
export interface I { a: string; b(c: number): void }
export class C extends B implements I {
  private x = ANSWER;
  constructor(readonly y: number) { ANSWER }
  async m<T>(z: T): Promise<T> { return ANSWER }
}
export const arrow = async (a: number, b?: string): Promise<void> => { ANSWER }
export default function d() { ANSWER }
type T = 'a' | 'b'
enum E { A, B }
"""
GO = """package p

type S struct {
	A int
}

type (
	T int
	U interface {
		M(x int) error
	}
)

func (s *S) M(x int) (err error) {
	return ANSWER
}

func F[T any](x T) T { return ANSWER }
"""
RUST = """
pub struct S<T> { a: T }
impl<T: Clone> S<T> {
    pub fn new(a: T) -> Self { ANSWER }
}
impl Display for S<u8> {
    fn fmt(&self) -> Result { ANSWER }
}
pub enum E { A, B(u8) }
pub trait T { fn t(&self) -> u8; fn u(&self) { ANSWER } }
pub fn f(x: &str) -> Option<u8> { ANSWER }
"""
JAVA = """package p;
public class A<T> extends B {
    private int x = ANSWER;
    public A(int y) { ANSWER }
    @Override
    public List<T> m(int z) throws IOException { return ANSWER; }
}
interface I { int n(); }
record R(int a, String b) {}
"""


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", PYTHON, {
            "f": 'def f(a: int, b=": #") -> str:\n    """Says what."""',
            "C": 'class C(Base, metaclass=M):\n    """A class."""\n    def __init__(self): ...\n'
                 "    async def p(self) -> dict[str, int]: ...",
            "g": "def g(): ...",
            "D": "class D:\n    ...",
        }),
        ("typescript", TYPESCRIPT, {
            "I": "interface I { a: string; b(c: number): void }",
            "C": "class C extends B implements I {\n    constructor(readonly y: number)\n"
                 "    async m<T>(z: T): Promise<T>\n}",
            "arrow": "const arrow = async (a: number, b?: string): Promise<void>",
            "d": "function d()",
            "T": "type T = 'a' | 'b'",
            "E": "enum E { A, B }",
        }),
        ("go", GO, {
            "S": "type S struct {\n\tA int\n}",
            "T": "type T int",
            "U": "type U interface {\n\t\tM(x int) error\n\t}",
            "F": "func F[T any](x T) T",
        }),
        ("rust", RUST, {
            "E": "pub enum E { A, B(u8) }",
            "T": "pub trait T {\n    fn t(&self) -> u8;\n    fn u(&self)\n}",
            "f": "pub fn f(x: &str) -> Option<u8>",
        }),
        ("java", JAVA, {
            "A": "public class A<T> extends B {\n    public A(int y)\n"
                 "    @Override public List<T> m(int z) throws IOException\n}",
            "I": "interface I { int n(); }",
            "R": "record R(int a, String b) {}",
        }),
    ],
    ids=["python", "typescript", "go", "rust", "java"],
)  # fmt: skip
def test_outlines_show_signatures_and_no_bodies(
    language_id: str, text: str, expected: dict[str, str]
) -> None:
    found = outline(tree(language_id, text))
    texts = {definition.name: definition.text for definition in reversed(found)}
    assert {name: texts[name] for name in expected} == expected
    assert "ANSWER" not in "".join(definition.text for definition in found)


def test_methods_belong_to_their_type() -> None:
    go = [definition.text for definition in outline(tree("go", GO)) if definition.name == "S"]
    assert go[1] == "func (s *S) M(x int) (err error)"
    rust = [definition.text for definition in outline(tree("rust", RUST)) if definition.name == "S"]
    assert rust[1:] == [
        "impl<T: Clone> S<T> {\n    pub fn new(a: T) -> Self\n}",
        "impl Display for S<u8> {\n    fn fmt(&self) -> Result\n}",
    ]


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    source = ReferenceSource([tmp_path], kinds=[Kind.DEFINITIONS])
    yield Editor(tmp_path, source)
    source.stop()


async def definitions(editor: Editor, files: dict[str, str], name: str, line: int = 0) -> dict[str, str]:
    put(editor.root, files)
    editor.open(name)
    found: dict[str, str] = {}
    for reference in reversed(await editor.gather(name, line)):
        found[reference.path] = (
            f"{found[reference.path]}\n{reference.text}" if reference.path in found else reference.text
        )
    return found


async def test_python_names_are_followed_to_where_they_are_defined(editor: Editor) -> None:
    files = {
        "app/__init__.py": "",
        "app/main.py": (
            "import app.tools as t\nfrom app import models\nfrom .api import Client, unused\nfrom .star import *\n\n"
            "t.first(1)\nmodels.User()\nClient()\nstarred()\n"
        ),
        "app/tools.py": "def first(a): return 1\n\n\ndef second(b): return 2\n",
        "app/models.py": "class User:\n    def name(self): return 1\n\n\nclass Other: pass\n",
        "app/api/__init__.py": "from ._client import Client\nfrom ._other import unused\n",
        "app/api/_client.py": "class Client:\n    def get(self, url): return url\n",
        "app/api/_other.py": "def unused(x): return x\n",
        "app/star.py": "def starred(): pass\n\n\ndef not_used(): pass\n",
    }
    assert await definitions(editor, files, "app/main.py", 5) == {
        "app/tools.py": "def first(a): ...",
        "app/models.py": "class User:\n    def name(self): ...",
        "app/api/_client.py": "class Client:\n    def get(self, url): ...",
        "app/api/_other.py": "def unused(x): ...",
        "app/star.py": "def starred(): ...",
    }


async def test_what_is_used_at_the_cursor_comes_first(editor: Editor) -> None:
    names = [f"name_{number}" for number in range(6)]
    files = {f"m{number}.py": f"def {name}(a): return a\n" for number, name in enumerate(names)}
    lines = [f"from m{number} import {name}" for number, name in enumerate(names)]
    files["main.py"] = "\n".join([*lines, *["x = 1"] * 60, "name_4(1)", *["x = 1"] * 60])
    put(editor.root, files)
    editor.open("main.py")
    found = await editor.gather("main.py", 66, max_chars=60)
    assert [reference.text for reference in found] == ["def name_4(a): ..."]


async def test_what_the_editor_has_open_counts_before_what_is_on_disk(editor: Editor) -> None:
    put(editor.root, {"main.py": "from m import f\nf()\n", "m.py": "def f(old): pass\n"})
    editor.open("m.py", "def f(new): pass\n")
    assert await definitions(editor, {}, "main.py", 1) == {"m.py": "def f(new): ..."}


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({"a.ts": "import { f } from './lib/f.js'\nf(1)\n", "lib/f.ts": "export function f(a: number) { return a }\n"},
         "a.ts", {"lib/f.ts": "function f(a: number)"}),
        ({"a.go": "package p\n\nfunc A() { bb() }\n", "b.go": "package p\n\nfunc bb() int { return 1 }\nfunc c() {}\n",
          "b_test.go": "package p\n\nfunc bb() {}\n"},
         "a.go", {"b.go": "func bb() int"}),
        ({"src/lib.rs": "mod m;\nuse crate::m::f;\nfn g() { f(); }\n", "src/m.rs": "pub fn f() -> u8 { 1 }\n"},
         "src/lib.rs", {"src/m.rs": "pub fn f() -> u8"}),
        ({"p/A.java": "package p;\nclass A { Bb b; }\n", "p/Bb.java": "class Bb { int n() { return 1; } }\n",
          "p/Cc.java": "package p;\nclass Cc {}\n"},
         "p/A.java", {"p/Bb.java": "class Bb {\n    int n()\n}"}),
    ],
    ids=["typescript", "go", "rust", "java"],
)  # fmt: skip
async def test_other_languages(
    editor: Editor, files: dict[str, str], name: str, expected: dict[str, str]
) -> None:
    assert await definitions(editor, files, name, 1) == expected


async def test_definitions_never_come_from_the_file_in_hand(editor: Editor) -> None:
    files = {"main.py": "import main\nfrom main import answer\n\n\ndef answer(): return main.answer()\n"}
    assert await definitions(editor, files, "main.py", 4) == {}


async def test_circles_of_imports_come_to_an_end(editor: Editor) -> None:
    files = {"main.py": "from a import f\nf()\n", "a.py": "from b import f\n", "b.py": "from a import f\n"}
    assert await definitions(editor, files, "main.py", 1) == {}


async def test_a_file_that_changes_on_disk_is_read_again(editor: Editor) -> None:
    files = {"main.py": "from m import f\nf()\n", "m.py": "def f(one): pass\n"}
    assert await definitions(editor, files, "main.py", 1) == {"m.py": "def f(one): ..."}
    put(editor.root, {"m.py": "def f(two, three): pass\n"})
    editor.source.saved(editor.key("m.py"))
    await editor.gather("main.py", 1)  # the old one once more, until the new one is there
    editor.source.set_trust(False)
    editor.source.set_trust(True)
    assert await definitions(editor, {}, "main.py", 1) == {"m.py": "def f(two, three): ..."}


def test_depth_has_an_end() -> None:
    ifs = "".join(f"{' ' * depth}if x:\n" for depth in range(300))
    deep = tree("python", f"import a\n{ifs}{' ' * 300}import b\n")
    assert [item.module for item in imports(deep)] == ["a"]
    assert outline(tree("python", f"{ifs}{' ' * 300}def f(): pass\n")) == ()
    uses = "a::{" * 400 + "B" + "}" * 400
    assert isinstance(imports(tree("rust", f"use {uses};\n")), tuple)
