"""Headers: `.h` is C's and C++'s, and only what is in them tells which."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.source_tree import parse

_CPP = re.compile(
    r"^[ \t]*(?:template[ \t]*<|(?:inline[ \t]+)?namespace\b|class[ \t]+\w|using[ \t]+\w)"
    r"|^[ \t]*(?:public|protected|private)[ \t]*:|\bstd::|\bconstexpr\b|\bnullptr\b",
    re.MULTILINE,
)
"""What is in no header of C, but for comments."""
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)


def is_header(path: Path) -> bool:
    """Whether a file's name leaves open in which of the two languages it is written."""
    return path.suffix == ".h"


def judged(snapshot: DocumentSnapshot) -> DocumentSnapshot:
    """The same with the language that a header is written in: C++ where its text has what C does not have.

    All else is left as it is. For files of the command line: an editor says what a document is.
    """
    if snapshot.language_id != "c" or not is_header(Path(snapshot.path)):
        return snapshot
    return replace(snapshot, language_id="cpp") if _is_cpp(snapshot.text) else snapshot


def _is_cpp(text: str) -> bool:
    as_c, as_cpp = parse("c", text), parse("cpp", text)
    if as_c is None or as_cpp is None:
        return False
    if as_c.root.has_error and not as_cpp.root.has_error:
        return True
    # C's grammar reads a class as a function of a type that it does not know, and macros trip both.
    return as_cpp.num_errors <= as_c.num_errors and _CPP.search(_COMMENT.sub(" ", text)) is not None
