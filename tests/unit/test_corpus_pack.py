"""Parts of a corpus: limited in size, fair samples, and the same corpus when put together."""

from __future__ import annotations

import hashlib
import json
import lzma
import random
from collections import Counter
from pathlib import Path

import pytest

from glm_lsp.errors import InputError, TrainingError
from glm_lsp.train.corpus import __main__ as command
from glm_lsp.train.corpus import pack as packing
from glm_lsp.train.corpus.pack import INDEX, pack, unpack


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """300 files of 12 packages in three languages, sorted; made of random words, so that they pack badly."""
    pick = random.Random(0)
    rows = [
        {
            "package": f"p{i % 12}",
            "path": f"p{i % 12}/m{i}.py",
            "language": ["python", "go", "rust"][i % 3],
            "text": "".join(f"{pick.randrange(1 << 30):x}é\n" for _ in range(40)),
        }
        for i in range(300)
    ]
    rows.sort(key=lambda row: (row["package"], row["path"]))
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real ones take 256 MiB to unpack and ten times that to pack."""
    monkeypatch.setattr(packing, "_FILTERS", [{"id": lzma.FILTER_LZMA2, "preset": 1}])


def test_parts_are_limited_and_give_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    parts = pack(corpus, tmp_path / "parts", 30_000)
    assert len(parts) > 2
    assert sum(part.documents for part in parts) == 300
    for part in parts:
        assert (tmp_path / "parts" / part.name).stat().st_size == part.size <= 30_000
    assert unpack(tmp_path / "parts", tmp_path / "again.jsonl") == 300
    assert (tmp_path / "again.jsonl").read_bytes() == corpus.read_bytes()
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {INDEX, *(part.name for part in parts)}


def test_packing_is_repeatable(corpus: Path, tmp_path: Path) -> None:
    assert pack(corpus, tmp_path / "a", 30_000) == pack(corpus, tmp_path / "b", 30_000)


def test_each_part_is_a_fair_sample_in_order(corpus: Path, tmp_path: Path) -> None:
    parts = pack(corpus, tmp_path / "parts", 45_000)
    assert len(parts) == 2
    for number in (1, 2):
        out = tmp_path / f"{number}.jsonl"
        unpack(tmp_path / "parts", out, [number])
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert rows == sorted(rows, key=lambda row: (row["package"], row["path"]))
        assert {row["package"] for row in rows} == {f"p{i}" for i in range(12)}
        languages = Counter(row["language"] for row in rows)
        assert all(30 <= count <= 70 for count in languages.values())


def test_damage_is_found(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    first, *_ = pack(corpus, folder, 45_000)
    content = (folder / first.name).read_bytes()
    (folder / first.name).write_bytes(content[:-1] + b"\0")
    with pytest.raises(TrainingError, match=r"GLM-6.*sha256"):
        unpack(folder, tmp_path / "again.jsonl")
    assert not (tmp_path / "again.jsonl").exists()
    (folder / first.name).unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        unpack(folder, tmp_path / "again.jsonl")
    assert unpack(folder, tmp_path / "second.jsonl", [2]) < 300


def test_an_index_of_another_corpus_is_found(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    pack(corpus, folder, 10**6)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    index["sha256"] = "0" * 64
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(TrainingError, match="does not give the file"):
        unpack(folder, tmp_path / "again.jsonl")
    assert not (tmp_path / "again.jsonl").exists()


def test_wrong_uses_are_told(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Build the corpus first"):
        pack(tmp_path / "absent.jsonl", tmp_path / "parts", 10**6)
    assert not (tmp_path / "parts").exists()
    with pytest.raises(InputError, match="Name the folder"):
        unpack(tmp_path, tmp_path / "again.jsonl")
    pack(corpus, tmp_path / "parts", 10**6)
    with pytest.raises(InputError, match="parts 1 to 1"):
        unpack(tmp_path / "parts", tmp_path / "again.jsonl", [2])


def test_parts_too_small_for_one_document(tmp_path: Path) -> None:
    corpus = tmp_path / "train.jsonl"
    corpus.write_text('{"package": "p", "path": "m.py", "text": "x"}\n', encoding="utf-8")
    with pytest.raises(TrainingError, match="Allow larger parts"):
        pack(corpus, tmp_path / "parts", 60)
    assert list((tmp_path / "parts").iterdir()) == []


def test_the_commands(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = str(tmp_path / "parts"), str(tmp_path / "again.jsonl")
    assert command.main(["pack", str(corpus), folder, "--max-mb", "0.045", "--jobs", "1"]) == 0
    assert capsys.readouterr().out.count("train-") == 2
    assert command.main(["unpack", folder, out]) == 0
    assert capsys.readouterr().out == f"300 files in {out}\n"
    assert command.main(["unpack", folder, out, "--part", "7"]) == 2
    assert "GLM-100" in capsys.readouterr().err


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and message, which is one line."""
    status = command.main(arguments)
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return status, message


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-mb", "0"), ("--max-mb", "-1"), ("--max-mb", "nan"), ("--max-mb", "inf"), ("--max-mb", "1e-9"),
     ("--jobs", "0"), ("--jobs", "-1"), ("--jobs", "two")],
)  # fmt: skip
def test_amounts_are_above_0(
    corpus: Path, tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["pack", str(corpus), str(tmp_path / "parts"), f"{option}={value}"])
    assert caught.value.code == 2
    assert f"{option}: {value} is not" in capsys.readouterr().err
    assert not (tmp_path / "parts").exists()
    with pytest.raises(InputError, match="no part can have 0 bytes"):
        pack(corpus, tmp_path / "parts", 0)


