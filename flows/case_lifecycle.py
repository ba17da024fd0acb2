"""Cases move: the sweep over all that is due, and the visit to one case a person just acted on."""

from collections.abc import Sequence

from prefect import flow
from pydantic import Field

from flows import wording
from flows.moment import At
from flows.steps import move, send
from flows.surroundings import post_names
from flows.sweeping import came_round
from flows.telling import IDLE, STUCK, name_run, show_table
from models.sweeps import Process
from tasks.lifecycle import Moved

MOST_URGENT_NOTICES = 200
"""Notices a visit delivers itself; the rest is left to the process that does nothing else."""


class CaseVisit(At):
    """推进案件：到期的，或指定的。Cases to move: all that are due, or the named ones."""

    case_numbers: list[str] = Field(
        default_factory=list,
        title="案件编号 Case numbers",
        description="案件编号或受理号；留空即推进全部到期案件。Case or receipt numbers; empty for all that are due.",
        max_length=1000,
    )


EVERYTHING_DUE = CaseVisit()


@flow(name="case-lifecycle", flow_run_name=wording.CASE_LIFECYCLE)
async def case_lifecycle(visit: CaseVisit = EVERYTHING_DUE) -> None:
    """Every two minutes all cases that are due are moved as far as rules and waiting actions carry them.

    Taken are cases whose time has come and cases for which an action waits in the inbox. Each step, its event and its
    notices are one transaction. Urgent notices go out at once, the others with the next delivery. A sweep that comes
    while another still runs is dropped; a second run finds nothing left to do and changes nothing.
    """
    now = visit.moment()
    done = await move(now, visit.case_numbers or None)
    if not visit.case_numbers:
        await came_round(Process.CASES, visit)
    if done.notices:
        await send(now, MOST_URGENT_NOTICES, done.case_ids)
    if done.idle:
        await name_run(wording.NOTHING_TO_DO, IDLE)
        return
    await show_table("moved-cases", await rows_of(done.moved), wording.MOVED_CASES)
    await show_table("stuck-cases", [wording.stuck_row(*one) for one in done.stuck], wording.STUCK_CASES)
    name = wording.cases_moved(len(done.moved), done.overdue, done.refused, len(done.stuck), done.unknown)
    await name_run(name, *([STUCK] if done.stuck else []))


async def rows_of(moved: Sequence[Moved]) -> list[wording.Row]:
    """The moved cases as the table shows them, with posts under their names."""
    posts = await post_names()
    return [
        wording.moved_row(one.number, one.before, one.after, one.actions, [wording.actor(by, posts) for by in one.by])
        for one in moved
    ]
