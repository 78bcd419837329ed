"""How near a summary is to the author's, and whether a docstring follows PEP 257."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from glm_lsp.errors import InputError
from glm_lsp.evaluate.humaneval import INSTALL

_PACKAGES = ("sacrebleu", "rouge_score", "ruff", "docstring_parser", "pygments")
_PEP257 = ("check", "--isolated", "--no-cache", "--select", "D2,D3,D4", "--output-format", "json")
_PEP257_CONVENTION = 'lint.pydocstyle.convention = "pep257"'


def name_in_words(name: str) -> str:
    """`read_HTTPHeaders` as "Read http headers."."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return " ".join(words).lower().capitalize() + "." if words else ""


def check_extra() -> None:
    """Makes sure that scores can be counted, before anything is written.

    Raises:
        InputError: a package is missing.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise InputError(f"not installed: {', '.join(missing)}", INSTALL)


def text_scores(written: Sequence[str], wanted: Sequence[str]) -> tuple[list[float], list[float]]:
    """Smoothed BLEU-4 (0 to 100) and ROUGE-L (0 to 1) of each pair.

    Raises:
        InputError: a package of the extra is not installed.
    """
    check_extra()
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415  # both take long to import
    from sacrebleu.metrics.bleu import BLEU  # noqa: PLC0415

    bleu = BLEU(lowercase=True, smooth_method="add-k", smooth_value=1, effective_order=True)
    rouge = RougeScorer(["rougeL"])
    pairs = list(zip(written, wanted, strict=True))
    bleus = [float(bleu.sentence_score(text, [author]).score) for text, author in pairs]
    return bleus, [float(rouge.score(author, text)["rougeL"].fmeasure) for text, author in pairs]


def follow_pep_257(texts: Sequence[str]) -> list[bool]:
    """Whether ruff's rules for PEP 257 find nothing in each docstring, its indentation set right before."""
    with tempfile.TemporaryDirectory(prefix="glm-lsp-eval-") as folder:
        paths = [Path(folder) / f"docstring_{number}.py" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(_stub(text), encoding="utf-8", errors="replace")
        command = [sys.executable, "-m", "ruff", *_PEP257, "--config", _PEP257_CONVENTION, folder]
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603
    faulty = {Path(finding["filename"]).name for finding in json.loads(result.stdout)}
    return [bool(text.strip()) and path.name not in faulty for path, text in zip(paths, texts, strict=True)]


def _stub(text: str) -> str:
    first, *more = inspect.cleandoc(text).splitlines() or [""]
    below = "".join(f"\n    {line}".rstrip(" ") for line in more)
    closing = "\n    " if more else ""
    return f'def function():\n    """{first}{below}{closing}"""\n    return None\n'
