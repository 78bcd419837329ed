"""How much of a package is taken, and how much of that may be tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.filters import is_test

READ_CAP = 4_000_000  # bytes of a package that are looked at; bounds the work
PACKAGE_CAP = 1_200_000  # bytes of a package that are kept; about 1 % of the whole
TEST_SHARE = 0.12  # of a package's kept bytes, hence of the corpus's too


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
