"""From archives to documents: the licence gate and the filters, one package at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus import extract, filters
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.fetch import fetch
from glm_lsp.train.corpus.languages import language_of, language_of_path
from glm_lsp.train.corpus.licences import LicenceDecision
from glm_lsp.train.corpus.manifest import Report
from glm_lsp.train.corpus.parallel import mapped
from glm_lsp.train.corpus.pins import CPYTHON, LibraryPin, Pin, Pins, library_sha256, running_python
from glm_lsp.train.corpus.reserved import looks_vendored
from glm_lsp.train.corpus.selection import Caps, capped

_LIBRARY_LICENCE = LicenceDecision(True, "PSF-2.0", "field")


def gathered(
    pins: Pins, cache: Path, caps: Caps, report: Report, *, stdlib: Path | None = None, jobs: int = 1
) -> list[Document]:
    """All packages' documents that pass the filters, by (package, path); of each a little more than its cap.

    Raises:
        TrainingError: an archive cannot be had or differs from its pin.
    """
    archives = fetch(pins.packages, cache)
    work = [(pin, archives[pin.key], pins.split(pin.key) != "train") for pin in pins.packages]
    documents: list[Document] = []
    for own, counts in mapped(_of_package, caps, work, jobs):
        documents += own
        report.add(counts)
    if pins.library is not None:
        documents += _of_library(pins.library, caps, report, stdlib)
    documents.sort(key=lambda document: document.key)
    return documents


def _of_package(caps: Caps, work: tuple[Pin, Path, bool]) -> tuple[list[Document], Report]:
    """One package's documents and counts. `work` is its pin, its archive, and whether it is held out."""
    pin, archive, held_out = work
    report = Report()
    contents = extract.contents(pin, archive)
    if not contents.verdict.allowed:
        report.denied[pin.key] = contents.verdict.spdx or "none found"
        return [], report
    documents = _filtered(
        pin.key, pin.version, contents, languages=pin.languages, held_out=held_out, report=report
    )
    return _finished(capped(documents, caps.read(pin, held_out), report), report), report


def _of_library(pin: LibraryPin, caps: Caps, report: Report, stdlib: Path | None) -> list[Document]:
    members = list(extract.stdlib_members(stdlib))
    if library_sha256(members) != pin.sha256:
        raise TrainingError(
            f"the standard library here (Python {running_python()}) is not the pinned one ({pin.version})",
            f"Run the command with CPython {pin.version}, or with --without cpython.",
        )
    contents = extract.Contents(_LIBRARY_LICENCE, iter(members), lambda _: _LIBRARY_LICENCE.spdx)
    documents = _filtered(
        CPYTHON, pin.version, contents, languages=("python",), held_out=False, report=report
    )
    return _finished(capped(documents, caps.read(None, held_out=False), report), report)


def _filtered(
    package: str,
    version: str,
    contents: extract.Contents,
    *,
    languages: tuple[str, ...],
    held_out: bool,
    report: Report,
) -> list[Document]:
    """One package's documents that pass the filters on paths and texts."""
    documents: dict[str, Document] = {}
    for path, content in contents.members:
        report.read_files += 1
        report.read_bytes += len(content)
        licence = contents.licence(path)
        text = None
        reason = _path_reason(path, held_out) or ("file_licence" if licence is None else None)
        if reason is None:
            text = extract.decoded(content)
            language = language_of(path, text or "") or ""
            if text is None:
                reason = "encoding"
            elif language not in languages:
                reason = "other_language"
            else:
                reason = filters.text_reason(text, language)
        if text is None or licence is None or reason is not None or path in documents:
            report.drop(reason or "same_path", len(content))
            continue
        documents[path] = Document(package, version, path, licence, text, language)
    return list(documents.values())


def _finished(documents: list[Document], report: Report) -> list[Document]:
    """What is left to do is dear, so only files that fit the cap get here: parsing, and e-mail addresses."""
    result = []
    for document in documents:
        reason = filters.syntax_reason(document.text, document.language)
        if reason is not None:
            report.drop(reason, document.size)
            continue
        text = filters.blank_emails(document.text)
        report.blanked_emails += text != document.text
        result.append(replace(document, text=text) if text != document.text else document)
    return result


def _path_reason(path: str, held_out: bool) -> str | None:
    language = language_of_path(path) or ""
    reason = filters.path_reason(path, language)
    # Reserved names are Python's; in other languages the same words name other things.
    if reason is None and language == "python" and not held_out and looks_vendored(path):
        reason = "reserved_name"
    return reason
