"""Every process is started through one form whose fields explain themselves, in Chinese."""

import inspect
import re
from typing import Any

import pytest
from prefect import Flow
from prefect.utilities.callables import parameter_schema

from flows.case_lifecycle import case_lifecycle
from flows.daily_audit import daily_audit
from flows.duty_reminders import duty_reminders
from flows.duty_roster import propose_roster, publish_roster
from flows.duty_shift import duty_shift
from flows.duty_watch import duty_watch
from flows.flood_calls import flood_calls
from flows.flood_response import flood_response
from flows.flood_watch import flood_watch
from flows.housekeeping import housekeeping
from flows.intake import intake
from flows.notices import notices
from flows.start_call import start_call
from flows.take_action import take_action
from flows.weekly_analysis import period_report, weekly_analysis

FLOWS = [
    *(case_lifecycle, daily_audit, housekeeping, intake, notices, take_action),
    *(propose_roster, publish_roster, duty_reminders),
    *(duty_shift, duty_watch),
    *(flood_calls, start_call),
    *(flood_response, flood_watch),
    *(weekly_analysis, period_report),
]
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")


def fields_of(flow: Flow[..., Any]) -> dict[str, Any]:
    schema = parameter_schema(flow).model_dump(exclude_unset=True)
    (parameter,) = schema["properties"].values()
    reference = parameter.get("$ref") or parameter["allOf"][0]["$ref"]
    fields: dict[str, Any] = schema["definitions"][reference.rpartition("/")[2]]["properties"]
    return fields


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_takes_one_form(flow: Flow[..., Any]) -> None:
    assert len(inspect.signature(flow.fn).parameters) == 1


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_field_has_a_chinese_title_and_description(flow: Flow[..., Any]) -> None:
    for name, field in fields_of(flow).items():
        assert CHINESE.search(field["title"]), name
        assert CHINESE.search(field["description"]), name


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_flow_can_be_told_the_moment_and_asks_for_it_last(flow: Flow[..., Any]) -> None:
    fields = fields_of(flow)
    assert list(fields)[-1] == "now"
    assert fields["now"]["format"] == "date-time"


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_field_is_one_control_not_a_choice_between_a_value_and_nothing(flow: Flow[..., Any]) -> None:
    for name, field in fields_of(flow).items():
        assert "anyOf" not in field, name
        assert field.get("default", "") is not None, name


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_the_flows_text_is_the_paragraph_of_the_rule_book(flow: Flow[..., Any]) -> None:
    assert len(flow.description or "") > 150


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_is_async_and_its_body_is_short(flow: Flow[..., Any]) -> None:
    assert inspect.iscoroutinefunction(flow.fn)
    assert len(inspect.getsource(flow.fn).splitlines()) <= 40
