"""Who may talk to an engine: checked for every request before anything else.

Unix sockets are guarded by their file mode. A loopback port can be reached by any web page the user has open, so
the `Host` header must name this machine (against DNS rebinding) and a browser's `Origin` is refused. Wherever a
token is set, it must be sent, except to `/healthz`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from glm_lsp.engine.address import is_loopback
from glm_lsp.engine.http.asgi import Application, Headers, Receive, Scope, Send, header
from glm_lsp.engine.http.error_body import send_error
from glm_lsp.errors import AccessError


@dataclass(frozen=True)
class Guard:
    """What is asked of a request.

    Attributes:
        loopback_host_only: the `Host` header must name this machine.
        token: the bearer token to be sent; None asks for none.
    """

    loopback_host_only: bool = False
    token: str | None = None

    def refusal(self, path: str, headers: Headers) -> tuple[int, AccessError] | None:
        """HTTP status and error when the request is refused."""
        if header(headers, b"origin") is not None:
            return 403, AccessError("web pages may not use the engine")
        if self.loopback_host_only and not is_loopback(_host_name(header(headers, b"host") or b"")):
            return 403, AccessError("the Host header does not name this machine")
        if self.token and path != "/healthz" and not self._is_authorized(headers):
            return 401, AccessError("the bearer token is missing or wrong")
        return None

    def _is_authorized(self, headers: Headers) -> bool:
        expected = f"Bearer {self.token}".encode()
        return hmac.compare_digest(header(headers, b"authorization") or b"", expected)


class GuardedApp:
    """An ASGI application behind a guard."""

    def __init__(self, app: Application, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refusal := self.guard.refusal(scope["path"], scope["headers"]):
            status, error = refusal
            await send_error(send, error, status)
            return
        await self.app(scope, receive, send)


def _host_name(host: bytes) -> str:
    """`[::1]:80` and `localhost:80` without the port."""
    text = host.decode("latin-1")
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
