"""What statements do, told from kinds and names."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.narration import narrate
from glm_lsp.syntax.tree import SyntaxTree

# The statements to be told of stand between the marks.
TOLD = [
    ("python", "«total = 0\nfor item in cart.items:\n    total += item.price\nreturn total»\n",
     "Set total, then go over cart.items, then return total."),
    ("python", "«with open(path) as file:\n    data = read(file)»\n", "Use open, path and file."),
    ("python", "«os.remove(path)»\n", "Call os.remove."),
    ("python", "«a, b = b, a\nprint(a)»\n", "Set a and b, then call print."),
    ("python", "«while waiting:\n    pass»\n", "Repeat for waiting."),
    ("python", "«raise KeyError(name)»\n", "Raise KeyError and name."),
    ("python", "«assert sound»\n", "Make sure of sound."),
    ("python", "«import os\nimport sys»\n", "Import os and sys."),
    ("python", "«pass»\n", "Run these statements."),
    ("python", "«'text'»\n", "Run these statements."),
    ("python", "«a = 1\nb = 2\nc = 3\nd = 4»\n", "Set a, b and c."),
    ("python", "«größe = 1»\n", "Set größe."),
    ("javascript", "«const a = f(1), b = 2;\nfor (const x of items) { y(x) }\nif (a > b) throw a;»\n",
     "Set a and b, then go over items, then check a and b."),
    ("typescript", "«let a: number = 1;\nawait send(a);»\n", "Set a, then call send."),
    ("go", "package p\nfunc f() {\n«\tx, err := open(name)\n\tif err != nil {\n\t}\n\tfor i := range xs {\n\t}»\n}\n",
     "Set x and err, then check err, then go over xs."),
    ("rust", "fn f() {\n«    let mut x = make();\n    for i in items { use_it(i); }\n    println!(\"a\");»\n}\n",
     "Set x, then go over items, then call println."),
    ("java", "class A { void f() {\n«int x = 3;\nfor (String s : names) { use(s); }\nthis.y = x;»\n} }\n",
     "Set x, then go over names, then set this.y."),
    ("cpp", "void f() {\n«int x = 3;\nfor (auto& s : names) { use(s); }\nstd::sort(a.begin());»\n}\n",
     "Set x, then go over names, then call std::sort."),
    ("c", "void f() {\n«int *x = make();\nwhile (x) x = x->next;\nswitch (k) { case 1: break; }»\n}\n",
     "Set x, then repeat for x, then decide by k."),
]  # fmt: skip


@pytest.mark.parametrize(("language_id", "marked", "told"), TOLD)
def test_statements_are_told_from_kinds_and_names(language_id: str, marked: str, told: str) -> None:
    before, _, rest = marked.partition("«")
    block, _, after = rest.partition("»")
    tree = SyntaxTree.parse(language_id, before + block + after)
    assert tree is not None
    start = len(before) + len(block) - len(block.lstrip())
    assert narrate(tree, start, len(before) + len(block)) == told


def test_broken_and_deep_statements_are_told_in_bounded_time() -> None:
    for text in ("x = " + "(" * 5_000, "[" * 5_000 + "]" * 5_000, "if (((\n", "f(" * 3_000 + ")" * 3_000):
        tree = SyntaxTree.parse("python", text)
        assert tree is not None
        assert narrate(tree, 0, len(text)).endswith(".")
