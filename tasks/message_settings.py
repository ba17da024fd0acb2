"""What this machine is told about messages: the reporters' channel, how long links live, the demo inbox."""

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import BrokenSettings


class MessageSettings(BaseSettings):
    """Each field is read from the variable ZHIHUI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="ZHIHUI_", frozen=True, hide_input_in_errors=True)

    reporter_channel: str = Field(
        default="demo",
        min_length=1,
        repr=False,
        description="How reporters are told: demo (the desk's demo inbox), env:NAME, or an Apprise URL with {phone}.",
    )
    link_days: int = Field(
        default=30, ge=1, le=365, description="Days for which the link in a message opens its page, 1 to 365."
    )
    demo_inbox: bool = Field(
        default=True, description="Whether the desk takes and shows demo messages; false on a real installation."
    )


def read_message_settings() -> MessageSettings:
    """The settings of this machine that concern messages, from its environment.

    Raises: BrokenSettings naming each variable that cannot be; never its value.
    """
    try:
        return MessageSettings()
    except ValidationError as broken:
        errors = broken.errors(include_input=False, include_url=False, include_context=False)
        raise BrokenSettings("\n".join(f"ZHIHUI_{str(e['loc'][0]).upper()}: {e['msg']}" for e in errors)) from None
