"""Whether the folder an editor has open may choose the model and where code goes: the editor says so of it."""

from __future__ import annotations

from typing import Any, Final

DID_CHANGE_TRUST: Final = "glm/didChangeTrust"
_STATEMENT: Final = "workspaceTrusted"
"""Stands among the settings of the greeting, but is none: no file can say it of itself."""
_SECTION: Final = "glm"


def stated_trust(options: object) -> tuple[object, bool]:
    """The greeting's options without what they say of trust, and whether the folder is trusted.

    An editor that says nothing trusts it. What is neither true nor null is no trust.
    """
    if not isinstance(options, dict):
        return options, True
    statements = [options.get(_STATEMENT)]
    left: dict[str, Any] = {key: value for key, value in options.items() if key != _STATEMENT}
    section = left.get(_SECTION)
    if isinstance(section, dict):
        statements.append(section.get(_STATEMENT))
        left[_SECTION] = {key: value for key, value in section.items() if key != _STATEMENT}
    return left, all(statement is None or statement is True for statement in statements)
