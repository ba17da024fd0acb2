"""The glossary as a page: the code's words beside the field's, printed from the words everybody is shown.

Example: python -m tasks.glossary_page > docs/glossary.md
"""

from collections.abc import Iterable, Iterator

from models.limits import LimitUnit
from models.notice import NoticeKind, Priority
from models.vocabulary import ActionName, ClockKind, RequestKind, RequestState, Role, State
from tasks.words import city_words, word

_HEAD = """# Glossary

Printed from `tasks/templates/words.yaml` by `make docs`; do not edit. English names are this project's own, no
official translation. `verify` 核实 is before filing, `check` 核查 after handling; some cities use the two words
the other way round.
"""

_GROUPS = (
    ("States of a case", "state", State),
    ("Actions", "action", ActionName),
    ("Roles", "role", Role),
    ("Clocks", "clock", ClockKind),
    ("Requests", "request", RequestKind),
    ("How a request stands", "request_state", RequestState),
    ("Units of a limit", "limit_unit", LimitUnit),
    ("Notices", "notice", NoticeKind),
    ("Priorities", "priority", Priority),
)


def glossary_page() -> str:
    """The whole page in Markdown, a table a group."""
    groups = (*_GROUPS, ("Ratios of the evaluation", "ratio", sorted(city_words().codes("ratio"))))
    return "\n".join([_HEAD, *(line for group in groups for line in _table(*group))])


def _table(title: str, group: str, members: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| code | 中文 | English |"
    yield "|---|---|---|"
    for member in members:
        yield f"| `{member!s}` | {word(group, member, 'zh')} | {word(group, member, 'en')} |"
    yield ""


if __name__ == "__main__":
    print(glossary_page(), end="")
