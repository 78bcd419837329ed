"""Macros that C and C++ put into declarations, taken out where the grammar trips over them.

`LIBRARY_EXPORT int add(int a);` fits no grammar without knowing what the macro stands for. Each is replaced by
something of the same length that says nothing about the code, so that all offsets stay as they are.
"""

from __future__ import annotations

import re

from glm_lsp.docstring.source_tree import parse
from glm_lsp.syntax.tree import SyntaxTree

_NAME = r"_*[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)*_*"
_ARGUMENTS = r"\([^()]{0,300}(?:\([^()]{0,300}\)[^()]{0,300}){0,9}\)"
_DECLARES = (
    r"(?:template|class|struct|union|enum|typedef|using|namespace|static|inline|public|protected|private)\b"
)
_SPECIFIER = (
    r"(?:static|inline|extern|register|virtual|explicit|friend|const|constexpr|volatile|mutable|typedef|typename"
    r"|struct|class|union|enum|signed|unsigned|return|else|case|goto|throw|new|delete|operator|using|namespace)\b"
)
"""Words that have a type or a value behind them, not a name."""
_BUILT_IN = r"(?:auto|bool|char|double|float|int|long|short|size_t|unsigned|void)\b"
# All repetitions within repetitions are bounded: a document may hold anything.
_MACRO = re.compile(
    rf"""
      (?P<kept> //[^\n]* | /\*(?:.*?\*/|.*) | "(?:[^"\\\n]|\\.)*"? | '(?:[^'\\\n]|\\.)*'? | ^[ \t]*\#(?:[^\n\\]|\\.)* )
    # Lines of their own: `Q_OBJECT`, `__BEGIN_DECLS`, `DECLARE_TRAIT(name)`.
    | ^[ \t]*(?P<line> (?:Q_OBJECT|Q_GADGET|(?:{_NAME}_)?_*(?:BEGIN|END)_{_NAME})[ \t]*$ )
    | ^[ \t]*(?P<call> {_NAME}[ \t]*{_ARGUMENTS}[ \t]*$ ) (?= \s*(?:{_DECLARES}|{_NAME}[ \t]*\(|//|/\*|\}}) )
    # Qt's sections of classes.
    | \b(?P<section> (?:signals|Q_SIGNALS)(?=[ \t]*:) )
    | \b(?:public|protected|private)(?P<slots> [ \t]+(?:slots|Q_SLOTS)(?=[ \t]*:) )
    # `class LIBRARY_EXPORT Name`.
    | \b(?:class|struct|enum|union)(?P<export> [ \t]+{_NAME} ) (?= [ \t]+\w+\s*(?:final\b|:|\{{) )
    # `void f() NO_EXCEPTIONS;`
    | \)(?:\s*const\b)?(?P<behind> (?:\s*\b{_NAME}\b(?:[ \t]*{_ARGUMENTS})?){{1,4}} )
      (?= \s*(?:[;{{]|:[^:]|=\s*(?:0|default|delete)|(?:override|final)\b) )
    # `int CALLED_SO f();`
    | \b(?!{_SPECIFIER})(?=[A-Z0-9_]*[a-z])\w+\b(?:\s*\*+\s*|\s+)(?P<convention> {_NAME}\b ) (?= \s+\w+\s*[(,)] )
    # `Token&& token DEFAULT_TOKEN(executor), ...`: behind the name of a parameter.
    | (?:[\w>\])]\s+[*&]{{0,3}}|[*&]\s{{0,9}})(?!{_SPECIFIER}|{_BUILT_IN})\w{{1,99}}
      (?P<given> \s+{_NAME}[ \t]*{_ARGUMENTS} ) (?= \s*[,)=] )
    # `LIBRARY_EXPORT int f();`, but not a type and its qualifier.
    | \b(?P<front> {_NAME}\b )
      (?= \s+(?:~|(?!(?:operator|const|volatile)\b)[A-Za-z_][\w:]*(?:<[^<>;{{}}()]*>[\w:]*)?[\s*&]+[\w~]) )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_STAND_INS = {"section": "public", "front": "extern"}
"""What fits in their place; `extern` may stand in front of any declaration."""


def without_macros(tree: SyntaxTree) -> SyntaxTree:
    """A tree of the same text with macros taken out of it, if that mends errors; else the tree itself.

    Comments, strings and directives are left as they are, and so are all offsets. Names of macros are told by their
    capitals.
    """
    if not tree.root.has_error:
        return tree
    text = _MACRO.sub(_replaced, tree.text)
    other = parse(tree.language_id, text) if text != tree.text else None
    return other if other is not None and other.num_errors < tree.num_errors else tree


def _replaced(match: re.Match[str]) -> str:
    group = match.lastgroup
    if group is None or group == "kept":
        return match[0]
    macro, at = match[group], match.start(group) - match.start()
    stand_in = _STAND_INS.get(group, "")
    if len(stand_in) > len(macro):
        return match[0]
    blank = stand_in + re.sub(r"[^\r\n]", " ", macro[len(stand_in) :])
    if group in {"line", "call"}:
        blank = ";" + blank[1:]
    return match[0][:at] + blank + match[0][at + len(macro) :]
