"""What the editor may know of an error: a code, a sentence and a remedy; never a traceback, never a path of ours."""

from __future__ import annotations

import logging

from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from glm_lsp.errors import DocumentChangedError, GlmError

logger = logging.getLogger(__name__)

CONTENT_MODIFIED = -32801


def described(error: BaseException, method: str) -> JsonRpcException:
    """The error as a reply to `method`. What was not foreseen goes to the log with its traceback."""
    if isinstance(error, JsonRpcException):
        return JsonRpcException(error.message, error.code)
    if not isinstance(error, GlmError):
        logger.error("%s failed", method, exc_info=error)
        error = GlmError(f"an internal error in {method}")
    data = {"code": error.code, "remedy": error.remedy}
    is_late = isinstance(error, DocumentChangedError)
    return JsonRpcException(str(error), CONTENT_MODIFIED if is_late else JsonRpcInternalError.CODE, data)
