"""Duty rosters are worked out and published through forms of the Prefect UI."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows import roster_wording as wording
from flows.moment import At, Day
from flows.steps import step
from flows.surroundings import explain, surroundings
from flows.telling import REFUSED, name_run, run_id, show_page, show_table
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.roster_reading import StoredRoster, places_of
from tasks.roster_report import quality_page, roster_rows
from tasks.rosters import Solver, Wish, next_span, quality_now
from tasks.rosters import propose_roster as work_out_roster
from tasks.rosters import publish_roster as put_in_force


class SolverChoice(StrEnum):
    """How a roster is worked out, in words an official reads."""

    PLAIN = "内置排班 plain"
    CP_SAT = "CP-SAT 排班 cp_sat"


SOLVER_OF = {SolverChoice.PLAIN: Solver.PLAIN, SolverChoice.CP_SAT: Solver.CP_SAT}


class RosterForm(At):
    """排一份值班表。A duty roster to work out."""

    first_day: Day = Field(
        default=None,
        title="开始日期 First day",
        description="留空即第一个尚未排班的汛期日。Empty for the first day of the season without a roster.",
    )
    last_day: Day = Field(
        default=None,
        title="结束日期 Last day",
        description="含当日；留空即汛期最后一日。Included; empty for the last day of the season.",
    )
    solver: SolverChoice = Field(
        default=SolverChoice.PLAIN,
        title="排班方法 Solver",
        description="内置方法几秒内完成；CP-SAT 需另行安装。The plain one takes seconds; CP-SAT is installed apart.",
    )
    operator: str = Field(
        title="排班岗位 Who makes it",
        description="由哪个岗位排班，填岗位代码，如 flood-officer-1。Code of the post that makes it.",
        min_length=1,
        max_length=60,
    )


class PublishForm(At):
    """发布一份值班表。A proposed roster to put in force."""

    roster: str = Field(
        title="值班表 Roster",
        description="待发布的值班表编号。Its code, such as ZB2021-1.",
        min_length=1,
        max_length=40,
    )
    operator: str = Field(
        title="发布岗位 Who publishes it",
        description="带班领导或值班单位负责人的岗位代码，如 flood-leader-1。Of a leader or the unit's head.",
        min_length=1,
        max_length=60,
    )


@dataclass(frozen=True)
class Shown:
    """A roster as a run shows it."""

    roster: StoredRoster
    rows: list[dict[str, object]]
    page: str
    filled: int
    wanted: int
    uneven: int


@step(wording.WORK_OUT)
async def work_out(form: RosterForm, now: datetime) -> Shown | Refusal:
    """Work a roster out and keep it as a proposal."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Shown | Refusal:
        city = here.city()
        with reading(here.engine) as connection:
            first, last = next_span(connection, city, now)
        wish = Wish(form.first_day or first, form.last_day or last, form.operator, SOLVER_OF[form.solver])
        found = work_out_roster(here.engine, city, wish, Recording(now, "form", city.edition, flow_run_id))
        return found if isinstance(found, Refusal) else shown(found.roster)

    return await asyncio.to_thread(work)


@step(wording.PUT_IN_FORCE)
async def publish(form: PublishForm, now: datetime) -> Shown | Refusal:
    """Judge a proposal anew and put it in force."""
    here, flow_run_id = await asyncio.to_thread(surroundings), run_id()

    def work() -> Shown | Refusal:
        city = here.city()
        recording = Recording(now, "form", city.edition, flow_run_id)
        with transaction(here.engine) as connection:
            found = put_in_force(connection, city, form.roster.strip(), form.operator, recording)
        return found if isinstance(found, Refusal) else shown(found)

    return await asyncio.to_thread(work)


@flow(name="propose-roster", flow_run_name=wording.PROPOSE_ROSTER)
async def propose_roster(form: RosterForm) -> State[None]:
    """A duty roster of some days is worked out by the city's rules and kept as a proposal.

    Shifts, nights, weekends and holidays are shared evenly within each place's pool, what earlier rosters left uneven
    is made up for, leave and rest are kept. The run shows the roster as a table and its quality as a page: gaps with
    the rule that keeps each person away, overloads, leave. Nobody is told; publishing is another form. A second run
    makes a second proposal and changes nothing of the first.
    """
    found = await work_out(form, form.moment())
    if isinstance(found, Refusal):
        return await tell_refusal(wording.PROPOSE_ROSTER, found)
    gaps = found.wanted - found.filled
    return await tell_roster(
        found, wording.roster_proposed(found.roster.code, found.filled, found.wanted, found.uneven, gaps)
    )


@flow(name="publish-roster", flow_run_name=wording.PUBLISH_ROSTER)
async def publish_roster(form: PublishForm) -> State[None]:
    """A proposed duty roster is put in force by a leader of the duty room or the head of its unit.

    It is judged anew by today's people, leave and pattern; where somebody left meanwhile it is refused with the names.
    Its shifts are the duty room's from then on, everybody in it is told, and it changes only by swap, substitution or
    amendment. A second run is refused and says who published it and when.
    """
    found = await publish(form, form.moment())
    if isinstance(found, Refusal):
        return await tell_refusal(wording.PUBLISH_ROSTER, found)
    roster = found.roster
    return await tell_roster(found, wording.roster_published(roster.code, roster.first_day, roster.last_day))


def shown(roster: StoredRoster) -> Shown:
    """A roster read for showing."""
    here = surroundings()
    city = here.city()
    with reading(here.engine) as connection:
        places, quality = places_of(connection, city, roster), quality_now(connection, city, roster)
    if quality is None:
        raise LookupError(f"{roster.code} has no shifts")
    page = quality_page(city, roster, quality)
    return Shown(roster, roster_rows(city, places), page, quality.filled, quality.wanted, len(quality.uneven))


async def tell_roster(found: Shown, name: str) -> State[Any]:
    """Attach roster and quality to the run."""
    await show_table("duty-roster", found.rows, wording.ROSTER_TABLE)
    await show_page("roster-quality", found.page, wording.QUALITY_PAGE)
    await name_run(name)
    return Completed(message=name)


async def tell_refusal(what: str, refusal: Refusal) -> State[Any]:
    """Say why not: an answer, and no failure of the run."""
    explanation = await explain(refusal)
    await show_table("roster-refused", [wording.why_row(explanation)], wording.REFUSED_TABLE)
    await name_run(wording.not_done(what), REFUSED)
    return Completed(name=wording.REFUSED_STATE, message=explanation)
