"""The pipeline on made-up wheels: same bytes twice, splits apart, altered archives refused."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus import __main__ as command
from glm_lsp.train.corpus import extract
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.fetch import fetch, verified
from glm_lsp.train.corpus.pins import LibraryPin, Pin, Pins, library_sha256
from glm_lsp.train.corpus.selection import Caps, selected

pytest.importorskip("datasketch")

from glm_lsp.train.corpus.build import build

HEADER = "# Copyright 2020 Example\n# Licensed under the Apache License\n\n"


def module(seed: int, functions: int = 12) -> str:
    """A module of made-up functions, different for each seed."""
    pick = random.Random(seed)
    names = [
        f"{pick.choice(['read', 'sum', 'join', 'cut'])}_{pick.randrange(10_000)}" for _ in range(functions)
    ]
    return "".join(
        f"def {name}(value, other):\n"
        f'    """Returns {name} of the value, {pick.randrange(999)} at most."""\n'
        f"    return value.{pick.choice(names)}(other, {pick.choice(names)})\n\n\n"
        for name in names
    )


def wheel(cache: Path, name: str, files: dict[str, str], licence: str = "MIT") -> Pin:
    """Writes a wheel into the cache and returns its pin."""
    archive = cache / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as out:
        for path, text in files.items():
            out.writestr(zipfile.ZipInfo(path), text)
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: {licence}\n"
        out.writestr(zipfile.ZipInfo(f"{name}-1.0.dist-info/METADATA"), metadata)
    return Pin(name, "1.0", archive.name, hashlib.sha256(archive.read_bytes()).hexdigest())


@pytest.fixture
def pins(tmp_path: Path) -> Pins:
    cache = tmp_path / "cache"
    cache.mkdir()
    library = tmp_path / "stdlib"
    library.mkdir()
    (library / "words.py").write_text(module(50), encoding="utf-8")
    (library / "test").mkdir()
    (library / "test" / "test_words.py").write_text(module(51), encoding="utf-8")
    packages = (
        wheel(
            cache,
            "alpha",
            {f"alpha/m{i}.py": HEADER + module(i) for i in range(8)}
            | {
                "alpha/copy.py": HEADER + module(3),
                "alpha/near.py": HEADER + module(4) + "LIMIT = 3\n",
                "alpha/quoted.py": HEADER + module(30) + "LIMIT = 3\n",
                "alpha/_vendor/beta.py": module(9),
                "alpha/jedi/api.py": module(10),
                "alpha/broken.py": module(11) + "def f(:\n",
                "alpha/tests/test_all.py": module(12, 200),
                "alpha/mail.py": module(13) + "# ann@example.org\n",
                "alpha/data.json": "{}",
            },
        ),
        wheel(cache, "copyleft", {"copyleft/m.py": module(20)}, licence="GPL-3.0-only"),
        wheel(cache, "flask", {"flask/app.py": module(30), "flask/jedi.py": module(31)}),
        wheel(cache, "httpx", {"httpx/client.py": module(32)}),
    )
    pin = LibraryPin("3.11.0", library_sha256(extract.stdlib_members(library)))
    return Pins(packages, pin, {"flask": "test", "httpx": "valid"})


def read(out: Path, name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]


def run(pins: Pins, folder: Path, out: str = "out") -> Path:
    build(pins, folder / "cache", folder / out, stdlib=folder / "stdlib")
    return folder / out


def test_same_pins_give_the_same_bytes(pins: Pins, tmp_path: Path) -> None:
    first, second = run(pins, tmp_path, "first"), run(pins, tmp_path, "second")
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(
        ["train.jsonl", "valid.jsonl", "test.jsonl", "manifest.jsonl", "report.json", "NOTICE.txt"]
    )
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_splits_are_whole_packages_in_order(pins: Pins, tmp_path: Path) -> None:
    out = run(pins, tmp_path)
    found = {split: read(out, f"{split}.jsonl") for split in ("train", "valid", "test")}
    assert {row["package"] for row in found["train"]} == {"alpha", "cpython"}
    assert {row["package"] for row in found["valid"]} == {"httpx"}
    assert [row["path"] for row in found["test"]] == ["flask/app.py", "flask/jedi.py"]
    for rows in found.values():
        assert rows == sorted(rows, key=lambda row: (row["package"], row["path"]))
        assert {row["language"] for row in rows} <= {"python"}


def test_what_is_dropped_and_changed(pins: Pins, tmp_path: Path) -> None:
    out = run(pins, tmp_path)
    train = {row["path"]: row["text"] for row in read(out, "train.jsonl")}
    # Of two equal files the first in order stays; the same for two similar ones.
    assert "alpha/copy.py" in train
    assert "alpha/m3.py" not in train
    assert ("alpha/m4.py" in train, "alpha/near.py" in train) == (True, False)
    assert not {"alpha/quoted.py", "alpha/jedi/api.py", "alpha/broken.py"} & set(train)
    assert "user@example.com" in train["alpha/mail.py"]
    assert not any("Copyright" in text for text in train.values())
    assert "words.py" in train
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    dropped = {reason: counts["files"] for reason, counts in report["dropped"].items()}
    assert dropped == {
        "exact_duplicate": 1,
        "near_duplicate": 1,
        "near_held_out": 1,
        "reserved_name": 1,
        "syntax": 1,
        "test_cap": 1,
        "vendored": 1,
    }
    assert report["denied_packages"] == {"copyleft": "GPL-3.0-only"}
    assert report["splits"]["train"]["files"] == len(train)
    assert report["decontamination"] == {"dropped": [], "files_by_hits": {"0": len(train) + 1}}


def test_evaluation_problems_are_dropped(pins: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from glm_lsp.train.corpus import decontaminate
    from glm_lsp.train.corpus.tokens import TOKEN

    tokens = TOKEN.findall(module(5))
    blocked = frozenset(
        decontaminate.run_digest(tokens[i : i + decontaminate.RUN]) for i in range(len(tokens) - 12)
    )
    monkeypatch.setattr(decontaminate, "blocklist", lambda: blocked)
    out = run(pins, tmp_path)
    assert "alpha/m5.py" not in {row["path"] for row in read(out, "train.jsonl")}
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["decontamination"]["dropped"] == ["alpha/alpha/m5.py"]


def test_manifest_and_notice(pins: Pins, tmp_path: Path) -> None:
    out = run(pins, tmp_path)
    rows = read(out, "manifest.jsonl")
    texts = {
        (row["package"], row["path"]): row["text"]
        for split in ("train", "valid", "test")
        for row in read(out, f"{split}.jsonl")
    }
    assert {(row["package"], row["path"]) for row in rows} == set(texts)
    for row in rows:
        text = texts[row["package"], row["path"]]
        assert row["bytes"] == len(text.encode())
        assert row["hash"] == hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    notice = (out / "NOTICE.txt").read_text(encoding="utf-8")
    assert "alpha 1.0  MIT\n" in notice
    assert "cpython 3.11.0  PSF-2.0\n" in notice
    assert "flask 1.0  MIT  (held out)\n" in notice
    assert "copyleft" not in notice


def test_an_altered_archive_is_refused(pins: Pins, tmp_path: Path) -> None:
    archive = tmp_path / "cache" / pins.packages[0].archive
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(TrainingError, match=r"GLM-6.*sha256"):
        run(pins, tmp_path)
    assert not (tmp_path / "out").exists()


def test_another_standard_library_is_refused(pins: Pins, tmp_path: Path) -> None:
    (tmp_path / "stdlib" / "more.py").write_text(module(52), encoding="utf-8")
    with pytest.raises(TrainingError, match="standard library"):
        run(pins, tmp_path)


def test_missing_archives_are_fetched_by_pin_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    wanted = [wheel(made, f"p{i}", {f"p{i}/m.py": module(i)}) for i in range(15)]
    cache = tmp_path / "cache"
    asked: list[list[str]] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        lines = Path(command[command.index("-r") + 1]).read_text(encoding="utf-8").splitlines()
        asked.append(lines)
        for line in lines:
            name = line.split("==")[0]
            archive = f"{name}-1.0-py3-none-any.whl"
            (cache / archive).write_bytes((made / archive).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    found = fetch(wanted, cache)
    assert [len(lines) for lines in asked] == [12, 3]
    assert asked[0][0] == f"p0==1.0 --hash=sha256:{wanted[0].sha256}"
    assert found["p14"] == cache / wanted[14].archive
    fetch(wanted, cache)
    assert len(asked) == 2  # nothing is asked for twice


def test_pip_failures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: no such version\n")

    monkeypatch.setattr(subprocess, "run", pip)
    pin = Pin("absent", "1.0", "absent-1.0-py3-none-any.whl", "0" * 64)
    with pytest.raises(TrainingError, match="absent: ERROR: no such version"):
        fetch([pin], tmp_path)
    with pytest.raises(TrainingError, match="is not in"):
        verified(pin, tmp_path)


def test_source_archives_are_read(tmp_path: Path) -> None:
    archive = tmp_path / "old-1.0.tar.gz"
    files = {"old-1.0/PKG-INFO": "License: MIT\n", "old-1.0/src/old/m.py": "x = 1\n", "old-1.0/README": "no"}
    with tarfile.open(archive, "w:gz") as out:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            out.addfile(info, io.BytesIO(text.encode()))
    assert list(extract.archive_members(archive)) == [("src/old/m.py", b"x = 1\n")]
    assert extract.archive_metadata(archive) == "License: MIT\n"


def test_unreadable_archives_are_told(tmp_path: Path) -> None:
    archive = tmp_path / "bad-1.0-py3-none-any.whl"
    archive.write_bytes(b"not a zip")
    with pytest.raises(TrainingError, match="not a readable archive"):
        list(extract.archive_members(archive))


def test_decoding() -> None:
    assert extract.decoded(b"\xef\xbb\xbfa\r\nb\rc\n") == "a\nb\nc\n"
    assert extract.decoded(b"\xff\xfe") is None
    assert extract.decoded(b"a\0b") is None


def tar_bytes(files: Mapping[str, str | bytes], mode: Literal["gz", "xz"]) -> bytes:
    """A tar archive of the files."""
    buffer = io.BytesIO()
    with tarfile.open(None, f"w:{mode}", buffer) as out:
        for name, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def npm_package(cache: Path, name: str, files: dict[str, str], licence: str = "MIT") -> Pin:
    """Writes what the npm registry serves into the cache and returns its pin."""
    archive = cache / f"{name}-1.0.0.tgz"
    package = {"package/package.json": json.dumps({"name": name, "license": licence})}
    content = tar_bytes(package | {f"package/{path}": text for path, text in files.items()}, "gz")
    archive.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Pin(name, "1.0.0", archive.name, digest, "npm", ("javascript", "typescript"))


def debian_package(
    cache: Path, name: str, files: Mapping[str, str | bytes], copyright_file: str, *languages: str
) -> Pin:
    """Writes a .deb into the cache and returns its pin."""
    files = {f"./usr/share/doc/{name}/copyright": copyright_file, **files}
    content = b"!<arch>\n"
    for member, data in (
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", b"odd"),  # an odd size is padded
        ("data.tar.xz", tar_bytes(files, "xz")),
    ):
        content += f"{member:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        content += data + b"\n" * (len(data) % 2)
    archive = cache / f"{name}_1%3a1.0-1_all.deb"
    archive.write_bytes(content)
    return Pin(name, "1:1.0-1", archive.name, hashlib.sha256(content).hexdigest(), "debian", languages)


def script(seed: int) -> str:
    """A module in JavaScript."""
    pick = random.Random(seed)
    return "".join(
        f"export function read{pick.randrange(10_000)}(value) {{\n"
        f"  return value.{pick.choice(['map', 'filter', 'slice'])}((each) => each + {pick.randrange(999)});\n}}\n\n"
        for _ in range(12)
    )


COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: Expat

Files: src/borrowed.go
License: GPL-2+
"""


