"""Torch files, read without torch: real ones in the reference run, handmade ones here, and all that must be refused."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint_files import torch_pickle, torch_zip
from glm_lsp.models.checkpoint_files.tensor_files import open_files
from glm_lsp.models.checkpoint_files.torch_file import TorchFile
from tests.official import torch_writer
from tests.official.torch_writer import (
    item,
    program,
    reduce,
    storage,
    stored,
    string,
    tensor,
    widened,
    write_zip,
)

VALUES = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def write(path: Path, *entries: bytes, storages: dict[str, bytes] | None = None) -> Path:
    """A file with these items over one storage of 24 fp32 numbers, unless others are given."""
    write_zip(path, "archive", program(entries), storages or {"0": VALUES.tobytes()})
    return path


def whole(path: Path) -> dict[str, NDArray[np.float32]]:
    file = TorchFile(path)
    return {
        name: file.rows(name, 0, entry.shape[0]) if entry.shape else file.rows(name, 0, 1)
        for name, entry in file.entries.items()
    }


def refusal(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as error:
        TorchFile(path)
    return error.value


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_tensors_come_as_they_were_stored(tmp_path: Path, dtype: str) -> None:
    kept = {"a.weight": stored(VALUES, dtype), "a.bias": stored(VALUES[0], dtype)}
    torch_writer.write_torch_file(tmp_path / "x.bin", kept, dict.fromkeys(kept, dtype))
    found = whole(tmp_path / "x.bin")
    assert [*found] == ["a.weight", "a.bias"]
    for name, values in kept.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], widened(values, dtype))
    np.testing.assert_array_equal(
        TorchFile(tmp_path / "x.bin").rows("a.weight", 2, 5), widened(kept["a.weight"], dtype)[2:5]
    )


def test_views_share_a_storage(tmp_path: Path) -> None:
    shared = storage("F32", "0", 24)
    path = write(
        tmp_path / "x.bin",
        item("all", tensor(shared, 0, (6, 4))),
        item("tail", tensor(shared, 8, (4, 4))),
        item("flat", tensor(shared, 20, (4,))),
        item("one", tensor(shared, 5, ())),
        item("stretched", tensor(shared, 4, (1, 4, 1), strides=(77, 1, 3))),
    )
    found = whole(path)
    np.testing.assert_array_equal(found["all"], VALUES)
    np.testing.assert_array_equal(found["tail"], VALUES[2:])
    np.testing.assert_array_equal(found["flat"], VALUES[5])
    assert found["one"] == VALUES[1, 1]
    np.testing.assert_array_equal(found["stretched"], VALUES[1].reshape(1, 4, 1))


def test_a_large_file_is_read_in_its_middle(tmp_path: Path) -> None:
    """Beyond 4 GiB a zip file has other fields for sizes and places."""
    path, hole = tmp_path / "x.bin", 5 << 30
    entries = [
        item("far", tensor(storage("F32", "1", 24), 0, (6, 4))),
        item("hole", tensor(storage("F16", "0", hole // 2), 0, (hole // 8192, 4096))),
    ]
    write_sparse(path, {"archive/data.pkl": program(entries)}, hole, VALUES.tobytes())
    assert path.stat().st_size > hole
    file = TorchFile(path)
    np.testing.assert_array_equal(file.rows("far", 0, 6), VALUES)
    np.testing.assert_array_equal(file.rows("hole", 600_000, 600_002), np.zeros((2, 4096), np.float32))


def write_sparse(path: Path, first: dict[str, bytes], hole: int, last: bytes) -> None:
    """An archive whose second storage lies behind a hole, with the fields of zip64 by hand."""
    contents: list[tuple[str, bytes | int]] = [
        *first.items(),
        ("archive/data/0", hole),
        ("archive/data/1", last),
    ]
    directory = b""
    with path.open("wb") as file:
        for name, content in contents:
            place, size = file.tell(), content if isinstance(content, int) else len(content)
            large = struct.pack("<HH3Q", 1, 24, size, size, place)
            file.write(
                struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(name), 20)
            )
            file.write(name.encode() + struct.pack("<HH2Q", 1, 16, size, size))
            file.write(b"" if isinstance(content, int) else content)
            file.seek(place + 30 + len(name) + 20 + size)
            directory += struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                45,
                45,
                0,
                0,
                0,
                0,
                0,
                2**32 - 1,
                2**32 - 1,
                len(name),
                28,
                0,
                0,
                0,
                0,
                2**32 - 1,
            )
            directory += name.encode() + large
        place = file.tell()
        file.write(directory)
        end = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, len(directory), place))
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, len(directory), 2**32 - 1, 0))


def test_bin_shards_are_found_by_their_index(tmp_path: Path) -> None:
    for number in (1, 2):
        write(
            tmp_path / f"pytorch_model-{number}.bin",
            item(f"t{number}", tensor(storage("F32", "0", 24), 0, (6, 4))),
        )
    index = '{"weight_map": {"t1": "pytorch_model-1.bin", "t2": "pytorch_model-2.bin"}}'
    (tmp_path / "pytorch_model.bin.index.json").write_text(index, encoding="utf-8")
    files = open_files(tmp_path)
    assert [sorted(file.entries) for file in files] == [["t1"], ["t2"]]
    np.testing.assert_array_equal(files[1].rows("t2", 0, 6), VALUES)
    assert [file.path.suffix for file in files] == [".bin", ".bin"]


GOOD = storage("F32", "0", 24)


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        (
            item("a", reduce(torch_writer.global_("os", "system"), b"(" + string("true") + b"t")),
            "refers to os.system",
        ),
        (item("a", reduce(torch_writer.global_("builtins", "eval"), b")")), "refers to builtins.eval"),
        (torch_writer.global_("torch", "load"), "refers to torch.load"),
        (torch_writer.global_("torch\x1b[31m", "x" * 400), "refers to torch"),
        (b"c" + b"x" * 5000 + b"\n", "a name without end"),
        (item("a", reduce(string("os.system"), b")")), "calls what is no function"),
        (
            item("a", reduce(torch_writer.global_("collections", "OrderedDict"), b"(K\x01t")),
            "calls collections.OrderedDict",
        ),
        (item("a", reduce(torch_writer.global_("torch", "FloatStorage"), b")")), "calls torch.FloatStorage"),
        (
            item(
                "a", reduce(torch_writer.global_("torch._utils", "_rebuild_parameter"), b"(K\x01K\x01K\x01t")
            ),
            "_rebuild_parameter in an unknown way",
        ),
        (item("a", b"K\x05"), "'a', which is not a tensor"),
        (item("a", b"}"), "'a', which is not a tensor"),
        (b"K\x07" + tensor(GOOD, 0, (6, 4)), "a name is not a string"),
        (item("a", tensor(GOOD, 0, (6, 4))) * 2, "comes twice"),
        (b"\x8c\x01a", "step b'\\x8c'"),
        (b"i" + b"os\nsystem\n", "step b'i'"),
        (b"\x93", "step b'\\x93'"),
        (b"Vabc\n", "step b'V'"),
        (item("a", b"K\x05Q"), "something else than a storage"),
        (item("a", tensor(string("0"), 0, (6, 4))), "of the wrong type"),
        (item("a", tensor(storage("F32", "0", 25), 0, (6, 4))), "not as many as they should be"),
        (item("a", tensor(storage("F16", "0", 24), 0, (6, 4))), "not as many as they should be"),
        (item("a", tensor(storage("F32", "7", 24), 0, (6, 4))), "missing"),
        (item("a", tensor(storage("F32", "../../x", 24), 0, (6, 4))), "missing"),
        (item("a", tensor(GOOD, 1, (6, 4))), "beyond its storage"),
        (item("a", tensor(GOOD, 0, (2**31, 2**31))), "beyond its storage"),
        (item("a", tensor(GOOD, 0, (2**70, 0), (0, 0))), "of the wrong type"),
        (item("a", tensor(GOOD, 2**62, (1,))), "of the wrong type"),
        (item("a", tensor(GOOD, 0, (6, 4), (1, 6))), "transposed"),
        (item("a", tensor(GOOD, 0, (6, 4), (0, 1))), "transposed"),
        (item("a", tensor(GOOD, 0, (6, 4), (4,))), "shape and strides disagree"),
        (item("a", tensor(GOOD, 0, (-6, 4))), "of the wrong type"),
        (item("a", tensor(GOOD, 0, (1,) * 9)), "of the wrong type"),
        (item("a\x1b]0;x", tensor(GOOD, 0, (6, 4))), r"the name 'a\x1b]0;x'"),
        (item("a" * 400, tensor(GOOD, 0, (6, 4))), "the name 'aaa"),
        (b"X" + struct.pack("<I", 2**32 - 1), "a string of 4294967295 bytes"),
        (string("x") + b"q\x00" + b"h\x63", "damaged"),
        (b"q\x00", "damaged"),
        (b"\x85", "takes what is not there"),
        (b"tttt", "damaged"),
        (b"(" * 100, "is damaged"),
        (b"\x80\x05", "protocol 5"),
        (b"0" * 10, "step b'0'"),
    ],
)
def test_programs_of_others_end_the_reading(tmp_path: Path, entry: bytes, cause: str) -> None:
    error = refusal(write(tmp_path / "x.bin", entry))
    assert cause in error.cause
    assert "\x1b" not in str(error)


def test_nothing_is_ever_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(os, "system", ran.append)
    monkeypatch.setitem(os.environ, "MARK", "0")
    for function in (("os", "system"), ("posix", "system"), ("nt", "system")):
        call = reduce(torch_writer.global_(*function), b"(" + string("true") + b"t")
        refusal(write(tmp_path / "x.bin", item("a", call)))
    assert ran == []


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        (b"", "cut off"),
        (b"\x80\x02", "cut off"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02K\x05.", "no table of tensors"),
        (b"\x80\x02" + b"}" * torch_pickle.MAX_STEPS, "steps"),
        (b"\x80\x02" + b"(" * torch_pickle.MAX_STEPS, "steps"),
        (b"\x80\x02)" + b"\x85" * (torch_pickle.MAX_STEPS - 3) + b".", "no table of tensors"),
        (b" " * (torch_pickle.MAX_BYTES + 1), "4194304 are read at most"),
    ],
)
def test_hostile_tables_are_refused_soon(tmp_path: Path, table: bytes, cause: str) -> None:
    write_zip(tmp_path / "x.bin", "archive", table, {"0": VALUES.tobytes()})
    assert cause in refusal(tmp_path / "x.bin").cause


def zipped(records: dict[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, content in records.items():
            archive.writestr(name, content)
    return out.getvalue()


TABLE = program([item("a", tensor(GOOD, 0, (6, 4)))])
RECORDS = {"archive/data.pkl": TABLE, "archive/data/0": VALUES.tobytes()}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "not a zip file"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "not a zip file: torch before 1.6"),
        (zipped(RECORDS, compression=zipfile.ZIP_DEFLATED), "is compressed"),
        (zipped({"archive/data.pkl": TABLE}), "missing"),
        (zipped({"archive/version": b"3"}), "it holds 0"),
        (zipped(RECORDS | {"other/data.pkl": TABLE}), "it holds 2"),
        (zipped(RECORDS | {"archive/byteorder": b"big"}), "another order of bytes"),
        (zipped(RECORDS) + b"junk", "missing, damaged or too large"),
        (zipped(RECORDS)[:-30], "missing, damaged or too large"),
        (zipped(RECORDS)[100:], "not a zip file"),
        (b"PK\3\4" + bytes(100), "missing, damaged or too large"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, content: bytes, cause: str) -> None:
    (tmp_path / "x.bin").write_bytes(content)
    assert cause in refusal(tmp_path / "x.bin").cause


def test_numbers_that_have_changed_do_not_have_their_checksum(tmp_path: Path) -> None:
    path, done = tmp_path / "x.bin", list[int]()
    torch_writer.write_torch_file(path, {"a": VALUES}, {"a": "F32"})
    content = path.read_bytes()
    place = content.index(VALUES.tobytes())
    TorchFile(path).verify(done.append)
    assert len(content) > sum(done) > VALUES.nbytes
    for changed in (place, place + VALUES.nbytes - 1):
        damaged = bytearray(content)
        damaged[changed] ^= 1
        path.write_bytes(damaged)
        assert TorchFile(path).entries["a"].shape == VALUES.shape
        with pytest.raises(CheckpointError, match="does not have the checksum it was written with"):
            TorchFile(path).verify()
    path.write_bytes(content)
    file = TorchFile(path)
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        file.verify()


def test_records_may_not_lie_upon_each_other_nor_elsewhere(tmp_path: Path) -> None:
    content = bytearray(zipped(RECORDS))
    directory = content.index(b"PK\1\2")
    second = content.index(b"PK\1\2", directory + 1)
    for place in (0, 20, 10**6):
        content[second + 42 : second + 46] = struct.pack("<I", place)
        (tmp_path / "x.bin").write_bytes(content)
        assert "does not lie where the directory says" in refusal(tmp_path / "x.bin").cause


def entry_of(content: bytes, name: str) -> int:
    """Where the directory's entry of a record begins."""
    return content.rindex(name.encode()) - 46


