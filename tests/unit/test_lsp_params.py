"""Structuring parameters: strict, but for what real editors need."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import default_converter

from glm_lsp.lsp.wire.params import ParamsReader

CONVERTER = default_converter()
ASK = types.TEXT_DOCUMENT_INLINE_COMPLETION


@pytest.fixture
def reader() -> ParamsReader:
    return ParamsReader(CONVERTER)


def asking(kind: Any) -> dict[str, Any]:
    return {
        "textDocument": {"uri": "file:///a.py"},
        "position": {"line": 0, "character": 0},
        "context": {"triggerKind": kind},
    }


def kind_of(reader: ParamsReader, kind: Any) -> types.InlineCompletionTriggerKind:
    return reader.read(ASK, asking(kind)).context.trigger_kind


def test_trigger_kinds_are_counted_from_one(reader: ParamsReader) -> None:
    assert kind_of(reader, 1) is types.InlineCompletionTriggerKind.Invoked
    assert kind_of(reader, 2) is types.InlineCompletionTriggerKind.Automatic


def test_an_editor_that_has_sent_zero_counts_from_zero(reader: ParamsReader) -> None:
    assert kind_of(reader, 0) is types.InlineCompletionTriggerKind.Invoked
    assert kind_of(reader, 1) is types.InlineCompletionTriggerKind.Automatic
    params = asking(0)
    reader.read(ASK, params)
    assert params == asking(0)


@pytest.mark.parametrize("kind", [3, -1, None, "0", [], {}])
def test_other_trigger_kinds_do_not_fit(reader: ParamsReader, kind: Any) -> None:
    with pytest.raises(JsonRpcInvalidParams, match=r"\$\.context\.triggerKind"):
        kind_of(reader, kind)


def test_at_most_three_problems_are_named(reader: ParamsReader) -> None:
    with pytest.raises(JsonRpcInvalidParams) as error:
        reader.read(
            types.COMPLETION_ITEM_RESOLVE,
            {"label": None, "textEdit": 5, "tags": 7, "kind": "x", "command": 1},
        )
    assert error.value.message.count(";") <= 2


def test_parts_of_initialize_that_do_not_fit_are_left_out(
    reader: ParamsReader, caplog: pytest.LogCaptureFixture
) -> None:
    params = reader.read(
        types.INITIALIZE,
        {
            "processId": "x",
            "rootUri": "file:///a",
            "capabilities": {
                "general": {"positionEncodings": ["utf-8"]},
                "textDocument": 5,
                "window": {"workDoneProgress": True},
            },
        },
    )
    assert params.process_id is None
    assert params.root_uri == "file:///a"
    assert list(params.capabilities.general.position_encodings) == ["utf-8"]
    assert params.capabilities.window.work_done_progress is True
    assert params.capabilities.text_document is None
    assert "processId of initialize does not fit" in caplog.text


def test_what_has_no_type_comes_as_it_is(reader: ParamsReader) -> None:
    for method in ("glm/status", types.TEXT_DOCUMENT_DID_CHANGE, types.SHUTDOWN):
        assert reader.read(method, {"any": ["thing"]}) == {"any": ["thing"]}
