"""MODEL_CARD.md: the prose of model_card.md with the figures of metrics.json. A pure function of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from textwrap import fill
from typing import Any

import msgspec

from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.train.release.facts import ESTIMATE
from glm_lsp.train.release.metrics import ConfidenceMetrics, Metrics, PrecisionMetrics, TypedLines

CARD_FILE = "MODEL_CARD.md"
TEMPLATE = Path(__file__).parent / "model_card.md"

_MIB = 1 << 20
_SHOWN_ROWS = 12
_WIDTH = 120


def render(metrics: Metrics, template: str | None = None) -> str:
    """The card.

    Raises:
        KeyError: the template has a field that does not exist.
    """
    text = TEMPLATE.read_text(encoding="utf-8") if template is None else template
    released = metrics.precisions[metrics.precision]
    shape = msgspec.to_builtins(metrics.shape)
    fields: dict[str, str] = {key: _number(value) for key, value in shape.items()}
    fields |= {
        "name": metrics.name,
        "notes": f"\n{metrics.notes.strip()}\n" if metrics.notes.strip() else "",
        "precision": _precision(released),
        "weight_size": f"{released.weight_bytes / _MIB:.1f} MiB on disk",
        "corpus_table": _corpus_table(metrics.corpus),
        "held_out_packages": _held_out(metrics.corpus),
        "mix_table": _mix_table(metrics.corpus),
        "contamination": _contamination(metrics.corpus),
        "training_table": _table(("", ""), _pairs(metrics.training)),
        "measured_text": _measured_text(metrics),
        "quality_table": _quality_table(metrics),
        "language_table": _language_table(metrics),
        "evaluations": _evaluations(metrics.evaluations),
        "copied_tokens": f"{metrics.copying.tokens:,}",
        "copied_lines": f"{metrics.copying.lines:,}",
        "copied_split": metrics.copying.split,
        "measured_split": metrics.held_out.split,
        "bits_model": f"{metrics.copying.bits_model:.2f}",
        "bits_mixed": f"{metrics.copying.bits_mixed:.2f}",
        "confidence": _confidence(metrics.confidence),
        "prompts": str(metrics.held_out.prompts),
        "processor": str(metrics.measured_on.get("processor", "")),
        "cores": str(metrics.measured_on.get("cores", "")),
        "quantisation_table": _quantisation_table(metrics.precisions.values()),
    }
    return Template(text).substitute(fields)


def _precision(released: PrecisionMetrics) -> str:
    if released.precision == "fp32":
        return "fp32"
    activations = "int8" if released.accuracy_level == 4 else "fp32"
    return (
        f"{released.precision} weights in blocks of 32, {activations} activations in matrix products "
        f"(`accuracy_level` {released.accuracy_level}), fp32 KV"
    )


def _corpus_table(corpus: Mapping[str, Any]) -> str:
    rows = [
        (split, counts["packages"], counts["files"], f"{counts['bytes'] / 1e6:.1f} MB")
        for split, counts in corpus["splits"].items()
    ]
    return _table(("split", "packages", "files", "text"), rows)


def _held_out(corpus: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{split}: {', '.join(names) or 'none'}" for split, names in corpus["held_out_packages"].items()
    )


def _mix_table(corpus: Mapping[str, Any]) -> str:
    """Shares of the training text, the largest first."""
    columns = [("file ending", "train_bytes_by_file_ending"), ("licence", "train_bytes_by_licence")]
    tables = []
    for title, key in columns:
        sizes: dict[str, int] = corpus[key]
        total = sum(sizes.values()) or 1
        rows = [(name, f"{size / total:.1%}") for name, size in list(sizes.items())[:_SHOWN_ROWS]]
        rest = sum(list(sizes.values())[_SHOWN_ROWS:])
        rows += [("others", f"{rest / total:.1%}")] if rest else []
        tables.append(_table((title, "of the training text"), rows))
    return "\n\n".join(tables)


def _contamination(corpus: Mapping[str, Any]) -> str:
    found = corpus["decontamination"]
    hits: dict[str, int] = found["files_by_hits"]
    total = sum(hits.values())
    near = sum(
        corpus["dropped"].get(reason, {}).get("files", 0) for reason in ("near_held_out", "held_out_window")
    )
    return (
        f"{near} files too close to a held-out file were dropped. Of {total} checked files "
        f"{total - hits.get('0', 0)} hold at least one run of 13 tokens of public evaluation sets "
        f"(HumanEval and its like); {len(found['dropped'])} files with three or more were dropped."
    )


def _measured_text(metrics: Metrics) -> str:
    held_out = metrics.held_out
    return (
        f"Held-out text is {held_out.bytes / 1e6:.2f} MB ({held_out.files} files) of the corpus' "
        f"{held_out.split} split{_only(held_out.languages)}. "
        f"xz -9e packs the same bytes to {held_out.xz_bits_per_byte:.3f} bits per byte."
    )


def _only(languages: Sequence[str]) -> str:
    return f", {' and '.join(LANGUAGE_NAMES.get(name, name) for name in languages)} only" if languages else ""


def _quality_table(metrics: Metrics) -> str:
    quality = metrics.quality
    rows: list[Sequence[object]] = [
        ("bits per byte, left to right", f"**{quality.text.bits_per_byte:.3f}**"),
        ("perplexity per token", f"{quality.text.perplexity:.2f}"),
    ]
    names = {
        "with_suffix": "with the text after the cursor",
        "left_only": "without it",
        "model_alone": "with it, by the model alone, without copying",
    }
    for key, scores in quality.lines.items():
        rows.append(
            (
                f"rest of a line, {names.get(key, key)}, {scores.tasks} cursors",
                f"exact match {scores.exact_match:.1%}, edit similarity {scores.edit_similarity:.3f}",
            )
        )
    return _table((f"{metrics.precision}, as released", ""), rows)


def _language_table(metrics: Metrics) -> str:
    quality = metrics.quality
    rows = []
    for language, text in quality.text_by_language.items():
        scores = quality.lines_by_language.get(LANGUAGE_NAMES.get(language, ""))
        match = f"{scores.exact_match:.1%} of {scores.tasks}" if scores else ""
        rows.append((language, f"{text.bytes / 1e6:.2f} MB", f"{text.bits_per_byte:.3f}", match))
    return _table(("language", "held-out text", "bits per byte", "line, exact match"), rows)


def _confidence(confidence: ConfidenceMetrics | None) -> str:
    begin = "**Confidence.** Of an answer the part is shown that is likely enough to be right (setting `suggest`)."
    if confidence is None:
        taken = "No weights were fitted for that: the model's own probabilities are taken at their word."
        return fill(f"{begin} {taken}", _WIDTH)
    fitted, measured = confidence.fitted, confidence.measured
    said = (
        f"The weights that make it out of the tokens' probabilities were fitted on {fitted.answers:,} answers to "
        f"held-out lines while they were typed ({_typed(fitted)}). On {measured.answers:,} other answers "
        f"({_typed(measured)}) the log loss of {measured.parts:,} parts is {confidence.loss_model:.3f} when the "
        f"model is taken at its word and {confidence.loss_fitted:.3f} with the weights."
    )
    rows = [
        (
            f"{number / 10:.1f} to {(number + 1) / 10:.1f}",
            f"{one.parts:,}",
            f"{one.predicted:.1%}",
            f"{one.right:.1%}",
        )
        for number, one in enumerate(confidence.bins)
        if one is not None
    ]
    return (
        f"{fill(f'{begin} {said}', _WIDTH)}\n\n{_table(('probability', 'parts', 'predicted', 'right'), rows)}"
    )


def _typed(lines: TypedLines) -> str:
    names = ", ".join(dict.fromkeys(LANGUAGE_NAMES.get(name, name) for name in lines.languages))
    return f"{lines.projects} {'project' if lines.projects == 1 else 'projects'} of the {lines.split} split; {names}"


def _quantisation_table(precisions: Iterable[PrecisionMetrics]) -> str:
    head = ("", "weights", "bits per byte", "change", "tokens", "written", "lines", "ms per token", "gate")
    rows = []
    for one in precisions:
        agreed = one.agreement
        shares = (
            (f"{agreed.tokens:.1%}", f"{agreed.written:.1%}", f"{agreed.prompts:.1%}")
            if agreed
            else ("", "", "")
        )
        rows.append(
            (
                one.precision,
                f"{one.weight_bytes / _MIB:.1f} MiB",
                f"{one.bits_per_byte:.4f}",
                f"{one.bits_per_byte_change:+.4f}" if agreed else "",
                *shares,
                f"{one.ms_per_token:.2f}",
                ("passed" if not one.gate else f"failed: {one.gate}") if agreed else "",
            )
        )
    return _table(head, rows)


def _evaluations(evaluations: Mapping[str, Any]) -> str:
    """One section for each report of `glm-lsp eval`; other JSON objects are shown as they are."""
    sections = []
    for name, report in evaluations.items():
        data = report.get("data", {})
        about = (
            f"{data['description']}; count {report.get('count', 'unknown')}\n\n"
            if "description" in data
            else ""
        )
        table = _table(("figure", ""), _pairs(report.get("results", report)))
        sections.append(f"### {name}\n\n{about}{table}")
    return "\n\n".join(sections)


def _pairs(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested figures as (dotted name, value) rows."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        if isinstance(value, dict) and value.keys() == ESTIMATE:
            interval = f"{_number(value['value'])} ({_number(value['low'])} to {_number(value['high'])})"
            rows.append((f"{prefix}{key}".replace("_", " "), interval))
        elif isinstance(value, dict):
            rows += _pairs(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}".replace("_", " "), _number(value)))
    return rows


def _number(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
