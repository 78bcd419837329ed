"""Which texts are taken for secrets, and that nothing else is."""

from __future__ import annotations

import random
import re
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.secret_text import TOKEN_PATTERNS, has_secret, is_config_file, redact

ROOT = Path(__file__).parents[2]
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"


def body(length: int, alphabet: str = ALNUM) -> str:
    """Random characters; whole tokens in this file would alarm those who search sources for secrets."""
    rng = random.Random(length)
    return "7" + "".join(rng.choice(alphabet) for _ in range(length - 1))


PEM_LINES = "\n".join(body(64 - number) for number in range(5))


def pem(label: str) -> str:
    return f"-----BEGIN {label}-----\n{PEM_LINES}\n-----END {label}-----"


HITS = {
    "AWS access key id": "AKIA" + body(16, UPPER),
    "AWS temporary key id": "ASIA" + body(16, UPPER),
    "GitHub personal token": "ghp_" + body(36),
    "GitHub server token": "ghs_" + body(36),
    "GitHub fine-grained token": f"github_pat_{body(22)}_{body(59)}",
    "GitLab token": "glpat-" + body(20),
    "Slack bot token": f"xoxb-{body(12, string.digits)}-{body(24)}",
    "Slack app token": f"xapp-1-A{body(10, UPPER)}-{body(13, string.digits)}-{body(64, HEX)}",
    "Stripe key": "sk_" + "live_" + body(24),
    "Stripe restricted key": "rk_" + "test_" + body(24),
    "Stripe webhook secret": "whsec_" + body(32),
    "Google API key": "AIza" + body(35),
    "Google OAuth client secret": "GOCSPX-" + body(28),
    "Google OAuth token": "ya29." + body(60),
    "OpenAI key": f"sk-{body(20)}T3BlbkFJ{body(20)}",
    "OpenAI project key": f"sk-proj-{body(74)}T3BlbkFJ{body(74)}",
    "Anthropic key": f"sk-ant-api03-{body(93)}",
    "Hugging Face token": "hf_" + body(34),
    "Groq key": "gsk_" + body(52),
    "Replicate token": "r8_" + body(37),
    "npm token": "npm_" + body(36),
    "PyPI token": "pypi-AgE" + body(150),
    "RubyGems key": "rubygems_" + body(48, HEX),
    "crates.io token": "cio" + body(32),
    "Docker Hub token": "dckr_pat_" + body(27),
    "JSON web token": f"eyJ{body(20)}.eyJ{body(40)}.{body(43)}",
    "SendGrid key": f"SG.{body(22)}.{body(43)}",
    "Telegram bot token": f"{body(9, string.digits)}:AA{body(33)}",
    "DigitalOcean token": "dop_v1_" + body(64, HEX),
    "Shopify token": "shpat_" + body(32, HEX),
    "Databricks token": "dapi" + body(32, HEX),
    "Square token": "sq0atp-" + body(22),
    "Vault token": "hvs." + body(24),
    "Terraform token": f"{body(14)}.atlasv1.{body(67)}",
    "Grafana token": f"glsa_{body(32)}_{body(8, HEX)}",
    "Linear key": "lin_api_" + body(40),
    "New Relic key": "NRAK-" + body(27, UPPER),
    "Atlassian token": "ATATT3" + body(186),
    "age key": "AGE-SECRET-KEY-1" + body(58, UPPER),
    "RSA key": pem("RSA PRIVATE KEY"),
    "PKCS 8 key": pem("PRIVATE KEY"),
    "OpenSSH key": pem("OPENSSH PRIVATE KEY"),
    "PGP key": pem("PGP PRIVATE KEY BLOCK"),
}
IN_CONTEXT = {
    "AWS secret key": ('aws_secret_access_key = "{}"', body(40)),
    "AWS secret key in JavaScript": ("secretAccessKey: '{}',", body(40)),
    "AWS secret key in the environment": ('os.environ["AWS_SECRET_ACCESS_KEY"] = "{}"', body(40)),
    "Slack webhook": ('post("https://hooks.slack.com/services/{}")', f"T{body(9, UPPER)}/B{body(9, UPPER)}/{body(24)}"),
    "Discord webhook": (f"https://discord.com/api/webhooks/{body(18, string.digits)}/{{}}", body(68)),
    "Azure account key": ("DefaultEndpointsProtocol=https;AccountKey={};", body(86) + "=="),
    "Twilio key": ('twilio.Client("{}")', "SK" + body(32, HEX)),
    "Mailgun key": ('mailgun(api="{}")', "key-" + body(32, HEX)),
}  # fmt: skip
NEAR_MISSES = [
    "AKIA" + body(12, UPPER), "XAKIA" + body(16, UPPER), "AKIA" + body(20, UPPER), "AKIA_IS_THE_PREFIX",
    "ghp_" + body(20), "ghp_" + "x" * 36, "my_ghp_" + body(36), "def ghp_token_of_the_user(): ...",
    "github_pat_" + body(30), "glpat-short", "xoxb-your-token-goes-here", "xoxo", "xapp-1-name",
    "sk_live_...", "pk_live_key", "sk_test_payment_intent_succeeds", "task_live_" + body(24), "whsec_test",
    "AIza_is_how_they_begin", "GOCSPX-", "sk-ant-api", "sk-learn", "risk-" + body(40), "hf_hub_download",
    "from transformers import hf_argparser", "npm_config_registry", "npm_lifecycle_event", "pypi-AgE",
    "cioFileDescriptorOfTheStandardOutput", "dckr_pat_", "eyJhbGciOiJIUzI1NiJ9", "a.eyJ.b", "SG.name.other",
    "12345678:AAPL", "dop_v1_", "shpat_", "dapi", "hvs.read()", "self.hvs.connect_to_the_vault_now()",
    "x.atlasv1.y", "glsa_", "lin_api_client", "key-" + body(32, HEX), "SK" + body(32, HEX),
    "commit = '" + body(40, HEX) + "'", "sha256:" + body(64, HEX), "sha512-" + body(86) + "==",
    "uuid = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'", "data:image/png;base64," + body(400),
    'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    raise ValueError("a key: -----END RSA PRIVATE KEY-----")',
    'HEAD, TAIL = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"',
    'PEM = "-----BEGIN PRIVATE KEY-----"\n\n\ndef is_key(text: str) -> bool:\n    return text.startswith(PEM)\n',
    "-----BEGIN CERTIFICATE-----\n" + PEM_LINES + "\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\n" + PEM_LINES + "\n-----END PUBLIC KEY-----",
    'password = "hunter2hunter2"', "token = request.headers['token']", "api_key: str = field()",
    "aws_secret_access_key = config.get(section, name_of_the_secret_key)", "secret_key = os.environ['SECRET_KEY']",
]  # fmt: skip


