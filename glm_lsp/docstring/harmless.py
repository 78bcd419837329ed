"""What may stand in documentation, whoever wrote it."""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffd]"
)
_ENDS_OF_DOCUMENTATION = ("*/", "/*", '"""', "'''")


def is_harmless(text: str) -> bool:
    """Whether a text may be put into any documentation: one line, which ends neither comment nor string."""
    return (
        bool(text.strip())
        and not _HARMFUL.search(text)
        and not any(mark in text for mark in _ENDS_OF_DOCUMENTATION)
    )
