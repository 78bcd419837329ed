"""Every block that the pages of editors tell people to paste can be read by the program it is for."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator

import pytest

from tests.editors.snippets import Snippet, pages, snippets

_CLOSING = {")": "(", "]": "["}


def _read_elisp(text: str) -> None:
    """Raises ValueError unless brackets and strings close, as Emacs's reader sees them."""
    opened: list[str] = []
    signs = iter(text)
    for sign in signs:
        if sign == ";":
            next((rest for rest in signs if rest == "\n"), None)
        elif sign in "?\\":
            next(signs, None)
        elif sign == '"':
            _skip_string(signs)
        elif sign in _CLOSING.values():
            opened.append(sign)
        elif sign in _CLOSING and (not opened or opened.pop() != _CLOSING[sign]):
            raise ValueError(f"{sign} closes nothing")
    if opened:
        raise ValueError(f"{''.join(opened)} is not closed")


def _skip_string(signs: Iterator[str]) -> None:
    for sign in signs:
        if sign == "\\":
            next(signs, None)
        elif sign == '"':
            return
    raise ValueError("a string is not closed")


_READERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "elisp": _read_elisp,
}
_READABLE = [snippet for page in pages() for snippet in snippets(page) if snippet.language in _READERS]


@pytest.mark.parametrize("snippet", _READABLE, ids=str)
def test_what_is_pasted_can_be_read(snippet: Snippet) -> None:
    _READERS[snippet.language](snippet.text)


def test_every_other_client_has_a_page() -> None:
    names = {page.parent.name for page in pages()}
    assert names >= {"coc", "emacs", "helix", "neovim", "sublime", "vscode", "zed"}


@pytest.mark.parametrize("broken", ["(a (b)", "(a))", '(a "b)', "(a [b)]"])
def test_broken_lisp_is_noticed(broken: str) -> None:
    with pytest.raises(ValueError, match="close"):
        _read_elisp(broken)
