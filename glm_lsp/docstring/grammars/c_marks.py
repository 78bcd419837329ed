"""How comments of C and C++ are told apart, as Doxygen reads them."""

from __future__ import annotations

import re

from glm_lsp.docstring.grammars.above import Marks

_GROUP_MARK = r"[\s*]*[@\\][{}][\s*]*(?:/|\Z)"
C_MARKS = Marks(
    # Behind `///<` stands what is said of a member before it; marks of groups may stand amid documentation.
    documentation=re.compile(rf"(?:/\*\*(?![*/<])|/\*!(?!<)|///(?![/<])|//!(?!<))(?!{_GROUP_MARK})"),
    directive=re.compile(
        r"(//|/\*)\s*(NOLINT(NEXTLINE|BEGIN)?\b|clang-format off|cppcheck-suppress|coverity\[|IWYU pragma"
        r"|NOSONAR|[LG]COV_EXCL_(LINE|START)|lint\s+-|codechecker_)"
    ),
    # With a colon behind it, it is a parameter of that name, as the kernel has them.
    of_others=re.compile(
        r"^[ \t*/!]*[@\\](?:(?:file|mainpage|page|subpage|dir|addtogroup|defgroup|weakgroup)\b(?!:)|\{)"
        r"|\A[\s*/!]*[@\\](?:name|cond|endcond)\b(?!:)",
        re.MULTILINE,
    ),
    behind=re.compile(r"/\*[*!]<|//[/!]<"),
)