def test_a_record_may_not_hide_in_another(tmp_path: Path) -> None:
    header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 16, 16, len("archive/data/1"), 0)
    outer = header + b"archive/data/1" + bytes(16)
    content = bytearray(
        zipped({"archive/data.pkl": TABLE, "archive/data/0": outer, "archive/data/1": bytes(16)})
    )
    place = content.index(outer)
    entry = entry_of(content, "archive/data/1")
    content[entry + 42 : entry + 46] = struct.pack("<I", place)
    (tmp_path / "x.bin").write_bytes(content)
    assert "'archive/data/1' does not lie where" in refusal(tmp_path / "x.bin").cause


def test_a_record_has_the_name_the_directory_says(tmp_path: Path) -> None:
    content = bytearray(zipped(RECORDS | {"archive/data/1": VALUES.tobytes()}))
    first, second = (entry_of(content, f"archive/data/{number}") + 42 for number in (0, 1))
    content[first : first + 4], content[second : second + 4] = (
        content[second : second + 4],
        content[first : first + 4],
    )
    (tmp_path / "x.bin").write_bytes(content)
    assert "does not lie where" in refusal(tmp_path / "x.bin").cause


def test_a_record_that_is_said_to_be_compressed_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(RECORDS))
    content[entry_of(content, "archive/data/0") + 10] = zipfile.ZIP_DEFLATED
    (tmp_path / "x.bin").write_bytes(content)
    assert "is compressed" in refusal(tmp_path / "x.bin").cause


