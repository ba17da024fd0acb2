"""The editions of a city directory: each document is kept once by its digest, each edition as a list of digests.

An event names the edition by whose rules it was decided; the documents behind it never change.
"""

from datetime import datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from models.case import RowId


class CityDocument(SQLModel, table=True):
    """One file of a city directory in one wording, kept once however many editions hold it."""

    __tablename__ = "city_document"

    digest: str = Field(primary_key=True, max_length=64)
    """sha256 over the normalised text, in hex."""
    name: str
    """File name at first sight, for people who read the table; the manifest of an edition is what counts."""
    content: str = Field(sa_type=Text)


class CityEdition(SQLModel, table=True):
    """One loading of a city directory; the highest id of a database is the edition in force."""

    __tablename__ = "city_edition"

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    digest: str = Field(index=True, max_length=64)
    """sha256 over the manifest. An edition that is loaded again after another one stands in two rows."""
    city_code: str
    loaded_at: datetime
    loaded_by: str
    manifest: dict[str, str] = Field(sa_type=JSON)
    """File name -> digest of its document."""
