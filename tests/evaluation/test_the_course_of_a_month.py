"""From the draft to the publication: who is told when, what waits, what makes a new version."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from models.city import City
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluation_course import Course, draft_months, publish_months
from tasks.evaluations import StoredVersion, versions
from tasks.inbox import put_action
from tasks.lifecycle import move_cases
from tasks.refusals import render_refusal
from tests.evaluation.test_freezing import MAY, Month, _versions, a_month_of_may, of_unit
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, acts, at
from tests.worlds import World

DRAFTED = "2019-06-01 02:00"
"""A Saturday: the window of three work days ends on Wednesday 5 June 18:00."""

PUBLISHED = "2019-06-06 09:00"
"""Thursday, the first work day after the window."""


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(a_month_of_may))


def drafted(told: Month, now: str = DRAFTED, **choice: Any) -> tuple[StoredVersion, ...]:
    with transaction(told.engine) as connection:
        found = draft_months(connection, current_city(connection), at(now), **choice)
    assert not isinstance(found, Refusal)
    return found


def looked(month: Month, now: str) -> Course:
    with transaction(month.engine) as connection:
        return publish_months(connection, current_city(connection), at(now))


def told(month: Month, kind: str) -> dict[str, dict[str, Any]]:
    with reading(month.engine) as connection:
        rows = connection.execute(
            text("SELECT recipient, facts, subject FROM notice WHERE kind = :kind ORDER BY id"), {"kind": kind}
        )
        return {row.recipient: json.loads(row.facts) | {"subject": row.subject} for row in rows}


def ask(month: Month, when: str) -> list[str]:
    (late,) = [name for name in _late(month)]
    month.does([late], "ask", "lihe-liaison", when, kind="appeal", reason="暴雨停电")
    return [late]


def _late(month: Month) -> list[str]:
    with reading(month.engine) as connection:
        return list(connection.scalars(text("SELECT number FROM cases WHERE handled_at > handle_due_at")))


def grant(month: Month, names: list[str], when: str) -> None:
    for post in ("dispatcher", "acceptor-a"):
        month.does(names, "decide", post, when, kind="appeal", verdict="granted", reason="属实")


def test_a_draft_is_told_to_each_unit_with_its_own_figures_and_to_the_evaluator(month: Month) -> None:
    (version,) = drafted(month)
    mine = told(month, "evaluation_draft")["lihe-head"]
    assert (mine["score"], mine["rank"], mine["of_units"], mine["due_count"], mine["overdue_count"]) == (
        "71.00",
        1,
        1,
        5,
        1,
    )
    assert mine["subject"] == "evaluation:2019-05"
    assert "xincun-liaison" in told(month, "evaluation_draft")
    assert set(told(month, "evaluation_stands")) == {"evaluator"}
    assert version.window_until == at("2019-06-05 18:00")


def test_a_second_run_drafts_nothing_and_tells_nobody_twice(month: Month) -> None:
    drafted(month)
    before = len(told(month, "evaluation_draft"))
    assert drafted(month, "2019-06-01 03:00") == ()
    assert drafted(month, "2019-06-02 03:00", month=MAY) == ()
    assert len(told(month, "evaluation_draft")) == before


def test_months_that_nobody_drafted_are_caught_up_in_their_order(month: Month) -> None:
    drafted(month)
    assert [version.month for version in drafted(month, "2019-09-03 02:00")] == ["2019-06", "2019-07", "2019-08"]


def test_nothing_is_published_before_the_first_work_day_after_the_window(month: Month) -> None:
    drafted(month)
    assert looked(month, "2019-06-05 19:00").published == ()
    (version,) = looked(month, PUBLISHED).published
    assert (version.month, version.version) == (MAY, 1), "the same figures are published as they were drafted"
    assert looked(month, "2019-06-06 09:05") == Course()


def test_a_publication_waits_over_a_holiday(month: Month) -> None:
    """The window is over on Wednesday 5 June 18:00; Friday 7 June 2019 is a holiday, so are the days after it."""
    drafted(month)
    assert looked(month, "2019-06-07 09:00").published == ()
    assert looked(month, "2019-06-10 09:00").published != ()


def test_the_ranking_is_told_to_units_leaders_and_evaluators(month: Month) -> None:
    drafted(month)
    looked(month, PUBLISHED)
    notices = told(month, "evaluation_published")
    assert {"lihe-liaison", "xincun-head", "leader", "evaluator"} <= set(notices)
    assert notices["lihe-liaison"]["rank"] == 1
    assert notices["leader"]["best"][0] == {
        "group": {"zh": "乡镇街道（管委会）", "en": "townships, subdistricts and committees"},
        "best": "梨河镇 71.00",
        "worst": "",
    }


def test_an_open_appeal_holds_the_publication_up_and_the_evaluator_hears_once(month: Month) -> None:
    drafted(month)
    names = ask(month, "2019-06-05 17:00")
    assert looked(month, PUBLISHED).waiting == (MAY,)
    assert looked(month, "2019-06-06 09:30").waiting == (MAY,)
    assert told(month, "evaluation_waits")["evaluator"]["open_appeals"] == 1
    grant(month, names, "2019-06-06 10:00")
    (version,) = looked(month, "2019-06-10 09:00").published
    assert (version.version, version.why) == (2, "appeal")
    assert of_unit(version.result, "lihe").scoring["exempt"] == 1


def test_an_appeal_that_nobody_decides_climbs_and_holds_the_publication_up_until_it_is_taken_back(month: Month) -> None:
    drafted(month)
    names = ask(month, "2019-06-05 17:00")
    move_cases(month.engine, now=at("2019-06-20 09:00"))
    assert told(month, "request_waits") != {}
    assert looked(month, "2019-06-20 09:00").waiting == (MAY,)
    month.does(names, "withdraw", "lihe-liaison", "2019-06-20 10:00", kind="appeal", reason="已查清")
    (version,) = looked(month, "2019-06-21 09:00").published
    assert version.version == 1


def test_an_appeal_granted_after_the_publication_makes_a_new_version_that_is_told(month: Month) -> None:
    """It was asked for in time, but lay in the inbox while the engine was away."""
    drafted(month)
    names = _late(month)
    acts(month.engine, month.city, names, "ask", "lihe-liaison", at("2019-06-05 17:00"), kind="appeal", reason="停电")
    assert looked(month, PUBLISHED).published
    move_cases(month.engine, now=at("2019-06-06 10:00"))
    grant(month, names, "2019-06-11 10:00")
    (again,) = looked(month, "2019-06-12 09:00").published
    assert (again.version, again.why) == (2, "appeal")
    assert told(month, "evaluation_published")["lihe-head"]["version_why"] == "appeal"
    assert [v.published_at is not None for v in _versions(month)] == [True, True]
    assert looked(month, "2019-06-13 09:00") == Course()


def test_an_appeal_after_the_window_is_refused_and_says_until_when_it_was_taken(month: Month) -> None:
    drafted(month)
    with transaction(month.engine) as connection:
        found = put_action(
            connection, month.city, case=_late(month)[0], action="ask", by_post="lihe-liaison",
            facts={"kind": "appeal", "reason": "停电"}, origin="desk", now=at("2019-06-05 18:01"),
        )  # fmt: skip
    assert isinstance(found, Refusal)
    assert (found.code, found.facts["until"]) == ("appeal_too_late", at("2019-06-05 18:00"))
    said = render_refusal(found.code, found.facts, "zh", month.city)
    assert "2019-05的申诉期已于2019年6月5日（周三）18:00结束" in said


def test_a_month_says_how_many_appeals_there_are_and_an_open_one_makes_no_new_version(month: Month) -> None:
    first = drafted(month)[0]
    ask(month, "2019-06-03 09:00")
    assert month.shown("2019-06-03 10:00").appeals == {"open": 1}
    assert month.frozen("2019-06-03 10:00").id == first.id


def test_a_change_of_the_directory_that_moves_no_figure_makes_no_new_version(month: Month) -> None:
    first = drafted(month)[0]
    documents = an_evaluated_city()
    moved = {**documents, "contact_points.csv": documents["contact_points.csv"] + "xincun-head,2,sms,env:XINCUN_SMS\n"}
    assert a_loaded_city(month.engine, moved).edition != first.result.edition
    assert drafted(month, "2019-06-02 02:00", month=MAY) == ()


def test_versions_name_the_one_before_so_that_one_taken_away_is_missed(month: Month) -> None:
    first = drafted(month)[0]
    drafted(month, "2019-07-01 02:00")
    with reading(month.engine) as connection:
        june = versions(connection, "2019-06")[0]
        previous = connection.scalar(
            text("SELECT previous_digest FROM evaluation_version WHERE id = :id"), {"id": june.id}
        )
    assert previous == first.digest
