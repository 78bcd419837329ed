"""What a file imports, from its syntax tree, in the words of its language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

# Where imports stand: at the top, or in blocks that only choose between them.
_BLOCKS = frozenset(
    ["module", "program", "source_file", "block", "if_statement", "else_clause", "elif_clause", "try_statement",
     "except_clause", "mod_item", "declaration_list", "export_statement"]
)  # fmt: skip
_MAX_IMPORTS = 200
_MAX_DEPTH = 12
_SEPARATORS = {"python": ".", "rust": "::", "java": "."}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name.

    Attributes:
        module: where from, as it is written: `.a.b`, `./x`, `crate::a`.
        name: what it is called there; empty for a module as a whole, `*` for everything.
        local: what it is called here.
    """

    module: str
    name: str
    local: str

    def path(self, language_id: str) -> str:
        """The module that the name is if it is one; empty in languages where a name never is."""
        separator = _SEPARATORS.get(language_id)
        if separator is None:
            return ""
        return f"{self.module}{'' if self.module.endswith(separator) else separator}{self.name}"


def imports(tree: SyntaxTree) -> tuple[Import, ...]:
    """The imports of a file, in order, each once; none in a language of which this is not known."""
    read = _READERS.get(tree.language_id)
    if read is None:
        return ()
    found: dict[Import, None] = {}
    for node in _statements(tree.root):
        found.update(dict.fromkeys(read(tree, node)))
        if len(found) >= _MAX_IMPORTS:
            break
    return tuple(found)[:_MAX_IMPORTS]


def _statements(node: Node, depth: int = 0) -> Iterator[Node]:
    for child in node.named_children:
        if child.type in _BLOCKS and depth < _MAX_DEPTH:
            yield from _statements(child, depth + 1)
        yield child


def _python(tree: SyntaxTree, node: Node) -> Iterator[Import]:
    if node.type == "import_statement":
        for name, local in _python_names(tree, node):
            # `import a.b` binds `a`; what is used is `a.b.name`.
            yield Import(name, "", local)
    elif node.type == "import_from_statement":
        module = node.child_by_field_name("module_name")
        source = tree.text_of(module) if module is not None else ""
        if any(child.type == "wildcard_import" for child in node.named_children):
            yield Import(source, "*", "")
        for name, local in _python_names(tree, node):
            yield Import(source, name, local)


def _python_names(tree: SyntaxTree, node: Node) -> Iterator[tuple[str, str]]:
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None and alias is not None:
                yield tree.text_of(name), tree.text_of(alias)
        else:
            yield tree.text_of(child), tree.text_of(child)


def _javascript(tree: SyntaxTree, node: Node) -> Iterator[Import]:
    if node.type == "import_statement":
        source = node.child_by_field_name("source")
        module = tree.text_of(source).strip("\"'`") if source is not None else ""
        for clause in (child for child in node.named_children if child.type == "import_clause"):
            yield from _import_clause(tree, clause, module)
    elif node.type in ("lexical_declaration", "variable_declaration"):
        for declarator in node.named_children:
            yield from _required(tree, declarator)


def _import_clause(tree: SyntaxTree, clause: Node, module: str) -> Iterator[Import]:
    for child in clause.named_children:
        if child.type == "identifier":
            yield Import(module, "default", tree.text_of(child))
        elif child.type == "namespace_import" and child.named_child_count:
            yield Import(module, "", tree.text_of(child.named_children[-1]))
        elif child.type == "named_imports":
            for specifier in child.named_children:
                name = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias")
                if name is not None:
                    yield Import(module, tree.text_of(name), tree.text_of(alias or name))


def _required(tree: SyntaxTree, declarator: Node) -> Iterator[Import]:
    r"""`const a = require("./a")`, `const {b, c: d} = require("./b")`."""
    value = declarator.child_by_field_name("value")
    name = declarator.child_by_field_name("name")
    found = _REQUIRE.fullmatch(tree.text_of(value)) if value is not None else None
    if found is None or name is None:
        return
    if name.type == "identifier":
        yield Import(found[1], "", tree.text_of(name))
        return
    for part in tree.text_of(name).strip("{} \n").split(","):
        key, _, local = (piece.strip() for piece in part.partition(":"))
        if key.isidentifier():
            yield Import(found[1], key, local or key)


def _rust(tree: SyntaxTree, node: Node) -> Iterator[Import]:
    if node.type == "mod_item" and node.child_by_field_name("body") is None:
        name = node.child_by_field_name("name")
        if name is not None:
            yield Import(f"self::{tree.text_of(name)}", "", tree.text_of(name))
    elif node.type == "use_declaration":
        argument = node.child_by_field_name("argument")
        if argument is not None:
            yield from _used("", tree.text_of(argument), 0)


def _used(path: str, text: str, depth: int) -> Iterator[Import]:
    """`a::b::{c, d::e as f}`."""
    head, brace, rest = text.partition("{")
    if brace and depth < _MAX_DEPTH:
        for part in _parts(rest.rpartition("}")[0]):
            yield from _used(path + head.strip(), part, depth + 1)
        return
    text, _, alias = text.strip().partition(" as ")
    module, _, name = (path + text.strip()).rpartition("::")
    if module and name == "self":
        outer, _, inner = module.rpartition("::")
        module, name = outer, inner
    if module:
        yield Import(module, name, "" if name == "*" else alias.strip() or name)


def _parts(text: str) -> Iterator[str]:
    """What commas separate outside of braces."""
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "," and not depth:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def _java(tree: SyntaxTree, node: Node) -> Iterator[Import]:
    if node.type == "import_declaration" and "static" not in tree.text_of(node).split():
        package, _, name = tree.text_of(node).removeprefix("import").strip(" ;").rpartition(".")
        yield Import(package.strip(), name.strip(), name.strip())


_REQUIRE = re.compile(r"require\(\s*[\"'`](\.[^\"'`]*)[\"'`]\s*\)")
_READERS: dict[str, Callable[[SyntaxTree, Node], Iterator[Import]]] = {
    "python": _python,
    "javascript": _javascript,
    "javascriptreact": _javascript,
    "typescript": _javascript,
    "typescriptreact": _javascript,
    "rust": _rust,
    "java": _java,
}
