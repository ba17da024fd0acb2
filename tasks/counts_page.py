"""The counts of the evaluation as a page for officials: printed from the counts themselves, so that it cannot drift.

Example: python -m tasks.counts_page > docs/counts.md
"""

from collections.abc import Iterator

from models.evaluation_counts import COUNTS, Count
from models.evaluation_marks import Cut, Statistic
from tasks.words import word

_HEAD = """# What is counted

Printed from `models/evaluation_counts.py` and `tasks/templates/words_counts.yaml` by `make docs`; do not edit.

A month is counted twice. **Scoring** 考核口径 goes by the deadline: a case belongs to the month of its handling
deadline, extensions included, whenever it was filed (Yuncheng B). **Workload** 工作量口径 goes by the event: what was
done in the month (Zhengzhou B). Where both say the same, one moment is named.

- A case counts for the unit it was assigned to *then*: a hand-back for the unit that handed back, a deadline for the
  unit that has it. What comes before the first dispatch counts for the first unit.
- A reopened case is a new round: own deadline, own counts; the closed round stays as counted.
- On time is written once, at closing, and never worked out again.
- A month that is still open is counted up to the moment: a deadline counts once it is past.
- Suspended 挂账, exempt 免责 and closed by order 强制结案 are not among those due to be closed; they have counts of
  their own. Of cases to which several of these apply the first counts: exempt, suspended, closed by order.
- A correction of class or place moves the case to its right class and place, also in months gone by; a frozen month
  keeps its figures.
- A post is named where a person did it; what a rule did stands under no post. Who reported is known for no post:
  reports name their source only.

Marks: A official, B good, C weak, ? our own reading, to be changed where a city knows better.

Get them: `zhihui evaluate 2019-05 --counts --by unit --json`; several cuts together: `--by unit,class`.
"""


def counts_page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *_cuts(), *_table(), *_definitions()])


def _cuts() -> Iterator[str]:
    yield "## By what they are told apart"
    yield ""
    yield "| `--by` | 口径 | |"
    yield "|---|---|---|"
    for cut in Cut:
        yield f"| `{cut.value}` | {word('cut', cut, 'zh')} | {word('cut', cut, 'en')} |"
    yield ""


def _table() -> Iterator[str]:
    yield "## All counts"
    yield ""
    moments = ("scoring: period of", "workload: period of")
    columns = ("count", "名称", "eGova code", *moments, "post", "denominator of", "source")
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for count in COUNTS:
        cells = (
            f"`{count.name.value}`",
            word("count", count.name, "zh"),
            f"`{count.code}`" if count.code else "-",
            _moment(count, Statistic.SCORING),
            _moment(count, Statistic.WORKLOAD),
            word("count_by", count.by.value, "en") if count.by else "-",
            ", ".join(count.ratio_of) or "-",
            count.source,
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _moment(count: Count, statistic: Statistic) -> str:
    return word("count_moment", count.rule(statistic).moment, "en")


def _definitions() -> Iterator[str]:
    yield "## Definitions"
    yield ""
    for count in COUNTS:
        name = count.name
        yield f"**{word('count', name, 'zh')} `{name.value}`** {word('count_means', name, 'zh')}  "
        yield f"{word('count', name, 'en')}: {word('count_means', name, 'en')}"
        yield ""


if __name__ == "__main__":
    print(counts_page(), end="")
