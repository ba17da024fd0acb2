"""What this machine is told from outside: one typed class, read once at the entry point and passed down.

SettingsError
├── BrokenSettings   a ZHIHUI_… variable that cannot be
└── BrokenKey        a key file or variable that holds no key
"""

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.picture_likeness import FARTHEST

KeyName = Literal["personal", "link"]

KEY_BYTES = 32


class SettingsError(Exception):
    """Something this machine was told cannot be."""


class BrokenSettings(SettingsError):
    """One or more ZHIHUI_ variables hold what they cannot hold."""


class BrokenKey(SettingsError):
    """A key file or variable holds no key of 32 bytes."""


def _home() -> Path:
    return Path.cwd() / ".zhihui"


def _drop_folder(known: dict[str, Any]) -> Path:
    return _below_home(known, "drop")


def _readings_folder(known: dict[str, Any]) -> Path:
    return _below_home(known, "readings")


def _bulletins(known: dict[str, Any]) -> Path:
    return _below_home(known, "bulletins")


def _pictures(known: dict[str, Any]) -> str:
    return str(_below_home(known, "pictures"))


def _database_url(known: dict[str, Any]) -> str:
    return f"sqlite:///{_below_home(known, 'zhihui.db')}"


def _below_home(known: dict[str, Any], name: str) -> Path:
    home: Path = known.get("home") or _home()
    return home / name


def _desk_url(known: dict[str, Any]) -> str:
    host = known.get("desk_host", "127.0.0.1")
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    return f"http://{reachable}:{known.get('desk_port', 8200)}"


def _desk_processes() -> int:
    return min(2, os.cpu_count() or 1)


def _prefect_url(known: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{known.get('prefect_port', 4200)}/api"


class Settings(BaseSettings):
    """The settings of one machine. Each field is read from the variable ZHIHUI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="ZHIHUI_", frozen=True, hide_input_in_errors=True)

    home: Path = Field(
        default_factory=_home,
        description="State folder, made on first use: databases, keys, drop folder. "
        "Default: .zhihui in the present folder.",
    )
    database_url: str = Field(
        default_factory=_database_url,
        repr=False,
        description="Address of the city's database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. "
        "Default: the SQLite file zhihui.db in the state folder.",
    )
    city: str = Field(
        default="xinzheng",
        min_length=1,
        description="The city: a folder with its directory, or the name of one shipped in deployments/cities.",
    )
    desk_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Network address the desk listens on; 0.0.0.0 for every one of the machine.",
    )
    desk_port: int = Field(default=8200, ge=1, le=65535, description="TCP port of the desk, 1 to 65535.")
    desk_processes: int = Field(
        default_factory=_desk_processes,
        ge=1,
        le=16,
        description="Processes of the desk, which share its port, 1 to 16. "
        "Default: 2 where the machine has two processors or more.",
    )
    desk_url: str = Field(
        default_factory=_desk_url,
        pattern=r"^https?://\S+$",
        description="Public address of the desk with http:// or https://, without a slash at the end: "
        "what links in messages begin with. Default: the desk's own host and port.",
    )
    prefect_port: int = Field(
        default=4200, ge=1, le=65535, description="TCP port of the local Prefect server, 1 to 65535."
    )
    prefect_url: str = Field(
        default_factory=_prefect_url,
        pattern=r"^https?://\S+$",
        description="Address of the Prefect API that desk and commands wake visits on, ending in /api. "
        "Default: the local server's.",
    )
    prefect_auth: SecretStr | None = Field(
        default=None, description="USER:PASSWORD of the Prefect API, where it asks for one."
    )
    personal_key: SecretStr | None = Field(
        default=None,
        description="Key that seals names and phone numbers: 32 random bytes in URL-safe base64. "
        "Default: read from keys/personal.key in the state folder, which is made on first use.",
    )
    link_key: SecretStr | None = Field(
        default=None,
        description="Key that signs the links in messages: 32 random bytes in URL-safe base64. "
        "Default: read from keys/link.key in the state folder, which is made on first use.",
    )
    drop_folder: Path = Field(
        default_factory=_drop_folder,
        description="Folder watched for files of reports. Default: drop in the state folder.",
    )
    readings_folder: Path = Field(
        default_factory=_readings_folder,
        description="Folder watched for files of water readings. Default: readings in the state folder.",
    )
    bulletins: Path = Field(
        default_factory=_bulletins,
        description="Folder of the documents of published months. Default: bulletins in the state folder.",
    )
    pictures: str = Field(
        default_factory=_pictures,
        min_length=1,
        repr=False,
        description="Where pictures are kept: a folder, or an address of an installed fsspec file system such as "
        "s3://BUCKET/FOLDER. Default: pictures in the state folder.",
    )
    pictures_alike_within: int = Field(
        default=6,
        ge=0,
        le=FARTHEST,
        description="Bits of 64 in which an after-picture may differ from one of another case and still be shown to "
        f"the checker as resembling it, 0 to {FARTHEST}.",
    )

    @field_validator("home", "drop_folder", "readings_folder", "bulletins")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("desk_url", "prefect_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    def secret_key(self, name: KeyName) -> bytes:
        """The 32 bytes of a key: from its variable where set, else from its file, made on first use.

        Raises: BrokenKey where the variable or the file holds something else.
        """
        given = self.personal_key if name == "personal" else self.link_key
        if given is not None:
            return _key_of(given.get_secret_value(), f"ZHIHUI_{name.upper()}_KEY")
        path = self.home / "keys" / f"{name}.key"
        if not path.exists():
            _make_key_file(path)
        return _key_of(path.read_text("ascii", errors="replace"), str(path))


def read_settings() -> Settings:
    """The settings of this machine, from its environment.

    Raises: BrokenSettings naming each variable, what is wrong with it and what it holds when right; never its value.
    """
    try:
        return Settings()
    except ValidationError as broken:
        raise BrokenSettings(_explain(broken)) from None


def _explain(broken: ValidationError) -> str:
    lines = []
    for error in broken.errors(include_input=False, include_url=False, include_context=False):
        field = str(error["loc"][0]) if error["loc"] else "?"
        meaning = Settings.model_fields[field].description if field in Settings.model_fields else ""
        lines.append(f"ZHIHUI_{field.upper()}: {error['msg']}. It is: {meaning}")
    return "\n".join(lines)


def _key_of(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BrokenKey(
            f"{where} holds no key: a key is {KEY_BYTES} random bytes in URL-safe base64 (44 characters). "
            "Put back the right one from your backup; a new one cannot read what the old one sealed."
        )
    return key


def _make_key_file(path: Path) -> None:
    """Write a new key, complete and readable by its owner only, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file 0600; link() puts it in place whole, and never over a key that is there already.
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)
