"""JSON-RPC as we keep it: exactly one reply to every request, whatever came in.

    request                         reply
    ------------------------------  -----------------------------------------------------------
    before `initialize`             -32002
    after `shutdown`                -32600
    with the id of a running one    -32600, and the running one is answered by itself
    unknown method                  -32601
    parameters that do not fit      -32602, naming what does not
    cancelled                       -32800, at once; what the handler says later is dropped
    handler failed                  -32603 with a code of ours; the traceback goes to the log
    neither JSON nor JSON-RPC       -32700 or -32600; id null where none could be read

Notifications that cannot be used are logged, once per method, and ignored. pygls's own protocol does the rest:
handlers, capabilities, requests to the editor.
"""

from __future__ import annotations

import contextvars
import json
import logging
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from glm_lsp.lsp.wire.client_token import CLIENT_TOKEN
from glm_lsp.lsp.wire.error_reply import described
from glm_lsp.lsp.wire.message import Id, Malformed, Notification, Request, Response, is_id, parse
from glm_lsp.lsp.wire.params import ParamsReader

if TYPE_CHECKING:
    from asyncio import Future

    from cattrs import Converter

    from glm_lsp.lsp.server import GlmLanguageServer

logger = logging.getLogger(__name__)

# Documents (lsp/document.py) and progress bars (lsp/work_done.py) are ours; notebooks are not offered.
_LEFT_TO_US = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """A message being handled. An id may be used again once it is answered; `key` never is."""

    key: str
    method: str
    id: Id | None = None


