"""How much of a package is taken, and how much of that may be tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.filters import is_test
from glm_lsp.train.corpus.manifest import Report
from glm_lsp.train.corpus.pins import Pin

PACKAGE_CAP = 1_500_000  # bytes that are kept of a Python package
OTHER_CAP = 800_000  # and of a package in another language
TEST_SHARE = 0.12  # of a package's kept bytes, hence of the corpus's too

READ_FACTOR = 1.25  # what is read of a package over its cap: leading comments go before the cap is applied

# Python's held-out packages keep the files of the first corpus, so that figures stay comparable.
HELD_OUT_CAP = 1_200_000
HELD_OUT_READ = 4_000_000


@dataclass(frozen=True, slots=True)
class Caps:
    """Bytes kept of one package: of one in Python (with or without other languages), of any other."""

    python: int = PACKAGE_CAP
    other: int = OTHER_CAP

    def kept(self, pin: Pin | None, held_out: bool) -> int:
        """The cap of a package; `pin` is None for the standard library."""
        own = self.python if pin is None or "python" in pin.languages else self.other
        if pin is not None and pin.cap is not None:
            own = pin.cap
        return min(own, HELD_OUT_CAP) if held_out else own

    def read(self, pin: Pin | None, held_out: bool) -> int:
        """How much of it is looked at before the cap is applied."""
        return HELD_OUT_READ if held_out else int(self.kept(pin, held_out) * READ_FACTOR)


def capped(documents: Iterable[Document], cap: int, report: Report) -> list[Document]:
    """The documents of one package that fit its cap; the report counts the others."""
    own = list(documents)
    kept, dropped = selected(own, cap)
    for document in own:
        if document.path in dropped:
            report.drop(dropped[document.path], document.size)
    return kept


def selected(documents: Iterable[Document], cap: int) -> tuple[list[Document], dict[str, str]]:
    """The documents of one package that fit its cap, and the reason for each other one by path.

    Args:
        documents: of one package, in any order.
        cap: bytes.

    Files are taken in the order of a hash of their paths: a fair sample of the package that does not change
    when files elsewhere in it do.
    """
    order = sorted(documents, key=_rank)
    code = [document for document in order if not is_test(document.path)]
    tests = [document for document in order if is_test(document.path)]
    kept, dropped = _filled(code, cap, "package_cap")
    size = sum(document.size for document in kept)
    allowance = min(int(size * TEST_SHARE / (1 - TEST_SHARE)), cap - size)
    kept_tests, dropped_tests = _filled(tests, allowance, "test_cap")
    return sorted([*kept, *kept_tests], key=lambda document: document.key), dropped | dropped_tests


def _filled(documents: Iterable[Document], cap: int, reason: str) -> tuple[list[Document], dict[str, str]]:
    kept: list[Document] = []
    dropped: dict[str, str] = {}
    size = 0
    for document in documents:
        if size + document.size <= cap:
            kept.append(document)
            size += document.size
        else:
            dropped[document.path] = reason
    return kept, dropped


def _rank(document: Document) -> bytes:
    return hashlib.blake2b(f"{document.package}/{document.path}".encode(), digest_size=8).digest()
