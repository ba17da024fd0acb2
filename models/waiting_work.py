"""Who owes what: in which states a case waits for a role, and for which step.

The state table says what a role may do; here stands which of it moves the case on, so that it belongs into a queue.
"""

from collections.abc import Mapping
from datetime import datetime

from models.city import City
from models.stand_in import away, told_for
from models.vocabulary import UNIT_ROLES, ActionName, Role, State

A, S = ActionName, State

_UNIT: Mapping[State, ActionName] = {S.DISPATCHED: A.RECEIVE, S.HANDLING: A.REPORT_HANDLED}

OWED: Mapping[Role, Mapping[State, ActionName]] = {
    Role.ACCEPTOR: {S.REPORTED: A.ACCEPT, S.CHECKING: A.ORDER_CHECK},
    Role.SHIFT_LEADER: {S.ACCEPTED: A.FILE, S.CLOSING: A.CLOSE},
    Role.DISPATCHER: {S.FILED: A.DISPATCH},
    Role.LEADER: {S.FILED: A.ARBITRATE},
    Role.INSPECTOR: {S.VERIFYING: A.VERIFY, S.CHECKING: A.CHECK},
    **dict.fromkeys(UNIT_ROLES, _UNIT),
}
"""By role and state the step that is waited for.

An acceptor's checks are those no inspector has; a dispatcher's and a leader's cases are told apart by the cap of
hand-backs; a unit's are its own, an inspector's those given to that post.
"""


def absent_posts(city: City, post: str, now: datetime) -> tuple[str, ...]:
    """The posts whose work falls to this one at an instant, because their holders are away.

    Example: lihe-liaison is on leave and its deputy is lihe-head: ("lihe-liaison",) for lihe-head.
    """
    day = now.astimezone(city.zone).date()
    return tuple(
        code for code in city.posts if code != post and away(city, code, day) and told_for(city, code, now) == post
    )
