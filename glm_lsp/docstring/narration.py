"""What some statements do, told from their kinds and names alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from glm_lsp.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w*)*")
_LONGEST_NAME = 40
_MOST_NAMES = 3
_MOST_CLAUSES = 3
_MOST_LOOKED_AT = 60
"""Nodes of one statement."""

# Grammars name alike what is alike, so one table serves all. Of each kind: the verb, and the fields its names stand in.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ["assignment", "augmented_assignment", "assignment_expression", "augmented_assignment_expression",
         "assignment_statement", "short_var_declaration", "compound_assignment_expr"],
        ("set", ("left",)),
    ),
    **dict.fromkeys(["variable_declarator", "init_declarator"], ("set", ("name", "declarator"))),
    **dict.fromkeys(["let_declaration"], ("set", ("pattern",))),
    **dict.fromkeys(["var_spec", "const_spec"], ("set", ("name",))),
    **dict.fromkeys(["call", "call_expression"], ("call", ("function",))),
    **dict.fromkeys(["method_invocation"], ("call", ("name",))),
    **dict.fromkeys(["macro_invocation"], ("call", ("macro",))),
    **dict.fromkeys(
        ["for_statement", "for_in_statement", "enhanced_for_statement", "for_expression", "for_range_loop",
         "range_clause"],
        ("go over", ("right", "value")),
    ),
    **dict.fromkeys(["while_statement", "while_expression", "do_statement"], ("repeat for", ("condition",))),
    **dict.fromkeys(["if_statement", "if_expression"], ("check", ("condition",))),
    **dict.fromkeys(
        ["switch_statement", "match_statement", "match_expression", "expression_switch_statement",
         "switch_expression"],
        ("decide by", ("value", "subject", "condition")),
    ),
    **dict.fromkeys(["return_statement", "return_expression"], ("return", ())),
    **dict.fromkeys(["raise_statement", "throw_statement"], ("raise", ())),
    **dict.fromkeys(["assert_statement"], ("make sure of", ())),
    **dict.fromkeys(["delete_statement", "delete_expression"], ("delete", ())),
    **dict.fromkeys(["with_statement"], ("use", ())),
    **dict.fromkeys(["import_statement", "import_from_statement", "import_declaration"], ("import", ())),
    **dict.fromkeys(
        ["function_definition", "function_declaration", "function_item", "class_definition", "class_declaration"],
        ("define", ("name", "declarator")),
    ),
}  # fmt: skip
_WRAPPERS = frozenset(
    ["expression_statement", "lexical_declaration", "variable_declaration", "local_variable_declaration",
     "declaration", "var_declaration", "const_declaration", "await", "await_expression", "defer_statement",
     "go_statement", "try_expression", "try_statement", "block", "statement_block", "export_statement",
     "decorated_definition", "field_declaration", "labeled_statement", "compound_statement", "for_clause",
     "parenthesized_expression", "var_spec_list", "statement_list"]
)  # fmt: skip
_NAMES = frozenset(
    ["identifier", "attribute", "member_expression", "field_identifier", "field_expression",
     "selector_expression", "property_identifier", "scoped_identifier", "qualified_identifier", "type_identifier",
     "dotted_name", "shorthand_property_identifier_pattern", "field_access"]
)  # fmt: skip


def narrate(tree: SyntaxTree, start: int, end: int) -> str:
    """One sentence about the statements between two offsets: "Set total, then go over items."

    It says no more than their kinds and the names in them; "Run these statements." where there are none known.
    """
    found: list[tuple[str, str]] = []
    for statement in _statements(tree, tree.byte_of(start), tree.byte_of(end)):
        found += _clauses(tree, statement)
    clauses = []
    for verb, group in groupby(found, key=lambda clause: clause[0]):
        names = list(dict.fromkeys(name for _, name in group if name))
        if names:
            clauses.append(f"{verb} {_listed(names[:_MOST_NAMES])}")
    if not clauses:
        return "Run these statements."
    sentence = ", then ".join(clauses[:_MOST_CLAUSES])
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _statements(tree: SyntaxTree, start: int, end: int) -> Iterator[Node]:
    """The largest nodes that lie within a range of bytes.

    By a cursor: nodes would make a list of all their children, of a file thousands.
    """
    cursor, is_around = tree.root.walk(), True
    while is_around:
        if cursor.goto_first_child_for_byte(start) is None:
            return
        node = cursor.node
        is_around = node is not None and node.is_named and _is_wider(node, start, end)
    while (node := cursor.node) is not None and node.end_byte <= end:
        if node.is_named and start <= node.start_byte:
            yield node
        if not cursor.goto_next_sibling():
            return


def _is_wider(node: Node, start: int, end: int) -> bool:
    """Whether a node holds a range of bytes and more."""
    return (
        node.start_byte <= start and end <= node.end_byte and (node.start_byte, node.end_byte) != (start, end)
    )


def _clauses(tree: SyntaxTree, statement: Node) -> Iterator[tuple[str, str]]:
    """Verb and name of what one statement does; several for a declaration of several."""
    waiting, num_seen = [statement], 0
    while waiting and num_seen < _MOST_LOOKED_AT:
        node = waiting.pop(0)
        num_seen += 1
        if node.type in _KINDS:
            verb, fields = _KINDS[node.type]
            inner = [child for field in fields for child in node.children_by_field_name(field)]
            if node.type == "for_statement" and not inner:
                inner = [child for child in node.named_children if child.type == "range_clause"]
                inner = [right for clause in inner for right in clause.children_by_field_name("right")]
            names = list(_names(tree, inner or ([] if fields else node.named_children)))
            yield from ((verb, name) for name in names[:_MOST_NAMES])
        elif node.type in _WRAPPERS:
            waiting += node.named_children


def _names(tree: SyntaxTree, nodes: list[Node]) -> Iterator[str]:
    """Names in some nodes, from left to right, each whole."""
    waiting, num_seen = list(nodes), 0
    while waiting and num_seen < _MOST_LOOKED_AT:
        node = waiting.pop(0)
        num_seen += 1
        text = tree.text_of(node) if node.type in _NAMES else ""
        if len(text) <= _LONGEST_NAME and _NAME.fullmatch(text):
            yield text
        elif node.type not in ("string", "comment"):
            waiting[:0] = node.named_children


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
