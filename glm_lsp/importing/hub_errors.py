"""What the hub's client raises, in this program's terms.

The client has changed the library under it twice, so connection errors are told by the names of their classes, which
all of these libraries share.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from glm_lsp.errors import (
    GlmError,
    HubAccessError,
    HubBusyError,
    HubError,
    HubNotFoundError,
    HubUnreachableError,
)

_NOT_FOUND = {
    "RepositoryNotFoundError": "there is no repository {what} on {hub} that this user may see",
    "RevisionNotFoundError": "there is no such revision of {what} on {hub}",
    "RemoteEntryNotFoundError": "{hub} lists a file of {what} that it does not have",
    "EntryNotFoundError": "{hub} lists a file of {what} that it does not have",
    "HFValidationError": "{what!r} cannot be the name of a repository on {hub}",
}
_TIMEOUT = {"TimeoutException", "Timeout", "TimeoutError"}
_UNREACHABLE = {
    "TransportError",
    "ConnectionError",
    "NetworkError",
    "ProxyError",
    "SSLError",
    "ChunkedEncodingError",
}


@contextmanager
def hub_errors(what: str, hub: str) -> Iterator[None]:
    """Turns whatever the client raises in the block into a `HubError`; `hub` is the address that was asked.

    Raises:
        HubError: or the subclass that fits.
    """
    try:
        yield
    except GlmError:
        raise
    except Exception as error:
        raise hub_error(error, what, hub) from error


def hub_error(error: Exception, what: str, hub: str) -> HubError:
    """The error to show for one of the client's."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "GatedRepoError" in kinds:
        return HubAccessError(f"{what} is gated on {hub}, and this user has not been let in")
    if status == 401 and _had_token(error):
        return HubAccessError(f"{hub} does not accept the token that was sent for {what}")
    for kind, cause in _NOT_FOUND.items():
        if kind in kinds:
            return HubNotFoundError(cause.format(what=what, hub=hub))
    if status is not None:
        return _by_status(int(status), what, hub)
    return _unreachable(kinds, error, hub) or HubError(
        f"{hub} gave an answer for {what} that cannot be used: {_first_line(error)}"
    )


def _unreachable(kinds: set[str], error: Exception, hub: str) -> HubError | None:
    if "OfflineModeIsEnabled" in kinds:
        return HubUnreachableError("HF_HUB_OFFLINE is set", "Unset HF_HUB_OFFLINE, or import a folder.")
    if kinds & _TIMEOUT:
        return HubUnreachableError(f"{hub} has said nothing for too long")
    if kinds & _UNREACHABLE:
        return HubUnreachableError(f"{hub} cannot be reached: {_first_line(error)}")
    return None


def _by_status(status: int, what: str, hub: str) -> HubError:
    if status in (401, 403):
        return HubAccessError(f"{hub} refuses {what} ({status})")
    if status == 429:
        return HubBusyError(f"{hub} was asked too often (429)")
    if status >= 500:
        return HubBusyError(f"{hub} has a fault of its own ({status})")
    return HubError(f"{hub} answered {status} for {what}")


def _had_token(error: Exception) -> bool:
    request = getattr(getattr(error, "response", None), "request", None)
    return "authorization" in {name.lower() for name in getattr(request, "headers", {})}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:200]
