"""A handover that not both sides have signed in time climbs, and stays open to be seen until they have."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from models.city import City
from models.directory.duty_yaml import AGAIN, BACKUP
from models.duty_ladder import UNACCEPTED, LadderStep, climbed, handover_steps
from models.flood_event import Happened, Recording
from models.notice import NoticeKind
from tasks.database import claim
from tasks.duty_absence import MOST_AT_ONCE, RULE
from tasks.duty_people import desk_posts, reported_to
from tasks.flood_events import record_events
from tasks.handovers import HANDOVERS, Handover, handover_notice, handovers_where
from tasks.subject_notices import SubjectNotice, write_subject_notices


def climb_handovers(connection: Connection, city: City, recording: Recording) -> list[Happened]:
    """Take every step that is due of every handover nobody has accepted, and give back what happened."""
    if city.duty is None:
        return []
    now = recording.now
    due = select(HANDOVERS.c.id).where(HANDOVERS.c.climbs_at <= now).order_by(HANDOVERS.c.climbs_at).limit(MOST_AT_ONCE)
    ids = connection.scalars(claim(due, connection)).all()
    if not ids:
        return []
    drafts: list[SubjectNotice] = []
    done: list[Happened] = []
    moves = []
    for handover in handovers_where(connection, city, HANDOVERS.c.id.in_(ids), MOST_AT_ONCE):
        steps = handover_steps(city.duty, handover.counts_from)
        found = climbed(steps, handover.rung, handover.climbs_at or now, now)
        mine = []
        for step in found.steps:
            happened, told = _step(city, handover, step, now)
            mine.append(happened)
            drafts += told
        record_events(connection, handover.outgoing.stream, mine, recording)
        done += mine
        moves.append({"of": handover.id, "taken": handover.rung + len(found.steps), "next": found.next_at})
    moved = update(HANDOVERS).where(HANDOVERS.c.id == bindparam("of"))
    connection.execute(moved.values(rung=bindparam("taken"), climbs_at=bindparam("next")), moves)
    write_subject_notices(connection, drafts, now)
    return done


def _step(city: City, handover: Handover, step: LadderStep, now: datetime) -> tuple[Happened, list[SubjectNotice]]:
    side = "incoming" if handover.confirmed_at else "outgoing"
    facts = {"side": side, "step": step.number}
    if step.to == UNACCEPTED:
        return Happened("handover_unaccepted", now, RULE, facts), []
    shift = handover.incoming if side == "incoming" else handover.outgoing
    if step.to in (AGAIN, BACKUP):
        # Whoever keeps the desk is asked again; a handover has no other who could sign it.
        told = desk_posts(city, shift) if shift else ()
        drafts = [handover_notice(city, handover, side, post, step.number + 1) for post in told]
    else:
        told = reported_to(city, handover.incoming or handover.outgoing, step.to, None, now)
        drafts = [_report(city, handover, side, step, post) for post in told]
    return Happened("handover_climbed", now, RULE, {**facts, "to": step.to, "told": list(told)}), drafts


def _report(city: City, handover: Handover, side: str, step: LadderStep, post: str) -> SubjectNotice:
    key = f"duty-handover-late:{handover.outgoing.code}:{step.number}:{post}"
    draft = handover_notice(city, handover, side, post, step.number)
    return replace(draft, kind=NoticeKind.DUTY_HANDOVER_LATE, dedupe_key=key)
