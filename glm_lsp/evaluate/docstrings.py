"""Docstrings of held-out functions, written with the body in sight."""

from __future__ import annotations

import ast
import inspect
import json
import random
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import InputError
from glm_lsp.evaluate import syntax
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.humaneval import INSTALL
from glm_lsp.evaluate.progress import Progress, silent
from glm_lsp.evaluate.scores import Estimate, estimate
from glm_lsp.evaluate.subject import Writer, text_of

MAX_TOKENS = 128
_OPENING = re.compile(r"[rR]?(\"\"\"|''')")
_PEP257 = ("check", "--isolated", "--no-cache", "--select", "D2,D3,D4", "--output-format", "json")
_PEP257_CONVENTION = 'lint.pydocstyle.convention = "pep257"'


@dataclass(frozen=True, slots=True)
class DocstringTask:
    """One function whose docstring was taken out: `prefix` ends with the opening quotes.

    `wanted` stood between them and the closing quotes, `suffix` begins at the line after those.
    """

    path: str
    name: str
    quotes: str
    prefix: str
    wanted: str
    suffix: str

    def document(self, written: str) -> str:
        """The whole file with another docstring."""
        return f"{self.prefix}{written}{self.quotes}\n{self.suffix}"


@dataclass(frozen=True, slots=True)
class DocstringScores:
    """How one set of docstrings did.

    Attributes:
        bleu_4: smoothed (add one), of the first paragraph against the author's, from 0 to 100.
        rouge_l: F-measure of the same, from 0 to 1.
        non_empty: share that says anything.
        parses: share of files that still parse.
        pep_257: share without a finding by PEP 257; an empty one has findings.
    """

    bleu_4: Estimate
    rouge_l: Estimate
    non_empty: Estimate
    parses: Estimate
    pep_257: Estimate
    num_tasks: int


def draw_tasks(files: Sequence[HeldOutFile], count: int, seed: int) -> list[DocstringTask]:
    """At most `count` documented functions, by a fixed seed.

    Raises:
        InputError: there is no Python function with a docstring and a body.
    """
    found = [task for file in files if file.language == "python" for task in find_tasks(file)]
    if not found:
        raise InputError("the files hold no Python function with a docstring", "Name others with --files.")
    chosen = random.Random(seed).sample(range(len(found)), min(count, len(found)))
    return [found[index] for index in sorted(chosen)]


def find_tasks(file: HeldOutFile) -> Iterator[DocstringTask]:
    """Every function with a docstring in triple quotes and something behind it."""
    if "\r" in file.text:  # the parser's line numbers would not be ours
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(file.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    data = file.text.encode()
    starts = [0, *(found.end() for found in re.finditer(rb"\n", data))]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
            task = _task(file.path, node, data, starts)
            if task:
                yield task


def write(writer: Writer, tasks: Sequence[DocstringTask], progress: Progress = silent) -> list[str]:
    """The greedy docstring for every task, without quotes."""
    engine = writer.describe()
    budget = WindowBudget.for_context(engine.context_length, copies=engine.copies)
    texts = []
    for number, task in enumerate(tasks, start=1):
        texts.append(text_of(writer.complete(request_of(task, budget))))
        progress(number, len(tasks))
    return texts


def request_of(task: DocstringTask, budget: WindowBudget) -> CompletionRequest:
    """What an editor's request behind the opening quotes would have asked for."""
    snapshot = DocumentSnapshot(
        uri=task.path,
        path=task.path,
        language_id="python",
        version=0,
        text=f"{task.prefix}\n{task.suffix}",
        offset=len(task.prefix),
    )
    window = make_window(snapshot, budget)
    return CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=MAX_TOKENS,
        stop=task.quotes,
        glm=GlmOptions(
            path=task.path,
            language="Python",
            mode=Mode.BLOCK,
            text_before=window.before,
            text_after=window.after,
        ),
    )


def floors(tasks: Sequence[DocstringTask]) -> dict[str, list[str]]:
    """What needs no model: the function's name as a sentence, and what the author wrote, as a ceiling."""
    return {
        "name_in_words": [name_in_words(task) for task in tasks],
        "author": [task.wanted for task in tasks],
    }


def name_in_words(task: DocstringTask) -> str:
    """`read_HTTPHeaders` as "Read http headers."."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", task.name)
    return " ".join(words).lower().capitalize() + "." if words else ""


def first_paragraph(text: str) -> str:
    """A docstring's first paragraph in one line; what follows describes arguments more often than not."""
    return " ".join(re.split(r"\n\s*\n", inspect.cleandoc(text), maxsplit=1)[0].split())


def score(tasks: Sequence[DocstringTask], texts: Sequence[str], seed: int) -> DocstringScores:
    """Compares every text with the author's docstring.

    Raises:
        InputError: a package of the extra is not installed.
    """
    bleu_4, rouge_l = text_scores(
        [first_paragraph(text) for text in texts], [first_paragraph(task.wanted) for task in tasks]
    )
    valid = [syntax.parses(task.document(text)) for task, text in zip(tasks, texts, strict=True)]
    return DocstringScores(
        bleu_4=estimate(bleu_4, seed),
        rouge_l=estimate(rouge_l, seed),
        non_empty=estimate([bool(text.strip()) for text in texts], seed),
        parses=estimate(valid, seed),
        pep_257=estimate(follow_pep_257(texts), seed),
        num_tasks=len(tasks),
    )


def check_extra() -> None:
    """Makes sure that scores can be counted, before anything is written.

    Raises:
        InputError: a package is missing.
    """
    missing = [name for name in ("sacrebleu", "rouge_score", "ruff") if find_spec(name) is None]
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


def _task(
    path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, data: bytes, starts: list[int]
) -> DocstringTask | None:
    first = node.body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return None
    if not isinstance(first.value.value, str) or not first.value.value.strip():
        return None
    begin = starts[first.lineno - 1] + first.col_offset
    end = starts[(first.end_lineno or first.lineno) - 1] + (first.end_col_offset or 0)
    literal = data[begin:end].decode()
    opening = _OPENING.match(literal)
    line_break = data[end : end + 1] == b"\n"
    if not opening or not line_break or literal.count(opening[1]) != 2:
        return None
    return DocstringTask(
        path=path,
        name=node.name,
        quotes=opening[1],
        prefix=data[:begin].decode() + opening[0],
        wanted=literal[opening.end() : -3],
        suffix=data[end + 1 :].decode(),
    )
