"""The licence gate: may a package be trained on, judged by what it says about itself.

Order of evidence: `License-Expression`, then classifiers together with a short `License` field, then the
field alone, then the text of the licence file. A deny-listed name in any of them wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cache
from importlib.resources import files

SHORT_FIELD = 100  # characters; longer `License` fields hold the text itself
_WORD = re.compile(r"\(|\)|[^\s()]+")


@dataclass(frozen=True, slots=True)
class LicenceDecision:
    """What the gate settled on.

    Attributes:
        allowed: whether the package may be trained on.
        spdx: the SPDX expression found; "" when none could be made out.
        evidence: where it was found: "expression", "classifier", "field", "text" or "none".
    """

    allowed: bool
    spdx: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Rules:
    allow: frozenset[str]
    deny: tuple[str, ...]
    fields: dict[str, str]
    classifiers: dict[str, str]
    texts: tuple[tuple[str, tuple[str, ...]], ...]
    debian: dict[str, str]


@cache
def _rules() -> _Rules:
    table = tomllib.loads(files(__package__).joinpath("licences.toml").read_text(encoding="utf-8"))
    return _Rules(
        allow=frozenset(table["allow"]),
        deny=tuple(table["deny"]),
        fields=table["fields"],
        classifiers=table["classifiers"],
        texts=tuple((row["licence"], tuple(row["phrases"])) for row in table["texts"]),
        debian=table["debian"],
    )


def decide(metadata: str, licence_texts: tuple[str, ...] = ()) -> LicenceDecision:
    """The gate's verdict on a package.

    Args:
        metadata: the text of METADATA or PKG-INFO.
        licence_texts: its licence files, consulted only when the metadata say nothing.
    """
    message = HeaderParser().parsestr(metadata)
    expression = str(message.get("License-Expression", "")).strip()
    if expression:
        return LicenceDecision(expression_allowed(expression), expression, "expression")
    field = _short_field(message)
    named = _classifiers(message)
    if _denied_name(field):
        return LicenceDecision(False, field, "field")
    if named:
        known = [_rules().classifiers.get(name, "") for name in named]
        spdx = " AND ".join(sorted({licence for licence in known if licence}))
        # Which of two classifiers governs a file is unknown: all of them have to be allowed.
        allowed = all(known) and all(licence in _rules().allow for licence in known)
        return LicenceDecision(allowed, spdx if allowed else "; ".join(named), "classifier")
    if field:
        spdx = _rules().fields.get(re.sub(r"\s+", " ", field.lower()), "")
        return LicenceDecision(spdx in _rules().allow, spdx or field, "field")
    recognised = sorted({recognise(text) for text in licence_texts if text.strip()})
    if recognised and all(licence in _rules().allow for licence in recognised):
        return LicenceDecision(True, " AND ".join(recognised), "text")
    return LicenceDecision(False, "", "none")


def decide_npm(package: Mapping[str, object], licence_texts: tuple[str, ...] = ()) -> LicenceDecision:
    """The gate's verdict on an npm package.

    Args:
        package: its package.json, whose `license` is an SPDX expression (older ones: an object, or a list of
            objects under `licenses`, all of which have to be allowed).
        licence_texts: its licence files; one under a copyleft licence turns the package away.
    """
    found = package.get("license", package.get("licenses", ""))
    rows = found if isinstance(found, list) else [found]
    names = [str(row.get("type", "")) if isinstance(row, Mapping) else str(row) for row in rows]
    if not all(name.strip() for name in names):
        return LicenceDecision(False, "", "none")
    spdx = " AND ".join(f"({name})" if len(names) > 1 and " " in name else name for name in names)
    allowed = expression_allowed(spdx)
    if " or " not in spdx.lower() and any(_is_copyleft(text) for text in licence_texts):
        return LicenceDecision(False, f"{spdx}, with a copyleft licence file", "text")
    return LicenceDecision(allowed, spdx, "expression")


def debian_names() -> dict[str, str]:
    """Debian's short licence names, in lower case, with their SPDX identifiers."""
    return _rules().debian


def recognise(text: str) -> str:
    """The SPDX identifier of a licence text, "" when it is none of the allowed ones."""
    folded = re.sub(r"\s+", " ", text).lower()
    if _is_copyleft(folded):
        return ""
    for licence, phrases in _rules().texts:
        if all(phrase in folded for phrase in phrases):
            return licence
    return ""


def _is_copyleft(text: str) -> bool:
    folded = re.sub(r"\s+", " ", text).lower()
    return "general public license" in folded or "mozilla public license" in folded


def expression_allowed(expression: str) -> bool:
    """Whether an SPDX expression permits use: all parts of an AND, at least one of an OR.

    A licence with an exception (WITH) and anything that does not parse is denied.
    """
    words = _WORD.findall(expression)
    try:
        allowed, rest = _either(words)
    except _UnreadableError:
        return False
    return allowed and not rest


class _UnreadableError(Exception):
    """The SPDX expression does not parse."""


def _either(words: list[str]) -> tuple[bool, list[str]]:
    allowed, words = _both(words)
    while words and words[0].upper() == "OR":
        other, words = _both(words[1:])
        allowed = allowed or other
    return allowed, words


def _both(words: list[str]) -> tuple[bool, list[str]]:
    allowed, words = _single(words)
    while words and words[0].upper() == "AND":
        other, words = _single(words[1:])
        allowed = allowed and other
    return allowed, words


def _single(words: list[str]) -> tuple[bool, list[str]]:
    if not words:
        raise _UnreadableError
    if words[0] == "(":
        allowed, words = _either(words[1:])
        if not words or words[0] != ")":
            raise _UnreadableError
        return allowed, words[1:]
    name, words = words[0], words[1:]
    if name == ")" or name.upper() in {"AND", "OR", "WITH"}:
        raise _UnreadableError
    if words and words[0].upper() == "WITH":
        return False, words[2:]
    return name in _rules().allow, words


def _short_field(message: Message) -> str:
    field = str(message.get("License", "")).strip()
    return field if len(field) <= SHORT_FIELD and "\n" not in field and field.lower() != "unknown" else ""


def _classifiers(message: Message) -> list[str]:
    names = [str(value) for value in message.get_all("Classifier", [])]
    last = [name.split(" :: ")[-1].strip() for name in names if name.startswith("License ::")]
    return [name for name in last if name != "OSI Approved"]  # says nothing about which


def _denied_name(field: str) -> bool:
    """Whether a word of the field starts with a deny-listed name, "LGPLv3+" as much as "GPL"."""
    words = re.findall(r"[A-Za-z][\w.+-]*", field)
    folded = " ".join(words).lower()
    return (
        any(word.upper().startswith(name.upper()) for word in words for name in _rules().deny)
        or "general public" in folded
        or "mozilla public" in folded
    )
