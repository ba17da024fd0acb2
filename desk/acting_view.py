"""What the reader of a case's page can do there, and what became of what they did."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy import Connection

from desk.action_forms import ActionForm, FormMaker
from desk.condition_options import condition_options
from desk.context import Desk
from desk.foreseen import Foreseen, foresee
from desk.form_facts import Typed
from desk.form_token import FormToken, draw_form_token
from desk.opened_case import OpenedCase
from desk.own_action import Banner, OwnTeller, newest_action
from models.lifecycle_rules import Actor
from models.possible_actions import possible_actions
from models.refusal import Refusal
from tasks.case_holds import Hold, holders
from tasks.inbox import InboxRow, actions_waiting, read_inbox
from tasks.refusals import render_refusal
from tasks.words import Language


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A form that came and was not taken: what was typed, and why not."""

    typed: Typed
    refusal: Refusal | None
    """None where a field holds too much."""


@dataclass(frozen=True, slots=True)
class ActingView:
    """The part of the page that acts."""

    forms: tuple[ActionForm, ...]
    banner: Banner | None
    token: FormToken
    conditions: Markup
    own_told: bool
    """Whether the newest of the reader's own actions is told by the banner and not among the others."""
    held: str = ""
    """Who works on the case at another seat, and until when; empty where nobody does."""


def actor_of(opened: OpenedCase) -> Actor:
    """Who acts on the page of a link: the post it was sent to."""
    post = opened.city.posts[opened.link.recipient]
    return Actor(post.code, post.role, post.unit)


def foreseen_case(connection: Connection, opened: OpenedCase) -> Foreseen:
    """The case with what waits for it by now carried out, also what was put since its story was read."""
    return _foreseen(connection, opened, read_inbox(connection, opened.story.case.id))


def _foreseen(connection: Connection, opened: OpenedCase, inbox: Sequence[InboxRow]) -> Foreseen:
    waiting = actions_waiting(connection, opened.city, inbox, opened.now)
    return foresee(opened.story.case, [action for _, action in waiting], opened.city, opened.now)


def acting_view(
    connection: Connection,
    desk: Desk,
    opened: OpenedCase,
    language: Language,
    wanted: str = "",
    not_taken: NotTaken | None = None,
) -> ActingView:
    """Forms and banner of the page behind a link."""
    foreseen = _foreseen(connection, opened, opened.story.inbox)
    city, now, reader = opened.city, opened.now, opened.link.recipient
    teller = OwnTeller(opened.story, foreseen, city, now, language, reader)
    own = newest_action(opened.story.inbox, reader, now)
    banner = teller.banner(own, desk.bell.engine_away) if own is not None else None
    maker = FormMaker(foreseen.case, city, now, language, [name for name, _, _ in opened.story.similar])
    possible = possible_actions(foreseen.case, city, actor_of(opened), now)
    if not_taken is not None:
        code = not_taken.typed.form
        why = code.action, code.kind, not_taken.refusal
        forms = maker.forms(possible, not_taken.typed, teller.why_not(*why))
        banner = teller.refused(*why, form=next((form.code for form in forms if form.fault), ""))
    else:
        # A page that asks again by itself would take away what is being typed.
        forms = [] if banner and banner.refresh_seconds else maker.forms(possible, wanted=wanted)
    return ActingView(
        tuple(forms),
        banner,
        draw_form_token(desk.link_key, opened.token),
        condition_options(city, language) if any(form.picks_condition for form in forms) else Markup(""),
        not_taken is None and own is not None and own.state != "done",
        _held(held_by_colleague(connection, opened), opened, language),
    )


def held_by_colleague(connection: Connection, opened: OpenedCase) -> Hold | None:
    """The hold of another seat of the reader's own role: two seats never work on one case."""
    hold = holders(connection, [opened.story.case.id], opened.now).get(opened.story.case.id)
    if hold is None or hold.post == opened.link.recipient:
        return None
    holder, reader = opened.city.posts.get(hold.post), opened.city.posts[opened.link.recipient]
    return hold if holder is not None and holder.role is reader.role else None


def _held(hold: Hold | None, opened: OpenedCase, language: Language) -> str:
    if hold is None:
        return ""
    return render_refusal(
        "held_by_colleague", {"post": hold.post, "until": hold.until.isoformat()}, language, opened.city
    )
