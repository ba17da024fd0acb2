"""What duty.yaml says of spot checks and flood classes: read as written, and judged."""

from decimal import Decimal

import pytest

from models.directory.fault import DirectoryFaulty
from tests.flood_cities import DUTY_YAML, FLOOD_CITY, a_flood_city

CHECKS = "spot_checks: {least: 1, most: 3, answer_within: 3 minute}"


def duty(text: str) -> object:
    return a_flood_city({**FLOOD_CITY, "duty.yaml": text}).duty


def test_a_station_its_tolerance_and_the_classes_a_handover_lists() -> None:
    text = DUTY_YAML.replace(CHECKS, CHECKS[:-1] + ", station: hfz, reading_within: 0.25}")
    found = a_flood_city({**FLOOD_CITY, "duty.yaml": text + "flood_classes: [E0110]\n"}).duty
    assert found
    assert (found.spot_checks.station, found.spot_checks.reading_within) == ("hfz", Decimal("0.25"))
    assert found.flood_classes == ("E0110",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DUTY_YAML + "flood_classes: [E9999]\n", "catalogue.csv has no class"),
        (DUTY_YAML.replace(CHECKS, CHECKS[:-1] + ", reading_within: 0}"), "no number above 0"),
    ],
)
def test_a_class_nobody_reports_or_a_tolerance_of_nothing_is_a_fault(text: str, said: str) -> None:
    with pytest.raises(DirectoryFaulty, match=said):
        duty(text)