@pytest.mark.parametrize("secret", HITS.values(), ids=HITS)
@pytest.mark.parametrize("around", ["{}", 'x = "{}"\ny = 1', "call({}, 2)", "a: {}\nb: 2"])
def test_tokens_are_overwritten(secret: str, around: str) -> None:
    text = around.format(secret)
    assert has_secret(text)
    mask = re.sub(r"[^\n]", "*", secret)
    assert redact(text) == around.format(mask)


@pytest.mark.parametrize(("around", "secret"), IN_CONTEXT.values(), ids=IN_CONTEXT)
def test_secrets_told_by_what_stands_before_them(around: str, secret: str) -> None:
    assert redact(around.format(secret)) == around.format("*" * len(secret))
    assert not has_secret(f"x = {secret!r}")


def test_there_are_many_patterns_and_each_is_hit() -> None:
    texts = [*HITS.values(), *(around.format(secret) for around, secret in IN_CONTEXT.values())]
    texts.append("mailchimp " + body(32, HEX) + "-us12")
    assert len(TOKEN_PATTERNS) >= 40
    for pattern in TOKEN_PATTERNS:
        assert any(pattern.expression.search(text) for text in texts), pattern.name
        assert any(any(hint in text for hint in pattern.hints) for text in texts), pattern.name


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_misses_stay_as_they_are(text: str) -> None:
    assert redact(text, "a.py") == text
    assert not has_secret(text, "a.py")


def test_a_key_that_is_cut_off_or_stands_in_a_string() -> None:
    cut = pem("RSA PRIVATE KEY").partition("-----END")[0]
    assert not any(line in redact(f"{cut}") for line in PEM_LINES.split("\n"))
    escaped = 'KEY = "' + pem("PRIVATE KEY").replace("\n", "\\n") + '"\nx = 1'
    assert redact(escaped).endswith('*"\nx = 1')
    assert not any(line in redact(escaped) for line in PEM_LINES.split("\n"))
    encrypted = pem("RSA PRIVATE KEY").replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1)
    assert not any(line in redact(encrypted) for line in PEM_LINES.split("\n"))


