"""The pipeline from pinned archives to documents of three splits."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus import decontaminate, extract, filters, headers
from glm_lsp.train.corpus.dedup import (
    Fingerprint,
    Fingerprinter,
    HeldOutGuard,
    exact_duplicates,
    near_duplicates,
)
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.fetch import fetch
from glm_lsp.train.corpus.licences import decide
from glm_lsp.train.corpus.manifest import Report, corpus_line, manifest_line, notice
from glm_lsp.train.corpus.pins import CPYTHON, SPLITS, Pins, Split, library_sha256, running_python
from glm_lsp.train.corpus.reserved import looks_vendored
from glm_lsp.train.corpus.selection import PACKAGE_CAP, READ_CAP, selected

HEADER_COPIES = 5  # a paragraph of leading comments found in more files than this is dropped

Splits = dict[Split, list[Document]]


def build(
    pins: Pins, cache: Path, out: Path, *, cap: int = PACKAGE_CAP, stdlib: Path | None = None
) -> Report:
    """Builds the corpus and writes it to `out`.

    Args:
        pins: what to read.
        cache: folder of archives; missing ones are fetched into it.
        out: folder for train.jsonl, valid.jsonl, test.jsonl, manifest.jsonl, report.json, NOTICE.txt.
        cap: bytes kept of one package.
        stdlib: the standard library's folder; that of the running interpreter when omitted.

    Raises:
        TrainingError: an archive cannot be had or differs from its pin.
    """
    report = Report()
    documents = capped(without_headers(gathered(pins, cache, report, stdlib), report), cap, report)
    splits = without_copies(documents, pins, report)
    write(splits, report, out)
    return report


def gathered(pins: Pins, cache: Path, report: Report, stdlib: Path | None = None) -> list[Document]:
    """All packages' documents that pass the filters, READ_CAP bytes of each at most, by (package, path)."""
    archives = fetch(pins.packages, cache)
    documents: list[Document] = []
    for pin in pins.packages:
        archive = archives[pin.name]
        verdict = decide(extract.archive_metadata(archive), tuple(extract.licence_texts(archive)))
        if not verdict.allowed:
            report.denied[pin.name] = verdict.spdx or "none found"
            continue
        source = _Source(pin.name, pin.version, verdict.spdx, held_out=pins.split(pin.name) != "train")
        documents += _filtered(source, extract.archive_members(archive), report)
    if pins.library is not None:
        members = list(extract.stdlib_members(stdlib))
        if library_sha256(members) != pins.library.sha256:
            raise TrainingError(
                f"the standard library here (Python {running_python()}) is not the pinned one "
                f"({pins.library.version})",
                f"Run the command with CPython {pins.library.version}, or with --without-cpython.",
            )
        source = _Source(CPYTHON, pins.library.version, "PSF-2.0", held_out=False)
        documents += _filtered(source, members, report)
    documents.sort(key=lambda document: document.key)
    return documents


@dataclass(frozen=True, slots=True)
class _Source:
    """Where files come from: package, version, SPDX licence, and whether it is kept from training."""

    package: str
    version: str
    licence: str
    held_out: bool


def _filtered(source: _Source, members: Iterable[tuple[str, bytes]], report: Report) -> list[Document]:
    """One package's documents that pass the filters on paths and texts, READ_CAP bytes at most."""
    documents = []
    for path, content in members:
        report.read_files += 1
        report.read_bytes += len(content)
        reason = filters.path_reason(path)
        if reason is None and not source.held_out and looks_vendored(path):
            reason = "reserved_name"
        text = extract.decoded(content) if reason is None else None
        if reason is None:
            reason = "encoding" if text is None else filters.text_reason(text)
        if text is None or reason is not None:
            report.drop(reason or "encoding", len(content))
            continue
        blanked = filters.blank_emails(text)
        report.blanked_emails += blanked != text
        documents.append(Document(source.package, source.version, path, source.licence, blanked))
    return capped(documents, READ_CAP, report)


def capped(documents: list[Document], cap: int, report: Report) -> list[Document]:
    """The documents that fit their packages' caps.

    Args:
        documents: those of one package next to each other.
        cap: bytes per package.
        report: gains the counts.
    """
    result: list[Document] = []
    for _, group in groupby(documents, key=lambda document: document.package):
        own = list(group)
        kept, dropped = selected(own, cap)
        for document in own:
            if document.path in dropped:
                report.drop(dropped[document.path], document.size)
        result += kept
    return result


def without_headers(documents: list[Document], report: Report) -> list[Document]:
    """The documents without leading-comment paragraphs that many files share."""
    copies = Counter(
        paragraph for document in documents for paragraph in set(headers.comment_paragraphs(document.text))
    )
    unwanted = frozenset(paragraph for paragraph, count in copies.items() if count > HEADER_COPIES)
    result = []
    for document in documents:
        text = headers.without_paragraphs(document.text, unwanted)
        report.removed_headers += text != document.text
        result.append(replace(document, text=text) if text != document.text else document)
    return result


def without_copies(documents: list[Document], pins: Pins, report: Report) -> Splits:
    """The splits after exact and near duplicates, files close to held-out ones, and decontamination.

    Args:
        documents: sorted by (package, path).
        pins: for the packages' splits.
        report: gains the counts.
    """
    splits: Splits = {split: [] for split in SPLITS}
    for document in documents:
        splits[pins.split(document.package)].append(document)
    held_out = [document for split in SPLITS if split != "train" for document in splits[split]]
    # Held-out files come first, so that of two equal texts the training one goes.
    repeated = exact_duplicates([*held_out, *splits["train"]])
    maker = Fingerprinter()
    guard = HeldOutGuard([maker.fingerprint(document.text) for document in held_out])
    for split in SPLITS:
        kept: list[Document] = []
        prints: list[Fingerprint] = []
        for document in splits[split]:
            own = maker.fingerprint(document.text)
            reason = "exact_duplicate" if document.key in repeated else None
            if split == "train" and reason is None:
                reason = guard.reason(document.text, own) or _contamination(document, report)
            if reason is None:
                kept.append(document)
                prints.append(own)
            else:
                report.drop(reason, document.size)
        near = near_duplicates(prints)
        for place in near:
            report.drop("near_duplicate", kept[place].size)
        splits[split] = [document for place, document in enumerate(kept) if place not in near]
    return splits


def _contamination(document: Document, report: Report) -> str | None:
    hits = decontaminate.hits(document.text, decontaminate.blocklist())
    report.decontamination[hits] += 1
    if hits <= decontaminate.MAX_HITS:
        return None
    report.contaminated.append(f"{document.package}/{document.path}")
    return "decontamination"


def write(splits: Splits, report: Report, out: Path) -> None:
    """Writes the corpus, its manifest, report and notice; each file appears whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        _write(out / f"{split}.jsonl", (corpus_line(document) for document in splits[split]))
    ordered = sorted(
        ((document, split) for split in SPLITS for document in splits[split]), key=lambda pair: pair[0].key
    )
    _write(out / "manifest.jsonl", (manifest_line(document, split) for document, split in ordered))
    table = report.table(splits)
    table["sha256"] = {
        split: hashlib.sha256((out / f"{split}.jsonl").read_bytes()).hexdigest() for split in SPLITS
    }
    _write(out / "report.json", [json.dumps(table, indent=1, ensure_ascii=False)])
    _write(out / "NOTICE.txt", notice(splits).splitlines())


def _write(path: Path, lines: Iterable[str]) -> None:
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line + "\n")
    unfinished.replace(path)
