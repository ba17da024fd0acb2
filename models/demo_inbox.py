"""The desk's demo inbox: where the default contact points deliver, so that messages are seen without any account."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.case import RowId


class DemoMessage(SQLModel, table=True):
    """One message as it came in over HTTP."""

    __tablename__ = "demo_message"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    received_at: datetime
    recipient: str = Field(index=True)
    """A post's code, or `reporter:ID`; never a name or a phone number."""
    channel: str
    title: str = ""
    body: str = Field(default="", sa_type=Text)
