"""Which program the extension starts: its own tests, in Node.js."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.setup.cache import SetupError
from tests.editors.setup.node import node

_EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"


@pytest.mark.editors
def test_the_choice_of_a_program() -> None:
    try:
        npm = node().npm
    except SetupError as error:
        pytest.skip(str(error))
    report = npm("test", cwd=_EXTENSION)  # raises when one fails
    assert "fail 0" in report
    assert "pass 0" not in report
