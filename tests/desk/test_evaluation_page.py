"""A month's page: a unit sees its own figures and their cases, everybody what was published, nobody anything else."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from desk.app import create_app
from models.city import City
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.database import transaction
from tasks.evaluation_course import draft_months, publish_months
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tests.desk.conftest import QuietEngine
from tests.evaluation.test_freezing import MAY, Month
from tests.stored_cases import at
from tests.worlds import World

DRAFT_DAY = at("2019-06-03 10:00")
AFTERWARDS = at("2019-06-06 10:00")

Ask = Callable[..., Response]


def a_draft_of_may(engine: Engine) -> City:
    """May: 梨河镇 closed three in time and one late, and has one open; the draft of Saturday 1 June."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    told.cases("2019-05-08", 1, None, None)
    with transaction(engine) as connection:
        assert not isinstance(draft_months(connection, current_city(connection), at("2019-06-01 02:00")), Refusal)
    return told.city


@pytest.fixture
def drafted(sqlite_world: World[City]) -> Month:
    return Month(*sqlite_world(a_draft_of_may))


@pytest.fixture
def ask(settings: Settings, drafted: Month) -> Ask:
    now = [DRAFT_DAY]
    app = create_app(settings, drafted.engine, MessageSettings(), lambda: now[0], lambda _settings: QuietEngine())

    def page(post: str, moment: datetime = DRAFT_DAY, month: str = MAY, rest: str = "", path: str = "") -> Response:
        now[0] = moment
        token = sign_link(settings.secret_key("link"), Link(post, Purpose.EVALUATION, month), moment)
        found: Response = TestClient(app, raise_server_exceptions=False).get(path or f"/evaluation/{token}{rest}")
        return found

    return page


def published(drafted: Month) -> None:
    with transaction(drafted.engine) as connection:
        assert publish_months(connection, current_city(connection), at("2019-06-06 09:00")).published


def test_a_unit_sees_its_draft_with_its_score_and_until_when_it_may_appeal(ask: Ask) -> None:
    said = ask("lihe-liaison").text
    for words in ("2019年5月 考评", "初评", "71.00 分", "合格", "组内第1名", "截至6月5日（周三）18:00"):
        assert words in said


def test_the_steps_of_a_score_say_what_was_put_in(ask: Ask) -> None:
    said = ask("lihe-head").text
    assert "60 × 按期结案率" in said
    assert "按期结案率 = 0.6" in said
    assert "on_time_closure_rate" not in said


def test_a_number_opens_the_cases_it_was_made_of(ask: Ask) -> None:
    said = ask("lihe-liaison", rest="/cases/closed_late")
    assert said.status_code == 200
    assert said.text.count("E0101201905070001") == 1
    assert "E0101201905060001" not in said.text
    assert 'href="/c/' in said.text, "the case itself, where the appeal is made"


def test_a_draft_shows_no_other_units_figures(ask: Ask) -> None:
    said = ask("xincun-liaison")
    assert said.status_code == 200
    assert "71.00" not in said.text
    assert "无成绩" in said.text
    assert ask("xincun-liaison", rest="/cases/closed_late?unit=lihe").text.count("E0101") == 0


def test_who_oversees_sees_the_ranking_of_the_draft_and_every_units_figures(ask: Ask) -> None:
    for post in ("evaluator", "leader", "auditor", "admin"):
        assert "梨河镇</a></td><td>71.00" in ask(post).text, post
        assert "E0101201905070001" in ask(post, rest="/cases/closed_late?unit=lihe").text, post


def test_from_a_number_one_comes_to_the_case_itself(ask: Ask) -> None:
    for post in ("evaluator", "leader", "auditor", "admin", "lihe-head"):
        link = re.search(r'href="(/c/[^"]+)"', ask(post, rest="/cases/closed_late?unit=lihe").text)
        assert link, post
        assert "E0101201905070001" in ask(post, path=link[1]).text, post


def test_nobody_else_sees_a_draft_but_everybody_what_was_published(ask: Ask, drafted: Month) -> None:
    others = ("inspector-a", "acceptor-a", "dispatcher")
    for post in others:
        before = ask(post)
        assert (before.status_code, "71.00" in before.text) == (403, False), post
    published(drafted)
    for post in others:
        assert "71.00" in ask(post, AFTERWARDS).text, post
        assert ask(post, AFTERWARDS, rest="/cases/closed_late?unit=lihe").status_code == 403, post


def test_a_unit_sees_the_others_places_once_they_are_published(ask: Ask, drafted: Month) -> None:
    assert "各单位排名在申诉期满后公布" in ask("xincun-head").text
    published(drafted)
    said = ask("xincun-head", AFTERWARDS).text
    assert "71.00" in said
    assert "已公布" in said


def test_a_month_that_was_never_evaluated_opens_nothing(ask: Ask) -> None:
    for month in ("2019-04", "", "../2019-05", "2019-05' OR 1=1"):
        assert ask("evaluator", month=month).status_code == 403, month


def test_a_number_that_has_no_cases_of_its_own_opens_nothing(ask: Ask) -> None:
    for rest in ("/cases/reported", "/cases/nothing", "/cases/%00", "/cases/due_to_close?unit=%3Cb%3E"):
        assert ask("evaluator", rest=rest).status_code == 403, rest


def test_in_english(ask: Ask) -> None:
    said = ask("lihe-liaison", rest="?lang=en").text
    assert "71.00 points" in said
    assert "rank 1 in its group" in said
