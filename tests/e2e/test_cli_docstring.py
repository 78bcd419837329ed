"""`glm-lsp docstring` with the built-in model: what it prints, writes, and how it ends.

Most calls share one engine in this process, which saves loading it for each; what needs a process has one.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.cli_complete import load_engine
from glm_lsp.config import Settings
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.inprocess import InProcessClient
from tests.cli_in_process import InProcess
from tests.cli_process import COMMAND, CommandLine, press_ctrl_c
from tests.documentation_sources import SOURCES

SOURCE = '''"""Circles."""


def area(radius: float, scale: float = 1.0) -> float:
    if radius < 0:
        raise ValueError("negative")
    return 3.14 * radius**2 * scale


class Circle:
    """A round thing."""

    def _grow(self, by):
        self.radius += by

    def name_of(self, upper: bool) -> str:
        """What people call it.

        Returns:
            the name.
        """
        return "CIRCLE" if upper else "circle"
'''
SUFFIXES = {
    "python": "py", "javascript": "js", "javascriptreact": "jsx", "typescript": "ts", "typescriptreact": "tsx",
    "go": "go", "rust": "rs", "java": "java", "c": "c", "cpp": "cpp",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def engine(home: Path) -> Iterator[Callable[[], EngineClient]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLM_LSP_HOME", str(home))
        loaded = load_engine(Settings())
    with loaded:
        yield lambda: InProcessClient(loaded)


@pytest.fixture
def cli(home: Path, engine: Callable[[], EngineClient]) -> InProcess:
    return InProcess(home, engine)


@pytest.fixture
def shell(home: Path) -> CommandLine:
    return CommandLine(home)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "circle.py"
    path.write_bytes(SOURCE.encode())
    return path


def without_docstrings(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)


def docstring_of(text: str, name: str) -> str | None:
    (node,) = [
        each
        for each in ast.walk(ast.parse(text))
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.name == name
    ]
    return ast.get_docstring(node)


def test_the_definition_at_a_line_is_printed_and_the_file_left(shell: CommandLine, file: Path) -> None:
    result = shell("docstring", "circle.py:6", cwd=file.parent)
    assert (result.status, result.stderr) == (0, "")
    place, opening, *rest = result.stdout.splitlines()
    assert place == "circle.py:4: area"
    assert opening.startswith('"""')
    assert [line for line in rest if line in {"Args:", "Returns:", "Raises:"}] == [
        "Args:",
        "Returns:",
        "Raises:",
    ]
    assert file.read_text() == SOURCE


def test_write_documents_what_is_public_and_undocumented(cli: InProcess, file: Path) -> None:
    result = cli("docstring", str(file), "--write")
    assert (result.status, result.stdout) == (0, "")
    assert "documented 1 in 1 file" in result.stderr
    text = file.read_text()
    assert without_docstrings(text) == without_docstrings(SOURCE)
    documented = docstring_of(text, "area")
    assert documented is not None
    assert "radius: " in documented
    assert docstring_of(text, "_grow") is None
    assert docstring_of(text, "name_of") == docstring_of(SOURCE, "name_of")
    before = file.stat().st_mtime_ns
    again = cli("docstring", str(file), "--write")
    assert (again.status, again.stderr) == (0, "nothing to document\n")
    assert file.stat().st_mtime_ns == before


def test_all_takes_private_ones_and_completes(cli: InProcess, file: Path) -> None:
    assert cli("docstring", str(file), "--write", "--all").status == 0
    text = file.read_text()
    assert without_docstrings(text) == without_docstrings(SOURCE)
    assert docstring_of(text, "_grow") is not None
    completed = docstring_of(text, "name_of")
    assert completed is not None
    assert "upper: " in completed
    assert completed.startswith("What people call it.")
    assert cli("docstring", str(file), "--check", "--all").status == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_git_applies_the_diff(cli: InProcess, file: Path, line_end: str) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + SOURCE.replace("\n", line_end).encode())
    folder = file.parent
    result = cli("docstring", "circle.py", "--all", "--diff", cwd=folder)
    assert result.status == 1
    assert file.read_bytes().count(b'"""') == SOURCE.count('"""')
    (folder / "a.diff").write_bytes(result.stdout.encode())
    apply = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "a.diff"]
    subprocess.run(apply, cwd=folder, check=True)
    applied = file.read_bytes()
    file.write_bytes(b"\xef\xbb\xbf" + SOURCE.replace("\n", line_end).encode())
    assert cli("docstring", "circle.py", "--all", "--write", cwd=folder).status == 0
    assert file.read_bytes() == applied
    assert applied.startswith(b"\xef\xbb\xbf")
    assert applied.count(b"\n") == applied.count(line_end.encode())
    assert cli("docstring", "circle.py", "--all", "--diff", cwd=folder).status == 0


