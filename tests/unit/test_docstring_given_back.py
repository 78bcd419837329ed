"""What comes back by name: the same variable, attribute or object at every `return`."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.entity import ITSELF, Entity
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.source_tree import parse

PYTHON = "class A:\n    def work(self, given):\n        {}\n"
SCRIPT = "class A {{\n  work(given) {{\n    {}\n  }}\n}}\n"
JAVA = "class A {{\n  Object work(Object given) {{\n    {}\n  }}\n}}\n"
CPP = "struct A {{\n  int work(int given) {{\n    {}\n  }}\n}};\n"
GO = "package a\n\nfunc work(given int) int {{\n\t{}\n}}\n"
RUST = "impl A {{\n    fn work(&self, given: u8) -> u8 {{\n        {}\n    }}\n}}\n"


def _entities(language: str, text: str) -> tuple[Entity, ...]:
    tree = parse(language, text)
    assert tree is not None
    return find_entities(tree)


@pytest.mark.parametrize(
    ("language", "frame", "body", "name"),
    [
        ("python", PYTHON, "return given", "given"),
        ("python", PYTHON, "return self._items", "_items"),
        ("python", PYTHON, "return await given", "given"),
        ("python", PYTHON, "return self", ITSELF),
        ("python", PYTHON, "if given: return None\n        return given", "given"),
        ("python", PYTHON, "if given: return 1\n        return given", ""),
        ("python", PYTHON, "if given: return other\n        return given", ""),
        ("python", PYTHON, "return given()", ""),
        ("python", PYTHON, "return self.owner.items", ""),
        ("python", PYTHON, "return given, other", ""),
        ("python", PYTHON, "def inner(): return other\n        return inner", "inner"),
        ("javascript", SCRIPT, "return this.items;", "items"),
        ("javascript", SCRIPT, "return this;", ITSELF),
        ("typescript", SCRIPT, "return (await given);", "given"),
        ("typescript", SCRIPT, "return given!;", "given"),
        ("javascript", SCRIPT, "return this.#items;", "#items"),
        ("javascript", SCRIPT, "each(() => { return other; }); return given;", "given"),
        ("java", JAVA, "return this;", ITSELF),
        ("java", JAVA, "return this.items;", "items"),
        ("java", JAVA, "if (given == null) { return null; } return items;", "items"),
        ("java", JAVA, "each(x -> { return other; }); return items;", "items"),
        ("java", JAVA, "return new Object();", ""),
        ("cpp", CPP, "return *this;", ITSELF),
        ("cpp", CPP, "return this->items_;", "items_"),
        ("cpp", CPP, "return given + 1;", ""),
        ("go", GO, "return given", "given"),
        ("go", GO, "return s.items", "items"),
        ("go", GO, "return given, nil", ""),
        ("rust", RUST, "given", "given"),
        ("rust", RUST, "&self.items", "items"),
        ("rust", RUST, "self", ITSELF),
        ("rust", RUST, "if x { return 1; } given", ""),
        ("rust", RUST, "given.len()", ""),
    ],
)
def test_a_name_comes_back_where_every_return_agrees(language: str, frame: str, body: str, name: str) -> None:
    found = [each for each in _entities(language, frame.format(body)) if each.name == "work"]
    assert found[0].returns is not None
    assert found[0].returns.name == name


@pytest.mark.parametrize(
    ("body", "name"), [("yield given", "given"), ("for one in given: yield one", "one"), ("yield 1", "")]
)
def test_what_is_yielded_has_a_name_too(body: str, name: str) -> None:
    found = [each for each in _entities("python", PYTHON.format(body)) if each.name == "work"]
    assert found[0].yields is not None
    assert found[0].yields.name == name
