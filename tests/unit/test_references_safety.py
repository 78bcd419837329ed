"""What must never come out of a workspace: secrets, what is ignored, what lies outside, what is no file."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import string
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from glm_lsp.cli_complete import finder_for
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.references import ignore as rule_files
from glm_lsp.references.candidate import Kind, Verdict
from glm_lsp.references.gatherer import Errand, Gatherer
from glm_lsp.references.safe_file import read_file
from glm_lsp.references.selection import Selection
from glm_lsp.references.source import ReferenceSource
from tests.fakes.editor import Editor, put

CANARY = "canary_in_a_coal_mine"
SHARED = "def shared_{0}(alpha, beta):\n    gamma = alpha + beta\n    return gamma.delta(epsilon)\n\n\n"
MAIN = """import helper
from pathlib import Path
from package.inner import shared_inner
from outer import shared_outer
from secrets_of import shared_secret


def main(alpha, beta):
    gamma = helper.shared_helper(alpha, beta)
    epsilon = shared_inner(alpha, shared_outer(beta, shared_secret(alpha, beta)))
    return gamma.delta(epsilon)
"""


def canary(name: str) -> str:
    """Code that would be chosen if it might be: it defines what is imported, and is like the text at the cursor."""
    definition = (
        f"def shared_{name}(alpha, {CANARY}):\n    gamma = alpha + beta\n    return gamma.delta(epsilon)\n"
    )
    others = "".join(f"{name}_word_{number} = {number}\n" for number in range(12))
    return f"{definition}{CANARY}_{name} = 'gamma alpha beta epsilon'\n{others}{definition}"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    put(
        root,
        {
            "main.py": MAIN,
            "helper.py": SHARED.format("helper") + "def other(zeta):\n    return zeta.eta(theta)\n",
            "package/__init__.py": "",
            "package/inner.py": SHARED.format("inner"),
        },
    )
    return root


@pytest.fixture
def source(workspace: Path) -> Iterator[ReferenceSource]:
    found = ReferenceSource([workspace])
    yield found
    found.stop()


async def everything(editor: Editor, caplog: pytest.LogCaptureFixture, name: str = "main.py") -> str:
    """All that comes out: references for a large and a small budget, explanations, the log."""
    parts = []
    for max_chars in (40_000, 900):
        parts += [f"{each.path}\n{each.text}" for each in await editor.gather(name, 9, max_chars)]
        parts += [repr(each) for each in editor.source.explain()]
    return "\n".join([*parts, caplog.text])


async def test_the_workspace_itself_is_used(
    workspace: Path, source: ReferenceSource, caplog: pytest.LogCaptureFixture
) -> None:
    editor = Editor(workspace, source)
    editor.open("main.py")
    found = await everything(editor, caplog)
    assert "def shared_helper(alpha, beta)" in found
    assert "def shared_inner(alpha, beta)" in found


FORBIDDEN = {
    "a secret name": {"id_rsa.py": "id_rsa", "helper.env": "env", ".env.py": "dotenv"},
    "a secret folder": {".aws/inner.py": "aws", ".ssh/__init__.py": "ssh"},
    "an upper case name": {"ID_RSA.py": "upper", "SECRETS.YML": "yaml"},
    "ignored by git": {".gitignore": "local*.py\n", "local.py": "local", "local_shared.py": "local"},
    "ignored by git, nested": {"sub/.gitignore": "*\n", "sub/outer.py": "outer"},
    "excluded by git": {".git/info/exclude": "outer.py\n", "outer.py": "outer"},
    "excluded by us": {".glmignore": "outer.py\nlike_*\n", "outer.py": "outer", "like_main.py": "like"},
    "inside of git": {".git/outer.py": "outer"},
    "binary": {"outer.py": "\0outer"},
    "not UTF-8": {"outer.py": b"\xff\xfe"},
    "too large": {"outer.py": "#" * 600_000},
}


@pytest.mark.parametrize("files", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("is_open", [False, True], ids=["on disk", "open"])
async def test_a_canary_never_comes_out(
    workspace: Path,
    source: ReferenceSource,
    caplog: pytest.LogCaptureFixture,
    files: dict[str, str | bytes],
    is_open: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, content in files.items():
        if name.endswith(("ignore", "exclude")):
            put(workspace, {name: content})
        else:
            mark = content if isinstance(content, bytes) else content.encode()
            put(workspace, {name: canary("outer").encode() + mark + b"\n"})
    editor = Editor(workspace, source)
    if is_open:
        for name in files:
            text = (workspace / name).read_text("utf-8", "ignore")
            editor.open(name, text + "\0" if "\0" in text else text)
            editor.edit(name, 3)
    editor.open("main.py")
    editor.edit("main.py", 9)
    found = await everything(editor, caplog)
    if is_open and b"\xff\xfe" in files.values():
        return  # the editor could read it
    assert CANARY not in found
    assert "shared_helper" in found


@pytest.mark.parametrize("is_open", [False, True], ids=["on disk", "open"])
@pytest.mark.parametrize("kind", ["file", "folder", "secret", "ignored", "chain"])
async def test_links_lead_nowhere_they_must_not(
    workspace: Path, source: ReferenceSource, caplog: pytest.LogCaptureFixture, kind: str, is_open: bool
) -> None:
    outside = workspace.parent / "outside"
    put(outside, {"outer.py": canary("outer"), "more/outer.py": canary("outer")})
    put(workspace, {".env": canary("outer"), "hidden.py": canary("outer"), ".gitignore": "hidden.py\n"})
    link = workspace / "outer.py"
    match kind:
        case "file":
            link.symlink_to(outside / "outer.py")
        case "folder":
            (workspace / "linked").symlink_to(outside / "more")
            link = workspace / "linked" / "outer.py"
            put(workspace, {"main.py": MAIN.replace("from outer", "from linked.outer")})
        case "secret":
            link.symlink_to(workspace / ".env")
        case "ignored":
            link.symlink_to(workspace / "hidden.py")
        case "chain":
            (workspace / "step.py").symlink_to("../outside/outer.py")
            link.symlink_to("step.py")
    editor = Editor(workspace, source)
    if is_open:
        editor.open(link.relative_to(workspace).as_posix())
        editor.edit(link.relative_to(workspace).as_posix(), 3)
    editor.open("main.py")
    found = await everything(editor, caplog)
    assert CANARY not in found
    assert "shared_helper" in found


async def test_a_folder_of_the_workspace_may_be_a_link_itself(workspace: Path) -> None:
    link = workspace.parent / "link"
    link.symlink_to(workspace)
    put(workspace, {".gitignore": "hidden.py\n", "hidden.py": canary("hidden")})
    source = ReferenceSource([link])
    editor = Editor(link, source)
    editor.open("main.py")
    found = await editor.gather("main.py", 9)
    source.stop()
    assert any("shared_helper" in each.text for each in found)
    assert not any(CANARY in each.text for each in found)


async def test_a_link_to_the_file_in_hand_is_no_other_file(
    workspace: Path, source: ReferenceSource, caplog: pytest.LogCaptureFixture
) -> None:
    filler = "".join(f"filler_{number} = {number}\n" for number in range(200))
    put(workspace, {"main.py": f"{MAIN}{filler}{canary('main')}"})
    (workspace / "alias.py").symlink_to("main.py")
    editor = Editor(workspace, source)
    editor.open("main.py")
    assert CANARY not in await everything(editor, caplog)
    assert "alias.py" not in {each.path for each in source.explain()}
    put(workspace, {"ordinary.py": canary("main")})
    source.saved(editor.key("ordinary.py"))
    source.set_trust(False)
    source.set_trust(True)
    assert CANARY in await everything(editor, caplog)


async def test_the_file_in_hand_is_in_nothing_that_comes_out(
    workspace: Path, source: ReferenceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(workspace, source)
    for name in ("main.py", "helper.py"):
        editor.open(name, (workspace / name).read_text() + "\n" * 100 + canary(name[0]))
        editor.edit(name, 1)
        editor.edit(name, 110)
        editor.edit(name, 1)
    assert "helper.py" in {each.path for each in await editor.gather("main.py", 9)}
    assert "main.py" not in {each.path for each in source.explain()}
    # On the way to another file the old choice is all there is.
    goes_on, real = threading.Event(), Gatherer.gather

    def slow(self: Gatherer, errand: Errand, cancelled: Callable[[], bool]) -> Selection:
        assert goes_on.wait(20)
        return real(self, errand, cancelled)

    monkeypatch.setattr(Gatherer, "gather", slow)
    found = await editor.gather("helper.py", 1, within_s=0)
    goes_on.set()
    assert "package/inner.py" in {each.path for each in found}
    assert "helper.py" not in {each.path for each in found}
    assert "main.py" in {each.path for each in await editor.gather("helper.py", 1)}
    assert "helper.py" not in {each.path for each in source.explain()}


@pytest.mark.parametrize(
    ("name", "real", "comes_out"),
    [
        ("id_rsa.py", "", False),
        ("a/.aws/b.py", "", False),
        ("link.py", "/elsewhere/link.py", False),
        ("link.py", ".env", False),
        ("../outside.py", "", False),
        ("ordinary.py", "", True),
        ("link.py", "ordinary.py", True),
    ],
)
async def test_without_trust_names_and_links_count_all_the_same(
    workspace: Path, caplog: pytest.LogCaptureFixture, name: str, real: str, comes_out: bool
) -> None:
    source = ReferenceSource([workspace], is_trusted=False)
    editor = Editor(workspace, source)
    real = f"{workspace}/{real}" if real and not real.startswith("/") else real
    source.open(editor.key(name), name, real, "python", canary("outer"))
    source.edited(editor.key(name), canary("outer"), 2)
    editor.open("main.py")
    editor.edit("main.py", 9)
    found = await everything(editor, caplog)
    source.stop()
    assert (CANARY in found) == comes_out


async def test_documents_outside_of_the_workspace_are_never_shown(
    workspace: Path, source: ReferenceSource, caplog: pytest.LogCaptureFixture
) -> None:
    put(workspace.parent, {"elsewhere/outer.py": canary("outer"), "work2/outer.py": canary("outer")})
    editor = Editor(workspace, source)
    for name in ("../elsewhere/outer.py", "../work2/outer.py"):
        path = (workspace / name).resolve()
        source.open(f"file://{path.as_posix()}", "outer.py", "", "python", path.read_text())
        source.edited(f"file://{path.as_posix()}", path.read_text(), 3)
    source.open("untitled:Untitled-1", "", "", "python", canary("outer"))
    source.edited("untitled:Untitled-1", canary("outer"), 3)
    source.open("git:/work/outer.py", "outer.py", "", "python", canary("outer"))
    editor.open("main.py")
    assert CANARY not in await everything(editor, caplog)


async def test_without_trust_nothing_is_read_from_disk(
    workspace: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace, {"outer.py": canary("outer")})
    source = ReferenceSource([workspace], is_trusted=False)
    editor = Editor(workspace, source)
    editor.open(
        "helper.py", "def shared_helper(alpha, beta):\n    of = 'the editor'\n    return alpha.delta(beta)\n"
    )
    editor.edit("helper.py", 1)
    editor.open("main.py")
    looked_at: list[str] = []

    def noting(name: str) -> None:
        real = getattr(os, name)

        def noted(path: object, *arguments: object, **more: object) -> object:
            if str(path).startswith(str(workspace)):
                looked_at.append(f"{name} {path}")
            return real(path, *arguments, **more)

        monkeypatch.setattr(os, name, noted)

    for name in ("open", "lstat", "stat", "scandir", "listdir", "readlink"):
        noting(name)
    found = await everything(editor, caplog)
    assert looked_at == []
    assert not source.is_ignored(str(workspace / "main.py"))
    assert looked_at == []
    source.stop()
    assert CANARY not in found
    assert "the editor" in found


async def test_trust_can_be_taken_away(
    workspace: Path, source: ReferenceSource, caplog: pytest.LogCaptureFixture
) -> None:
    editor = Editor(workspace, source)
    editor.open("main.py")
    assert "shared_helper" in await everything(editor, caplog)
    source.set_trust(False)
    assert source.explain() == []
    assert await editor.gather("main.py", 9) == ()
    source.set_trust(True)
    assert "shared_helper" in await everything(editor, caplog)


async def test_a_file_that_is_excluded_later_is_shown_no_more(
    workspace: Path, source: ReferenceSource
) -> None:
    editor = Editor(workspace, source)
    for name in ("helper.py", "package/inner.py", ".glmignore"):
        editor.open(name, None if name != ".glmignore" else "")
        editor.edit(name, 1)
    editor.open("main.py")
    editor.edit("main.py", 9)
    assert {each.path for each in await editor.gather("main.py", 9)} == {"helper.py", "package/inner.py"}
    put(workspace, {".glmignore": "helper.py\n"})
    source.saved(editor.key(".glmignore"))
    assert {each.path for each in await editor.gather("main.py", 9)} == {"package/inner.py"}
    assert source.is_ignored(str(workspace / "helper.py"))
    assert not source.is_ignored(str(workspace / "main.py"))


def test_excluded_files_are_told_by_path_address_and_link(workspace: Path, source: ReferenceSource) -> None:
    put(
        workspace,
        {".glmignore": "private/\n*.sql\n", "private/a.py": "", "a b.sql": "", "main.sql.py": ""},
    )
    (workspace / "link.py").symlink_to("private/a.py")
    (workspace.parent / "door").symlink_to(workspace)
    for name in ("private/a.py", "a b.sql", "link.py", "private/new.py"):
        assert source.is_ignored(str(workspace / name))
        assert source.is_ignored((workspace / name).as_uri())
    for name in ("main.py", "main.sql.py", "../private/a.py", "new.py"):
        assert not source.is_ignored(str(workspace / name))
        assert not source.is_ignored((workspace / name).as_uri())
    for address in ("untitled:private/a.py", "", "private/a.py", "git:/private/a.py"):
        assert not source.is_ignored(address)
    through = ReferenceSource([workspace.parent / "door"])
    assert through.is_ignored(str(workspace.parent / "door" / "private" / "a.py"))
    assert not through.is_ignored(str(workspace.parent / "door" / "main.py"))


def test_what_is_excluded_is_known_for_a_moment_and_then_looked_up_again(
    workspace: Path, source: ReferenceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("glm_lsp.references.source.time.monotonic", lambda: now[0])
    file = str(workspace / "main.py")
    assert not source.is_ignored(file)
    put(workspace, {".glmignore": "main.py\n"})
    assert not source.is_ignored(file)
    now[0] += 2
    assert source.is_ignored(file)
    put(workspace, {".glmignore": "other.py\n"})
    source.saved("file:///w/.glmignore")
    assert not source.is_ignored(file)


ADDRESSES = [
    "file://{}", "file:{}", "FILE://{}", "file:///{}", "file://localhost{}", "{}?version=1", "git:{}?%7B%7D",
    "vscode-notebook-cell:{}#W0sZ", "gitlens://abc{}?x", "vscode-local:{}", "vscode-remote://ssh-remote+host{}",
    "untitled:{}", "jar:file://{}", "diff:file:{}",
]  # fmt: skip


@pytest.mark.parametrize("form", ADDRESSES)
@pytest.mark.parametrize("name", ["a b.py", "sub/../a b.py", "/a b.py", "hash#query?.py"])
def test_however_a_file_is_addressed_it_is_excluded(
    workspace: Path, source: ReferenceSource, form: str, name: str
) -> None:
    put(workspace, {".glmignore": "a b.py\nhash#query?.py\n"})
    path = f"{workspace.as_posix()}/{name}"
    form = form if ":" in form else f"file://{form}"
    assert source.is_ignored(form.format(quote(path)))
    assert not source.is_ignored(form.format(quote(f"{workspace.as_posix()}/c b.py")))


def test_names_that_an_editor_did_not_encode_are_excluded(workspace: Path, source: ReferenceSource) -> None:
    put(workspace, {".glmignore": "a#b.py\nc?d.py\n"})
    assert source.is_ignored(f"file://{workspace.as_posix()}/a#b.py")
    assert source.is_ignored(f"file://{workspace.as_posix()}/c?d.py")


def test_a_link_from_elsewhere_does_not_lead_around_the_rules(
    workspace: Path, source: ReferenceSource, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put(workspace, {".glmignore": "private.py\n", "private.py": ""})
    link = tmp_path_factory.mktemp("elsewhere") / "link.py"
    link.symlink_to(workspace / "private.py")
    assert source.is_ignored(link.as_uri())


def test_rules_are_parsed_again_only_when_they_changed(
    workspace: Path, source: ReferenceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, parsed = [100.0], []
    real = rule_files.lines_of
    monkeypatch.setattr("glm_lsp.references.source.time.monotonic", lambda: now[0])
    monkeypatch.setattr(rule_files, "lines_of", lambda content: parsed.append(content) or real(content))
    put(workspace, {".glmignore": "main.py\n"})
    for name in ("main.py", "helper.py", "new.py") * 3:
        now[0] += 1.5
        assert source.is_ignored((workspace / name).as_uri()) is (name == "main.py")
    assert len(parsed) == 1
    assert not source.is_ignored((workspace / "other.py").as_uri())
    put(workspace, {".glmignore": "helper.py\n# changed\n"})
    now[0] += 1.0
    assert source.is_ignored((workspace / "helper.py").as_uri())
    assert len(parsed) == 2


def test_where_the_rules_fail_everything_is_excluded(
    workspace: Path, source: ReferenceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(content: bytes) -> list[str]:
        raise RecursionError

    monkeypatch.setattr(rule_files, "lines_of", failing)
    put(workspace, {".glmignore": "other.py\n"})
    assert source.is_ignored(str(workspace / "main.py"))


async def test_a_secret_or_excluded_file_in_hand_gets_nothing(
    workspace: Path, source: ReferenceSource
) -> None:
    put(workspace, {".glmignore": "private.py\n", "private.py": MAIN, "id_rsa.py": MAIN, "ordinary.py": MAIN})
    editor = Editor(workspace, source)
    for name in ("private.py", "id_rsa.py", "ordinary.py"):
        editor.open(name)
    assert await editor.gather("private.py", 9) == ()
    assert await editor.gather("id_rsa.py", 9) == ()
    assert await editor.gather("ordinary.py", 9) != ()


@pytest.mark.parametrize("is_open", [False, True], ids=["on disk", "open"])
async def test_secrets_in_a_text_are_overwritten(
    workspace: Path, source: ReferenceSource, is_open: bool
) -> None:
    rng = random.Random(1)
    token = "ghp_" + "".join(rng.choice(string.ascii_letters) for _ in range(36))
    text = f"def shared_helper(alpha, beta, token='{token}'):\n    return alpha.delta(beta, epsilon)\n\n\nx = 1\n"
    put(workspace, {"helper.py": text})
    editor = Editor(workspace, source)
    if is_open:
        editor.open("helper.py")
        editor.edit("helper.py", 1)
    editor.open("main.py")
    editor.edit("main.py", 9)
    found = await editor.gather("main.py", 9)
    assert token not in repr(found)
    assert len([each for each in found if "*" * len(token) in each.text]) >= 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
async def test_pipes_devices_and_folders_are_never_opened(
    workspace: Path, source: ReferenceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(workspace / "outer.py")
    (workspace / "device.py").symlink_to("/dev/zero")
    (workspace / "folder.py").mkdir()
    opened: list[str] = []
    real = os.open

    def noted(path: str, *arguments: int, **more: int) -> int:
        opened.append(Path(path).name)
        return real(path, *arguments, **more)

    monkeypatch.setattr(os, "open", noted)
    editor = Editor(workspace, source)
    editor.open("main.py")
    found = await asyncio.wait_for(editor.gather("main.py", 9), 30)
    assert any("shared_helper" in each.text for each in found)
    assert not {"outer.py", "device.py", "folder.py", "zero"} & set(opened)
    verdicts = {each.path: each.verdict for each in source.explain()}
    assert verdicts["folder.py"] is Verdict.NOT_A_FILE
    assert verdicts["outer.py"] is Verdict.NOT_A_FILE
    assert verdicts["device.py"] is Verdict.OUTSIDE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_file_that_turns_into_a_pipe_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pipe = tmp_path / "a", tmp_path / "pipe"
    file.write_text("x")
    os.mkfifo(pipe)
    status = os.lstat(file)
    monkeypatch.setattr(os, "lstat", lambda path: status)
    assert read_file(str(pipe), 100) is Verdict.NOT_A_FILE
    assert read_file(str(tmp_path / "none"), 100) is Verdict.UNREADABLE


async def test_explanations_say_why_a_file_was_left_out(workspace: Path, source: ReferenceSource) -> None:
    put(
        workspace,
        {
            ".gitignore": "ignored.py\n", ".glmignore": "excluded.py\n", "ignored.py": MAIN, "excluded.py": MAIN,
            "id_rsa.py": MAIN, "large.py": "x = 1\n" * 100_000, "binary.py": b"\0", "copy.py": MAIN, "id_rsa.py.": MAIN,
        },
    )  # fmt: skip
    editor = Editor(workspace, source)
    editor.open("main.py")
    await editor.gather("main.py", 9)
    verdicts = {(each.path, each.kind): each.verdict for each in source.explain()}
    assert verdicts["ignored.py", Kind.NEIGHBOUR] is Verdict.GITIGNORED
    assert verdicts["excluded.py", Kind.NEIGHBOUR] is Verdict.EXCLUDED
    assert verdicts["id_rsa.py", Kind.NEIGHBOUR] is Verdict.SECRET_FILE
    assert verdicts["large.py", Kind.NEIGHBOUR] is Verdict.TOO_LARGE
    assert verdicts["binary.py", Kind.NEIGHBOUR] is Verdict.NOT_TEXT
    assert verdicts["copy.py", Kind.NEIGHBOUR] is Verdict.LIKE_THE_CURSOR
    assert verdicts["helper.py", Kind.DEFINITIONS] is Verdict.USED
    assert {verdict.explanation for verdict in Verdict}.__len__() == len(Verdict)
    assert all(each.chars == 0 for each in source.explain() if each.verdict is not Verdict.USED)


@pytest.mark.parametrize("repository", ["", ".git", "sub/.git"])
def test_rules_above_a_file_of_the_command_line_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path.resolve() / "w"
    put(root, {".glmignore": "ignored.py\n", "sub/deep/.glmignore": "x\n", "sub/deep/ignored.py": ""})
    if repository:
        (root / repository).mkdir()
    file = root / "sub" / "deep" / "ignored.py"
    snapshot = DocumentSnapshot(
        uri=file.as_uri(), path="ignored.py", language_id="python", version=0, text="", offset=0,
        real_path=file.as_posix(),
    )  # fmt: skip
    with finder_for(snapshot) as finder:
        # Rules above a repository's top are another's.
        assert finder.is_ignored(snapshot.uri) is (repository != "sub/.git")
        assert not finder.is_ignored((file.parent / "kept.py").as_uri())
