"""Where Python's docstrings are, and where they go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.docstring.entity import Documentation, Place
from glm_lsp.docstring.grammars.nodes import (
    COMMENTS,
    indent_at,
    indent_unit,
    is_first_on_line,
    num_breaks,
    place_between,
    walk,
)
from glm_lsp.docstring.grammars.python_doc_attribute import is_class_particular, is_module_particular
from glm_lsp.docstring.proof import docstring_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_TYPE_COMMENT = re.compile(r"(?:\r\n|\r|\n)[ \t]*# type: *\([^\r\n]*")
"""Types of parameters and what comes back, which belong right behind the signature."""
_COMMENT = re.compile(r"#[^\r\n]*")
_NO_TEXT = re.compile(r"[^\"']*[bBfFtT]")
"""How strings begin that are no docstrings."""
_OF_FILE = re.compile(
    r"#+\s*(?:-\*-|///|!|pyre-|(?:type|mypy|pyright|pytype|flake8|ruff|pylint|cython|distutils|isort|fmt|yapf|noqa"
    r"|vim?|(?:en)?coding)\s*[:=])"
)
"""Comments that tools read as being about the whole file, if they stand above its docstring."""
_OF_NEXT_LINE = re.compile(r"#+\s*pylint:\s*disable-next")


def header_end(tree: SyntaxTree, definition: Node) -> int:
    """Behind the colon of a function's or class's signature."""
    colons = [child.end_byte for child in definition.children if child.type == ":"]
    return tree.offset_of(colons[-1] if colons else definition.end_byte)


def documentation(tree: SyntaxTree, body: Node | None) -> Documentation | None:
    """The docstring of a body, in whatever quotes; several strings side by side are one."""
    string = _docstring(body)
    if string is None:
        return None
    text, start, end = tree.text, tree.offset_of(string.start_byte), tree.offset_of(string.end_byte)
    indent = indent_at(text, start)
    if not is_first_on_line(text, start):
        # Behind the signature: its further lines are as deep as others of the body would be.
        indent += indent_unit(text)
    return Documentation(start, end, text[start:end], indent)


def is_fixed(tree: SyntaxTree, body: Node | None) -> bool:
    """Whether nothing can be put into the docstring.

    It is not one string alone, or stands on the signature's line with a comment that would move to another one.
    """
    string = _docstring(body)
    if string is None or body is None:
        return False
    start = tree.offset_of(string.start_byte)
    return string.type != "string" or (
        not is_first_on_line(tree.text, start) and _has_comment(tree, body, start)
    )


def place(tree: SyntaxTree, definition: Node) -> Place | None:
    """Where the docstring of a function or class goes: behind the signature, above comments.

    None where there is a docstring, or the definition does not begin its line, or goes on behind a backslash; where
    all is on one line with a comment, which would move; and of a class that minds its `__doc__` itself.
    """
    text, body = tree.text, definition.child_by_field_name("body")
    start = tree.offset_of(definition.start_byte)
    is_class = definition.type == "class_definition"
    if body is None or _docstring(body) is not None or not is_first_on_line(text, start):
        return None
    colon, own = header_end(tree, definition), _plain(indent_at(text, start))
    first = _first(body)
    if first is None:
        return Place(line_end(text, colon), own + indent_unit(text), before=f"\n{own}{indent_unit(text)}")
    offset = tree.offset_of(first.start_byte)
    gap = text[colon:offset]
    if "\\" in _COMMENT.sub("", gap) or (is_class and is_class_particular(tree, body)):
        return None
    if num_breaks(gap):
        return _place_below(text, colon, offset, is_class=is_class)
    after = "\n\n" if is_class else "\n"
    is_free = not _has_comment(tree, body, offset)
    return place_between(text, offset, own + indent_unit(text), after) if is_free else None


def _place_below(text: str, colon: int, first: int, *, is_class: bool) -> Place | None:
    """On a line of its own, if the first statement is; both are offsets."""
    if not is_first_on_line(text, first):
        return None
    indent = _plain(indent_at(text, first))
    typed = _TYPE_COMMENT.match(text, line_end(text, colon))
    end = typed.end() if typed else line_end(text, colon)
    after = "\n" if is_class and num_breaks(_below(text, end)) < 2 else ""
    return Place(end, indent, before=f"\n{indent}", after=after)


def module_header_end(tree: SyntaxTree) -> int:
    """Where the line of a module's first statement begins, its docstring not counted; the text's end without any."""
    statements = [child for child in tree.root.named_children if child.type not in COMMENTS]
    if _docstring(tree.root) is not None:
        statements = statements[1:]
    return line_start(tree.text, tree.offset_of(statements[0].start_byte)) if statements else len(tree.text)


def place_of_module(tree: SyntaxTree) -> Place | None:
    """Where a module's docstring goes: above its first statement and below comments, with an empty line to both.

    Comments right above that statement stay there if others stand further up, and none is about the whole file.
    None where there is a docstring, or the module gives itself one.
    """
    text = tree.text
    if _docstring(tree.root) is not None or is_module_particular(tree):
        return None
    top, below = 1 if text.startswith("\ufeff") else 0, len(text)
    comments: list[tuple[int, int]] = []
    for child in tree.root.children:
        start = tree.offset_of(child.start_byte)
        if child.type not in COMMENTS:
            below = _head_of(text, comments, start)
            break
        # In the grammar a carriage return belongs to the comment before it.
        comments.append((start, line_end(text, start)))
    above = max((end for _, end in comments if end <= below), default=top)
    num_missing = max(2 - num_breaks(text[above:below]), 0)
    if below < len(text):
        is_possible = is_first_on_line(text, below) and not indent_at(text, below)
        return (
            Place(above, "", before="\n\n" * (above > top), after="\n" * num_missing) if is_possible else None
        )
    return Place(above, "", before="\n\n" * (above > top), after="\n" * (not text[top:]))


def _head_of(text: str, comments: list[tuple[int, int]], statement: int) -> int:
    """Where the comments begin that stay right above the first statement; its own start where none do."""
    head, next_line = statement, statement
    for start, end in reversed(comments):
        if num_breaks(text[end:head]) > 1:
            return head if next_line == statement else next_line
        if _OF_NEXT_LINE.match(text, start, end):
            next_line = start
        elif _OF_FILE.match(text, start, end):
            return next_line
        head = start
    return next_line


def _has_comment(tree: SyntaxTree, body: Node, offset: int) -> bool:
    """Whether there is a comment in a body behind an offset, or behind the body on its last line."""
    end = tree.offset_of(body.end_byte)
    inside = (tree.offset_of(node.end_byte) for node in walk(body) if node.type in COMMENTS)
    return "#" in tree.text[end : line_end(tree.text, end)] or any(at > offset for at in inside)


def _plain(indent: str) -> str:
    """An indentation; a form feed begins it anew."""
    return indent.rpartition("\f")[2]


def _below(text: str, end: int) -> str:
    """The blanks and line breaks behind a line."""
    rest = text[end : end + 200]
    return rest[: len(rest) - len(rest.lstrip())]


def _first(body: Node | None) -> Node | None:
    return (
        next((child for child in body.named_children if child.type not in COMMENTS), None) if body else None
    )


def _docstring(body: Node | None) -> Node | None:
    """The node of the docstring: a string, several in a row, or one in parentheses."""
    statement = docstring_of(body) if body is not None else None
    if statement is not None:
        return statement.children[0]
    first = _first(body)
    if first is None or first.type != "expression_statement" or first.named_child_count != 1:
        return None
    string = inner = first.named_children[0]
    while inner.type == "parenthesized_expression" and inner.named_child_count == 1:
        inner = inner.named_children[0]
    pieces = inner.named_children if inner.type == "concatenated_string" else [inner]
    is_text = all(
        piece.type == "string" and not _NO_TEXT.match((piece.text or b"").decode()) for piece in pieces
    )
    return string if is_text else None