def test_check_needs_no_model_and_names_what_is_missing(shell: CommandLine, file: Path) -> None:
    without_model = shell.with_environ(GLM_LSP_MODEL="no-such-model")
    result = without_model("docstring", "circle.py", "--check", cwd=file.parent)
    assert result.status == 1
    assert result.stdout.splitlines() == ["circle.py:4: area: no documentation"]
    complete = without_model("docstring", "circle.py", "--check", "--all", cwd=file.parent)
    assert "circle.py:16: Circle.name_of: lacks parameters upper" in complete.stdout.splitlines()
    found = without_model("docstring", "circle.py", "--check", "--all", "--json", cwd=file.parent)
    assert [each["name"] for each in found.json] == ["area", "Circle._grow", "Circle.name_of"]
    assert found.json[2]["state"] == "incomplete"
    (file.parent / "good.py").write_text('"""Good."""\n')
    assert shell("docstring", str(file.parent / "good.py"), "--check").status == 0


def test_what_cannot_be_documented_is_counted(cli: CommandLine, file: Path) -> None:
    broken = file.parent / "broken.c"
    broken.write_text("int broken(int a) { return (((; }\n")
    result = cli("docstring", str(broken), "--check")
    assert result.status == 0
    assert "1 cannot be documented; --list tells why" in result.stderr
    assert "there is a syntax error in it" in cli("docstring", str(broken), "--list").stdout


def test_what_check_misses_write_adds(cli: InProcess, file: Path) -> None:
    for options in ([], ["--all"]):
        assert cli("docstring", "circle.py", *options, "--check", cwd=file.parent).status == 1
        assert cli("docstring", "circle.py", *options, "--write", cwd=file.parent).status == 0
        assert cli("docstring", "circle.py", *options, "--check", cwd=file.parent).status == 0


def test_list_has_everything(cli: InProcess, file: Path) -> None:
    result = cli("docstring", "circle.py", "--list", cwd=file.parent)
    assert result.status == 0
    assert "circle.py:10: Circle: documented" in result.stdout.splitlines()
    assert len(result.stdout.splitlines()) == 5


def test_json_says_where_and_what_and_who_wrote_it(cli: InProcess, file: Path) -> None:
    found: list[dict[str, Any]] = cli(
        "docstring", "circle.py:4", "circle.py:17", "--json", cwd=file.parent
    ).json
    assert [(one["file"], one["line"], one["name"], one["kind"], one["style"]) for one in found] == [
        ("circle.py", 4, "area", "function", "google"),
        ("circle.py", 16, "Circle.name_of", "method", "google"),
    ]
    text = SOURCE
    for insertion in sorted(
        (each for one in found for each in one["insertions"]), key=lambda each: -each["offset"]
    ):
        before = SOURCE[: insertion["offset"]]
        assert insertion["line"] == before.count("\n") + 1
        assert insertion["column"] == len(before) - before.rfind("\n")
        text = text[: insertion["offset"]] + insertion["text"] + text[insertion["offset"] :]
    assert without_docstrings(text) == without_docstrings(SOURCE)
    assert {sentence["from"] for one in found for sentence in one["sentences"]} <= {"model", "names"}
    assert [sentence["slot"] for sentence in found[0]["sentences"]][:3] == [
        "summary",
        "parameter",
        "parameter",
    ]
    assert all(sentence["text"] for one in found for sentence in one["sentences"])
    assert found[0]["documentation"].startswith('"""')
    assert found[1]["documentation"].startswith('"""What people call it.\n\nArgs:\n    upper: ')
    assert all(one["ms"] > 0 for one in found)


