"""Who comes in where somebody on duty does not: the B post of a pair, else the next of the place's pool who is free."""

from collections.abc import Callable

from models.duty_rules import DutyPlace


def in_order_after(place: DutyPlace, absent: str | None) -> tuple[str, ...]:
    """The pool of a place as it is asked when a post is absent: its B post first, then round the list after it.

    Example: pool a, b, c, d with the pair (b, d): after b come d, c, a.
    """
    pool = place.pool
    first = tuple(backup for post, backup in place.pairs if post == absent)
    start = pool.index(absent) + 1 if absent in pool else 0
    around = (*pool[start:], *pool[:start])
    return tuple(dict.fromkeys(post for post in (*first, *around) if post != absent))


def next_free(
    place: DutyPlace, absent: str | None, free: Callable[[str], bool], rested: Callable[[str], bool]
) -> str | None:
    """The next who is free, rather one who has rested; None where nobody is free.

    A tired one is better than an empty place.
    """
    found = [post for post in in_order_after(place, absent) if free(post)]
    return next((post for post in found if rested(post)), found[0] if found else None)
