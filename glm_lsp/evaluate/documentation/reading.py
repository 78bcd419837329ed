"""What a documentation says, read by `docstring_parser` for Python and by a few patterns for doc comments."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from glm_lsp.docstring.dialect import Style

_QUOTED = re.compile(r"(?s)\s*[a-zA-Z]{0,2}(\"\"\"|'''|\"|')(.*)\1\s*")
_TAG = re.compile(r"^\s*[@\\](?P<tag>[a-zA-Z]+)(?:\[[a-z, ]*\])?(?P<rest>.*)$")
_PARAMETER_TAGS = {"param", "arg", "argument"}
_PARAMETERS = {"param", "parameter", "arg", "argument", "key", "keyword"}
_MEANINGS = _PARAMETERS | {
    "attribute", "return", "returns", "rtype", "yield", "yields", "raise", "raises", "except", "exception", "type",
}  # fmt: skip
"""What `docstring_parser` calls the parts that make a style."""
_TELLING_TAGS = _PARAMETER_TAGS | {
    "return", "returns", "throws", "exception", "tparam", "retval", "template", "typeParam", "brief", "yields",
}  # fmt: skip
"""Others stand in prose, too: `@see`, `@internal`, `@par`."""
_FENCE = re.compile(r"^\s*(```|~~~|<pre>|</pre>|@code|@endcode)")
_LISTING = frozenset([Style.GOOGLE, Style.NUMPY, Style.SPHINX])
"""Styles that list parameters always."""
_LISTING_BY_HABIT = frozenset([Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN, Style.RUSTDOC])
"""Styles that do so where the file does."""
_OWN = {
    "go": Style.GO, "rust": Style.RUSTDOC, "java": Style.JAVADOC, "c": Style.DOXYGEN, "cpp": Style.DOXYGEN,
}  # fmt: skip
_ENDS_SUMMARY = re.compile(r"^\s*(?:[@\\][a-zA-Z]+|:[a-z]+[ :]|#+ |[A-Z][A-Za-z ]*:\s*$|[-=]{3,}\s*$|```)")


def lists_parameters(style: Style, *, has_sections: bool) -> bool:
    """Whether documentation in a style is to list all parameters."""
    return style in _LISTING or (has_sections and style in _LISTING_BY_HABIT)


def content(language_id: str, documentation: str) -> str:
    """The text without quotes or comment marks, and without the indentation that all lines share."""
    if language_id == "python":
        found = _QUOTED.fullmatch(documentation)
        return inspect.cleandoc(found[2]) if found else ""
    lines = documentation.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    bare = [re.sub(r"\*+/\s*$", "", line) for line in lines]
    bare = [re.sub(r"^\s*(?:/\*[*!]?<?|//[/!]?<?|\*(?!/))", "", line) for line in bare]
    return inspect.cleandoc("\n".join(bare)).rstrip()


def summary(language_id: str, documentation: str) -> str:
    """The first paragraph on one line, up to the first tag, field or heading."""
    words: list[str] = []
    for line in content(language_id, documentation).split("\n"):
        text = re.sub(r"^\s*[@\\](?:brief|short|summary|description|desc)\b", "", line)
        if _ENDS_SUMMARY.match(text) and (words or not text.strip().endswith(":")):
            break
        if not text.strip():
            if words:
                break
            continue
        words += text.split()
    return " ".join(words)


def listed(language_id: str, documentation: str) -> tuple[str, ...]:
    """The parameters it lists, in order; parts of a pattern (`root0.a`) count as the pattern."""
    text = content(language_id, documentation)
    if language_id == "python":
        return _of_docstring(text)
    if language_id == "rust":
        return _of_rustdoc(text)
    return tuple(_of_tags(text))


def style_of(language_id: str, documentations: Sequence[str]) -> Style | None:
    """The style of a file by the majority of those that show one; None where this cannot be told."""
    if language_id == "python":
        styles = [style for text in documentations if (style := _python_style(content(language_id, text)))]
        return Counter(styles).most_common(1)[0][0] if styles else Style.PLAIN
    found = [line for text in documentations for line in _tag_lines(content(language_id, text))]
    tags = [line for line in found if line["tag"] in _TELLING_TAGS]
    if language_id in _OWN:
        return _OWN[language_id] if tags or language_id in {"go", "rust"} else Style.PLAIN
    return _ecmascript_style(language_id, tags) if tags else Style.PLAIN


def _ecmascript_style(language_id: str, tags: Sequence[re.Match[str]]) -> Style | None:
    values = [line["rest"].strip() for line in tags if line["tag"] in _PARAMETER_TAGS | {"returns", "return"}]
    if not values:
        return None
    typed = sum(value.startswith("{") for value in values)
    dashed = sum(bool(re.match(r"[\w$.]+\s+-\s", value)) for value in values)
    if 2 * dashed > len(values) > 2 * typed:
        return Style.TSDOC
    # Neither types nor dashes: JSDoc by habit, and in TypeScript either.
    return None if language_id.startswith("typescript") and 2 * typed <= len(values) else Style.JSDOC


def _of_docstring(text: str) -> tuple[str, ...]:
    _, found = _parsed(text)
    # One entry of NumPy's may have several names.
    joined = [str(each.arg_name) for each in found if each.args[0] in _PARAMETERS]
    return tuple(name.strip().lstrip("*\\") for names in joined for name in names.split(","))


def _python_style(text: str) -> Style | None:
    style, found = _parsed(text)
    return style if found else None


def _parsed(text: str) -> tuple[Style, list[Any]]:
    """The style in which most of a docstring has a meaning, and its fields or sections: not roles and examples."""
    from docstring_parser import DocstringStyle, ParseError, parse  # noqa: PLC0415  # a package of the extra

    known = {
        DocstringStyle.GOOGLE: Style.GOOGLE, DocstringStyle.NUMPYDOC: Style.NUMPY,
        DocstringStyle.REST: Style.SPHINX, DocstringStyle.EPYDOC: Style.SPHINX,
    }  # fmt: skip
    best: tuple[Style, list[Any]] = (Style.PLAIN, [])
    for style, name in known.items():
        try:
            found = [each for each in parse(text, style).meta if each.args and each.args[0] in _MEANINGS]
        except (ParseError, ValueError, IndexError):
            continue
        if len(found) > len(best[1]):
            best = (name, found)
    return best


def _of_rustdoc(text: str) -> tuple[str, ...]:
    section = re.search(r"(?ms)^#+ (?:Arguments|Parameters)\s*$(.*?)(?=^#|\Z)", text)
    return tuple(re.findall(r"(?m)^[*-] `([^`]+)`", section[1])) if section else ()


def _of_tags(text: str) -> list[str]:
    names: list[str] = []
    for line in _tag_lines(text):
        if line["tag"] not in _PARAMETER_TAGS:
            continue
        rest = line["rest"].strip()
        while rest.startswith("{"):
            rest = _behind_braces(rest).strip()
        if rest.startswith("<"):  # a type parameter of Javadoc
            continue
        found = re.match(r"\[?\s*(?:\.\.\.)?([^\W\d][\w$]*|\$[\w$]*)", rest)
        if found and found[1] not in names[-1:]:
            names.append(found[1])
    return names


def _tag_lines(text: str) -> list[re.Match[str]]:
    """Lines that begin with a tag, but not those in examples."""
    found, is_code = [], False
    for line in text.split("\n"):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code and (tag := _TAG.match(line)):
            found.append(tag)
    return found


def _behind_braces(text: str) -> str:
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[at + 1 :]
    return ""
