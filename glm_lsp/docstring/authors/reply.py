"""The sentence in a chat model's reply, which may be wrapped in politeness, fences and quotes. Pure."""

from __future__ import annotations

import re

_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_POLITENESS = re.compile(
    r"(?i)\A\s*(?:(?:sure|certainly|of course|absolutely|okay|ok|yes|great)\b[^.!:\n]*[.!:,]+\s*"
    r"|here(?:'s| is| are)\b[^:\n]*:\s*|(?:answer|documentation|summary|description|docstring|sentence)\s*:\s*)"
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`"}
_EMPHASIS = re.compile(r"(\*\*|__)(.+?)\1")


def sentence_of(reply: str) -> str:
    """What a reply says once politeness, Markdown, fences and quotes around it are gone; may be empty."""
    text = _THOUGHTS.sub("", reply).strip()
    while (rest := _POLITENESS.sub("", text, count=1)) != text:
        text = rest
    fenced = _FENCE.match(text)
    text = fenced[1] if fenced else text
    text = (
        _EMPHASIS.sub(r"\2", text).strip().strip("\"'")
        if text.startswith(('"""', "'''"))
        else _EMPHASIS.sub(r"\2", text)
    )
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    end = first.rstrip(".")[-1:]
    if len(first) > 1 and _QUOTES.get(first[0]) == end and first[0] not in first[1 : first.rindex(end)]:
        first = first[1 : first.rindex(end)]
    return first