class StrictProtocol(LanguageServerProtocol):
    """One connection: what is running, and what has been said."""

    _server: GlmLanguageServer

    def __init__(self, server: GlmLanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        for method in _LEFT_TO_US:
            self.fm.builtin_features.pop(method)
        self._params = ParamsReader(converter)
        self._is_initialized = False
        self._unanswered: dict[Id, _Call] = {}
        self._keys = map("call-{}".format, count())
        self._complaints: set[str] = set()

    def receive(self, body: bytes) -> bytes:
        """Handles one message body; what it starts runs on. Returns the bytes that belong to the next one."""
        message, rest = parse(body)
        if isinstance(message, Request):
            # pygls keeps the id of the running request in the context.
            contextvars.copy_context().run(self._receive_request, message)
        elif isinstance(message, Notification):
            contextvars.copy_context().run(self._receive_notification, message)
        elif isinstance(message, Response):
            self._receive_response(message)
        else:
            self.refuse(message)
        return rest

    def refuse(self, malformed: Malformed) -> None:
        """Answers what is no message."""
        self._complain("malformed", f"a malformed message: {malformed.reason}")
        self._send_error(malformed.id, JsonRpcException(malformed.reason, malformed.code))

    def _receive_request(self, request: Request) -> None:
        if request.id in self._unanswered:
            self._send_error(request.id, JsonRpcInvalidRequest("a request with this id is still running"))
            return
        call = _Call(next(self._keys), request.method, request.id)
        self._unanswered[request.id] = call
        self._ctx_msg_id.set(request.id)
        try:
            self._check_phase(request.method)
            handler = self._get_handler(request.method)
            params = self._params.read(request.method, request.params)
        except JsonRpcException as refusal:
            self._answer_error(call, refusal)
        else:
            self._execute_handler(call.key, handler, partial(self._finish, call), (params,))

    def _check_phase(self, method: str) -> None:
        if self._shutdown:
            raise JsonRpcInvalidRequest("the server is shutting down")
        if not self._is_initialized and method != types.INITIALIZE:
            raise JsonRpcServerNotInitialized("send `initialize` first")
        if self._is_initialized and method == types.INITIALIZE:
            raise JsonRpcInvalidRequest("`initialize` is sent once")

    def _receive_notification(self, notification: Notification) -> None:
        method = notification.method
        if method != types.EXIT and (self._shutdown or not self._is_initialized):
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(notification.params)
            return
        try:
            if self.get_result_type(method) is not None:
                raise JsonRpcInvalidRequest("it is a request, and has no id")
            handler = self._get_handler(method)
            params = self._params.read(method, notification.params)
        except JsonRpcMethodNotFound:
            return
        except JsonRpcException as refusal:
            self._complain(method, f"{method} was ignored: {refusal.message}")
            return
        call = _Call(next(self._keys), method)
        self._execute_handler(call.key, handler, partial(self._finish, call), (params,))

    def _receive_response(self, response: Response) -> None:
        # Not `_request_futures`: pygls keeps running handlers there, too.
        if not isinstance(response.id, str) or response.id not in self._result_types:
            self._complain("response", "a response to a request that was never sent was ignored")
            return
        result_type = self._result_types.pop(response.id)
        future = self._request_futures.pop(response.id)
        if future.done():
            return
        try:
            future.set_result(self._result_of(response, result_type))
        except Exception:
            future.set_exception(JsonRpcException("the editor's answer cannot be used"))

    def _result_of(self, response: Response, result_type: Any) -> Any:
        if response.error is not None:
            raise JsonRpcException("the editor refused")
        if result_type is None:
            return response.result
        wire = {"id": response.id, "jsonrpc": self.VERSION, "result": response.result}
        return self._converter.structure(wire, result_type).result

    def _cancel(self, params: Any) -> None:
        identifier = params.get("id") if isinstance(params, dict) else None
        call = self._unanswered.get(identifier) if is_id(identifier) else None
        if call is not None:
            self._cancel_call(call)

    def _cancel_call(self, call: _Call) -> None:
        # Answered before the handler has unwound: the editor waits for the reply, not for our tidying up.
        self._answer_error(call, JsonRpcRequestCancelled("the request was cancelled"))
        future = self._request_futures.get(call.key)
        if future is not None:
            future.cancel()

    def _finish(self, call: _Call, future: Future[Any]) -> None:
        # pygls leaves those of notifications there for ever.
        self._request_futures.pop(call.key, None)
        if future.cancelled():
            self._answer_error(call, JsonRpcRequestCancelled("the request was cancelled"))
        elif (error := future.exception()) is None:
            self._answer(call, future.result())
        elif call.id is not None or call.method not in self._complaints:
            self._answer_error(call, described(error, call.method))

    def _answer(self, call: _Call, result: Any) -> None:
        if call.id is None or self._unanswered.get(call.id) is not call:
            return
        try:
            body = _encode(
                {"jsonrpc": self.VERSION, "id": call.id, "result": self._converter.unstructure(result)}
            )
        except Exception as error:
            self._answer_error(call, described(error, call.method))
            return
        del self._unanswered[call.id]
        self._is_initialized |= call.method == types.INITIALIZE
        self._write(body)

    def _answer_error(self, call: _Call, error: JsonRpcException) -> None:
        if call.id is None:
            self._complain(call.method, f"{call.method} was ignored: {error.message}")
        elif self._unanswered.get(call.id) is call:
            del self._unanswered[call.id]
            self._send_error(call.id, error)

    def _send_error(self, identifier: Id | float | None, error: JsonRpcException) -> None:
        described = {"code": error.code, "message": error.message}
        if error.data is not None:
            described["data"] = error.data
        self._write(_encode({"jsonrpc": self.VERSION, "id": identifier, "error": described}))

    def _send_data(self, data: Any) -> None:
        """What pygls sends: notifications and requests to the editor."""
        self._write(_encode(self._converter.unstructure(data)))

    def _write(self, body: bytes) -> None:
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _complain(self, subject: str, message: str) -> None:
        """Logs the first complaint about a subject; an editor that errs once errs at every keystroke."""
        if subject not in self._complaints:
            self._complaints.add(subject)
            logger.warning("%s", message)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]
        """Answers everything that runs; the reply to `shutdown` comes last."""
        self._shutdown = True
        for call in list(self._unanswered.values()):
            if call.id != self.msg_id:
                self._cancel_call(call)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """Leaves, with 0 if `shutdown` came first."""
        self._server.leave(0 if self._shutdown else 1)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Runs a command in the request's own task, so that cancelling reaches it."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcException(f"there is no command {params.command!r}", -32602)
        if not isinstance(params.work_done_token, int | str | None):
            raise JsonRpcException("workDoneToken is neither a number nor a text", -32602)
        CLIENT_TOKEN.set(params.work_done_token)
        return await command(*(params.arguments or ()))


def _encode(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
