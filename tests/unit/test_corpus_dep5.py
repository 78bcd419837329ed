"""Debian's copyright files: names, stanzas, and which of them concern an installed file."""

from __future__ import annotations

import pytest

from glm_lsp.train.corpus.dep5 import parsed, spdx

TEXT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: words
Files-Excluded: third_party/*

Files: *
Copyright: 2020, Somebody
License: Apache-2.0 or Expat

Files: surface/3rdparty/poisson4/*
 common/sse.h
Copyright: 2019, Somebody Else
License: custom
 All rights reserved.

Files: cmake/*.h
License: BSD-3-clause

Files: debian/*
License: GPL-2+

License: custom
 All rights reserved.
"""


def test_the_default_licence() -> None:
    found = parsed(TEXT)
    assert found is not None
    assert found.default == "Apache-2.0 OR MIT"


@pytest.mark.parametrize(
    ("path", "licence"),
    [
        ("pcl/point.h", "Apache-2.0 OR MIT"),
        ("pcl/cmake/config.h", "BSD-3-Clause"),
        ("pcl/surface/3rdparty/poisson4/octree.h", None),
        ("pcl/poisson4/octree.h", None),  # installed somewhere else
        ("pcl/sse.h", None),
        ("pcl/debian/rules.h", "Apache-2.0 OR MIT"),  # Debian's own files are not in a package
    ],
)
def test_a_file_that_may_be_under_another_licence_has_none(path: str, licence: str | None) -> None:
    found = parsed(TEXT)
    assert found is not None
    assert found.licence(path) == licence


def test_a_denied_default_denies_all() -> None:
    found = parsed(TEXT.replace("Apache-2.0 or Expat", "GPL-2+"))
    assert found is not None
    assert found.default == "GPL-2+"
    assert found.licence("pcl/point.h") is None


def test_files_of_no_stanza_have_no_licence() -> None:
    found = parsed(TEXT.replace("Files: *\n", "Files: src/*\n"))
    assert found is not None
    assert (found.default, found.licence("src/point.h"), found.licence("include/point.h")) == (
        "",
        "Apache-2.0 OR MIT",
        None,
    )


def test_free_text_is_not_read() -> None:
    assert parsed("This package was debianised by Somebody. License: MIT\n") is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Expat", "MIT"),
        ("GPL-2+ or Expat", "GPL-2+ OR MIT"),
        ("MIT or Apache-2.0", "MIT OR Apache-2.0"),
        ("BSD-3-clause, and Expat", "BSD-3-Clause AND MIT"),
        ("(Expat or ISC) and Zlib", "(MIT OR ISC) AND Zlib"),
        ("public-domain", "public-domain"),
    ],
)
def test_short_names(written: str, expected: str) -> None:
    assert spdx(written) == expected
