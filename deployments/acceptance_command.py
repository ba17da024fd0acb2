"""`zhihui acceptance`: the acceptance self-check of a running city."""

from pathlib import Path
from typing import Annotated

import typer

from deployments.city_at_hand import REFUSED, AsJson, city_to_read, now, print_json
from models.acceptance import Computed, Conditions, SelfCheck
from models.scored import as_number
from tasks.acceptance import ConditionsFaulty, check_acceptance, check_page, find_conditions


def acceptance(
    yes: Annotated[list[str] | None, typer.Option("--yes", metavar="CODE", help="A condition that holds.")] = None,
    no: Annotated[list[str] | None, typer.Option("--no", metavar="CODE", help="A condition that does not.")] = None,
    conditions: Annotated[
        Path | None,
        typer.Option("--conditions", exists=True, dir_okay=False, help="Conditions and points of your own rule."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the conditions of acceptance: computed from running data where possible, answered where not.

    Example: zhihui acceptance --yes built_up_area --yes manuals --no supervised

    The points are those of deployments/acceptance/conditions.yaml, our own, or of your file: the national point table
    is not known here, and the sum is nobody's verdict.

    Exit code 0: done; 1: refused, because the file has faults or there is no city; 2: wrong usage.
    """
    try:
        found = find_conditions(conditions)
    except (ConditionsFaulty, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    answers = _answers(found, yes or [], no or [])
    with city_to_read() as (city, connection):
        moment = now()
        check = check_acceptance(connection, city, found, answers, moment)
    if as_json:
        print_json(_told(check))
    else:
        typer.echo(check_page(check, city, moment).rstrip("\n"))


def _answers(found: Conditions, yes: list[str], no: list[str]) -> dict[str, bool]:
    # Of the ledgers the rows may say nothing.
    asked = [each.code for each in found.conditions if each.computed in (None, Computed.LEDGERS)]
    answers = dict.fromkeys(yes, True)
    for code in no:
        if code in answers:
            raise typer.BadParameter(f"{code} 既答是又答否。{code} is answered both ways.")
        answers[code] = False
    for code in answers:
        if code not in asked:
            raise typer.BadParameter(f"“{code}”不是待回答的条件：{'、'.join(asked)}。It is no condition to answer.")
    return answers


def _told(check: SelfCheck) -> dict[str, object]:
    return {
        "reached": as_number(check.reached),
        "attainable": as_number(check.attainable),
        "total": as_number(check.conditions.total),
        "to_beat": as_number(check.conditions.to_beat),
        "conditions": [
            {
                "code": line.condition.code,
                "points": as_number(line.points),
                "of": as_number(line.condition.points),
                "computed": line.condition.computed,
                "answered": line.answered,
                "found": line.measured.said if line.measured else None,
            }
            for line in check.lines
        ],
    }
