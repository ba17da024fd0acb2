"""The form by which the duty room enters a signal of the weather office, or its cancellation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from desk.flood_fields import moment_typed
from desk.pages import form_word
from models.city import City, Post
from models.flood_event import Recording
from models.flood_warning import Severity
from models.refusal import Refusal
from models.vocabulary import Role
from tasks.signals import Signal, SignalKind, SignalOutcome, cancel_signal, issue_signal
from tasks.words import Language, word

CANCEL = "cancel"
MOST_AREAS = 20
"""Signals are issued for the county, or for a list of towns."""


@dataclass(frozen=True, slots=True)
class SignalForm:
    """What the form offers, and what stood in it when it was not taken."""

    kinds: tuple[tuple[str, str], ...]
    colours: tuple[tuple[str, str], ...]
    areas: tuple[tuple[str, str], ...]
    issued_at: str
    typed: Mapping[str, Any]


def may_enter_signals(city: City, post: Post) -> bool:
    """Whoever may stand in the duty room enters signals, and the administrator."""
    pools = {code for place in (city.duty.places if city.duty else ()) for code in place.pool}
    return post.code in pools or post.role in (Role.ADMIN, Role.DUTY_OFFICER)


def signal_form(city: City, now: datetime, language: Language, typed: Mapping[str, Any] | None = None) -> SignalForm:
    """The form as it is drawn; its time is filled in, so that a form sent twice is the same signal."""
    colours = tuple((one.value, word("severity", one, language)) for one in Severity)
    return SignalForm(
        tuple((one.value, word("signal", one, language)) for one in SignalKind),
        (*colours, (CANCEL, form_word("water", "cancel", language))),
        city.towns(),
        f"{now.astimezone(city.zone):%Y-%m-%dT%H:%M}",
        typed or {},
    )


def enter_signal(
    connection: Connection, city: City, posted: Mapping[str, str], areas: list[str], recording: Recording, by: str
) -> list[SignalOutcome] | Refusal:
    """Enter what the form says, in the caller's transaction."""
    colour, kind = posted.get("colour", ""), posted.get("kind", "")
    issued_at = moment_typed(city, posted.get("issued_at", ""))
    if issued_at is None:
        return Refusal("signal_unreadable", {"what": posted.get("issued_at", "")[:40]})
    if kind not in set(SignalKind) or colour not in (*Severity, CANCEL):
        return Refusal("signal_unreadable", {"what": f"{kind} {colour}"[:40]})
    if colour == CANCEL:
        return cancel_signal(connection, city, SignalKind(kind), areas[:MOST_AREAS], issued_at, recording, by)
    signal = Signal(
        SignalKind(kind), Severity(colour), tuple(areas[:MOST_AREAS]), issued_at, posted.get("text", ""),
        drill=posted.get("drill") == "yes",
    )  # fmt: skip
    return issue_signal(connection, city, signal, recording, by)
