"""What this machine is told about citizens: how often they may report, and which map they are shown."""

import re
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import BrokenSettings

_PLACES = ("{z}", "{x}", "{y}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class PublicSettings(BaseSettings):
    """Each field is read from the variable ZHIHUI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="ZHIHUI_", frozen=True, hide_input_in_errors=True)

    reports_per_client: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="How many reports an hour one network address may send. Many phones share one address of their "
        "provider.",
    )
    reports_per_day: int = Field(
        default=2000, ge=1, le=1_000_000, description="How many reports citizens may send within 24 hours in all."
    )
    finds_per_client: int = Field(
        default=30,
        ge=1,
        le=10_000,
        description="How often an hour one network address may try a receipt number with a query code.",
    )
    map_tiles: str = Field(
        default="",
        description="Address of map tiles with {z}, {x} and {y}, such as https://tiles.example/{z}/{x}/{y}.png, drawn "
        "in WGS-84 or CGCS2000. Default: none, no map is shown and positions are typed.",
    )
    map_attribution: str = Field(
        default="", max_length=200, description="Whose map it is, shown below it; plain text. Map providers ask for it."
    )
    map_centre: str = Field(
        default="113.74,34.40",
        description="Longitude and latitude where the map begins. Default: Xinzheng, the model city.",
    )

    @field_validator("map_tiles")
    @classmethod
    def _one_host(cls, address: str) -> str:
        """Raises ValueError for what is no address of tiles on one host: that host is let through the page's policy."""
        if not address:
            return ""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc):
            raise ValueError("begins with http:// or https:// and one plain host, without {s} or a name and password")
        if any(place not in address for place in _PLACES):
            raise ValueError("names {z}, {x} and {y}")
        return address

    @field_validator("map_centre")
    @classmethod
    def _two_degrees(cls, text: str) -> str:
        """Raises ValueError for what is no longitude and latitude."""
        longitude, latitude = (float(part) for part in text.split(","))
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            raise ValueError("is longitude,latitude in degrees")
        return f"{longitude},{latitude}"

    @property
    def map_origin(self) -> str:
        """Scheme and host of the tiles; empty without a map."""
        parts = urlsplit(self.map_tiles)
        return f"{parts.scheme}://{parts.netloc}" if self.map_tiles else ""


def read_public_settings() -> PublicSettings:
    """The settings of this machine that concern citizens, from its environment.

    Raises: BrokenSettings naming each variable that cannot be; never its value.
    """
    try:
        return PublicSettings()
    except ValidationError as broken:
        errors = broken.errors(include_input=False, include_url=False, include_context=False)
        raise BrokenSettings("\n".join(f"ZHIHUI_{str(e['loc'][0]).upper()}: {e['msg']}" for e in errors)) from None
