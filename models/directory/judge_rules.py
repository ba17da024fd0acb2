"""What must hold among catalogue, responsibility, approvals and the ladder beyond the single row."""

from collections.abc import Mapping

from models.directory.fault import Fault, listed, quoted, suggestion
from models.directory.judge_places import chain
from models.directory.ladder_yaml import LadderPage
from models.directory.sheets import ANYWHERE, Sheets
from models.vocabulary import RequestKind, Role


def judge_catalogue(sheets: Sheets, faults: list[Fault]) -> None:
    """The rows of one subclass agree with its code and with each other."""
    first: dict[str, tuple[int, str, str]] = {}
    for record in sheets.catalogue:
        row, code = record.value, record.value.condition.code
        if row.kind != code[0]:
            problem = f"kind {row.kind} does not fit the code {quoted(code)}."
            faults.append(Fault("catalogue.csv", record.row, "kind", row.kind, problem, f"Write {code[0]}."))
        number, major, minor = first.setdefault(code, (record.row, row.major, row.minor))
        for column, found, expected in (("major", row.major, major), ("minor", row.minor, minor)):
            if found != expected:
                problem = f"{quoted(found)} differs from {quoted(expected)} in row {number} of the same code {code}."
                remedy = "Write the same name in every row of a subclass, or give the other subclass its own code."
                faults.append(Fault("catalogue.csv", record.row, column, found, problem, remedy))


def judge_responsibility(sheets: Sheets, faults: list[Fault]) -> None:
    """Every row speaks of a class that exists, and every subclass has an answerable unit in every area."""
    subclasses = sheets.codes.get("catalogue.csv")
    if subclasses is None or sheets.rows.get("responsibility.csv") is None:
        return
    known = {pattern for code in subclasses for pattern in patterns_of(code)}
    for record in sheets.responsibility:
        classes = record.value.classes
        if classes not in known:
            remedy = (
                f"{suggestion(classes, subclasses)} Write a subclass code, a major class such as E01*, E*, C* or *."
            )
            problem = f"{quoted(classes)} fits no subclass of catalogue.csv."
            faults.append(Fault("responsibility.csv", record.row, "classes", classes, problem, remedy))
    _judge_coverage(sheets, faults)


def judge_approvals(sheets: Sheets, enabled_at: Mapping[RequestKind, int], faults: list[Fault]) -> None:
    """Steps are numbered without a gap, somebody can decide each, and enabled requests have at least one."""
    steps: dict[RequestKind, set[int]] = {}
    for record in sheets.approvals:
        steps.setdefault(record.value.kind, set()).add(record.value.step)
        _judge_role(sheets, "approvals.csv", record.row, "role", record.value.role, faults)
    unread = sheets.unread("approvals.csv", sheets.approvals, "kind")
    for kind, numbers in steps.items():
        missing = set(range(1, max(numbers) + 1)) - numbers
        if missing and kind not in unread:
            problem = f"{kind} has a step {max(numbers)} but no step {min(missing)}."
            remedy = "Number the steps 1, 2, 3 without a gap."
            faults.append(Fault("approvals.csv", None, "step", str(max(numbers)), problem, remedy))
    if sheets.rows.get("approvals.csv") is None:
        return
    for kind, line in enabled_at.items():
        if kind not in steps and kind not in unread:
            problem = f"{kind} is enabled, but approvals.csv names nobody who decides it."
            remedy = f"Add a row to approvals.csv, such as {kind},1,{Role.DISPATCHER}, or switch it off here."
            faults.append(Fault("policy.yaml", line, f"requests.{kind}", kind, problem, remedy))


def judge_ladder(sheets: Sheets, ladder: LadderPage, faults: list[Fault]) -> None:
    """Somebody holds each role a rung tells."""
    told = [(key, rung.code, rung.to) for key, rungs in ladder.ladders() for rung in rungs]
    told += [("requests", rung.code, rung.to) for rung in ladder.requests]
    for key, code, whom in told:
        for to in whom:
            if to in tuple(Role):
                _judge_role(sheets, "ladder.yaml", None, f"{key}[{code}].to", Role(to), faults)


def patterns_of(code: str) -> tuple[str, str, str, str]:
    """The class patterns that speak of a subclass, most specific first. Example: E0110, E01*, E*, *."""
    return code, code[:3] + "*", code[:1] + "*", "*"


def _judge_role(sheets: Sheets, file: str, row: int | None, column: str, role: Role, faults: list[Fault]) -> None:
    if sheets.rows.get("posts.csv") is not None and role not in sheets.texts("posts.csv", "role"):
        problem = f"no post has the role {quoted(role)}."
        faults.append(Fault(file, row, column, role, problem, "Add such a post to posts.csv, or name another role."))


def _judge_coverage(sheets: Sheets, faults: list[Fault]) -> None:
    """Judged by the rows as text: a row with an unknown unit is that fault alone, and no gap beside it."""
    rows, areas = sheets.rows.get("responsibility.csv"), sheets.codes.get("areas.csv")
    if rows is None or areas is None:
        return
    spoken = {(row.cells.get("classes", ""), row.cells.get("area", "")) for row in rows.rows}
    classes = {pattern for pattern, _ in spoken}
    # Most subclasses have no row of their own, so that few groups of patterns need a walk through all areas.
    gaps_of: dict[tuple[str, ...], list[str]] = {}
    first_rows = {record.value.condition.code: record.row for record in reversed(sheets.catalogue)}
    for code, row in sorted(first_rows.items(), key=lambda item: item[1]):
        group = tuple(pattern for pattern in patterns_of(code) if pattern in classes)
        if group not in gaps_of:
            gaps_of[group] = _areas_without(group, areas, spoken)
        if gaps := gaps_of[group]:
            faults.append(_unanswered(code, row, gaps, len(areas)))


def _areas_without(group: tuple[str, ...], areas: frozenset[str], spoken: set[tuple[str, str]]) -> list[str]:
    if any((pattern, ANYWHERE) in spoken for pattern in group):
        return []
    return [
        area
        for area in sorted(areas)
        if not any((pattern, where) in spoken for pattern in group for where in chain(area))
    ]


def _unanswered(code: str, row: int, gaps: list[str], areas: int) -> Fault:
    where = "any area" if len(gaps) == areas else f"{len(gaps)} of {areas} areas: {listed(gaps)}"
    problem = f"no unit answers for {quoted(code)} in {where}."
    remedy = f"Add a row to responsibility.csv for {' or '.join(patterns_of(code))} and these areas, or for area *."
    return Fault("catalogue.csv", row, "code", code, problem, remedy)
