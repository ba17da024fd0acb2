"""Two sweeps and a visit, each a process of its own, race over the same cases."""

from pathlib import Path

from tests.chaos.race import race


def test_two_sweeps_and_a_visit_move_each_case_once(database_url: str, tmp_path: Path) -> None:
    by_rules, by_hand = race(database_url, tmp_path, cases=200, chunk=25)
    assert by_rules.startswith("200 cases moved once")
    assert by_hand.startswith("200 cases moved once")
