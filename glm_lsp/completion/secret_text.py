"""Secrets within a text: tokens and keys that are told by their form, and passwords in configuration files.

Only forms that nothing else has are listed. A piece of ordinary code that is taken for a secret is a fault: the model
would be shown code that is not there. Everything is replaced by asterisks, one for each character, and line breaks
stay, so that every position in the text holds; redacting twice changes nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MASK = "*"
_FEWEST_DISTINCT = 8
"""Characters of a real token: `ghp_xxxxxxxx...` is a placeholder."""


@dataclass(frozen=True, slots=True)
class SecretPattern:
    """One kind of secret.

    Attributes:
        name: what it is.
        hints: a text without any of them has no such secret; searching for them is much faster than the expression.
        source: a regular expression; its first group, or all of it if it has none, is the secret.
    """

    name: str
    hints: tuple[str, ...]
    source: str

    @property
    def expression(self) -> re.Pattern[str]:
        """Compiled when it is first needed, which most never are."""
        return _compiled(self.source)


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.ASCII)


def _token(name: str, source: str, *hints: str) -> SecretPattern:
    """A token that stands by itself: no letter, digit, `_` or `-` touches it."""
    return SecretPattern(name, hints, rf"(?<![\w-])(?:{source})(?![\w-])")


_KEY_LABEL = r"(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE_KEY = (
    rf"-----BEGIN {_KEY_LABEL}"
    r"(?:(?>(?:(?!-----)[\s\S]){0,400}?[A-Za-z0-9+/]{32})(?:(?!-----)[\s\S]){0,20000}+"
    rf"-----END {_KEY_LABEL}"
    # The text may end before the key does; escaped line breaks and quotes are there where a key stands in a string.
    r"|[\s\\nr\"'+,]{0,40}[A-Za-z0-9+/]{32}[A-Za-z0-9+/=\s\\\"']*+)"
)

TOKEN_PATTERNS: tuple[SecretPattern, ...] = (
    SecretPattern("private key", ("PRIVATE KEY",), _PRIVATE_KEY),
    _token("AWS access key id", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", "AKIA", "ASIA", "ABIA", "ACCA"),
    SecretPattern(
        "AWS secret access key",
        ("aws", "AWS", "Aws", "ecret"),
        r"(?i:aws_?secret_?(?:access_?)?key|secret_?access_?key)[\"'\])]{0,3}\s{0,4}(?:=>|:=|[=:,])\s{0,4}[\"']?"
        r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    _token("GitHub token", r"gh[opsur]_[A-Za-z0-9]{36,255}", "ghp_", "gho_", "ghs_", "ghu_", "ghr_"),
    _token("GitHub fine-grained token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "github_pat_"),
    _token(
        "GitLab token",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_-]{20,64}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?",
        "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-",
    ),
    _token("Slack token", r"xox[abeoprs](?:\.xox[abp])?-(?=[A-Za-z-]*[0-9])[A-Za-z0-9-]{10,250}", "xox"),
    _token("Slack app token", r"xapp-[0-9]-[A-Z0-9]{8,16}-[0-9]{8,20}-[a-f0-9]{40,80}", "xapp-"),
    SecretPattern(
        "Slack webhook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(T[A-Z0-9]{8,12}/[A-Za-z0-9/]{20,60})",
    ),
    _token("Stripe key", r"[sr]k_(?:live|test)_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{16,247}", "k_live_", "k_test_"),
    _token("Stripe webhook secret", r"whsec_[A-Za-z0-9+/]{32,64}", "whsec_"),
    _token("Google API key", r"AIza[A-Za-z0-9_-]{35}", "AIza"),
    _token("Google OAuth client secret", r"GOCSPX-[A-Za-z0-9_-]{28}", "GOCSPX-"),
    _token("Google OAuth token", r"ya29\.[A-Za-z0-9_-]{30,2048}", "ya29."),
    _token("OpenAI key", r"sk-[A-Za-z0-9_-]{20,140}T3BlbkFJ[A-Za-z0-9_-]{20,140}", "T3BlbkFJ"),
    _token("Anthropic key", r"sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{80,120}", "sk-ant-"),
    _token("Hugging Face token", r"hf_[A-Za-z0-9]{34,40}", "hf_"),
    _token("Groq key", r"gsk_[A-Za-z0-9]{52}", "gsk_"),
    _token("Replicate token", r"r8_[A-Za-z0-9]{37}", "r8_"),
    _token("npm token", r"npm_[A-Za-z0-9]{36}", "npm_"),
    _token("PyPI token", r"pypi-AgE[A-Za-z0-9_-]{60,400}", "pypi-AgE"),
    _token("RubyGems key", r"rubygems_[a-f0-9]{48}", "rubygems_"),
    _token("crates.io token", r"cio(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32}", "cio"),
    _token("Docker Hub token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}", "dckr_"),
    _token("JSON web token", r"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,2000}", "eyJ"),
    _token("SendGrid key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "SG."),
    _token("Twilio key", r"SK[0-9a-f]{32}", "wilio", "WILIO"),
    _token("Mailgun key", r"key-[0-9a-f]{32}", "mailgun", "Mailgun", "MAILGUN"),
    _token("Mailchimp key", r"[0-9a-f]{32}-us[0-9]{1,2}", "-us"),
    _token("Telegram bot token", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}", ":AA"),
    SecretPattern(
        "Discord webhook",
        ("/api/webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/([A-Za-z0-9_-]{60,80})",
    ),
    _token("DigitalOcean token", r"do[opr]_v1_[a-f0-9]{64}", "_v1_"),
    _token("Shopify token", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", "shpat_", "shpca_", "shppa_", "shpss_"),
    _token("Databricks token", r"dapi[a-f0-9]{32}(?:-[0-9])?", "dapi"),
    _token("Square token", r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}", "sq0"),
    _token("Vault token", r"hv[sbr]\.(?=[A-Za-z_-]{0,30}[0-9])[A-Za-z0-9_-]{24,300}", "hvs.", "hvb.", "hvr."),
    _token("Terraform token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}", ".atlasv1."),
    _token("Grafana token", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}", "glsa_", "glc_"),
    _token("Linear key", r"lin_api_[A-Za-z0-9]{40}", "lin_api_"),
    _token("New Relic key", r"NRAK-[A-Z0-9]{27}", "NRAK-"),
    _token("Atlassian token", r"ATATT3[A-Za-z0-9_=-]{180,240}", "ATATT3"),
    _token("age key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", "AGE-SECRET-KEY-"),
    SecretPattern(
        "Azure account key", ("ccountKey=", "ccessKey="), r"Acc(?:ount|ess)Key=([A-Za-z0-9+/]{40,86}={1,2})"
    ),
)  # fmt: skip

_CONFIG_NAMES = re.compile(
    r".*\.(?:ini|cfg|conf|config|toml|ya?ml|json5?|jsonc|properties|env|xml|plist|tf|tfvars|hcl|reg|service)"
    r"(?:\.(?:example|local|dist|sample|template|bak|orig|j2))?\Z"
)
_SEPARATOR = re.compile(r"[/\\]")
_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:-[ \t]+|export[ \t]+)?[\"']?"
    r"[\w.:-]{0,60}?(?:password|passwd|pwd|passphrase|secret|token|(?:api|access|secret|private|auth|signing|encryption)[_.-]?key)"
    r"[\"']?[ \t]*[:=][ \t]*"
    r"(?:\"(?P<double>[^\"\n]{6,500})\"|'(?P<single>[^'\n]{6,500})'|(?P<bare>[^\s\"'#,;&|>{}\[\]<$%][^\s#,;]{5,500}))"
    r"[ \t]*,?[ \t]*(?:[#;].*)?\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'{}<>$%]{0,80}:([^\s:/@\"'{}<>$%]{3,200})@[\w\[.-]", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"[<\[({%$*]|.*(?:\$\{|\{\{|%\(|\$\()|(?:true|false|null|none|undefined|required|optional|string|integer|changeme)\Z"
    r"|(?:your|change|example|insert|enter|replace|todo|xxx|dummy|placeholder|os\.|env\.|vault:|file:|/|\.{1,2}/)",
    re.IGNORECASE,
)


def redact(text: str, path: str = "") -> str:
    """The text with every secret in it overwritten by asterisks.

    Args:
        text: any text; its length and its lines stay.
        path: of the file it comes from. In configuration files, told by their names, what is assigned to a password
            or a token is a secret, whatever its form.
    """
    # Patterns one after another on what the one before has left, so that overlapping ones cannot uncover each other.
    for pattern in TOKEN_PATTERNS:
        text = _masked(text, _matches(pattern, text))
    return _masked(text, _assigned(text)) if is_config_file(path) else text


def has_secret(text: str, path: str = "") -> bool:
    """Whether `redact` would change the text."""
    found = any(True for pattern in TOKEN_PATTERNS for _ in _matches(pattern, text))
    return found or (is_config_file(path) and any(True for _ in _assigned(text)))


def is_config_file(path: str) -> bool:
    """Whether a file's name says that values are set in it rather than computed."""
    return _CONFIG_NAMES.match(_SEPARATOR.split(path.casefold())[-1]) is not None


def _matches(pattern: SecretPattern, text: str) -> Iterator[tuple[int, int]]:
    if not any(hint in text for hint in pattern.hints):
        return
    for found in pattern.expression.finditer(text):
        group = min(1, pattern.expression.groups)
        if len(set(found[group])) >= _FEWEST_DISTINCT:
            yield found.span(group)


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    for found in _ASSIGNMENT.finditer(text):
        group = found.lastgroup or "bare"
        if _is_value(found[group]):
            yield found.span(group)
    for found in _ADDRESS.finditer(text):
        if _is_value(found[1]):
            yield found.span(1)


def _is_value(value: str) -> bool:
    return not _PLACEHOLDER.match(value) and set(value) != {MASK}


def _masked(text: str, spans: Iterator[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in sorted(spans):
        secret = text[max(start, at) : end]
        pieces += [text[at:start], "".join(char if char in "\r\n" else MASK for char in secret)]
        at = max(at, end)
    return "".join([*pieces, text[at:]]) if pieces else text