def test_other_registries(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    go = {seed: "package words\n\n" + script(seed).replace("export function", "func") for seed in range(5)}
    root = "./usr/share/gocode/src/example.org/words"
    packages = (
        npm_package(
            cache,
            "schedule",  # a reserved name in Python alone
            {
                "src/a.js": script(10),
                "src/b.ts": script(11),
                "dist/a.js": script(12),
                "schedule.js": script(13),
                "README.md": "# no",
            },
        ),
        npm_package(cache, "shared", {"a.js": script(14)}, licence="SEE LICENSE IN LICENSE"),
        debian_package(
            cache,
            "golang-words-dev",
            {f"{root}/m{seed}.go": text for seed, text in go.items()}
            | {f"{root}/borrowed.go": script(20), f"{root}/m.py": module(21)},
            COPYRIGHT,
            "go",
        ),
        debian_package(cache, "golang-old-dev", {f"{root}/m.go": script(30)}, "It is free.\n", "go"),
        debian_package(
            cache,
            "words-source",
            {
                "./usr/src/words/words.tar.gz": tar_bytes(
                    {"words-1.0/src/m.c": script(40), "words-1.0/README": ""}, "gz"
                )
            },
            COPYRIGHT,
            "c",
        ),
    )
    pins = Pins(packages, None, {"npm:schedule": "test"})
    out = run(pins, tmp_path)
    assert [(row["package"], row["path"], row["language"]) for row in read(out, "test.jsonl")] == [
        ("npm:schedule", "schedule.js", "javascript"),
        ("npm:schedule", "src/a.js", "javascript"),
        ("npm:schedule", "src/b.ts", "typescript"),
    ]
    train = [(row["package"], row["path"]) for row in read(out, "train.jsonl")]
    assert train == [
        *(("debian:golang-words-dev", f"example.org/words/m{seed}.go") for seed in range(5)),
        ("debian:words-source", "words/src/m.c"),
    ]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert set(report["denied_packages"]) == {"npm:shared", "debian:golang-old-dev"}
    assert report["dropped"]["file_licence"]["files"] == 1
    assert report["dropped"]["built"]["files"] == 1
    assert report["groups"]["test"]["JavaScript/TypeScript"]["files"] == 3
    assert report["packages"]["train"]["debian:golang-words-dev"]["licences"] == ["MIT"]


def test_processes_change_nothing(pins: Pins, tmp_path: Path) -> None:
    first = run(pins, tmp_path, "first")
    build(pins, tmp_path / "cache", tmp_path / "second", stdlib=tmp_path / "stdlib", jobs=2)
    for path in first.iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_every_registry_is_asked_with_its_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, cache = tmp_path / "made", tmp_path / "cache"
    made.mkdir()
    wanted = [
        npm_package(made, "words", {"a.js": script(1)}),
        debian_package(made, "golang-words-dev", {}, COPYRIGHT, "go"),
    ]
    asked: list[list[str]] = []

    def client(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append([Path(command[0]).name, *command[1:]])
        assert options["cwd"] == cache
        for pin in wanted:
            (cache / pin.archive).write_bytes((made / pin.archive).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", client)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    fetch(wanted[:1], cache)
    (cache / wanted[1].archive).unlink()
    fetch(wanted, cache)
    assert asked[0][:2] == ["npm", "pack"]
    assert asked[0][-1] == "words@1.0.0"
    assert asked[1] == ["apt-get", "--quiet", "download", "golang-words-dev=1:1.0-1"]


def test_a_failed_batch_does_not_keep_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, cache = tmp_path / "made", tmp_path / "cache"
    made.mkdir()
    absent = Pin("absent", "1.0", "absent-1.0-py3-none-any.whl", "0" * 64)
    words = npm_package(made, "words", {"a.js": script(1)})

    def client(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if "pack" not in command:
            return subprocess.CompletedProcess(command, 1, "", "ERROR: no such version\n")
        (cache / words.archive).write_bytes((made / words.archive).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", client)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    with pytest.raises(TrainingError, match=r"could not fetch absent: ERROR: no such version\. .*--without"):
        fetch([absent, words], cache)
    assert (cache / words.archive).is_file()
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(TrainingError, match="there is no apt-get here"):
        fetch([debian_package(made, "golang-words-dev", {}, COPYRIGHT, "go")], cache)


def test_damaged_debian_packages_are_told(tmp_path: Path) -> None:
    archive = tmp_path / "golang-words-dev_1_all.deb"
    pin = Pin("golang-words-dev", "1", archive.name, "0" * 64, "debian", ("go",))
    for content in (
        b"not an archive",
        b"!<arch>\n" + b"other           0           0     0     100644  0         `\n",
    ):
        archive.write_bytes(content)
        with pytest.raises(TrainingError, match="not a readable archive"):
            extract.contents(pin, archive)


def test_the_commands(
    pins: Pins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "packaged_pins", lambda: pins)
    places = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out")]
    assert command.main([*places, "--without", "cpython", "--jobs", "1"]) == 0
    built = capsys.readouterr().out
    assert command.main(["report", "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert told.startswith(built)
    files = len(read(tmp_path / "out", "train.jsonl"))
    assert re.search(rf"^train +Python +1 +{files} ", told, re.MULTILINE)
    # One file more was compared: it went as a near duplicate.
    assert f"decontamination: {files + 1} training files compared, 0 dropped" in told
    assert re.search(r"^test +flask 1\.0 .* MIT$", told, re.MULTILINE)
    assert "cpython" not in told


def test_without_a_corpus_the_report_is_of_the_shipped_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    assert command.main(["report"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^test +Python +20 ", told, re.MULTILINE)
    assert re.search(r"^django .* BSD-3-Clause$", told, re.MULTILINE)


def test_a_named_corpus_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in (tmp_path, tmp_path / "typo"):
        assert command.main(["report", "--out", str(place)]) == 2
        told = capsys.readouterr()
        assert told.err.startswith(f"GLM-100: no corpus in {place}")
        assert told.out == ""


def test_a_reader_may_have_had_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    arguments = [sys.executable, "-m", "glm_lsp.train.corpus", "report"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", '{"groups": {}}', '{"groups": {"train": {}, "valid": {}, "test": {}}, "splits": {}}'],
)
def test_a_report_that_is_not_whole(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_text(content, encoding="utf-8")
    assert command.main(["report", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "earlier version" in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_held_out_packages_keep_their_first_cap() -> None:
    caps = Caps(python=9_000_000, other=300_000)
    python = Pin("words", "1", "words-1.whl", "00")
    go = Pin("words", "1", "words_1_all.deb", "00", "debian", ("go",))
    assert caps.kept(python, held_out=False) == caps.kept(None, held_out=False) == 9_000_000
    assert caps.kept(python, held_out=True) == 1_200_000
    assert caps.kept(go, held_out=True) == caps.kept(go, held_out=False) == 300_000
    assert caps.kept(replace(go, cap=2_000_000), held_out=False) == 2_000_000
    assert caps.read(python, held_out=False) > 9_000_000


def test_caps_take_a_stable_sample() -> None:
    documents = [Document("p", "1", f"p/m{i}.py", "MIT", "x" * 100) for i in range(50)]
    tests = [Document("p", "1", f"p/tests/test_{i}.py", "MIT", "x" * 100) for i in range(50)]
    kept, dropped = selected([*documents, *tests], 2000)
    assert sum(document.size for document in kept) == 2000
    assert not any("tests" in document.path for document in kept)
    assert len(kept) + len(dropped) == 100
    again, _ = selected([*tests, *reversed(documents)], 2000)
    assert again == kept
    everything, left = selected([*documents, *tests], 10**6)
    of_tests = sum(document.size for document in everything if "tests" in document.path)
    assert 0.10 < of_tests / sum(document.size for document in everything) <= 0.12
    assert set(left.values()) == {"test_cap"}