@pytest.mark.parametrize(
    "line",
    [b"plain text\n", b"\x7fELF\0\xff\xfe\n", b"[1]\n", b'{"path": "x"}\n', b'{"package": 1, "path": "x"}\n'],
)
def test_only_a_corpus_is_packed(
    corpus: Path, tmp_path: Path, line: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with corpus.open("ab") as file:
        file.write(line)
    status, message = told(["pack", str(corpus), str(tmp_path / "parts")], capsys)
    assert status == 2
    assert message.startswith(f"GLM-100: line 301 of {corpus} is not a document")
    assert len(message) < 500 + len(str(corpus))
    assert not (tmp_path / "parts").exists()


def test_parts_go_to_a_folder(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    status, message = told(["pack", str(corpus), str(tmp_path / "file")], capsys)
    assert (status, message[:8]) == (2, "GLM-100:")
    status, message = told(["pack", str(corpus), str(tmp_path / "file" / "parts")], capsys)
    assert (status, message[:8]) == (1, "GLM-500:")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_a_corpus_goes_to_a_file(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "parts"
    pack(corpus, folder, 10**6)
    before = set(tmp_path.iterdir())
    status, message = told(["unpack", str(folder), str(folder)], capsys)
    assert (status, message[:8]) == (2, "GLM-100:")
    status, message = told(["unpack", str(folder), str(corpus / "below" / "again.jsonl")], capsys)
    assert (status, message[:8]) == (1, "GLM-500:")
    assert set(tmp_path.iterdir()) == before


PART = {"name": "a.xz", "sha256": "0", "size": 1, "documents": 1}


@pytest.mark.parametrize(
    "index",
    [
        {},
        [],
        {"corpus": "a", "sha256": "0", "parts": [{"name": "a.xz", "digest": "0"}]},
        {"corpus": "a", "sha256": "0", "parts": [PART | {"size": "big"}]},
        *(
            {"corpus": "a", "sha256": "0", "parts": [PART | {"name": name}]}
            for name in ("../../etc/passwd", "/etc/passwd", "..", ".", "", "C:a.xz", "sub\\a.xz")
        ),
    ],
)
def test_an_index_is_looked_through(
    tmp_path: Path, index: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / INDEX).write_text(json.dumps(index), encoding="utf-8")
    status, message = told(["unpack", str(tmp_path), str(tmp_path / "again.jsonl")], capsys)
    assert status == 1
    assert message.startswith(f"GLM-600: {tmp_path / INDEX} ")
    assert {path.name for path in tmp_path.iterdir()} == {INDEX}


@pytest.mark.parametrize(
    "content", [b"no archive", lzma.compress(b"no document\n"), lzma.compress(b"x")[:-9]]
)
def test_parts_of_something_else_leave_nothing(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    index = {"corpus": "a", "sha256": "0", "parts": [PART | {"sha256": digest}]}
    (tmp_path / "a.xz").write_bytes(content)
    (tmp_path / INDEX).write_text(json.dumps(index), encoding="utf-8")
    status, message = told(["unpack", str(tmp_path), str(tmp_path / "again.jsonl")], capsys)
    assert (status, message[:8]) == (1, "GLM-600:")
    assert {path.name for path in tmp_path.iterdir()} == {INDEX, "a.xz"}