def test_a_place_beyond_all_files_is_refused(tmp_path: Path) -> None:
    """In zip64 a record may be said to begin where no file reaches."""
    content = zipped(RECORDS)
    second = content.index(b"PK\1\2", content.index(b"PK\1\2") + 1)
    end = content.index(b"PK\5\6")
    entry = bytearray(content[second:end])
    entry[30:32], entry[42:46] = struct.pack("<H", 12), struct.pack("<L", 2**32 - 1)
    entry += struct.pack("<HHQ", 1, 8, 2**64 - 1)
    tail = bytearray(content[end:])
    tail[12:16] = struct.pack("<L", struct.unpack("<L", tail[12:16])[0] + 12)
    (tmp_path / "x.bin").write_bytes(content[:second] + entry + tail)
    assert "does not lie where the directory says" in refusal(tmp_path / "x.bin").cause


def test_an_encrypted_record_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(RECORDS))
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "x.bin").write_bytes(content)
    assert "encrypted" in refusal(tmp_path / "x.bin").cause


def test_a_directory_may_not_be_large(tmp_path: Path) -> None:
    names = {f"archive/data/{number}": b"" for number in range(torch_zip.MAX_DIRECTORY_BYTES // 60)}
    (tmp_path / "x.bin").write_bytes(zipped(RECORDS | names))
    assert "too large" in refusal(tmp_path / "x.bin").cause


def test_numbers_that_are_no_weights_are_named(tmp_path: Path) -> None:
    write(tmp_path / "x.bin", item("ids", tensor(storage("I64", "0", 12), 0, (12,))))
    with pytest.raises(CheckpointError, match="ids is stored as I64"):
        TorchFile(tmp_path / "x.bin").rows("ids", 0, 2)
    with pytest.raises(CheckpointError, match="cannot be read"):
        TorchFile(tmp_path / "other.bin")


def test_a_file_that_shrinks_later_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.bin", item("a", tensor(GOOD, 0, (6, 4))))
    file = TorchFile(path)
    path.write_bytes(path.read_bytes()[: file.entries["a"].start + 50])
    with pytest.raises(CheckpointError, match="ends inside tensor a"):
        file.rows("a", 0, 6)


@pytest.mark.reference
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_files_of_torch(tmp_path: Path, dtype: str, kind: type[dict[str, Any]]) -> None:
    torch = pytest.importorskip("torch")
    base = torch.randn(70, 8).to(getattr(torch, dtype))
    state = kind(
        {
            "matrix": base,
            "view": base[10:20],
            "row": base[3],
            "scalar": base[0, 0].clone(),
            "parameter": torch.nn.Parameter(base[:5].clone()),
            "buffer": torch.arange(300, dtype=torch.float32),
            "ids": torch.arange(5),
            "empty": torch.zeros(0, 4),
        }
    )
    torch.save(state, tmp_path / "x.bin")
    file = TorchFile(tmp_path / "x.bin")
    file.verify()
    assert [*file.entries] == [*state]
    for name, values in state.items():
        assert file.entries[name].shape == tuple(values.shape)
        if name != "ids":
            expected = values.detach().float().numpy()
            stop = values.shape[0] if values.ndim else 1
            np.testing.assert_array_equal(file.rows(name, 0, stop).reshape(expected.shape), expected)


@pytest.mark.reference
def test_files_of_torch_modules(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.Embedding(30, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 3)
    ).half()
    torch.save(module.state_dict(), tmp_path / "x.bin")
    found = whole(tmp_path / "x.bin")
    assert [*found] == [*module.state_dict()]
    for name, values in module.state_dict().items():
        np.testing.assert_array_equal(found[name], values.float().numpy())


@pytest.mark.reference
def test_what_torch_saves_otherwise_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    matrix = torch.randn(6, 4)
    for saved, options, cause in (
        ({"a": matrix.T}, {}, "transposed"),
        ({"a": matrix[:, :2]}, {}, "transposed"),
        ({"model": {"a": matrix}}, {}, "'model', which is not a tensor"),
        ({"a": matrix, "step": 3}, {}, "'step', which is not a tensor"),
        ([matrix], {}, "step b']'"),
        (torch.nn.Linear(2, 2), {}, "refers to torch.nn.modules.linear.Linear"),
        ({"a": matrix.to(torch.complex64)}, {}, "refers to torch.ComplexFloatStorage"),
        ({"a": matrix}, {"pickle_protocol": 4}, "protocol 4"),
        ({"a": matrix}, {"_use_new_zipfile_serialization": False}, "torch before 1.6"),
    ):
        torch.save(saved, tmp_path / "x.bin", **options)
        error = refusal(tmp_path / "x.bin")
        assert cause in error.cause
        assert "safetensors" in error.remedy


@pytest.mark.reference
def test_torch_reads_the_handmade_files(tmp_path: Path) -> None:
    """The writer of the default run writes what torch takes for its own."""
    torch = pytest.importorskip("torch")
    kept = {name: stored(VALUES, name) for name in ("F32", "F16", "BF16")}
    torch_writer.write_torch_file(tmp_path / "x.bin", kept, {name: name for name in kept})
    found = torch.load(tmp_path / "x.bin", weights_only=True)
    for name, values in kept.items():
        np.testing.assert_array_equal(found[name].float().numpy(), widened(values, name))