def test_a_style_that_is_named_is_taken(cli: InProcess, file: Path) -> None:
    result = cli("docstring", str(file) + ":4", "--style", "numpy")
    assert "Parameters\n----------\n" in result.stdout
    configured = cli.with_environ(GLM_LSP_DOCSTRING_STYLE="sphinx")("docstring", str(file) + ":4")
    assert ":param radius:" in configured.stdout
    other = cli("docstring", str(file) + ":4", "--style", "javadoc")
    assert "javadoc is no style of python" in other.stderr
    assert "Args:" in other.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.py"], "GLM-101"),
        (["circle.py:99"], "GLM-104"),
        (["circle.py:11"], "GLM-106"),
        (["notes.txt"], "GLM-107"),
        (["circle.py", "--write", "--diff"], "GLM-100"),
        (["circle.py", "--style", "nonsense"], "GLM-100"),
        ([], "GLM-100"),
        (["."], "GLM-107"),
    ],
)
def test_wrong_use_has_a_code(cli: InProcess, file: Path, arguments: list[str], code: str) -> None:
    (file.parent / "notes.txt").write_text("notes\n")
    result = cli("docstring", *arguments, cwd=file.parent)
    assert (result.status, result.stdout) == (2, "")
    assert code in result.stderr


def test_of_several_files_the_others_are_done(cli: InProcess, file: Path) -> None:
    folder = file.parent
    (folder / "notes.txt").write_text("notes\n")
    result = cli("docstring", "notes.txt", "circle.py", "--write", cwd=folder)
    assert result.status == 0
    assert "notes.txt: left out" in result.stderr
    assert file.read_text() != SOURCE
    file.write_text(SOURCE)
    result = cli("docstring", "nowhere.py", "circle.py", "--write", cwd=folder)
    assert result.status == 2
    assert "GLM-101" in result.stderr
    assert file.read_text() != SOURCE


def test_every_language_in_one_run(cli: InProcess, tmp_path: Path) -> None:
    names = []
    for language, text in SOURCES.items():
        names.append(f"a.{SUFFIXES[language]}")
        (tmp_path / names[-1]).write_text(text, encoding="utf-8")
    result = cli("docstring", *names, "--write", "--json", cwd=tmp_path)
    assert result.status == 0
    assert {one["file"] for one in result.json} == set(names)
    checked = cli("docstring", *names, "--check", "--json", cwd=tmp_path).json
    assert [one for one in checked if one["state"] == "undocumented"] == []


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_links_stay_and_read_only_files_are_refused(cli: InProcess, file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to(file.name)
    file.chmod(0o444)
    refused = cli("docstring", "link.py", "--write", cwd=file.parent)
    assert refused.status == 1
    assert "GLM-500: link.py is read-only" in refused.stderr
    assert file.read_text() == SOURCE
    file.chmod(0o755)
    assert cli("docstring", "link.py", "--write", cwd=file.parent).status == 0
    assert link.is_symlink()
    assert file.read_text() != SOURCE
    assert file.stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in file.parent.iterdir()) == ["circle.py", "link.py"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_leaves_whole_files(shell: CommandLine, tmp_path: Path) -> None:
    text = "".join(
        SOURCE.replace("area", f"area_{number}").replace("Circle", f"C{number}") for number in range(40)
    )
    for number in range(4):
        (tmp_path / f"a{number}.py").write_text(text)
    names = [f"a{number}.py" for number in range(4)]
    command = [*COMMAND, "docstring", *names, "--write", "--all"]
    running = subprocess.Popen(
        command, cwd=tmp_path, env=shell.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while (tmp_path / "a0.py").read_text() == text and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    press_ctrl_c(running)
    running.communicate()
    assert running.returncode in {130, -signal.SIGINT, 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        found = (tmp_path / name).read_text()
        assert found == text or without_docstrings(found) == without_docstrings(text)
    assert (tmp_path / "a0.py").read_text() != text


def test_the_hook_of_pre_commit_is_a_command_of_ours(cli: InProcess, file: Path) -> None:
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
    entries = re.findall(r"^  entry: glm-lsp (.+)$", hooks, re.MULTILINE)
    assert len(entries) == 1
    assert cli(*entries[0].split(), str(file)).status == 1
