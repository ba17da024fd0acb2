"""What this machine is told about ways to the desk: how long own pages, shifts and reservations last."""

from ipaddress import ip_network

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import BrokenSettings


class AccessSettings(BaseSettings):
    """Each field is read from the variable ZHIHUI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="ZHIHUI_", frozen=True, hide_input_in_errors=True)

    own_page_hours: int = Field(
        default=12, ge=1, le=72, description="Hours for which the link to a person's own page opens it, 1 to 72."
    )
    session_hours: int = Field(
        default=12, ge=1, le=24, description="Hours after which a shift at the desk ends at the latest, 1 to 24."
    )
    hold_minutes: int = Field(
        default=15, ge=1, le=240, description="Minutes for which taking a queued case reserves it, 1 to 240."
    )
    asks_per_client: int = Field(
        default=60,
        ge=1,
        le=10_000,
        description="How often an hour one network address may ask for links to own pages. A centre behind one address "
        "needs one for each seat and shift.",
    )
    asks_per_post: int = Field(
        default=5, ge=1, le=100, description="How many links to its own page a post is sent an hour, 1 to 100."
    )
    open311_open_reading: bool = Field(
        default=True,
        description="Whether anybody may read how service requests stand (Open311); where not, an api_key is needed.",
    )
    open311_descriptions: bool = Field(
        default=False,
        description="Whether readers of Open311 see what reporters wrote, phone and identity numbers masked.",
    )
    open311_sources: str = Field(
        default="",
        description="Sources of which Open311 tells the requests, as sources.csv codes them, separated by commas. "
        "Default: all of them, a leader's orders among them.",
    )
    open311_per_client: int = Field(
        default=120, ge=1, le=100_000, description="Calls of Open311 a minute from one network address."
    )
    open311_per_key: int = Field(
        default=60, ge=1, le=100_000, description="Service requests a minute that one api_key may post."
    )
    water_per_key: int = Field(
        default=60, ge=1, le=100_000, description="Calls a minute by which one key may send readings of water."
    )
    open311_contact: str = Field(
        default="",
        max_length=200,
        description="Whom programmers ask about Open311 and where they get a key. Default: the city's centre.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of the proxies in front of the desk, separated by commas: what they say of "
        "a client's address and of TLS is believed. Default: nobody's word.",
    )

    @property
    def told_sources(self) -> tuple[str, ...]:
        """Codes of the sources of which Open311 tells; none where it tells of all."""
        return tuple(part.strip() for part in self.open311_sources.split(",") if part.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        """Raises ValueError for what is no network: a slip here would believe nobody, or everybody."""
        networks = [part.strip() for part in text.split(",") if part.strip()]
        return ",".join(str(ip_network(network)).removesuffix("/32").removesuffix("/128") for network in networks)


def read_access_settings() -> AccessSettings:
    """The settings of this machine that concern ways to the desk, from its environment.

    Raises: BrokenSettings naming each variable that cannot be; never its value.
    """
    try:
        return AccessSettings()
    except ValidationError as broken:
        errors = broken.errors(include_input=False, include_url=False, include_context=False)
        raise BrokenSettings("\n".join(f"ZHIHUI_{str(e['loc'][0]).upper()}: {e['msg']}" for e in errors)) from None
