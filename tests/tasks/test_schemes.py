"""Where a scheme is found: the city's own before the shipped, the edition that is in force, never a path."""

from datetime import date

import pytest

from tasks.schemes import SchemeFaulty, SchemeMissing, find_scheme, known_schemes
from tests.schemes import SMALL_SCHEME, changed

OLD = changed(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_until: 2026-08-15"))
NEW = changed(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_from: 2026-08-15"))


def test_a_city_s_own_scheme_comes_before_the_shipped_one_of_its_name() -> None:
    own = changed(SMALL_SCHEME, ("scheme: small", "scheme: xinzheng"), ("en: small scheme", "en: our own"))
    assert find_scheme("xinzheng", {"schemes/xinzheng.yaml": own}).title.en == "our own"
    assert find_scheme("xinzheng").proposal


def test_the_edition_in_force_on_the_day_is_found_and_without_a_day_the_latest() -> None:
    documents = {"schemes/small.yaml": OLD, "schemes/small_2026.yaml": NEW}
    assert find_scheme("small", documents, date(2026, 8, 1)).file == "schemes/small.yaml"
    assert find_scheme("small", documents, date(2026, 9, 1)).file == "schemes/small_2026.yaml"
    assert find_scheme("small", documents).file == "schemes/small_2026.yaml"


@pytest.mark.parametrize(
    ("name", "day", "said"),
    [
        ("yunchneg", None, 'there is no scheme "yunchneg". Did you mean "yuncheng"?'),
        ("../cities/xinzheng/city", None, '"../cities/xinzheng/city" is no name of a scheme.'),
        (
            "yuncheng",
            date(2021, 4, 30),
            'the scheme "yuncheng" is not in force on 2021-04-30. Known: yuncheng.yaml: [2021-05-01, …).',
        ),
    ],
)
def test_what_is_not_there_is_named_with_what_is(name: str, day: date | None, said: str) -> None:
    with pytest.raises(SchemeMissing) as caught:
        find_scheme(name, {}, day)
    assert str(caught.value).startswith(said)


def test_a_faulty_scheme_is_told_with_every_fault() -> None:
    wrong = changed(SMALL_SCHEME, ("on_time\n", "on_tiem\n"), ("from: 75", "from: 95"))
    with pytest.raises(SchemeFaulty) as caught:
        find_scheme("small", {"schemes/small.yaml": wrong})
    assert [fault.row for fault in caught.value.faults] == [12, 57]
    assert str(caught.value).count("\n") == 1


def test_all_names_are_known() -> None:
    assert known_schemes({"schemes/small.yaml": SMALL_SCHEME})[:2] == ["jinhua", "jinniu"]
    assert "small" in known_schemes({"schemes/small.yaml": SMALL_SCHEME})
