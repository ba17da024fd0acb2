"""The city as a replay plays it: its own rules, with a rule in its seats; and closings for a source without times."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from models.catalogue import Catalogue
from models.city import City
from models.policy import AutomationRule
from models.vocabulary import ActionName

A = ActionName

REPLAY_RULE = "replay"
"""Code of the rule that plays the seats."""

PLAYED = "played"
"""Origin of what played people do."""

SEAT_STEPS = (A.ACCEPT, A.FILE, A.DISPATCH, A.ORDER_CHECK, A.CLOSE)
"""What the seats would do: the rule does it at once, for every report of the replay."""

PEOPLE_STEPS = (A.RECEIVE, A.REPORT_HANDLED, A.CHECK)
"""What unit and inspector would do: receive at once, handle at the source's closing time, find it well done at once."""

LEAST_DELAY = timedelta(hours=1)
"""A drawn overdue closing lies up to one limit behind the deadline, and up to this where the limit is shorter."""


def replay_city(city: City, sources: Iterable[str], *, own_deadlines: bool) -> City:
    """The city with its seats played for these sources, and with their own deadlines or with the city's.

    Of a condition with two limits (make safe, then repair) the first alone counts: a source that knows one closing
    time does not say when the place was made safe.
    """
    played = frozenset(sources)
    rule = AutomationRule(REPLAY_RULE, frozenset(SEAT_STEPS), played, complete_only=False)
    own = city.policy.own_deadline_sources
    policy = replace(
        city.policy,
        automation=(rule, *city.policy.automation),
        verified_sources=city.policy.verified_sources | played,
        own_deadline_sources=own | played if own_deadlines else own - played,
    )
    edition = f"{city.edition}+{REPLAY_RULE}"
    return replace(city, policy=policy, catalogue=_one_limit_each(city.catalogue), edition=edition)


def drawn_closing(source_id: str, start: datetime, due_at: datetime, *, on_time: bool) -> datetime:
    """A closing that agrees with a source's flag where the source has no times; the same report draws the same one.

    Example: a limit from 08:00 to 12:00 gives an on-time closing in [08:00, 12:00] and an overdue one in
    (12:00, 16:00], in whole seconds.
    """
    share = (int.from_bytes(sha256(source_id.encode()).digest()[:6]) + 1) / (1 << 48)
    if on_time:
        return max(start, (due_at - (due_at - start) * (1 - share)).replace(microsecond=0))
    late = max(max(due_at - start, LEAST_DELAY) * share, timedelta(seconds=1))
    return (due_at + late).replace(microsecond=0)


def _one_limit_each(catalogue: Catalogue) -> Catalogue:
    subclasses = {
        code: replace(subclass, conditions=tuple(replace(c, follow_up_limit=None) for c in subclass.conditions))
        for code, subclass in catalogue.subclasses.items()
    }
    return replace(catalogue, subclasses=subclasses)
