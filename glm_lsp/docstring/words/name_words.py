"""Names of code as words of prose: `read_HTTPHeaders` is "read HTTP headers"."""

from __future__ import annotations

_ACRONYMS_TEXT = """
    ADB AES API APK AST CFFI CLI CPU CSS CSV DB DNS DOM FFI FTP GPU GUI HTML HTTP HTTPS ID IDs IO IP JSON
    JWT LRU LSP MD5 MIME OS PDF RGB RPC RSA SDK SHA SQL SSH SSL SVG TCP TLS TTL UDP UI URI URL URLs UTC
    UTF8 UUID XML YAML
"""
_ACRONYMS = {word.lower(): word for word in _ACRONYMS_TEXT.split()}
_LONG_FORMS = {
    "addr": "address", "arch": "architecture", "arg": "argument", "args": "arguments", "attr": "attribute",
    "attrs": "attributes",
    "btn": "button", "buf": "buffer", "cb": "callback", "cfg": "configuration", "cls": "class",
    "cmd": "command",
    "cnt": "count", "cntr": "counter", "col": "column", "cols": "columns", "config": "configuration",
    "ctx": "context", "cx": "context", "cert": "certificate", "cur": "current", "curr": "current",
    "decl": "declaration", "def": "definition",
    "dest": "destination", "dict": "dictionary", "dim": "dimension", "dims": "dimensions", "dir": "directory",
    "dirs": "directories", "dst": "destination", "ec": "error code", "elem": "element", "elems": "elements",
    "elt": "element",
    "env": "environment", "err": "error", "errs": "errors", "evt": "event", "exc": "exception",
    "expr": "expression",
    "fd": "file descriptor", "filename": "file name", "filepath": "file path", "fmt": "format",
    "fn": "function", "fns": "functions",
    "func": "function", "gen": "generate", "hdr": "header", "incr": "increment",
    "nowait": "without waiting", "hostname": "host name", "idx": "index", "img": "image", "impl":
    "implementation", "info": "information", "iter": "iterator", "kwargs": "keyword arguments", "len": "length",
    "lhs": "left side", "lib": "library", "lst": "list", "max": "maximum", "mem": "memory", "min": "minimum",
    "msg": "message", "msgs": "messages", "num": "number", "obj": "object", "objs": "objects",
    "op": "operation", "oper": "operation",
    "ops": "operations", "opt": "option", "opts": "options", "param": "parameter", "params": "parameters",
    "pkg": "package", "pos": "position", "pred": "prediction", "prev": "previous", "props": "properties",
    "ptr": "pointer", "pwd": "password", "recv": "receive",
    "ref": "reference", "refs": "references", "regex": "regular expression",
    "repo": "repository", "req": "request", "resp": "response", "rhs": "right side", "sep": "separator",
    "seq": "sequence", "spec": "specification", "src": "source", "std": "standard", "stmt": "statement",
    "str": "string", "sz": "size", "tmp": "temporary", "tok": "token", "toks": "tokens", "usr": "user",
    "util": "utility", "utils": "utilities", "val": "value", "vals": "values", "var": "variable",
    "vars": "variables", "vec": "vector", "ver": "version", "vm": "virtual machine",
}  # fmt: skip
_LONGEST = 12
"""Words of one name; nobody reads more."""


def parts_of(name: str) -> list[str]:
    """The parts of a name as they are written: at `_`, `-` and `.`, where capitals begin, and after acronyms.

    Digits belong to what they stand behind.
    """
    parts: list[str] = []
    part = ""
    for index, char in enumerate(name):
        following = name[index + 1 : index + 2]
        if not char.isalnum():
            parts, part = [*parts, part], ""
            continue
        begins = char.isupper() and (not part[-1:].isupper() or following.islower())
        # The plural of an acronym: `URLs`, `IDs`.
        is_plural_ahead = following == "s" and not name[index + 2 : index + 3].islower()
        if part and begins and not (is_plural_ahead and part[-1:].isupper()):
            parts, part = [*parts, part], ""
        part += char
    return [part for part in [*parts, part] if part]


def words_of(name: str) -> list[str]:
    """The words that a name stands for, in small letters but for acronyms; abbreviations in full.

    Empty for a name without letters and digits.
    """
    parts = parts_of(name)
    is_loud = sum(len(part) for part in parts) > 1 and all(part == part.upper() for part in parts)
    words = [_word(part, is_loud=is_loud and len(parts) > 1) for part in parts]
    return " ".join(words).split()[:_LONGEST]


def _word(part: str, *, is_loud: bool) -> str:
    small = part.lower()
    if small in _ACRONYMS:
        return _ACRONYMS[small]
    if small in _LONG_FORMS:
        return _LONG_FORMS[small]
    is_acronym = not is_loud and len(part) > 1 and part[:2] == part[:2].upper() and part[0].isalpha()
    return part if is_acronym else small
