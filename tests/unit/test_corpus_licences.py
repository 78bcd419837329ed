"""The licence gate on metadata as packages really write them."""

from __future__ import annotations

import pytest

from glm_lsp.train.corpus.licences import decide, decide_npm, expression_allowed, recognise

MIT = """Copyright (c) 2010 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software ...
The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.
"""
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\nPermission is hereby granted, free of charge"


def metadata(*lines: str) -> str:
    return "\n".join(["Metadata-Version: 2.4", "Name: example", *lines, "", "The description: GPL, MIT."])


@pytest.mark.parametrize(
    ("lines", "allowed", "spdx", "evidence"),
    [
        (["License-Expression: MIT"], True, "MIT", "expression"),
        (
            ["License-Expression: BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"],
            True,
            "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
            "expression",
        ),
        (["License-Expression: MPL-2.0"], False, "MPL-2.0", "expression"),
        (["License-Expression: MPL-2.0 AND MIT"], False, "MPL-2.0 AND MIT", "expression"),
        (["License: BSD 3-Clause License"], True, "BSD-3-Clause", "field"),
        (["License: Apache License, Version 2.0"], True, "Apache-2.0", "field"),
        (["License: The MIT License (MIT)"], True, "MIT", "field"),
        (["License: LGPLv2.1+"], False, "LGPLv2.1+", "field"),
        (["License: GPL", "Classifier: License :: OSI Approved :: MIT License"], False, "GPL", "field"),
        (["License: Proprietary"], False, "Proprietary", "field"),
        (["License: UNKNOWN"], False, "", "none"),
        ([], False, "", "none"),
        (
            [
                "License: License agreement for matplotlib",
                " versions 1.3.0 and later and much more text",
                "Classifier: License :: OSI Approved :: Python Software Foundation License",
            ],
            True,
            "PSF-2.0",
            "classifier",
        ),
        (
            [
                "Classifier: License :: OSI Approved :: Apache Software License",
                "Classifier: License :: OSI Approved :: MIT License",
            ],
            True,
            "Apache-2.0 AND MIT",
            "classifier",
        ),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: GNU General Public License v2 (GPLv2)",
            ],
            False,
            "MIT License; GNU General Public License v2 (GPLv2)",
            "classifier",
        ),
        (["Classifier: License :: OSI Approved", "License: BSD"], True, "BSD-3-Clause", "field"),
        (
            ["Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"],
            False,
            "Mozilla Public License 2.0 (MPL 2.0)",
            "classifier",
        ),
    ],
)
def test_metadata(lines: list[str], allowed: bool, spdx: str, evidence: str) -> None:
    decision = decide(metadata(*lines))
    assert (decision.allowed, decision.spdx, decision.evidence) == (allowed, spdx, evidence)


def test_the_licence_file_decides_only_where_metadata_are_silent() -> None:
    assert decide(metadata(), (MIT,)).spdx == "MIT"
    assert not decide(metadata(), (GPL,)).allowed
    assert not decide(metadata(), (MIT, GPL)).allowed
    assert not decide(metadata("License: custom"), (MIT,)).allowed


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GPL-2.0-only OR MIT", True),
        ("(GPL-2.0-only OR MIT) AND ISC", True),
        ("GPL-2.0-only AND (MIT OR ISC)", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("LicenseRef-Custom", False),
        ("MIT AND", False),
        ("MIT ISC", False),
        ("(MIT", False),
        ("", False),
    ],
)
def test_expressions(expression: str, allowed: bool) -> None:
    assert expression_allowed(expression) is allowed


def test_texts_are_recognised() -> None:
    assert recognise(MIT) == "MIT"
    assert recognise("Apache License\n Version 2.0, January 2004") == "Apache-2.0"
    assert recognise("All rights reserved.") == ""


@pytest.mark.parametrize(
    ("package", "allowed", "spdx"),
    [
        ({"license": "MIT"}, True, "MIT"),
        ({"license": "(MIT OR GPL-3.0)"}, True, "(MIT OR GPL-3.0)"),
        ({"license": "MPL-2.0"}, False, "MPL-2.0"),
        ({"license": "SEE LICENSE IN LICENSE.md"}, False, "SEE LICENSE IN LICENSE.md"),
        ({"license": "UNLICENSED"}, False, "UNLICENSED"),
        ({"license": {"type": "ISC", "url": "x"}}, True, "ISC"),
        ({"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}, True, "MIT AND Apache-2.0"),
        ({"licenses": [{"type": "MIT"}, {"type": "GPL-2.0"}]}, False, "MIT AND GPL-2.0"),
        ({"licenses": [{"type": "MIT OR ISC"}, {"type": "MIT"}]}, True, "(MIT OR ISC) AND MIT"),
        ({"licenses": []}, False, ""),
        ({}, False, ""),
    ],
)
def test_npm_packages(package: dict[str, object], allowed: bool, spdx: str) -> None:
    decision = decide_npm(package)
    assert (decision.allowed, decision.spdx) == (allowed, spdx)


def test_a_copyleft_licence_file_outweighs_package_json() -> None:
    assert not decide_npm({"license": "MIT"}, (MIT, GPL)).allowed
    assert decide_npm({"license": "MIT OR GPL-3.0"}, (MIT, GPL)).allowed
