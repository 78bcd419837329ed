"""What is written beside the corpus: the manifest, the counts and the licence notice."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.languages import GROUPS
from glm_lsp.train.corpus.pins import SPLITS, Split


@dataclass(slots=True)
class Report:
    """Counts of a build.

    Attributes:
        dropped_files: files per reason.
        dropped_bytes: bytes per reason.
        denied: licence found per package the gate turned away.
        decontamination: number of training files by their count of blocked runs of 13 tokens.
        contaminated: "package/path" of those dropped for it.
        read_files: files looked at.
        read_bytes: their bytes.
        blanked_emails: files that had an e-mail address replaced.
        removed_headers: files that lost a paragraph of their leading comment.
    """

    dropped_files: Counter[str] = field(default_factory=Counter)
    dropped_bytes: Counter[str] = field(default_factory=Counter)
    denied: dict[str, str] = field(default_factory=dict)
    decontamination: Counter[int] = field(default_factory=Counter)
    contaminated: list[str] = field(default_factory=list)
    read_files: int = 0
    read_bytes: int = 0
    blanked_emails: int = 0
    removed_headers: int = 0

    def drop(self, reason: str, size: int) -> None:
        """Counts one dropped file of `size` bytes."""
        self.dropped_files[reason] += 1
        self.dropped_bytes[reason] += size

    def add(self, other: Report) -> None:
        """Takes over another report's counts."""
        self.dropped_files += other.dropped_files
        self.dropped_bytes += other.dropped_bytes
        self.denied |= other.denied
        self.decontamination += other.decontamination
        self.contaminated += other.contaminated
        self.read_files += other.read_files
        self.read_bytes += other.read_bytes
        self.blanked_emails += other.blanked_emails
        self.removed_headers += other.removed_headers

    def table(self, splits: Mapping[Split, list[Document]]) -> dict[str, Any]:
        """The report as JSON-ready values, the same for the same corpus."""
        return {
            "splits": {split: _totals(splits[split]) for split in SPLITS},
            "languages": {split: _by(splits[split], lambda each: each.language) for split in SPLITS},
            "groups": {split: _by(splits[split], lambda each: GROUPS[each.language]) for split in SPLITS},
            "read": {"files": self.read_files, "bytes": self.read_bytes},
            "dropped": {
                reason: {"files": self.dropped_files[reason], "bytes": self.dropped_bytes[reason]}
                for reason in sorted(self.dropped_files)
            },
            "denied_packages": dict(sorted(self.denied.items())),
            "decontamination": {
                "files_by_hits": {str(hits): count for hits, count in sorted(self.decontamination.items())},
                "dropped": sorted(self.contaminated),
            },
            "blanked_emails_files": self.blanked_emails,
            "removed_headers_files": self.removed_headers,
            "packages": {split: _packages(splits[split]) for split in SPLITS},
        }


def _by(documents: Iterable[Document], key: Callable[[Document], str]) -> dict[str, dict[str, int]]:
    """The totals of each kind of documents, in order of the kinds' names."""
    kinds: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        kinds[key(document)].append(document)
    return {kind: _totals(kinds[kind]) for kind in sorted(kinds)}


def _packages(documents: Iterable[Document]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for document in documents:
        row = rows.setdefault(
            document.package, {"version": document.version, "licences": [], "files": 0, "bytes": 0}
        )
        row["files"] += 1
        row["bytes"] += document.size
        if document.licence not in row["licences"]:
            row["licences"] = sorted([*row["licences"], document.licence])
    return dict(sorted(rows.items()))


def _totals(documents: list[Document]) -> dict[str, int]:
    return {
        "packages": len({document.package for document in documents}),
        "files": len(documents),
        "bytes": sum(document.size for document in documents),
    }


def manifest_line(document: Document, split: Split) -> str:
    """One line of manifest.jsonl, without its line end."""
    return json.dumps(
        {
            "package": document.package,
            "version": document.version,
            "path": document.path,
            "language": document.language,
            "hash": document.digest,
            "bytes": document.size,
            "licence": document.licence,
            "split": split,
        },
        ensure_ascii=False,
    )


def corpus_line(document: Document) -> str:
    """One line of train.jsonl, valid.jsonl or test.jsonl, without its line end."""
    return json.dumps(
        {
            "package": document.package,
            "path": document.path,
            "language": document.language,
            "text": document.text,
        },
        ensure_ascii=False,
    )


def notice(splits: Mapping[Split, list[Document]]) -> str:
    """NOTICE.txt: every package a model of this corpus has seen, with version and licence."""
    licences: dict[tuple[str, str, Split], set[str]] = defaultdict(set)
    for split in SPLITS:
        for document in splits[split]:
            licences[document.package, document.version, split].add(document.licence)
    lines = [
        "The starter model was trained on source code from the packages listed here, each under the licence",
        "named in its metadata (of Debian's: those its files are under). Packages marked (held out) were used",
        "for measuring only. No source text is part of this distribution.",
        "",
    ]
    for (package, version, split), named in sorted(licences.items()):
        mark = "" if split == "train" else "  (held out)"
        lines.append(f"{package} {version}  {'; '.join(sorted(named))}{mark}")
    return "\n".join(lines) + "\n"
