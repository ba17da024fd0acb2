"""`zhihui`: every command explains itself, and costs only what it uses."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from deployments.command_line import PARTS, app, load


def commands_of(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and all below it, under the words that call them."""
    below = getattr(command, "commands", {})
    if not below:
        yield name, command
    for word, inner in below.items():
        yield from commands_of(f"{name} {word}", inner)


HEAVY = ["prefect", "pandas", "sqlalchemy", "apprise"]
COMMANDS = [found for name in PARTS for found in commands_of(name, load(name))]


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_with_an_example_and_its_exit_codes(name: str, command: Any) -> None:
    assert f"Example: zhihui {name}" in command.help
    assert "Exit code 0" in command.help


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_listed_with_one_line(name: str) -> None:
    group: Any = typer.main.get_command(app)
    listed = group.commands[name]
    assert listed.help == PARTS[name].help
    assert listed.help.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, "deadline"),
        (["deadline", "--help"], 0, "Example"),
        (["deadline", "2019-04-30T17:00", "4 work_hour"], 0, "2019-05-05T11:00:00+08:00"),
        (["deadline", "2019-04-30T17:00", "4 moons"], 1, "moons"),
        (["deadline"], 2, "Missing argument"),
        (["score", "--help"], 0, "Example"),
        (["score", "--scheme", "yuncheng", "--counts", "{}", "--json"], 0, '"score": null'),
        (["score", "--scheme", "yuncheng", "--counts", '{"clsoed": 1}'], 1, 'Did you mean "closed"?'),
        (["score", "--scheme", "yuncheng"], 2, "Missing option"),
        (["deadlien"], 2, "Did you mean 'deadline'"),
        ([], 2, "Commands"),
    ],
)
def test_the_exit_code_says_done_refused_or_wrong_usage(arguments: list[str], code: int, said: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from deployments.command_line import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "TERM": "dumb", "COLUMNS": "200"},
    )
    assert found.returncode == code
    assert said in found.stdout + found.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        *(["deadline", "--help"], ["deadline", "2019-04-30T17:00", "4 work_hour"], ["--help"]),
        *(["score", "--help"], ["score", "--scheme", "xinzheng", "--counts", '{"closed": 1}']),
    ],
)
def test_a_plain_question_waits_for_no_library_it_does_not_use(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom deployments.command_line import app\n"
        "try:\n app(sys.argv[1:], prog_name='zhihui')\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert found.stderr.strip().endswith("[]")
