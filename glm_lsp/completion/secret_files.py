"""Files whose content is never shown to a model, told by their names."""

from __future__ import annotations

import re
from fnmatch import translate

SECRET_NAMES = (
    ".env*", "*.env", ".dev.vars", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd",
    ".git-credentials", ".dockercfg", ".dockerconfigjson", ".vault-token",
    "*.pem", "*.key", "*.cert", "*.crt", "*.cer", "*.der", "*.csr", "*.p12", "*.pfx", "*.p8", "*.jks", "*.keystore",
    "*.truststore", "*.ppk", "*.gpg", "*.asc", "*.kdbx", "*.ovpn",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    "*.secret", "*.secrets", "secrets.y*ml", "secrets.json", "secrets.toml", "*.token", "auth.json",
    "credentials", ".credentials*", "*credentials.json", "*credentials.y*ml", "*credentials.ini", "*credentials.csv",
    "client_secret*.json", "service[-_]account*.json",
    "*.tfstate", "*.tfstate.backup", "kubeconfig", "*.kubeconfig",
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


def is_secret_path(path: str) -> bool:
    """Whether a file of this path must not be read into a prompt.

    Slashes and backslashes both separate. Only names are looked at: where links matter, ask for the path the
    link leads to as well.
    """
    # Windows drops trailing dots and spaces of a name when it opens the file.
    *folders, name = [part.rstrip(". ") for part in _SEPARATOR.split(path.casefold())]
    return any(folder in SECRET_FOLDERS for folder in folders) or _NAME.match(name) is not None
