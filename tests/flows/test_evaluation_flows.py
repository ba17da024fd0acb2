"""The evaluation on a real server: the first of the month drafts, a later morning publishes, a second run is idle."""

from hashlib import sha256

import pytest

from flows.monthly_evaluation import EvaluationForm, monthly_evaluation
from flows.publish_evaluation import PublicationVisit, publish_evaluation
from flows.surroundings import surroundings
from tasks.bulletin_store import newest_documents, read_document
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluation_course import publish_months
from tests.evaluation.test_freezing import Month
from tests.flows.test_flows_on_server import CityAtWork, here, told_by
from tests.stored_cases import at

__all__ = ["here"]

pytestmark = pytest.mark.usefixtures("prefect_server")

FIRST_OF_JUNE = at("2019-06-01 02:00")


@pytest.fixture
def month(here: CityAtWork) -> Month:
    told = Month(here.engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    return told


async def test_a_month_is_drafted_shown_and_published_and_each_second_run_is_idle(month: Month) -> None:
    drafted = await told_by(await monthly_evaluation(EvaluationForm(now=FIRST_OF_JUNE), return_state=True))
    assert drafted.run.name == "月度考评 2019-05"
    first = drafted.tables["evaluation-ranking"][0]
    assert (first["单位 Unit"], first["名次 Rank"], first["得分 Score"]) == ("梨河镇", 1, "85.00")
    assert drafted.tables["evaluation-figures"][0]["应结案 Due"] == 4
    again = await told_by(await monthly_evaluation(EvaluationForm(now=FIRST_OF_JUNE), return_state=True))
    assert "idle" in again.run.tags
    too_early = await told_by(await publish_evaluation(PublicationVisit(now=at("2019-06-05 09:00")), return_state=True))
    assert "idle" in too_early.run.tags
    published = await told_by(await publish_evaluation(PublicationVisit(now=at("2019-06-06 09:00")), return_state=True))
    assert published.run.name == "公布考评 2019-05"
    assert "evaluation-ranking" in published.tables
    with reading(month.engine) as connection:
        documents = newest_documents(connection, "2019-05")
    assert list(documents) == ["docx", "xlsx", "html", "pdf"]
    for kind, document in documents.items():
        content = read_document(surroundings().settings.bulletins, document)
        assert (len(content), sha256(content).hexdigest()) == (document.size, document.sha256), kind
    assert documents["pdf"].sha256 in published.others["evaluation-bulletin"]
    assert float(published.others["evaluation-progress"]) == 100


async def test_what_a_killed_run_left_without_documents_gets_them_with_the_next_one(month: Month) -> None:
    await monthly_evaluation(EvaluationForm(now=FIRST_OF_JUNE))
    with transaction(month.engine) as connection:
        assert publish_months(connection, current_city(connection), at("2019-06-06 09:00")).published
    run = await told_by(await publish_evaluation(PublicationVisit(now=at("2019-06-07 09:00")), return_state=True))
    with reading(month.engine) as connection:
        documents = newest_documents(connection, "2019-05")
    assert set(documents) == {"docx", "xlsx", "html", "pdf"}
    assert "evaluation-bulletin" in run.others


async def test_a_lost_document_is_put_back_and_one_that_cannot_be_made_as_it_was_leaves_the_run_stuck(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    await monthly_evaluation(EvaluationForm(now=FIRST_OF_JUNE))
    await publish_evaluation(PublicationVisit(now=at("2019-06-06 09:00")))
    with reading(month.engine) as connection:
        page = newest_documents(connection, "2019-05")["html"]
    file = surroundings().settings.bulletins / f"{page.sha256}.html"
    published = file.read_bytes()
    file.unlink()
    run = await told_by(await publish_evaluation(PublicationVisit(now=at("2019-06-07 09:00")), return_state=True))
    assert file.read_bytes() == published
    (told,) = run.tables["evaluation-bulletin-lost"]
    assert told["处理 What was done"].startswith("已重制")
    file.unlink()
    monkeypatch.setattr("tasks.bulletin.bulletin_page", lambda _bulletin: b"of another program")
    stuck = await told_by(await publish_evaluation(PublicationVisit(now=at("2019-06-10 09:00")), return_state=True))
    assert (stuck.run.name, file.exists()) == ("公布考评 · 通报文件丢失", False)
    assert "stuck" in stuck.run.tags


async def test_a_month_that_is_open_is_refused_with_the_reason(month: Month) -> None:
    asked = EvaluationForm(now=at("2019-05-20 02:00"), month="2019-05")
    told = await told_by(await monthly_evaluation(asked, return_state=True))
    assert told.run.name == "月度考评 · 未办理"
    assert told.run.state
    assert "2019-05还没有结束，不能固定" in (told.run.state.message or "")
