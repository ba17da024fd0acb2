"""Make the state folder ready for work: keys, database, city directory, and the demo's first reports.

`python -m deployments.preparing [--demo]`, a process of its own so that the supervisor stays small and can be stopped.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from deployments import up_wording
from deployments.demo import write_first_reports
from deployments.demo_roster import publish_first_roster
from deployments.named_city import CityUnknown, city_folder
from models.city import City
from models.city_change import changed_hands
from tasks.city_edition import CityEditionError, current_city, current_edition, load_city, open_cases
from tasks.database import open_database, reading, transaction
from tasks.database_errors import DatabaseError
from tasks.directory import DirectoryFaulty, build_city, read_directory
from tasks.directory_changes import hold_city, undone_by
from tasks.lifecycle import wake_all
from tasks.settings import Settings, SettingsError, read_settings

BY_UP = "zhihui_up"
"""Who loaded an edition that came into force at a start."""


def prepare(settings: Settings, now: datetime, *, demo: bool) -> None:
    """Make all that has to be there before the first visit; doing it again changes nothing.

    Raises: SettingsError, DatabaseError, CityEditionError, DirectoryFaulty, CityUnknown, each with a sentence that
    says what to do.
    """
    settings.drop_folder.mkdir(parents=True, exist_ok=True)
    settings.readings_folder.mkdir(parents=True, exist_ok=True)
    settings.secret_key("personal")
    settings.secret_key("link")
    engine = open_database(settings.database_url)
    tell(up_wording.database_ready(engine.url.render_as_string(hide_password=True)))
    bring_city_into_force(engine, city_folder(settings.city), now)
    if demo:
        with reading(engine) as connection:
            city = current_city(connection)
        write_first_reports(engine, city, settings, now)
        publish_first_roster(engine, city, now)
    engine.dispose()


def bring_city_into_force(engine: Engine, folder: Path, now: datetime) -> None:
    """Load the directory where it is new or changed.

    Where open cases would change hands, or the files do not hold what was changed at the desk, that is a person's
    choice: the edition in force stays.
    """
    files = read_directory(folder)
    city, faults = build_city(files, now.date())
    if city is None:
        raise DirectoryFaulty(faults)
    with transaction(engine) as connection:
        hold_city(connection)
        undone = undone_by(connection, files.documents)
        if undone:
            tell(up_wording.city_kept_for_desk(len(undone), folder))
            return
        moving = _moving(connection, city)
        if moving:
            tell(up_wording.city_kept(moving, folder))
            return
        report = load_city(connection, files, now, BY_UP)
        if report.loaded and report.before is not None:
            wake_all(connection, now)
    if report.loaded:
        tell(up_wording.city_loaded(city.name, len(city.units), len(city.posts)))
    else:
        tell(up_wording.city_unchanged(city.name))


def _moving(connection: Connection, new: City) -> int:
    """How many open cases would change hands."""
    if current_edition(connection) in (None, new.edition):
        return 0
    try:
        old = current_city(connection)
    except DirectoryFaulty as error:
        # Taken in by an older program, refused by today's rules: the new edition is the way out.
        tell(str(error))
        return 0
    return len(changed_hands(old, new, open_cases(connection)))


def tell(line: str) -> None:
    """One line for the administrator."""
    print(line, flush=True)


def main(demo: bool) -> int:
    """Prepare this machine; returns the exit code."""
    try:
        prepare(read_settings(), datetime.now(UTC), demo=demo)
    except (SettingsError, DatabaseError, CityEditionError, DirectoryFaulty, CityUnknown) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--demo" in sys.argv[1:]))
