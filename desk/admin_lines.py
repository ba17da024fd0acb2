"""What the administrator's pages show, as plain texts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of the list."""

    path: str
    code: str
    name: str
    unit: str
    role: str
    deputy: str
    away: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class PointLine:
    """One contact point, its address masked."""

    order: str
    channel: str
    channel_name: str
    address: str
    verified: str
    """When a test message was handed over; empty where none was."""


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """Days on which the holder is away, as they are written."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One thing done at the desk, for the list of last changes."""

    at: str
    who: str
    what: str
    post: str
    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Banner:
    """What became of a form."""

    look: str
    """done, refused or waits."""
    title: str
    lines: tuple[str, ...] = ()
