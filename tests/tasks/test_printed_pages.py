"""The pages of docs/ that are printed from data say what the data says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models.evaluation_counts import COUNTS, CountName
from models.evaluation_marks import By, Cut
from models.lifecycle_table import STEPS
from models.vocabulary import State
from tasks.counts_page import counts_page
from tasks.glossary_page import glossary_page
from tasks.lifecycle_page import lifecycle_page
from tasks.words import city_words

DOCS = Path(__file__).parents[2] / "docs"


PAGES = [("lifecycle.md", lifecycle_page), ("glossary.md", glossary_page), ("counts.md", counts_page)]


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_a_printed_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    assert (DOCS / name).read_text("utf-8") == page(), f"docs/{name} is old: run `make docs`"


def test_every_row_and_every_state_stands_in_the_page() -> None:
    page = lifecycle_page()
    assert sum(line.startswith("| ") for line in page.splitlines()) == len(STEPS) + len(State) + 2
    assert all(f"`{state.value}`" in page for state in State)


def test_every_count_and_every_moment_has_its_words() -> None:
    words = city_words()
    assert words.codes("count") == words.codes("count_means") == frozenset(CountName)
    moments = {rule.moment for count in COUNTS for rule in (count.scoring, count.workload)}
    assert words.codes("count_moment") == moments
    assert words.codes("count_by") == frozenset(By)
    assert words.codes("cut") == frozenset(Cut)
