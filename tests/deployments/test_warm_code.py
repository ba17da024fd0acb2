"""Changed source files are noticed, and only those of the project are looked at."""

import importlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from deployments.warm_code import changed_files, imported_code


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a module that was imported."""
    name = f"watched_{uuid4().hex}"
    file = tmp_path / f"{name}.py"
    file.write_text("WORDS = 'before'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module(name)
    return file


def test_what_is_watched_is_the_projects_own_code() -> None:
    watched = imported_code()

    assert str(Path(importlib.import_module("deployments.warm_code").__file__ or "")) in watched
    assert os.__file__ not in watched
    assert pytest.__file__ not in watched


def test_what_is_known_already_is_not_told_again(module: Path) -> None:
    known = imported_code()

    assert str(module) in known
    assert imported_code(known) == {}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda file: None, False),
        (lambda file: file.write_text("WORDS = 'afterwards'\n"), True),
        (lambda file: os.utime(file, ns=(1, 1)), True),
        (lambda file: file.unlink(), True),
    ],
    ids=["untouched", "written", "an older one put in its place", "removed"],
)
def test_a_file_that_is_no_longer_what_was_imported_has_changed(module: Path, change: object, changed: bool) -> None:
    known = {str(module): imported_code()[str(module)]}

    assert callable(change)
    change(module)

    assert changed_files(known) == ([str(module)] if changed else [])
