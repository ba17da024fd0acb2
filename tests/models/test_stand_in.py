"""Who is told for somebody who is away."""

from datetime import UTC, datetime

import pytest

from models.stand_in import told_for
from tests.cities import SMALL_CITY, a_small_city, changed

AT = datetime(2019, 5, 6, 2, 0, tzinfo=UTC)
"""Monday 6 May 2019, 10:00 in Shanghai."""


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        ("", "lihe-liaison"),
        ("lihe-liaison,2019-05-06,2019-05-06\n", "lihe-head"),  # the only day of the leave
        ("lihe-liaison,2019-05-01,2019-05-05\n", "lihe-liaison"),
        ("lihe-liaison,2019-05-07,2019-05-09\n", "lihe-liaison"),
        ("lihe-liaison,2019-05-01,2019-05-06\nlihe-head,2019-05-06,2019-05-06\n", "lihe-crew"),
        (
            "lihe-liaison,2019-05-01,2019-05-06\nlihe-head,2019-05-06,2019-05-06\nlihe-crew,2019-05-06,2019-05-06\n",
            "lihe-liaison",
        ),
    ],
)
def test_the_deputy_is_told_then_the_deputys_deputy_and_at_last_the_post_itself(leave: str, told: str) -> None:
    documents = changed(
        "posts.csv", "lihe-head,梨河镇负责人,lihe,unit_head,,,", "lihe-head,梨河镇负责人,lihe,unit_head,,lihe-crew,"
    )
    city = a_small_city({**documents, "leave.csv": SMALL_CITY["leave.csv"] + leave})
    assert told_for(city, "lihe-liaison", AT) == told


def test_without_a_deputy_the_head_of_the_unit_is_told() -> None:
    city = a_small_city({**SMALL_CITY, "leave.csv": "post,from,to\nwater-liaison,2019-05-06,2019-05-08\n"})
    assert told_for(city, "water-liaison", AT) == "water-head"


def test_who_stands_in_for_each_other_is_not_asked_for_ever() -> None:
    documents = changed(
        "posts.csv", "lihe-head,梨河镇负责人,lihe,unit_head,,,", "lihe-head,梨河镇负责人,lihe,unit_head,,lihe-liaison,"
    )
    leave = "post,from,to\nlihe-liaison,2019-05-06,2019-05-06\nlihe-head,2019-05-06,2019-05-06\n"
    assert told_for(a_small_city({**documents, "leave.csv": leave}), "lihe-liaison", AT) == "lihe-liaison"


def test_a_post_that_has_ended_is_represented_too_and_an_unknown_one_is_nobody_elses() -> None:
    city = a_small_city(
        changed(
            "posts.csv",
            "water-liaison,供水公司值班员甲,water,unit_liaison,,,,",
            "water-liaison,供水公司值班员甲,water,unit_liaison,,,,2019-05-01",
        )
    )
    assert told_for(city, "water-liaison", AT) == "water-head"
    assert told_for(city, "nobody", AT) == "nobody"
