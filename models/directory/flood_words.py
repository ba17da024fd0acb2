"""What values of flood.yaml mean that stand there again and again: people of the directory, and ladders of them."""

from models.directory import cell
from models.directory.messages_yaml import length_of_time
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import Block
from models.flood_rules import People, Rung
from models.vocabulary import Role

ROLE, PLACE = "role:", "duty:"

_ROLE = cell.one_of(POST_ROLES, "role of a post")


def person(text: str) -> str:
    """A post's code, role:CODE, or duty:PLACE (whoever stands in that place of the shift on duty)."""
    if text.startswith(ROLE):
        _ROLE(text.removeprefix(ROLE))
    else:
        cell.code(text.removeprefix(PLACE))
    return text


def people(block: Block, key: str) -> People:
    """The people a key names. Example: `[flood-office-head, "role:leader", "duty:leader"]`."""
    named = block.values(key, person)
    return People(
        tuple(text for text in named if not text.startswith((ROLE, PLACE))),
        tuple(Role(text.removeprefix(ROLE)) for text in named if text.startswith(ROLE)),
        tuple(text.removeprefix(PLACE) for text in named if text.startswith(PLACE)),
    )


def ladder(block: Block) -> tuple[Rung, ...]:
    """The rungs under `ladder`, in order of time."""
    rungs = []
    for item in block.blocks("ladder", ("after", "to")):
        after = item.value("after", length_of_time)
        if item.needs("after", "to") and after is not None:
            rungs.append(Rung(after, people(item, "to")))
    if [rung.after for rung in rungs] != sorted(rung.after for rung in rungs):
        block.fault("ladder", "", "the rungs do not stand in order of time.", "Begin with the earliest.")
    return tuple(rungs)
