"""Folders and repositories of any size: nobody waits, and memory stays bounded."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from glm_lsp.references import files as files_module
from glm_lsp.references.candidate import Kind, Verdict
from glm_lsp.references.files import MAX_LISTED, WorkspaceFiles
from glm_lsp.references.neighbours import MAX_FILES
from glm_lsp.references.source import ReferenceSource
from tests.fakes.editor import Editor, put

BOX_S = 0.05
SLACK_S = 0.5
"""A box is a wish on a machine that is busy with something else; without it a gathering here takes seconds."""
TEXT = "import os\n\n\ndef work_{0}(alpha, beta):\n    return alpha.join(beta, os.sep)\n"


def grow(root: Path, num_folders: int, num_files: int) -> None:
    """Folders with as many Python files each."""
    for folder in range(num_folders):
        path = root / f"part{folder}"
        path.mkdir(parents=True)
        for number in range(num_files):
            (path / f"work_{number}.py").write_text(TEXT.format(number))


async def boxed(editor: Editor, name: str) -> tuple[float, int]:
    """The longest the event loop or a request had to wait until references are there, and how many there are."""
    longest, count, began = 0.0, 0, time.perf_counter()
    while not count and time.perf_counter() - began < 60:
        asked = time.perf_counter()
        count = len(await editor.gather(name, 4, within_s=BOX_S))
        longest = max(longest, time.perf_counter() - asked)
    return longest, count


async def check(root: Path, name: str) -> None:
    put(
        root,
        {".gitignore": "*.log\nbuild/\n", name: TEXT.format("main") + "from part0.work_1 import work_1\n"},
    )
    source = ReferenceSource([root])
    editor = Editor(root, source)
    editor.open(name)
    longest, count = await boxed(editor, name)
    assert count > 0
    assert longest < BOX_S + SLACK_S
    again = time.perf_counter()
    await editor.gather(name, 5, within_s=BOX_S)
    assert time.perf_counter() - again < BOX_S
    source.stop()


async def test_a_folder_of_many_files(tmp_path: Path) -> None:
    grow(tmp_path, 1, 1000)
    await check(tmp_path, "part0/main.py")


@pytest.mark.slow
async def test_a_folder_of_ten_thousand_files(tmp_path: Path) -> None:
    grow(tmp_path, 1, 10_000)
    await check(tmp_path, "part0/main.py")


@pytest.mark.slow
async def test_a_repository_of_fifty_thousand_files(tmp_path: Path) -> None:
    grow(tmp_path, 100, 500)
    await check(tmp_path, "part50/main.py")
    await check(tmp_path, "main.py")


async def test_only_a_few_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tmp_path, 3, 100)
    put(tmp_path, {"part0/main.py": TEXT.format("main")})
    read: list[str] = []
    real = files_module.read_file

    def noting(path: str, max_bytes: int) -> object:
        read.append(path)
        return real(path, max_bytes)

    monkeypatch.setattr(files_module, "read_file", noting)
    source = ReferenceSource([tmp_path])
    editor = Editor(tmp_path, source)
    editor.open("part0/main.py")
    await editor.gather("part0/main.py", 4)
    assert 0 < len(read) <= MAX_FILES
    assert {Path(path).parent.name for path in read} == {"part0"}
    source.saved(editor.key("part0/main.py"))
    await editor.gather("part0/main.py", 4)
    await asyncio.sleep(0.2)
    await editor.gather("part0/main.py", 100)
    assert len(read) <= MAX_FILES  # nothing has changed
    source.stop()


async def test_open_documents_leave_room_for_files_of_the_folder(tmp_path: Path) -> None:
    grow(tmp_path, 2, 40)
    put(tmp_path, {"part0/main.py": TEXT.format("main")})
    source = ReferenceSource([tmp_path], kinds=[Kind.NEIGHBOUR])
    editor = Editor(tmp_path, source)
    for number in range(40):
        editor.open(f"part1/work_{number}.py")
        source.open(f"file:///elsewhere/work_{number}.py", f"work_{number}.py", "", "python", TEXT)
    editor.open("part0/main.py")
    await editor.gather("part0/main.py", 4)
    folders = [each.path.rpartition("/")[0] for each in source.explain()]
    source.stop()
    assert {folder: folders.count(folder) for folder in folders} == {
        "part0": MAX_FILES // 2,
        "part1": MAX_FILES // 2,
    }


def test_what_is_kept_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "_MAX_CACHED_CHARS", 1000)
    files = WorkspaceFiles([str(tmp_path)], is_trusted=True)
    put(tmp_path, {f"{number}.py": f"{number:03}" * 100 for number in range(20)})
    for round_ in range(2):
        for number in range(20):
            found = files.text(str(tmp_path / f"{number}.py"))
            assert not isinstance(found, Verdict)
            assert found.text == f"{number:03}" * 100, round_
    assert files._cached_chars == sum(len(read.text) for read in files._cache.values()) <= 1000
    assert len(files._cache) == 3


def test_changes_on_disk_are_noticed(tmp_path: Path) -> None:
    files = WorkspaceFiles([str(tmp_path)], is_trusted=True)
    file = tmp_path / "a.py"
    for content in ("one", "two", "three"):  # the first two are of the same size
        file.write_text(content)
        found = files.text(str(file))
        assert not isinstance(found, Verdict)
        assert found.text == content
    file.unlink()
    assert files.text(str(file)) is Verdict.UNREADABLE
    assert files.names_beside(str(file)) == ()
    (tmp_path / "b.py").touch()
    assert files.names_beside(str(file)) == ("b.py",)


def test_a_listing_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_LISTED >= 10_000
    monkeypatch.setattr(files_module, "MAX_LISTED", 10)
    grow(tmp_path, 1, 30)
    files = WorkspaceFiles([str(tmp_path)], is_trusted=True)
    assert len(files.names_beside(str(tmp_path / "part0" / "x.py"))) == 10


async def test_file_names_that_no_utf8_spells(tmp_path: Path) -> None:
    others = "\n".join(f"    more_{number} = alpha.other_{number}(beta)" for number in range(30))
    put(tmp_path, {"main.py": TEXT.format("main"), "work.py": f"{TEXT}{others}\n"})
    odd = str(tmp_path).encode() + b"/main_\xff\xfe.py"
    try:
        with open(odd, "wb") as file:  # noqa: PTH123, ASYNC230 - no Path has such a name
            file.write(f"{TEXT}{others.replace('other', 'odd').replace('more', 'odder')}\n".encode())
    except OSError:
        pytest.skip("no such names here")
    source = ReferenceSource([tmp_path], kinds=[Kind.NEIGHBOUR])
    editor = Editor(tmp_path, source)
    editor.open("main.py")
    found = await editor.gather("main.py", 4)
    source.stop()
    assert {each.path for each in found} == {"work.py", "main_??.py"}
