"""What the files around a document show."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from glm_lsp.docstring.detection import dialect_of
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.project.files import ENOUGH, MAX_CHARS, MAX_FILES, ProjectFiles


def source(name: str, num: int = 1) -> str:
    return "\n".join(f'def f{number}():\n    """{name}."""\n' for number in range(num))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def found(path: Path, *roots: Path, language_id: str = "python") -> list[str]:
    return [
        text.strip('"/ .')
        for text in ProjectFiles(path, roots, clock=lambda: 0.0).documentations(language_id)
    ]


def test_nearest_files_first_and_not_the_document(tmp_path: Path) -> None:
    document = write(tmp_path / "a" / "b" / "own.py", source("own"))
    write(tmp_path / "a" / "b" / "beside.py", source("beside"))
    write(tmp_path / "a" / "above.py", source("above"))
    write(tmp_path / "top.py", source("top"))
    write(tmp_path.parent / f"{tmp_path.name}_outside.py", source("outside"))
    assert found(document, tmp_path) == ["beside", "above", "top"]


def test_other_languages_and_ignored_and_secret_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "made.py\n")
    write(tmp_path / ".glmignore", "private.py\n")
    for name in ("made.py", "private.py", ".env.py", "kept.py"):
        write(tmp_path / name, source(name))
    write(tmp_path / "other.go", "// Package other does it.\npackage other\n")
    (tmp_path / "binary.py").write_bytes(b'"""binary\0"""')
    assert found(tmp_path / "new.py", tmp_path) == ["kept.py"]
    assert found(tmp_path / "new.go", tmp_path, language_id="go") == ["Package other does it"]


def test_links_out_of_the_workspace_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.py", source("secret"))
    root = tmp_path / "root"
    document = write(root / "own.py", "")
    (root / "link.py").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    write(root / "inside.py", source("inside"))
    assert found(document, root) == ["inside"]
    assert found(root / "folder" / "new.py", root) == ["inside"]


def test_of_a_document_outside_of_the_workspace_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path / "above.py", source("above"))
    write(tmp_path / "x" / "beside.py", source("beside"))
    write(tmp_path / "x" / "pyproject.toml", "[tool.black]\nline-length = 77\n")
    document = write(tmp_path / "x" / "own.py", source("own"))
    write(tmp_path / "root" / "inside.py", source("inside"))
    for roots in ([tmp_path / "root"], []):
        assert found(document, *roots) == []
        assert ProjectFiles(document, roots).width("python") is None


def test_nothing_is_read_without_trust(tmp_path: Path) -> None:
    write(tmp_path / "beside.py", source("beside"))
    write(tmp_path / "pyproject.toml", "[tool.black]\nline-length = 77\n")
    files = ProjectFiles(tmp_path / "own.py", [tmp_path], is_trusted=False)
    assert list(files.documentations("python")) == []
    assert files.width("python") is None


def test_at_most_so_many_files(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 6):
        write(tmp_path / f"m{number:02}.py", source(str(number)))
    assert found(tmp_path / "own.py", tmp_path) == [str(number) for number in range(MAX_FILES)]


def test_enough_is_enough(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"m{number}.py", source(str(number), ENOUGH))
    assert set(found(tmp_path / "own.py", tmp_path)) == {"0"}


def test_at_most_so_much_text(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"m{number}.py", source(str(number)) + "#" * (MAX_CHARS // 3))
    assert found(tmp_path / "own.py", tmp_path) == ["0", "1"]


def test_time_is_up(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"m{number}.py", source(str(number)))
    ticks: Iterator[int] = count()
    files = ProjectFiles(tmp_path / "own.py", [tmp_path], clock=lambda: next(ticks) * 0.06)
    assert len(files.documentations("python")) == 2


def test_who_can_wait_gets_all_however_busy_the_machine_is(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"m{number}.py", source(str(number)))
    ticks: Iterator[int] = count()
    files = ProjectFiles(
        tmp_path / "own.py", [tmp_path], max_seconds=math.inf, clock=lambda: next(ticks) * 60.0
    )
    assert len(files.documentations("python")) == 4


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    beside = write(tmp_path / "beside.py", source("beside"))
    files = ProjectFiles(tmp_path / "own.py", [tmp_path], clock=lambda: 0.0)
    first = files.documentations("python")
    beside.unlink()
    assert files.documentations("python") == first != ()


def test_several_threads_share_one_look(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"m{number}.py", source(str(number)))
    files = ProjectFiles(tmp_path / "own.py", [tmp_path], clock=lambda: 0.0)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(files.documentations, ["python"] * 32))
    assert len(answers[0]) == 5
    assert all(answer is answers[0] for answer in answers)


def test_a_new_file_takes_the_projects_style(tmp_path: Path) -> None:
    write(tmp_path / "beside.py", 'def f(a):\n    """Do.\n\n    :param a: it\n    """\n')
    write(tmp_path / "ruff.toml", "line-length = 101\n")
    dialect = dialect_of(
        "python", [], ProjectFiles(tmp_path / "pkg" / "new.py", [tmp_path], clock=lambda: 0.0)
    )
    assert (dialect.style, dialect.full_stop, dialect.width) == (Style.SPHINX, False, 101)


@pytest.mark.parametrize(
    ("name", "text", "file", "language_id", "width"),
    [
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n", "m.py", "python", 99),
        ("pyproject.toml", "[tool.black]\nline-length = 98\n", "m.py", "python", 98),
        (
            "pyproject.toml",
            "[tool.ruff]\nline-length = 99\n[tool.ruff.lint.pycodestyle]\nmax-doc-length = 72\n",
            "m.py",
            "python",
            72,
        ),
        ("pyproject.toml", "[tool.ruff]\nline-length = '99x'\n", "m.py", "python", None),
        ("pyproject.toml", "[tool\n", "m.py", "python", None),
        ("pyproject.toml", "tool = 3\n", "m.py", "python", None),
        (".ruff.toml", "line-length = 90\n", "m.py", "python", 90),
        (
            "setup.cfg",
            "[metadata]\nmax-line-length = 50\n[flake8]\nmax-line-length = 97\n",
            "m.py",
            "python",
            97,
        ),
        ("tox.ini", "[pycodestyle]\nmax_line_length = 96\n", "m.py", "python", 96),
        ("rustfmt.toml", "max_width = 95\n", "m.rs", "rust", 95),
        (".clang-format", "BasedOnStyle: LLVM\nColumnLimit: 94\n", "m.cpp", "cpp", 94),
        (".clang-format", "ColumnLimit: 0\n", "m.c", "c", None),
        (".prettierrc", '{"printWidth": 93}', "m.ts", "typescript", 93),
        (".prettierrc", "[" * 5000, "m.ts", "typescript", None),
        ("package.json", '{"prettier": {"printWidth": 92}}', "m.js", "javascript", 92),
        ("package.json", '{"prettier": "@corp/config"}', "m.js", "javascript", None),
        (".editorconfig", "root = true\n[*]\nmax_line_length = 91\n", "m.java", "java", 91),
        (".editorconfig", "[*]\nmax_line_length = 91\n[*.go]\nmax_line_length = 61\n", "m.go", "go", 61),
        (".editorconfig", "[*.{js,ts}]\nmax_line_length = 62\n", "m.ts", "typescript", 62),
        (".editorconfig", "[*.{js,ts}]\nmax_line_length = 62\n", "m.py", "python", None),
        (".editorconfig", "[pkg/**.py]\nmax_line_length = 63\n", "pkg/sub/m.py", "python", 63),
        (".editorconfig", "[pkg/*.py]\nmax_line_length = 63\n", "pkg/sub/m.py", "python", None),
        (".editorconfig", "[[a-m].py]\nmax_line_length = 64\n", "m.py", "python", 64),
        (".editorconfig", "[[!a-m].py]\nmax_line_length = 64\n", "m.py", "python", None),
        (".editorconfig", "[*]\nmax_line_length = off\n", "m.py", "python", None),
        (".editorconfig", "[" + "*a" * 40 + "]\nmax_line_length = 65\n", "a" * 60 + ".py", "python", None),
        (".editorconfig", "[*]\nmax_line_length = 7\n", "m.py", "python", None),
    ],
)
def test_width(
    tmp_path: Path, name: str, text: str, *, file: str, language_id: str, width: int | None
) -> None:
    write(tmp_path / name, text)
    assert ProjectFiles(tmp_path / file, [tmp_path]).width(language_id) == width


def test_a_near_editor_config_may_end_the_search(tmp_path: Path) -> None:
    write(tmp_path / ".editorconfig", "[*]\nmax_line_length = 66\n")
    near, document = tmp_path / "a" / ".editorconfig", tmp_path / "a" / "m.go"
    for text, width in [
        ("[*]\nindent_size = 4\n", 66),
        ("root = true\n[*]\nindent_size = 4\n", None),
        ("[*.go]\nmax_line_length = off\n", None),
        ("[*.go]\nmax_line_length = Unset\n", None),
        ("[*.py]\nmax_line_length = off\n", 66),
        ("root = true\n[*]\nmax_line_length = 55\n", 55),
    ]:
        write(near, text)
        assert ProjectFiles(document, [tmp_path]).width("go") == width


def test_a_key_of_thousands_of_parts_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", ".".join("a" * 50_000) + " = 1\n")
    started = time.perf_counter()
    assert ProjectFiles(tmp_path / "m.py", [tmp_path]).width("python") is None
    assert time.perf_counter() - started < 10


def test_the_formatter_goes_before_the_editor_and_near_before_far(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.ruff]\nline-length = 99\n")
    write(tmp_path / "a" / ".editorconfig", "[*]\nmax_line_length = 66\n")
    document = tmp_path / "a" / "m.py"
    assert ProjectFiles(document, [tmp_path]).width("python") == 99
    assert ProjectFiles(tmp_path / "a" / "m.go", [tmp_path]).width("go") == 66
    write(tmp_path / "a" / "ruff.toml", "line-length = 77\n")
    assert ProjectFiles(document, [tmp_path]).width("python") == 77
