"""The extension's own tests in Node.js, and its types."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.setup.cache import SetupError
from tests.editors.setup.extension import node_with_modules
from tests.editors.setup.node import Node

_EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def node() -> Node:
    """Node.js, and beside the extension what it is made with."""
    try:
        return node_with_modules()
    except SetupError as error:
        pytest.skip(str(error))


def test_the_choice_of_a_program_and_its_installation(node: Node) -> None:
    report = node.npm("test", cwd=_EXTENSION)  # raises when one fails
    assert "fail 0" in report
    assert "pass 0" not in report


def test_types(node: Node) -> None:
    node.npm("run", "check", cwd=_EXTENSION)  # raises when one is wrong
