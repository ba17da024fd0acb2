"""Who sees the board of a call, and who may start one by hand."""

from datetime import datetime

from models.city import City, Post
from models.refusal import Refusal
from models.vocabulary import Role

BOARD_ROLES = frozenset({Role.LEADER, Role.ADMIN})
"""Roles that see every board, besides the duty room."""


def in_duty_room(city: City, post: Post) -> bool:
    """Whether a post may stand in the flood duty room: it does so by role, or by being in a pool."""
    if post.role is Role.DUTY_OFFICER:
        return True
    places = city.duty.places if city.duty else ()
    return any(post.code in place.pool or post.code in (b for _, b in place.pairs) for place in places)


def sees_board(city: City, post: Post) -> bool:
    """Whether a post sees who has answered, and may record what it heard on the phone."""
    return post.role in BOARD_ROLES or in_duty_room(city, post)


def may_start(city: City, code: str, now: datetime) -> Refusal | None:
    """Why a post may not start or end a call by hand, or None where it may."""
    post = city.posts.get(code)
    if post is None:
        return Refusal("unknown_post", {"post": code})
    if not post.exists_on(now.astimezone(city.zone).date()):
        return Refusal("post_ended", {"post": code})
    if city.calls is None:
        return Refusal("calls_nobody", {})
    if post.role in city.calls.started_by or in_duty_room(city, post):
        return None
    return Refusal("may_not_call", {"post": code, "roles": [str(role) for role in city.calls.started_by]})
