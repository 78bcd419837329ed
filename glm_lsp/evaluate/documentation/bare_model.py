"""Documentation by the model alone: held-out Python functions for it, and the request behind the opening quotes."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import language_name
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate.held_out import HeldOutFile

MAX_TOKENS = 128
_OPENING = re.compile(r"[rR]?(\"\"\"|''')")


@dataclass(frozen=True, slots=True)
class BareTask:
    """One function whose docstring was taken out: `prefix` ends with the opening quotes.

    `wanted` stood between them and the closing quotes, `suffix` begins at the line after those. In other languages the
    quotes are the comment's end mark, empty for line comments.
    """

    path: str
    name: str
    quotes: str
    prefix: str
    wanted: str
    suffix: str
    language_id: str = "python"

    def document(self, written: str) -> str:
        """The whole file with another docstring."""
        return f"{self.prefix}{written}{self.quotes}\n{self.suffix}"


def find_tasks(file: HeldOutFile) -> Iterator[BareTask]:
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


def request_of(task: BareTask, budget: WindowBudget) -> CompletionRequest:
    """What an editor's request behind the opening quotes would have asked for."""
    snapshot = DocumentSnapshot(
        uri=task.path,
        path=task.path,
        language_id=task.language_id,
        version=0,
        text=f"{task.prefix}\n{task.suffix}",
        offset=len(task.prefix),
    )
    window = make_window(snapshot, budget)
    return CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=MAX_TOKENS,
        stop=task.quotes or None,
        glm=GlmOptions(
            path=task.path,
            language=language_name(task.language_id),
            mode=Mode.BLOCK,
            text_before=window.before,
            text_after=window.after,
        ),
    )


def _task(
    path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, data: bytes, starts: list[int]
) -> BareTask | None:
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
    return BareTask(
        path=path,
        name=node.name,
        quotes=opening[1],
        prefix=data[:begin].decode() + opening[0],
        wanted=literal[opening.end() : -3],
        suffix=data[end + 1 :].decode(),
    )
