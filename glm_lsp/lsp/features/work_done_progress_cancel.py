"""`window/workDoneProgress/cancel`: the person has had enough of what a progress bar stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsprotocol import types

    from glm_lsp.lsp.server import GlmLanguageServer


def work_done_progress_cancel(ls: GlmLanguageServer, params: types.WorkDoneProgressCancelParams) -> None:
    """Ends the work; a bar that is gone already is left alone."""
    ls.work_done.cancel(params.token)
