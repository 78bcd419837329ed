"""Files whose content is never shown to a model, told by their names."""

from __future__ import annotations

import re
from fnmatch import translate
from urllib.parse import unquote

SECRET_NAMES = (
    ".env*", "*.env", ".dev.vars", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf",
    ".htpasswd", ".htdigest", ".git-credentials", ".dockercfg", ".dockerconfigjson", ".vault-token", ".vault_pass*",
    ".s3cfg", ".boto", ".terraformrc",
    "*.pem", "*.key", "*.cert", "*.crt", "*.cer", "*.der", "*.csr", "*.p12", "*.pkcs12", "*.pfx", "*.p8", "*.jks",
    "*.bks", "*.keystore", "*.truststore", "*.ppk", "*.gpg", "*.pgp", "*.asc", "*.kdbx", "*.ovpn", "*.agekey",
    "*.mobileprovision",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    "*.secret", "*.secrets", "secrets.y*ml", "secrets.json", "secrets.toml", "*.token", "auth.json",
    "credentials", ".credentials*", "*credentials.json", "*credentials.y*ml", "*credentials.ini", "*credentials.csv",
    "*credentials.toml", "credentials.tfrc.json", "client_secret*.json", "service[-_]account*.json",
    "local.settings.json",
    "*.tfstate", "*.tfstate.backup", "*.tfvars", "*.tfvars.json", "kubeconfig", "*.kubeconfig",
    "*.db", "*.sqlite*",
)  # fmt: skip
"""Shell patterns for a file's name; case does not matter."""
SECRET_FOLDERS = frozenset(
    [".ssh", ".gnupg", ".aws", ".azure", ".gcp", ".gcloud", ".kube", ".docker", ".password-store"]
)
"""No file in or below such a folder is shown. Visible names like "private" or "keys" hold too much ordinary code."""

# Keys of any other name: `id_work`, but not a module called `id_map.py`.
_SSH_KEY = r"id_[^.]+\Z"
_NAME = re.compile("|".join([*(translate(pattern) for pattern in SECRET_NAMES), _SSH_KEY]))
_SEPARATOR = re.compile(r"[/\\]+")
_MOST_DECODED = 3


def is_secret_path(path: str) -> bool:
    """Whether a file of this path must not be read into a prompt.

    Slashes and backslashes both separate, and what is percent-encoded is looked at decoded, too. Only names are
    looked at: where links matter, ask for the path the link leads to as well.
    """
    for _ in range(_MOST_DECODED):
        if _is_secret(path):
            return True
        decoded = unquote(path) if "%" in path else path
        if decoded == path:
            return False
        path = decoded
    return _is_secret(path)


def _is_secret(path: str) -> bool:
    # Windows drops trailing dots and spaces of a name when it opens the file.
    *folders, name = [part.rstrip(". ") for part in _SEPARATOR.split(path.casefold())]
    if any(folder in SECRET_FOLDERS for folder in folders):
        return True
    # What a colon cuts off is a scheme (`untitled:id_rsa`) or a stream of the same file (`.env::$DATA`).
    return any(_NAME.match(part.rstrip(". ")) for part in name.split(":"))
