"""A case from the street to its end, in a real browser: all act from a phone or a seat, nobody has an account."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tasks.case_store import CASES
from tests.browser.conftest import CityAtWork
from tests.browser.street import street
from tests.browser.visits import DESK, Visits
from tests.stored_cases import rows_of

Open = Callable[..., Visits]


def test_a_report_goes_from_the_citizen_through_everybodys_hands_and_back(
    city_at_work: CityAtWork, visits: Open, tmp_path: Path
) -> None:
    work, citizen, leader = city_at_work, visits(), visits("shift-leader-1")
    receipt, code = a_citizen_reports(citizen, street(tmp_path / "before.jpg", littered=True))
    wait_for(lambda: state(work) == "verifying")
    an_inspector_finds_it_true(visits(case_now(work).inspector))
    work.later(minutes=5)
    a_seat_accepts(visits("acceptor-1", screen=DESK))
    work.later(minutes=5)
    the_shift_leader_files(leader)
    wait_for(lambda: state(work) == "filed")
    work.later(minutes=5)
    a_seat_dispatches(visits("dispatcher-1", screen=DESK))
    unit = work.city.units[case_now(work).unit]
    the_unit_handles_it(visits(unit.liaison), street(tmp_path / "after.jpg", littered=False))
    work.later(minutes=30)
    the_inspector_checks(visits(case_now(work).inspector))
    leader.goes("/seat")
    leader.presses("领取办理")
    leader.presses("结案")
    done(leader)
    assert state(work) == "closed"
    the_citizen_sees_it_closed_and_is_satisfied(citizen, receipt, code)


def a_citizen_reports(citizen: Visits, picture: Path) -> tuple[str, str]:
    """Fills in the form; returns the receipt number and the query code the next page shows."""
    citizen.goes("/report")
    citizen.examines("public-form")
    citizen.page.get_by_label("问题类别").fill("暴露")
    citizen.presses("查找")
    citizen.page.get_by_label("暴露生活垃圾").check()
    citizen.page.get_by_label("请描述问题").fill("垃圾桶旁堆着垃圾，两天没人清，有异味。")
    citizen.page.get_by_label("地点").fill("新华路与人民路交叉口东北角")
    citizen.page.get_by_label("所在街道").select_option("410184001")
    citizen.page.get_by_label("手机号").fill("13800138000")
    citizen.page.locator("input[type=file]").set_input_files(picture)
    citizen.examines("public-form-filled")
    citizen.presses("提交")
    citizen.examines("public-taken")
    receipt, code = (each.strip() for each in citizen.page.locator(".keep dd").all_inner_texts())
    return receipt, code


def an_inspector_finds_it_true(inspector: Visits) -> None:
    inspector.opens_newest_message("核实")
    inspector.examines("desk-verify")
    inspector.presses("属实")
    done(inspector)


def a_seat_accepts(seat: Visits) -> None:
    signs_in(seat, "desk-own-page")
    seat.examines("desk-seat")
    seat.presses("领取办理")
    seat.examines("desk-seat-case")
    seat.presses("受理")
    done(seat)


def the_shift_leader_files(leader: Visits) -> None:
    """From the list, as one does with forty of them."""
    signs_in(leader)
    leader.page.get_by_role("checkbox").first.check()
    leader.examines("desk-chosen")
    leader.presses("立案")
    leader.examines()


def a_seat_dispatches(seat: Visits) -> None:
    signs_in(seat)
    seat.presses("领取办理")
    seat.presses("派遣")
    done(seat)


def the_unit_handles_it(unit: Visits, picture: Path) -> None:
    unit.opens_newest_message("新任务")
    unit.examines("desk-case")
    unit.presses("接收")
    done(unit)
    unit.page.locator("#report_handled").locator("input[type=file]").set_input_files(picture)
    unit.presses("上报处置完成", within="#report_handled")
    done(unit)
    unit.examines("desk-handled")


def the_inspector_checks(inspector: Visits) -> None:
    inspector.opens_newest_message("核查")
    inspector.examines("desk-check")
    inspector.presses("通过")
    done(inspector)


def the_citizen_sees_it_closed_and_is_satisfied(citizen: Visits, receipt: str, code: str) -> None:
    citizen.goes("/report/find")
    citizen.examines("public-find")
    citizen.page.get_by_label("回执号").fill(receipt)
    citizen.page.get_by_label("查询码").fill(code)
    citizen.presses("查询")
    assert "已办结" in citizen.text()
    citizen.examines("public-report")
    citizen.page.get_by_label("5 很满意").check()
    citizen.presses("提交评价")
    assert "您的评价：5 很满意" in citizen.text()
    citizen.examines()


def signs_in(seat: Visits, picture: str = "") -> None:
    """Asks for the own page, has a code sent, and opens a shift with it."""
    seat.goes("/me")
    seat.page.get_by_label("岗位").fill(seat.post)
    seat.examines("desk-ask" if picture else "")
    seat.presses("发送链接")
    seat.opens_newest_message("我的待办")
    seat.examines(picture)
    seat.presses("发送验证码")
    form = seat.page.url
    code = re.search(r"(?<!\d)\d{6}(?!\d)", seat.goes(f"/demo/inbox?recipient={seat.post}"))
    seat.goes(form)
    seat.examines("desk-code" if picture else "")
    seat.page.get_by_label("6位验证码").fill(code[0] if code else "")
    seat.presses("登录")


def done(person: Visits) -> None:
    """Wait for the page to say that the last thing is done; it asks again by itself."""
    person.page.get_by_text("已办理。").wait_for(timeout=20_000)


def wait_for(happened: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for the engine, which works beside the desk."""
    ends = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > ends:
            raise TimeoutError(f"it had not happened after {seconds} seconds")
        time.sleep(0.02)


def case_now(work: CityAtWork) -> Any:
    """The one case, as it stands."""
    return rows_of(work.engine, select(CASES))[0]


def state(work: CityAtWork) -> str:
    """Where the one case stands."""
    return str(case_now(work).state)
