"""What this machine is told about being watched: the wall's link, who may read metrics, when it is not ready."""

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import BrokenSettings


class MonitoringSettings(BaseSettings):
    """Each field is read from the variable ZHIHUI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="ZHIHUI_", frozen=True, hide_input_in_errors=True)

    wall_days: int = Field(
        default=190,
        ge=1,
        le=800,
        description="Days for which the link of a wall page opens it, 1 to 800: the screen hangs there for a season.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What a program must send as `Authorization: Bearer …` to read /metrics, at least 16 characters. "
        "Default: nothing, and only programs on this machine may read it.",
    )
    ready_sweep_minutes: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="Minutes without a sweep over the cases after which /ready answers 503, 1 to 10000.",
    )
    ready_outbox_minutes: int = Field(
        default=15,
        ge=1,
        le=10_000,
        description="Minutes which a notice that may go out may wait before /ready answers 503, 1 to 10000.",
    )


def read_monitoring_settings() -> MonitoringSettings:
    """The settings of this machine that concern being watched, from its environment.

    Raises: BrokenSettings naming each variable that cannot be; never its value.
    """
    try:
        return MonitoringSettings()
    except ValidationError as broken:
        errors = broken.errors(include_input=False, include_url=False, include_context=False)
        raise BrokenSettings("\n".join(f"ZHIHUI_{str(e['loc'][0]).upper()}: {e['msg']}" for e in errors)) from None
