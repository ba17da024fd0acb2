"""Shifts begin and end as the published roster says."""

import asyncio
from datetime import datetime

from prefect import flow

from flows import duty_wording as wording
from flows.moment import At
from flows.steps import step
from flows.surroundings import surroundings
from flows.telling import IDLE, name_run, run_id, show_table
from flows.wording import NOTHING_TO_DO
from models.flood_event import Recording
from tasks.duty_readings import readings_at_hand
from tasks.duty_shift import ShiftsMoved, hand_over_shifts


class ShiftVisit(At):
    """按值班表交接。The roster's handovers that are due."""


EVERY_HANDOVER = ShiftVisit()


@step(wording.HAND_OVER)
async def hand_over(now: datetime) -> list[ShiftsMoved]:
    """Close and open every shift whose time has come."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> list[ShiftsMoved]:
        city = here.city()
        return hand_over_shifts(here.engine, city, Recording(now, "flow", city.edition, flow_run_id), readings_at_hand)

    return await asyncio.to_thread(work)


@flow(name="duty-shift", flow_run_name=wording.DUTY_SHIFT)
async def duty_shift(visit: ShiftVisit = EVERY_HANDOVER) -> None:
    """At every full and half hour the shifts whose time has come by the published roster are closed and opened.

    Where the roster has no handover nothing happens. The outgoing shift is closed and its record filled in: log, open
    warnings, messages nobody acknowledged, open flood cases, last readings; its officer is asked to confirm it. The
    incoming shift is opened, and everybody in it is asked to sign in. What was missed while the engine was away is
    made up for in order. A second run finds nothing left to do and changes nothing.
    """
    moved = await hand_over(visit.moment())
    closed, opened = sum(len(one.closed) for one in moved), sum(len(one.opened) for one in moved)
    said = wording.shifts_moved(closed, opened, max(0, len(moved) - 1))
    if said == NOTHING_TO_DO:
        await name_run(said, IDLE)
        return
    rows = [wording.shift_row(one.at.isoformat(), one.closed, one.opened, one.notices) for one in moved]
    await show_table("duty-shifts", rows, wording.HANDED_OVER)
    await name_run(said)
