"""A first look at glm-lsp: starts the real server, as an editor would, and lets it complete this project's own code.

In each place the rest of a line is taken away, and the server is asked for it over LSP. What it answers is shown
dim, with the milliseconds it took and how much of the prompt was already in the engine's KV cache. Then docstrings
are taken away, and the server is asked for the code action that writes new ones. Run it with `make run`, or
`python benchmarks/first_look.py` where glm-lsp is installed.
"""

from __future__ import annotations

import ast
import os
import statistics
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.bench.editor import Editor
from glm_lsp.bench.open_document import OpenDocument
from glm_lsp.errors import GlmError

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 120.0

# File, and a line of it with the cursor as |. The text right of it is taken away, and what the model puts there is
# compared with it. Some are easy, some are beyond so small a model.
PLACES = (
    ("glm_lsp/errors.py", "class SettingError(|InputError):"),
    ("glm_lsp/completion/lines.py", "def line_after(text: str, offset: |int) -> str:"),
    ("glm_lsp/models/prefix_config.py", "    def head_dim(|self) -> int:"),
    ("glm_lsp/engine/wire.py", '    language: |str = ""'),
    ("glm_lsp/models/config.py", "    def qkv_width(|self) -> int:"),
    ("glm_lsp/doctor/__init__.py", "            told.add(str(|error))"),
    ("glm_lsp/errors.py", '        return {"code": self.code, "cause": self.|cause, "remedy": self.remedy}'),
    ("glm_lsp/engine/job.py", "        self._last = |now"),
    ("glm_lsp/engine/job.py", "        return self._cancelled.|is_set()"),
    ("glm_lsp/paths.py", "    if not os.access(|folder, os.W_OK | os.X_OK):"),
)  # fmt: skip

# File, and the line of a definition: its docstring is taken away, and one is asked for.
DOCUMENTED = (
    ("glm_lsp/syntax/tree.py", "    def byte_of(self, offset: int) -> int:"),
    ("glm_lsp/source_file.py", "def read_source(path: Path) -> str:"),
    ("glm_lsp/config.py", "def environment_options(environ: Mapping[str, str]) -> dict[str, object]:"),
)


@dataclass
class Cursor:
    """A cursor in an open document, where the rest of its line was taken away."""

    document: OpenDocument
    offset: int

    @classmethod
    def at(cls, editor: Editor, path: str, marked: str) -> tuple[Cursor, str]:
        """Opens a file with the cursor at the mark; returns it with the text that was taken away."""
        before, _, taken = marked.partition("|")
        lines = (ROOT / path).read_text("utf-8").split("\n")
        row = lines.index(before + taken)
        lines[row] = before
        document = OpenDocument.open(editor, (ROOT / path).as_uri(), "python", "\n".join(lines))
        return cls(document, document.line_end(row)), taken

    @property
    def line(self) -> str:
        """What stands before it on its line."""
        return self.document.text[: self.offset].rpartition("\n")[2]

    def type(self, text: str) -> None:
        """Types something."""
        self.document.replace(self.offset, self.offset, text)
        self.offset += len(text)

    def suggestion(self, *, automatic: bool = True) -> tuple[str, float]:
        """The ghost text, empty when there is none, and the milliseconds until it came."""
        question = self.document.question(self.offset, automatic=automatic)
        started = time.perf_counter()
        result = self.document.editor.request("textDocument/inlineCompletion", question)
        milliseconds = (time.perf_counter() - started) * 1e3
        return self.document.hint(self.offset, result), milliseconds


def main() -> None:
    """The whole tour; what goes wrong on it is told in one line."""
    try:
        tour()
    except GlmError as error:
        raise SystemExit(str(error)) from error


