"""`zhihui`: one command for everything; the module behind a command is imported only when it is called.

A clerk who asks for one deadline should wait neither for a database library nor for Prefect.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Part:
    """Where a command lives: a Typer app or a function of a module."""

    module: str
    attribute: str
    help: str


PARTS = {
    "up": Part("deployments.up_command", "up", "Run the whole city on this machine."),
    "city": Part("deployments.city_commands", "city_app", "Check a city directory, or put it in force."),
    "intake": Part("deployments.intake_commands", "intake", "Take in reports from a file."),
    "refused": Part("deployments.intake_commands", "refused_app", "Rows that were refused: list, mend, retry."),
    "case": Part("deployments.case_commands", "case_app", "Look at cases: one with its whole story, or a list."),
    "act": Part("deployments.case_commands", "act", "Put an action on a case into the inbox."),
    "deadline": Part("deployments.deadline_command", "deadline", "When a limit runs out, and why."),
    "score": Part("deployments.score_command", "score", "One line of counts through a scheme of evaluation."),
    "replay": Part("deployments.replay_command", "replay", "Run real reports through the rules on virtual time."),
    "evaluate": Part("deployments.evaluate_command", "evaluate", "A month counted, scored, ranked and frozen."),
    "analyse": Part("deployments.analyse_command", "analyse", "What stands out in a week or any period."),
    "acceptance": Part("deployments.acceptance_command", "acceptance", "The acceptance self-check."),
    "entries": Part("deployments.entries_commands", "entries_app", "Entries for the evaluation by hand."),
    "bulletin": Part(
        "deployments.bulletin_command", "bulletin", "The bulletin of a month as files: DOCX, XLSX, PDF, HTML."
    ),
    "notice": Part("deployments.notice_commands", "notice_app", "Messages: what waits, was sent, or failed and why."),
    "audit": Part("deployments.audit_commands", "audit_app", "The proof that no event was altered."),
    "sample": Part("deployments.sample_command", "sample", "Realistic made-up reports of a city."),
    "roster": Part("deployments.roster_commands", "roster_app", "Duty rosters: propose, check, publish, export."),
    "duty": Part("deployments.duty_commands", "duty_app", "Who is on duty; the proof of a day's spot checks."),
    "doctor": Part("deployments.doctor_command", "doctor", "What disagrees among season, roster and schedules."),
    "water": Part("deployments.water_commands", "water_app", "Readings, thresholds, signals and warnings of water."),
    "call": Part(
        "deployments.call_commands", "call_app", "Wake responsible people 叫应, and see who has not answered."
    ),
    "flood": Part(
        "deployments.flood_commands", "flood_app", "Response: levels, consultations, decisions, reports owed."
    ),
    "desk": Part("deployments.desk_commands", "desk_app", "Run the desk alone; revoke a post's ways to it."),
}


class LazyGroup(TyperGroup):
    """A group that lists its commands by their one-line help, and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, imported now."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in PARTS else listed, rest


def load(name: str) -> Any:
    """The command behind a name, imported now."""
    part = PARTS[name]
    found = getattr(importlib.import_module(part.module), part.attribute)
    return typer.main.get_command(found if isinstance(found, typer.Typer) else _app_of(name, found))


def _app_of(name: str, function: Callable[..., Any]) -> typer.Typer:
    only = typer.Typer(add_completion=False)
    only.command(name)(function)
    return only


app = typer.Typer(
    cls=LazyGroup,
    name="zhihui",
    help="zhihui 指挥: the open digital urban management platform of a county-level city.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with the values of its variables could show a reporter's phone number.
    pretty_exceptions_enable=False,
)


def _listed(name: str, part: Part) -> None:
    def only_listed() -> None:
        """Stands in the list of commands; `LazyGroup` calls the real one."""

    app.command(name, help=part.help)(only_listed)


for _name, _part in PARTS.items():
    _listed(_name, _part)


def main() -> None:
    """The console command."""
    app(prog_name="zhihui")
