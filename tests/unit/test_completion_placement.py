"""Where a completion may be asked for, and which files never are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.placement import MAX_DOCUMENT_CHARS, Refusal, refuse_cursor, refuse_document
from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.snapshot import DocumentSnapshot


def refuse(snapshot: DocumentSnapshot) -> Refusal | None:
    return refuse_document(snapshot) or refuse_cursor(snapshot)


def at(marked: str, path: str = "a.py", uri: str = "file:///w/a.py") -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri=uri, path=path, language_id="python", version=1, text=before + after, offset=len(before)
    )


@pytest.mark.parametrize(
    "marked",
    [
        "x = ║", "x = ║\ny", "x = ║  ", "f(║)", "f(g([║]))", "if (x║) {", "if (x║):", 'f("║")', "f('║');", "[║],",
        "f(║ )  ", "a<b║>", "`a${║}`", "x║ {", "║", "x\n║\ny", "x = ║\r\ny", "x = ║\ry", "f(║) ;", "x║;", "x║   :  ",
    ],
)  # fmt: skip
def test_allowed(marked: str) -> None:
    assert refuse(at(marked)) is None


@pytest.mark.parametrize(
    ("marked", "refusal"),
    [
        ("na║me", Refusal.INSIDE_WORD), ("é║é", Refusal.INSIDE_WORD), ("x = a_║1", Refusal.INSIDE_WORD),
        ("x = ║y", Refusal.MID_LINE), ("║y", Refusal.MID_LINE), ("f(║) + 1", Refusal.MID_LINE),
        ("f(║, x)", Refusal.MID_LINE),
        ("f(║);;", Refusal.MID_LINE), ("f(║(", Refusal.MID_LINE), ("x = ║ # why", Refusal.MID_LINE),
        ("x = ║" + " " * 2000 + "\n", Refusal.MID_LINE), ("x║\u2028y", Refusal.MID_LINE),
        ("f(║) { }", Refusal.MID_LINE),
    ],
)  # fmt: skip
def test_refused(marked: str, refusal: Refusal) -> None:
    assert refuse(at(marked)) is refusal


def test_a_document_too_large() -> None:
    text = "x\n" * (MAX_DOCUMENT_CHARS // 2)
    assert refuse(at(f"{text}║")) is None
    assert refuse(at(f"{text}x║")) is Refusal.TOO_LARGE


def test_an_empty_document_needs_a_name() -> None:
    assert refuse(at("  \n║\n", path="", uri="untitled:Untitled-1")) is Refusal.EMPTY_DOCUMENT
    assert refuse(at("║", path="", uri="untitled:Untitled-1")) is Refusal.EMPTY_DOCUMENT
    assert refuse(at("x = ║", path="", uri="untitled:Untitled-1")) is None
    assert refuse(at("║")) is None


def test_every_refusal_is_explained() -> None:
    assert len({refusal.explanation for refusal in Refusal}) == len(Refusal)


SECRET = [
    ".env", ".env.local", ".ENV.production", "a/b/.env", ".envrc", "prod.env", "server.pem", "Server.PEM",
    "tls/site.key", "site.Key", "ca.crt", "ca.cert", "ca.cer", "id_rsa", "id_rsa.pub", "ID_RSA",
    "id_ed25519", "id_ecdsa_sk", "id_work", "keys/id_dsa", ".netrc", "_netrc", ".npmrc", "sub/.NPMRC",
    ".pypirc", ".pgpass", ".htpasswd", ".git-credentials", "credentials", "credentials.json",
    "gcloud-credentials.json", ".aws/config", "home/u/.AWS/anything.txt", ".ssh/config", ".ssh/known_hosts",
    ".gnupg/gpg.conf", ".kube/config", ".docker/config.json", "a.p12", "a.pfx", "a.jks", "a.keystore",
    "secrets.yml", "secrets.yaml", "config/Secrets.YML", "api.token", "auth.json", ".dev.vars",
    "vault.kdbx", "terraform.tfstate", "client_secret_123.json", "service-account.json", "key.gpg",
    "putty.ppk", "C:\\Users\\u\\.ssh\\config", "deploy\\prod.pem", "id_rsa.", "server.pem ", "data.sqlite3",
    "x/.azure/profile.py", "\\\\server\\share\\.env", "d:\\w\\ID_ED25519", "C:/w/.Env", "C:.env", "w\\.ssh\\Notes.md",
    ".env.", ".env. .", ".env::$DATA", "server.pem:zone", "a/.aws./config", "a/.ssh /config", "untitled:.env",
    "untitled:id_rsa", "untitled:a/secrets.yml", "vscode-remote:/w/.npmrc", "%2Eenv", "a%2F.env", "a/%2eSSH/config",
    "%252Eenv", "c%3A%5Cw%5C.env", "id%5Frsa", "prod.tfvars", "prod.auto.tfvars.json", ".s3cfg", ".boto",
    "a/.cargo/credentials.toml", "credentials.tfrc.json", ".terraformrc", "local.settings.json", "Key.AGEKEY",
    "a/b/.vault_pass.txt", "store.bks",
]  # fmt: skip
ORDINARY = [
    "a.py", "env.py", "environment.yml", "src/keys/index.ts", "private/app.py", "keyboard.key.py", "id_map.py",
    "identity.go", "secrets.py", "credentials.py", "token.py", "tokens/lexer.rs", "pem.py", "docker/Dockerfile",
    "aws/main.tf", "ssh/client.go", "untitled:Untitled-1", "a%20b.py", "100%.py", "%zz.py", "a:b.py", "C:\\w\\a.py",
    "tfvars.go", ".env/lib/a.py", "package.json", "config.json", "settings.json", "", "/", "auth.ts", "Makefile",
]  # fmt: skip


@pytest.mark.parametrize("path", SECRET)
def test_secret_files(path: str) -> None:
    assert is_secret_path(path)
    assert refuse_document(at("║", path=path)) is Refusal.SECRET_FILE


@pytest.mark.parametrize("path", ORDINARY)
def test_ordinary_files(path: str) -> None:
    assert not is_secret_path(path)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///home/u/.aws/config", "file:///home/u/%2Eenv", "file:///home/u/id_rsa?x=1", "vscode-remote://h/w/.env#1",
        "file:///c%3A/Users/u/.ssh/config", "file:///home/u/.SSH/notes.md", "untitled:.env", "untitled:id_rsa",
        "file:///c%3A/Users/u/%2e%73%73h/notes.md", "file:////server/share/.env", "file:///w/.ENV.",
        "file:///w/server.pem%20", "vscode-notebook-cell:/w/.env#c1", "git:/w/secrets.yml?ref",
    ],
)  # fmt: skip
def test_the_address_tells_what_the_path_does_not(uri: str) -> None:
    assert refuse_document(at("x = ║", path="config", uri=uri)) is Refusal.SECRET_FILE


@given(st.text(), st.text(), st.text(), st.text())
@settings(deadline=None)
def test_nothing_raises(before: str, after: str, path: str, uri: str) -> None:
    snapshot = DocumentSnapshot(
        uri=uri, path=path, language_id="", version=1, text=before + after, offset=len(before)
    )
    assert refuse(snapshot) in {None, *Refusal}


def test_a_link_to_a_secret_file_is_a_secret_file() -> None:
    snapshot = DocumentSnapshot(
        uri="file:///w/link.py", path="link.py", language_id="python", version=1, text="KEY=1", offset=5,
        real_path="/w/.env",
    )  # fmt: skip
    assert refuse_document(snapshot) is Refusal.SECRET_FILE