def tour() -> None:
    """From the server's start to its end."""
    dim, plain = (
        ("\x1b[2;36m", "\x1b[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("«", "»")
    )
    editor = start()
    answers = [show_place(editor, path, marked, dim, plain) for path, marked in PLACES]
    # Typing shows most where most is suggested.
    longest = max(range(len(PLACES)), key=lambda number: len(answers[number].text))
    show_typing(editor, PLACES[longest], dim, plain)
    for path, definition in DOCUMENTED:
        show_documentation(editor, path, definition, dim, plain)
    editor.close()
    num_equal = sum(answer.is_original for answer in answers)
    middle = statistics.median(answer.milliseconds for answer in answers)
    print(
        f"\n{num_equal} of {len(answers)} exactly as written; half of the answers came within {middle:.0f} ms."
    )
    print(CONNECT)


def start() -> Editor:
    """A server that is ready to complete."""
    editor = Editor([sys.executable, "-m", "glm_lsp", "serve"], cwd=ROOT, options={"lingerS": 1})
    editor.on_message = lambda text: print(f"  the server says: {text}")
    editor.greet(ROOT)
    print(f"server answered after {(time.perf_counter() - editor.started) * 1e3:.0f} ms", end="", flush=True)
    editor.wait_until_ready(READY_WITHIN_S)
    model = editor.status.get("model")
    print(f", model {model} was ready after {(time.perf_counter() - editor.started) * 1e3:.0f} ms")
    return editor


@dataclass(frozen=True)
class Answer:
    """What the server suggested in one place."""

    text: str
    milliseconds: float
    is_original: bool


def show_place(editor: Editor, path: str, marked: str, dim: str, plain: str) -> Answer:
    """Completes one place and prints it."""
    cursor, taken = Cursor.at(editor, path, marked)
    text, milliseconds = cursor.suggestion(automatic=False)
    cursor.document.close()
    before = marked.partition("|")[0].lstrip()
    verdict = "as written" if text == taken else f"written was: {taken}"
    first, *more = text.split("\n")
    print(f"\n{path}\n  {before}{dim}{first}{plain}" + "".join(f"\n  {dim}{line}{plain}" for line in more))
    print(f"    {milliseconds:.0f} ms, {reused(editor)}; {verdict if text else 'no suggestion'}")
    return Answer(text, milliseconds, text == taken)


def show_typing(editor: Editor, place: tuple[str, str], dim: str, plain: str) -> None:
    """Types key by key: what was suggested, which needs no model, then something else, which reads one token more."""
    cursor, taken = Cursor.at(editor, *place)
    print(f"\nTyping in {place[0]}, first what is suggested, then something else:")
    suggested, _ = cursor.suggestion()
    for key in ("", *(suggested or taken)[:4], "_", "x"):
        if key:
            cursor.type(key)
        text, milliseconds = cursor.suggestion()
        shown = f"{cursor.line.lstrip()}{dim}{text.partition(chr(10))[0]}{plain}"
        print(f"  {shown}   {milliseconds:.1f} ms, {reused(editor)}")
    cursor.document.close()


def show_documentation(editor: Editor, path: str, definition: str, dim: str, plain: str) -> None:
    """Has one docstring written by the server's code action, and prints it."""
    text, row = without_docstring((ROOT / path).read_text("utf-8"), definition)
    document = OpenDocument.open(editor, (ROOT / path).as_uri(), "python", text)
    place = {"line": row, "character": len(definition) - len(definition.lstrip())}
    started = time.perf_counter()
    question = {
        "textDocument": document.identifier,
        "range": {"start": place, "end": place},
        "context": {"diagnostics": [], "only": ["refactor.rewrite"]},
    }
    action = editor.request("textDocument/codeAction", question)[0]
    (change,) = editor.request("codeAction/resolve", action)["edit"]["documentChanges"]
    milliseconds = (time.perf_counter() - started) * 1e3
    (edit,) = change["edits"]
    document.close()
    print(f"\n{path}, {action['title']}\n  {definition.strip()}")
    for line in textwrap.dedent(edit["newText"]).strip("\n").split("\n"):
        print(f"    {dim}{line}{plain}".rstrip())
    print(
        f"    {milliseconds:.0f} ms; the sections come from the code, each sentence from the model or from the names"
    )


def without_docstring(text: str, definition: str) -> tuple[str, int]:
    """A source without the docstring below a line, and the number of that line from 0."""
    lines = text.split("\n")
    row = lines.index(definition)
    name = definition.partition("(")[0].removeprefix("async ").split()[-1]
    found = next(
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == name
        and node.lineno == row + 1
    )
    docstring = found.body[0]
    del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines), row


def reused(editor: Editor) -> str:
    """What of the last prompt was in the KV cache already."""
    status = editor.request("glm/status")
    cached, total = status["numCachedTokens"], status["numPromptTokens"]
    return f"{cached} of {total} prompt tokens cached" if total else "no model needed"


CONNECT = """
To have this in your editor:

  Neovim 0.12   put the lines from README.md, "Neovim", into init.lua
  VS Code       `make vscode` packs an extension; see README.md, "VS Code"
  others        start `glm-lsp serve` on stdio; it answers textDocument/inlineCompletion"""


if __name__ == "__main__":
    main()
