"""Which language a header is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.docstring.header import judged
from glm_lsp.docstring_files import SourceToDocument, Target
from glm_lsp.source_file import SourcePosition

C = '#ifdef __cplusplus\nextern "C" {\n#endif\nint add(int a, int b);\n#ifdef __cplusplus\n}\n#endif\n'


@pytest.mark.parametrize(
    ("name", "text", "language_id"),
    [
        ("a.h", "int add(int a, int b);\n", "c"),
        ("a.h", C, "c"),
        ("a.h", "struct new { int class; };\nint template(int private);\n", "c"),
        ("a.h", "// std::move is what C++ has\nint add(int a, int b;\n", "c"),
        ("a.h", "class A {\n public:\n  int f(int a);\n};\n", "cpp"),
        ("a.h", "namespace n {\nint f(int a);\n}\n", "cpp"),
        ("a.h", "template <typename T>\nT f(T a);\n", "cpp"),
        ("a.h", "#include <string>\nstd::string f(const std::string& a);\n", "cpp"),
        ("a.h", "API_BEGIN\nnamespace n {\nEXPORT int f(int& a);\n}\nAPI_END x y\n", "cpp"),
        ("a.h", "/*\nclass A is not here.\n*/\nint add(int a);\n", "c"),
        ("a.c", "class A {\n public:\n  int f(int a);\n};\n", "c"),
        ("a.hpp", "int add(int a, int b);\n", "cpp"),
    ],
)
def test_language_of_a_header(tmp_path: Path, name: str, text: str, language_id: str) -> None:
    assert judged(SourcePosition(tmp_path / name, 1, 1).snapshot_of(text)).language_id == language_id


def test_methods_in_a_header_are_found(tmp_path: Path) -> None:
    header = tmp_path / "a.h"
    header.write_text("class A {\n public:\n  int f(int a);\n};\n", "utf-8")
    found = SourceToDocument.read(Target(header), None, private=False)
    assert found.source.snapshot.language_id == "cpp"
    assert [item.entity.qualified_name for item in found.items] == ["A", "A.f"]


def test_headers_beside_show_the_style(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_text(
        "class A {\n public:\n  /// Does.\n  /// @param a it\n  int f(int a);\n};\n", "utf-8"
    )
    source = tmp_path / "b.cpp"
    source.write_text("int g(int b) { return b; }\n", "utf-8")
    found = SourceToDocument.read(Target(source), None, private=False)
    assert found.source.dialect.opening == "///"
