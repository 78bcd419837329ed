"""The pipeline from pinned archives to documents of three splits."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from glm_lsp.train.corpus import headers
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.gather import gathered
from glm_lsp.train.corpus.manifest import Report, corpus_line, manifest_line, notice
from glm_lsp.train.corpus.pins import SPLITS, Pins
from glm_lsp.train.corpus.screen import Splits, without_copies
from glm_lsp.train.corpus.selection import Caps, capped

HEADER_COPIES = 5  # a paragraph of leading comments found in more files than this is dropped

_DEFAULT_CAPS = Caps()


def build(
    pins: Pins,
    cache: Path,
    out: Path,
    *,
    caps: Caps = _DEFAULT_CAPS,
    stdlib: Path | None = None,
    jobs: int = 1,
) -> Report:
    """Builds the corpus and writes it to `out`.

    Args:
        pins: what to read.
        cache: folder of archives; missing ones are fetched into it.
        out: folder for train.jsonl, valid.jsonl, test.jsonl, manifest.jsonl, report.json, NOTICE.txt.
        caps: bytes kept of one package.
        stdlib: the standard library's folder; that of the running interpreter when omitted.
        jobs: processes. The result does not depend on it.

    Raises:
        TrainingError: an archive cannot be had or differs from its pin.
    """
    report = Report()
    started = time.monotonic()

    def say(done: str, documents: Iterable[Document]) -> None:
        sizes = [len(document.text) for document in documents]
        elapsed = time.monotonic() - started
        print(f"{elapsed:6.0f} s  {done}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB", file=sys.stderr)

    documents = gathered(pins, cache, caps, report, stdlib=stdlib, jobs=jobs)
    say("filtered", documents)
    documents = within_caps(without_headers(documents, pins, report), pins, caps, report)
    say("capped", documents)
    splits = without_copies(documents, pins, report, jobs=jobs)
    say("without copies", (document for split in SPLITS for document in splits[split]))
    write(splits, report, out)
    return report


def within_caps(documents: list[Document], pins: Pins, caps: Caps, report: Report) -> list[Document]:
    """The documents that fit their packages' caps; `documents` are sorted by package."""
    by_key = {pin.key: pin for pin in pins.packages}
    result: list[Document] = []
    for package, own in groupby(documents, key=lambda document: document.package):
        held_out = pins.split(package) != "train"
        result += capped(own, caps.kept(by_key.get(package), held_out), report)
    return result


def without_headers(documents: list[Document], pins: Pins, report: Report) -> list[Document]:
    """The documents without the paragraphs of their leading comments that many files share.

    Copies are counted apart among training and held-out files: what is trained on does not change the texts
    that models are measured with.
    """
    copies: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for document in documents:
        held_out = pins.split(document.package) != "train"
        copies[held_out].update(set(headers.comment_paragraphs(document.text, document.language)))
    unwanted = {
        held_out: frozenset(
            part
            for part, count in parts.items()
            if count > HEADER_COPIES or headers.is_interpreter_line(part)
        )
        for held_out, parts in copies.items()
    }
    result = []
    for document in documents:
        held_out = pins.split(document.package) != "train"
        text = headers.without_paragraphs(document.text, unwanted[held_out], document.language)
        report.removed_headers += text != document.text
        result.append(replace(document, text=text) if text != document.text else document)
    return result


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
