"""The parameters of a definition as its source has them, read by brackets and commas, not by a grammar."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

_OPENING, _CLOSING = "([{<", ")]}>"
_COMMENT = r"/\*.*?\*/|//[^\r\n]*"
_STRING = r"\"(?:\\.|[^\"\\\r\n])*\""
_ARROW = r"->|=>|<=|>=|<<|[<>]\s*\d"
_NOT_CODE = re.compile(rf"{_COMMENT}|{_STRING}|'(?:\\[^']{{1,10}}|[^'\\])'|{_ARROW}", re.DOTALL)
_NOT_ECMASCRIPT = re.compile(
    rf"{_COMMENT}|{_STRING}|'(?:\\.|[^'\\\r\n])*'|`(?:\\.|[^`\\])*`|{_ARROW}", re.DOTALL
)
_WORD = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_MODIFIERS = {"public", "private", "protected", "readonly", "override", "final", "mut", "ref", "const"}
_ECMASCRIPT = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])


def parameters(language_id: str, text: str, name: str, start: int, end: int) -> tuple[str, ...] | None:
    """Names in order, without `self` and receivers; None where this reading is not sure.

    Patterns of JavaScript are called root0, root1, ... by their position.

    Args:
        text: a whole file.
        name: what is defined.
        start, end: where its signature lies in the text, or more.
    """
    if language_id == "python":
        return _of_python(text, name, start)
    not_code = _NOT_ECMASCRIPT if language_id in _ECMASCRIPT else _NOT_CODE
    header = not_code.sub(lambda found: " " * len(found[0]), text[start:end])
    inside = _inside(language_id, header, text[start:end], name)
    if inside is None:
        return None
    names = [_name(language_id, part, number) for number, part in enumerate(_split(*inside))]
    return None if None in names else tuple(found for found in names if found)


def _of_python(text: str, name: str, start: int) -> tuple[str, ...] | None:
    line = text.count("\n", 0, start) + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    owners = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name != name:
            continue
        if min([node.lineno, *(each.lineno for each in node.decorator_list)]) == line:
            owner = owners[id(node)]
            while isinstance(owner, ast.If | ast.Try | ast.With):
                owner = owners[id(owner)]
            return tuple(_without_self(node, owner))
    return None


def _without_self(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: ast.AST) -> Iterator[str]:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    is_static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
    if isinstance(owner, ast.ClassDef) and not is_static:
        positional = positional[1:]
    every = [*positional, given.vararg, *given.kwonlyargs, given.kwarg]
    yield from (each.arg for each in every if each is not None)


def _inside(language_id: str, header: str, source: str, name: str) -> tuple[str, str] | None:
    """What stands between the brackets of the parameters, once with strings and comments blanked, once as it is."""
    if language_id in _ECMASCRIPT:
        single = re.search(r"(?:=|^|\basync)\s*([A-Za-z_$][\w$]*)\s*(?:=>|  )", header)
        opening = re.search(r"\(", header)
        if (
            single
            and (opening is None or single.start(1) < opening.start())
            and single[1] not in {"async", "function"}
        ):
            return single[1], single[1]
    pattern = rf"(?<![\w$]){re.escape(name)}\s*" if language_id != "cpp" else rf"{re.escape(name)}\s*"
    for found in re.finditer(pattern, header):
        at = found.end()
        if language_id in _ECMASCRIPT and (assigned := re.match(r"\??\s*[:=][^(]*", header[at:])):
            at += assigned.end()
        if header[at : at + 1] == "<":
            at = _end(header, at)
            at += len(header[at:]) - len(header[at:].lstrip())
        if header[at : at + 1] == "(":
            end = _end(header, at)
            return (header[at + 1 : end - 1], source[at + 1 : end - 1]) if end else None
    return None


def _end(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; 0 without one."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in _OPENING) - (text[at] in _CLOSING)
        if depth == 0:
            return at + 1
    return 0


def _split(blanked: str, source: str) -> Sequence[str]:
    """Parts between the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(blanked):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth == 0:
            parts.append(blanked[start:at])
            start = at + 1
    return [part for part in [*parts, blanked[start:]] if part.strip()]


def _name(language_id: str, part: str, number: int) -> str | None:
    """The parameter's name; empty for one that is not documented, None where that cannot be told."""
    part = re.sub(r"@[\w.]+(\([^)]*\))?|#\[[^\]]*\]", " ", part).strip()
    if language_id in _ECMASCRIPT:
        return _of_ecmascript(part, number)
    if language_id == "rust":
        return _of_rust(part)
    if language_id == "java":
        words = _WORD.findall(re.sub(r"\[\s*\]", "", part))
        return "" if words[-1:] == ["this"] else (words or [None])[-1]
    return _of_c(part)


def _of_ecmascript(part: str, number: int) -> str | None:
    words = part.split("=", 1)[0].strip().removeprefix("...").strip()
    while (
        (first := _WORD.match(words)) and first[0] in _MODIFIERS and _WORD.match(words[first.end() :].strip())
    ):
        words = words[first.end() :].strip()
    if words[:1] in {"{", "["}:
        return f"root{number}"
    found = _WORD.match(words)
    return None if found is None else "" if found[0] == "this" else found[0]


def _of_rust(part: str) -> str | None:
    words = _WORD.findall(part.split(":", 1)[0])
    words = [word for word in words if word not in _MODIFIERS]
    if "self" in words or part.strip() == "_" or part.split(":", 1)[0].strip() == "_":
        return ""
    return words[0] if len(words) == 1 else None


def _of_c(part: str) -> str | None:
    part = part.split("=", 1)[0].strip()
    if part in {"void", "..."}:
        return ""
    if pointer := re.search(r"\(\s*(?:\w+::)?[*&^]+\s*(?:const\s+)?(\w*)", part):
        return pointer[1]
    bare = re.sub(r"\[[^\]]*\]", "", part)
    while "<" in bare and (shorter := re.sub(r"<[^<>]*>", " <> ", bare.replace(" <> ", " "))) != bare:
        bare = shorter
    found = re.search(r"(?:^|[\s*&>.])(\w+)$", bare.strip())
    if found is None:
        return ""
    # A lone word is a type; so is one behind nothing but qualifiers.
    before = _WORD.findall(bare[: found.start(1)])
    is_plain = "<>" not in bare and not {"unsigned", "signed"} & set(before)
    is_type = found[1] in _C_TYPES or (is_plain and set(before) <= {"const", "struct", "enum"})
    return "" if is_type else found[1]


_C_TYPES = frozenset(
    ["int", "char", "long", "short", "float", "double", "bool", "void", "unsigned", "signed", "const"]
)
