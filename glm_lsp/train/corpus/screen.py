"""Copies: within a split, of held-out files, and of public evaluation problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glm_lsp.train.corpus import decontaminate
from glm_lsp.train.corpus.dedup import (
    Fingerprint,
    Fingerprinter,
    HeldOutGuard,
    exact_duplicates,
    near_duplicates,
)
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.manifest import Report
from glm_lsp.train.corpus.parallel import mapped
from glm_lsp.train.corpus.pins import SPLITS, Pins, Split

_SLICE_BYTES = 4_000_000  # of text that a process screens at a time

Splits = dict[Split, list[Document]]


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is found out about a training file: why it goes, how often it hits the blocklist, its fingerprint."""

    reason: str | None
    hits: int
    fingerprint: Fingerprint


def without_copies(documents: list[Document], pins: Pins, report: Report, *, jobs: int = 1) -> Splits:
    """The splits after exact and near duplicates, files close to held-out ones, and decontamination.

    Args:
        documents: sorted by (package, path).
        pins: for the packages' splits.
        report: gains the counts.
        jobs: processes.
    """
    splits: Splits = {split: [] for split in SPLITS}
    for document in documents:
        splits[pins.split(document.package)].append(document)
    held_out = [document for split in SPLITS if split != "train" for document in splits[split]]
    # Held-out files come first, so that of two equal texts the training one goes.
    repeated = exact_duplicates([*held_out, *splits["train"]])
    maker = Fingerprinter()
    prints = {document.key: maker.fingerprint(document.text, document.language) for document in held_out}
    for split in SPLITS:
        unique = []
        for document in splits[split]:
            if document.key in repeated:
                report.drop("exact_duplicate", document.size)
            else:
                unique.append(document)
        if split == "train":
            guard = HeldOutGuard(list(prints.values()))
            kept, own = _screened(unique, guard, report, jobs)
        else:
            kept, own = unique, [prints[document.key] for document in unique]
        near = near_duplicates(own)
        for place in near:
            report.drop("near_duplicate", kept[place].size)
        splits[split] = [document for place, document in enumerate(kept) if place not in near]
    return splits


def _screened(
    documents: list[Document], guard: HeldOutGuard, report: Report, jobs: int
) -> tuple[list[Document], list[Fingerprint]]:
    """The training documents that are no copies of held-out ones or of problems, and their fingerprints."""
    kept: list[Document] = []
    prints: list[Fingerprint] = []
    slices = list(_sliced(documents))
    for own, findings in zip(slices, mapped(_findings, guard, slices, jobs), strict=True):
        for document, finding in zip(own, findings, strict=True):
            if finding.reason is None or finding.reason == "decontamination":
                report.decontamination[finding.hits] += 1
            if finding.reason == "decontamination":
                report.contaminated.append(f"{document.package}/{document.path}")
            if finding.reason is not None:
                report.drop(finding.reason, document.size)
            else:
                kept.append(document)
                prints.append(finding.fingerprint)
    return kept, prints


def _sliced(documents: Sequence[Document]) -> Iterator[list[Document]]:
    own: list[Document] = []
    size = 0
    for document in documents:
        own.append(document)
        size += len(document.text)
        if size >= _SLICE_BYTES:
            yield own
            own, size = [], 0
    if own:
        yield own


def _findings(guard: HeldOutGuard, documents: list[Document]) -> list[_Finding]:
    maker = Fingerprinter()
    found = []
    for document in documents:
        own = maker.fingerprint(document.text, document.language)
        reason = guard.reason(document.text, own, document.language)
        hits = 0
        if reason is None:
            hits = decontaminate.hits(document.text, decontaminate.blocklist())
            reason = "decontamination" if hits > decontaminate.MAX_HITS else None
        # The tokens were needed for windows only; a hundred million of them would have to be sent back.
        found.append(_Finding(reason, hits, replace(own, tokens=np.empty(0, dtype=np.uint64))))
    return found
