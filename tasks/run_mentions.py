"""Which flow runs the city's own records name: those an auditor must still be able to open."""

from collections.abc import Collection

from sqlalchemy import Connection, select, union_all

from models.tables import all_tables

RUN = "flow_run_id"
"""The column by which a row of any table names the run that wrote it."""


def mentioned_runs(connection: Connection, run_ids: Collection[str]) -> set[str]:
    """Those of the flow runs that at least one row of the city names: an event, an attempt, a settled action, a batch.

    Example: mentioned_runs(connection, ["0198…a1", "0198…a2"]) is {"0198…a2"} where only that one wrote anything.
    """
    naming = [table.c[RUN] for table in all_tables().sorted_tables if RUN in table.c]
    wanted = list(run_ids)
    found = union_all(*(select(column).where(column.in_(wanted)) for column in naming))
    return {str(run_id) for run_id in connection.scalars(found)}
