"""evaluation.yaml: what it says, what it leaves out, and what is wrong with it."""

from datetime import date
from decimal import Decimal

import pytest

from models.directory.evaluation_yaml import read_evaluation
from models.directory.fault import Fault
from models.evaluation_rules import EvaluationRules, ExemptPeriod
from models.limits import Limit, LimitUnit
from models.vocabulary import Role
from tasks.directory import city_from_documents
from tests.cities import SMALL_CITY

UNITS = ("lihe", "water")


def read(content: str) -> tuple[EvaluationRules, list[str]]:
    faults: list[Fault] = []
    return read_evaluation(content, UNITS, faults), [str(fault) for fault in faults]


def test_a_city_without_the_file_is_evaluated_by_what_this_project_proposes() -> None:
    assert city_from_documents(dict(SMALL_CITY)).evaluation == EvaluationRules()
    assert read("scheme: xinzheng\n") == (EvaluationRules(), [])


def test_everything_a_city_says_is_read() -> None:
    rules, faults = read(
        "scheme: yuncheng\nappeals_within: 5 work_day\ndraft_to: [unit_head]\nranking_to: [leader]\n"
        "overseen_by: [evaluator, auditor]\nissuer: 梨河市城管局\ndocument_number: 梨城管〔{year}〕{month}号\n"
        "exempt_periods:\n  - {unit: lihe, from: 2026-08-10, until: 2026-08-13, reason: 抢险}\n"
    )
    assert faults == []
    assert (rules.scheme, rules.appeals_within) == ("yuncheng", Limit(Decimal(5), LimitUnit.WORK_DAY))
    assert (rules.draft_to, rules.overseen_by) == ((Role.UNIT_HEAD,), (Role.EVALUATOR, Role.AUDITOR))
    assert (rules.issuer, rules.document_number) == ("梨河市城管局", "梨城管〔{year}〕{month}号")
    assert rules.exempt_periods == (ExemptPeriod("lihe", date(2026, 8, 10), date(2026, 8, 13)),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("draft_to: [public]", "role of a post"),
        ("appeals_within: soon", "appeals_within"),
        ("wheather: x", "wheather"),
        ("exempt_periods:\n  - {unit: moon, from: 2026-08-10, until: 2026-08-13, reason: x}", "moon"),
        ("exempt_periods:\n  - {unit: lihe, from: 2026-08-10, until: 2026-08-10, reason: x}", "not after from"),
        ("exempt_periods:\n  - {unit: lihe, from: 2026-08-10}", "until"),
    ],
)
def test_a_fault_names_its_place(content: str, said: str) -> None:
    _, faults = read(content)
    assert any(said in fault for fault in faults), faults