@pytest.mark.parametrize(
    ("path", "line", "secret"),
    [
        ("app.ini", "password = {}", "hunter2hunter2"),
        ("a/settings.toml", 'password = "{}"', "correct horse battery"),
        ("config.yaml", "  db_password: {}  # the old one", "s3cr3t-value"),
        ("config.yml", "- api_key: '{}'", "abc123def456"),
        ("config.json", '  "clientSecret": "{}",', "abc123def456"),
        ("app.properties", "spring.datasource.password={}", "hunter2hunter2"),
        ("prod.conf", "export AUTH_TOKEN={}", "abc123def456"),
        ("x.tf", 'secret_key = "{}"', "abc123def456"),
        ("C:\\w\\APP.INI", "Passwd={}", "hunter2hunter2"),
        ("config.yaml.example", "passphrase: {}", "hunter2hunter2"),
        ("database.yml", "url: postgres://admin:{}@db.example.org:5432/main", "hunter2hunter2"),
    ],
)
def test_assignments_in_configuration_files(path: str, line: str, secret: str) -> None:
    text = f"name: x\n{line.format(secret)}\nport: 80\n"
    assert redact(text, path) == f"name: x\n{line.format('*' * len(secret))}\nport: 80\n"
    assert has_secret(text, path)
    assert redact(text, "a.py") == text
    assert redact(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "token: ${{ secrets.TOKEN }}", "password: ${PASSWORD}", "password = {{ password }}", "api_key = <your key>",
        "password = %(password)s", "password = true", "secret = null", "password: required", "max_tokens: 40960000",
        "tokenizer: bert-base-uncased", "token_file = /run/secrets/token", "password = /run/secrets/password",
        "secret_name: my-app-secret", "password_min_length: 12000000", "password =", "password: changeme",
        "api_key: YOUR_API_KEY_HERE", "url: postgres://user:${PASSWORD}@host/db", "url: https://host:8080/a@b",
        "url: http://example.org/path", "passwords:\n  - a", "# the password is set elsewhere",
    ],
)  # fmt: skip
def test_ordinary_configuration_stays(line: str) -> None:
    assert redact(line, "config.yaml") == line
    assert not has_secret(line, "config.yaml")


@pytest.mark.parametrize("path", ["a.toml", "b/x.YAML", "c\\app.config", "package.json", "a.ini.local"])
def test_configuration_files(path: str) -> None:
    assert is_config_file(path)


@pytest.mark.parametrize("path", ["", "a.py", "config.py", "toml.rs", "yaml", "json/parser.go", "config"])
def test_other_files(path: str) -> None:
    assert not is_config_file(path)


PIECES = st.sampled_from(
    [*HITS.values(), "\n", "\r\n", " ", '"', "password = ", "é", "a", "-----BEGIN ", "x.y"]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join), st.sampled_from(["a.py", "a.ini"]))
@settings(deadline=None)
def test_length_and_lines_stay_and_twice_is_once(text: str, path: str) -> None:
    once = redact(text, path)
    assert len(once) == len(text)
    assert [at for at, char in enumerate(once) if char in "\r\n"] == [
        at for at, char in enumerate(text) if char in "\r\n"
    ]
    assert redact(once, path) == once
    assert not has_secret(once, path)
    assert has_secret(text, path) == (once != text)


def test_the_program_itself_holds_none() -> None:
    for path in [*(ROOT / "glm_lsp").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        text = path.read_text("utf-8")
        assert redact(text, path.name) == text, path


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----" * 20_000,
        "-----BEGIN PRIVATE KEY-----\n" + "A" * 500_000,
        "-----BEGIN PRIVATE KEY-----" + " x" * 250_000,
        "password = " * 45_000,
        ("p" * 300 + "\n") * 1700,
        "a://" + ":x" * 250_000,
        "eyJ" + "a" * 500_000,
        "eyJa." * 100_000,
        "ghp_" * 125_000,
    ],
    ids=lambda text: text[:24],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    redact(text, "a.ini")
    assert time.process_time() - began < 2.0
