"""How messages travel, as a city's data: expiry, quiet hours, limits of channels, bundling, and who hears of silence.

What a city does not say in `messages.yaml` stands here. Lengths of time are continuous: nights count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from models.notice import NoticeKind, Priority
from models.vocabulary import Role

AGAIN, DEPUTY, HEAD, SUPERVISING_LEADER = "again", "deputy", "head", "supervising_leader"
CLIMBS_TO = (AGAIN, DEPUTY, HEAD, SUPERVISING_LEADER)
"""Whom a rung of the silence ladder may name besides the roles of posts."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FOREVER = timedelta.max


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a notice may wait to be sent, and for its acknowledgement; None is as its priority says."""

    expires: timedelta | None = None
    acknowledge: timedelta | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day [start, end) in minutes after midnight in which some notices wait; they may pass midnight."""

    start_minute: int = 22 * 60
    end_minute: int = 7 * 60
    priorities: frozenset[Priority] = frozenset({Priority.ROUTINE})
    on_duty: frozenset[Role] = frozenset(
        {Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.INSPECTOR, Role.EVALUATOR}
    )
    """Roles that are told at any hour: whoever holds them works in shifts."""
    not_on: frozenset[str] = frozenset({"demo"})
    """Channels that disturb nobody."""

    def end_for(self, local: datetime) -> datetime | None:
        """When the quiet hours end in which a local time lies, or None where it lies in none.

        Example: 22:00-07:00 and Monday 23:30 give Tuesday 07:00; Tuesday 07:00 gives None.
        """
        start, end, minute = self.start_minute, self.end_minute, local.hour * 60 + local.minute
        over_midnight = start > end
        inside = minute >= start or minute < end if over_midnight else start <= minute < end
        if not inside:
            return None
        day = local + DAY if over_midnight and minute >= start else local
        return day.replace(hour=0, minute=0, second=0, microsecond=0) + end * MINUTE


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What a channel takes."""

    per_minute: int | None = None
    """Messages one address takes in any 60 seconds; None is any number."""
    urgent_reserve: int = 0
    """Of these, so many are kept free from routine messages."""
    at_once: int = 24
    """Sends at a time, so that a channel that hangs holds up nobody else's."""
    window: timedelta | None = None
    """A person gets one routine message in this time, the others wait and come as one; None: as `MessageRules` says."""
    bundle: int | None = None
    """Routine notices in one message; None: as `MessageRules` says."""


@dataclass(frozen=True, slots=True)
class SilenceRung:
    """Who hears that a notice is not acknowledged, so long after its time for that ran out."""

    after: timedelta
    to: str
    """One of CLIMBS_TO, or the code of a role."""


_KEYS: Mapping[NoticeKind, Patience] = MappingProxyType(
    {NoticeKind.MY_WORK: Patience(expires=HOUR), NoticeKind.SIGN_IN_CODE: Patience(expires=10 * MINUTE)}
)
"""Somebody stands there and waits for these: later they are of no use, whatever the city says of its messages."""

Silence = Mapping[Priority, tuple[SilenceRung, ...]]

_PRIORITIES: Mapping[Priority, Patience] = MappingProxyType(
    {
        Priority.ROUTINE: Patience(3 * DAY, 4 * HOUR),
        Priority.URGENT: Patience(DAY, 15 * MINUTE),
        Priority.EMERGENCY: Patience(FOREVER, 5 * MINUTE),
    }
)
_CHANNELS: Mapping[str, ChannelRule] = MappingProxyType(
    {
        "demo": ChannelRule(window=timedelta(0), bundle=1),
        "dingtalk": ChannelRule(per_minute=20, urgent_reserve=5),
        "wecom": ChannelRule(per_minute=20, urgent_reserve=5),
        "feishu": ChannelRule(per_minute=100, urgent_reserve=20),
        "sms": ChannelRule(bundle=1),
    }
)


@dataclass(frozen=True, eq=False)
class MessageRules:
    """Everything a city decides about its messages."""

    priorities: Mapping[Priority, Patience] = field(default_factory=lambda: _PRIORITIES)
    kinds: Mapping[NoticeKind, Patience] = field(default_factory=dict)
    """What a kind has of its own, whatever its priority."""
    quiet: QuietHours | None = QuietHours()
    window: timedelta = 10 * MINUTE
    bundle: int = 10
    channels: Mapping[str, ChannelRule] = field(default_factory=lambda: _CHANNELS)
    undelivered_to: tuple[Role, ...] = (Role.SHIFT_LEADER, Role.ADMIN)
    """Roles that hear of notices nobody could be told."""
    silence: Silence = field(default_factory=dict)
    silence_of_unit: Mapping[str, Silence] = field(default_factory=dict)
    """Units with rungs of their own for a priority."""

    def expires_after(self, kind: str, priority: Priority) -> timedelta | None:
        """How long a notice may wait to be sent; None is for ever."""
        key = _KEYS.get(NoticeKind(kind)) if kind in _KINDS else None
        return _bounded((key or self._own(kind)).expires or self._of(priority).expires)

    def acknowledge_within(self, kind: str, priority: Priority) -> timedelta | None:
        """How long a notice that asks for it may stay without an acknowledgement; None is for ever."""
        return _bounded(self._own(kind).acknowledge or self._of(priority).acknowledge)

    def channel(self, code: str) -> ChannelRule:
        """The rule of a channel."""
        return self.channels.get(code, _ANY_CHANNEL)

    def window_of(self, channel: str) -> timedelta:
        """How long routine notices to a person gather on a channel."""
        own = self.channel(channel).window
        return self.window if own is None else own

    def bundle_of(self, channel: str) -> int:
        """How many routine notices one message on a channel may hold."""
        return self.channel(channel).bundle or self.bundle

    def rungs(self, priority: Priority, unit: str | None) -> tuple[SilenceRung, ...]:
        """The silence ladder of a priority, for a unit."""
        own = self.silence_of_unit.get(unit or "", {})
        return own[priority] if priority in own else self.silence.get(priority, ())

    def _own(self, kind: str) -> Patience:
        return self.kinds.get(NoticeKind(kind), _NOTHING) if kind in _KINDS else _NOTHING

    def _of(self, priority: Priority) -> Patience:
        return self.priorities.get(priority, _NOTHING)


_ANY_CHANNEL, _NOTHING, _KINDS = ChannelRule(), Patience(), frozenset(NoticeKind)


def _bounded(length: timedelta | None) -> timedelta | None:
    return None if length == FOREVER else length
