"""A stand-in for the model hub on this machine: its endpoints, and the ways in which a hub or a network can fail."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

PIECE = 2**15
LFS_SUFFIXES = (".safetensors", ".bin", ".model")


@dataclass
class Hub:
    """Repositories by commit, what "main" points to, and what goes wrong; `requests` is what was asked."""

    commits: dict[str, dict[str, bytes]]
    main: str
    repo_id: str = "some-org/some-glm"
    card: dict[str, Any] | None = None
    url: str = ""
    token: str = ""
    refuse: tuple[int, str] | None = None
    """Status and error code for the listing."""
    listing: bytes | None = None
    """Sent instead of the listing."""
    extra: list[dict[str, Any]] = field(default_factory=list)
    """More entries for the listing."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Sizes to lie about."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """Contents to send instead of those that are listed."""
    cut_after: dict[str, int] = field(default_factory=dict)
    """The next answers with these files end after so many bytes, once."""
    dead_after_cut: bool = False
    """After a cut nothing is served any more."""
    head_commit: str = ""
    head_location: str = ""
    cdn_url: str = ""
    """Where large files lie; the hub itself when empty."""
    gates_files: bool = False
    """Everybody sees what there is, and gets nothing of it."""
    silent_s: float = 0.0
    """Before any answer."""
    ignores_ranges: bool = False
    pause_s: float = 0.0
    """Before each piece of 32 KiB of a large file."""
    on_file: Any = None
    """Called with each file's name before it is sent."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Range."""
    tokens: list[str] = field(default_factory=list)
    """What came as Authorization."""

    def ranges(self, name: str) -> list[str]:
        """The ranges asked for with GET of one file, "" for the whole."""
        return [range_ for method, path, range_ in self.requests if method == "GET" and path.endswith(name)]

    def siblings(self, commit: str) -> list[dict[str, Any]]:
        return [self._sibling(name, content) for name, content in self.commits[commit].items()] + self.extra

    def _sibling(self, name: str, content: bytes) -> dict[str, Any]:
        entry = {"rfilename": name, "size": self.sizes.get(name, len(content)), "blobId": git_sha1(content)}
        if name.endswith(LFS_SUFFIXES):
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
        return entry


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        time.sleep(self.hub.silent_s)
        self.hub.requests.append((self.command, path, self.headers.get("Range", "")))
        if sent := self.headers.get("Authorization"):
            self.hub.tokens.append(sent)
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._refuse(401, "GatedRepo" if "Authorization" not in self.headers else "")
        elif self.hub.gates_files and "/resolve/" in path:
            self._refuse(403, "GatedRepo")
        elif path.startswith("/api/models/"):
            self._listing(path.removeprefix("/api/models/"))
        elif path.startswith(f"/{self.hub.repo_id}/resolve/"):
            self._file(*path.removeprefix(f"/{self.hub.repo_id}/resolve/").split("/", 1), redirects=True)
        elif path.startswith("/cdn/"):
            self._file(*path.removeprefix("/cdn/").split("/", 1), redirects=False)
        else:
            self._refuse(404, "EntryNotFound")

    def _listing(self, rest: str) -> None:
        hub = self.hub
        repo_id, _, revision = rest.partition("/revision/")
        commit = {"": hub.main, "main": hub.main}.get(revision, revision)
        if hub.refuse:
            self._refuse(*hub.refuse)
        elif repo_id != hub.repo_id:
            self._refuse(401, "RepoNotFound")
        elif commit not in hub.commits:
            self._refuse(404, "RevisionNotFound")
        elif hub.listing is not None:
            self._send(200, hub.listing, {"Content-Type": "text/html"})
        else:
            told = {
                "id": repo_id,
                "sha": commit,
                "siblings": hub.siblings(commit),
                "cardData": hub.card,
                "tags": [],
            }
            self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _file(self, revision: str, name: str, *, redirects: bool) -> None:
        hub = self.hub
        commit = hub.main if revision == "main" else revision
        content = hub.commits.get(commit, {}).get(name)
        if content is None:
            self._refuse(404, "EntryNotFound")
            return
        headers = {"X-Repo-Commit": hub.head_commit or commit, "ETag": f'"{git_sha1(content)}"'}
        if redirects and name.endswith(LFS_SUFFIXES):
            # As the real one: large files lie elsewhere, and the redirect tells their hash and size.
            headers["X-Linked-ETag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            headers["X-Linked-Size"] = str(hub.sizes.get(name, len(content)))
            headers["Location"] = hub.head_location or f"{hub.cdn_url or hub.url}/cdn/{commit}/{name}"
            self._send(302, b"", headers)
            return
        if self.command == "GET" and hub.on_file:
            hub.on_file(name)
        self._content(name, hub.contents.get(name, content), headers)

    def _content(self, name: str, content: bytes, headers: dict[str, str]) -> None:
        start = 0
        asked = self.headers.get("Range", "")
        if asked and not self.hub.ignores_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(206 if start else 200, content[start:], headers, name)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": "no"} if code else {})

    def _send(self, status: int, body: bytes, headers: dict[str, str], name: str = "") -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cut_after.pop(name, None)
        for start in range(0, len(body) if cut is None else min(cut, len(body)), PIECE):
            if self.hub.pause_s and len(body) > PIECE:
                time.sleep(self.hub.pause_s)
            end = start + PIECE if cut is None else min(start + PIECE, cut)
            try:
                self.wfile.write(body[start:end])
                self.wfile.flush()
            except OSError:  # the client went away
                self.close_connection = True
                return
        if cut is not None:
            self.close_connection = True
            if self.hub.dead_after_cut:
                self.hub.commits.clear()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub behind an address of its own, in `hub.url`, while the block runs."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
