"""What must hold in the duty room beyond the single row: who leads is responsible, and no shift leaves the day open."""

from datetime import timedelta

from models.directory.duty_yaml import FILE
from models.directory.fault import Fault, Severity, quoted
from models.directory.sheet import Record
from models.directory.sheets import PoolRow, Sheets
from models.duty_rules import DutyRules, ShiftSpan
from models.vocabulary import Role

LEADING_ROLES = frozenset({Role.LEADER, Role.UNIT_HEAD})
"""Leader-in-charge is a responsible person of the authority (国汛〔2009〕6号, B)."""

_DAY = 24 * 60
_ONE_DAY = timedelta(days=1)


def judge_duty(sheets: Sheets, duty: DutyRules | None, faults: list[Fault]) -> None:
    """Every fault of the duty room."""
    if duty is None:
        return
    leading = duty.leading_place
    roles = {record.value.code: record.value.role for record in sheets.posts}
    for record in sheets.duty_pools:
        post = record.value.post
        if leading and record.value.place == leading.code and roles.get(post, Role.LEADER) not in LEADING_ROLES:
            problem = f"{quoted(post)} is {roles[post]}; who leads a shift is a responsible person."
            remedy = f"Name a post whose role is {' or '.join(sorted(LEADING_ROLES))}."
            faults.append(Fault("duty_pools.csv", record.row, "post", post, problem, remedy))
    _judge_pools(sheets, duty, faults)
    _judge_backups(sheets.duty_pools, faults)
    _judge_flood_classes(sheets, duty, faults)
    _judge_sizes(duty, faults)
    for name, spans in (
        ("work days", [span for span in duty.spans if span.on_work_days]),
        ("rest days", [span for span in duty.spans if span.on_rest_days]),
    ):
        _judge_overlaps(name, spans, faults)


def _judge_pools(sheets: Sheets, duty: DutyRules, faults: list[Fault]) -> None:
    """Every row names a place there is, and every place has somebody to stand in it."""
    places = [place.code for place in duty.places]
    for record in sheets.duty_pools:
        if record.value.place not in places:
            problem = f"duty.yaml has no place {quoted(record.value.place)}."
            remedy = f"Name one of {', '.join(places)}, or add the place to duty.yaml."
            faults.append(Fault("duty_pools.csv", record.row, "place", record.value.place, problem, remedy))
    if sheets.rows.get("duty_pools.csv", ()) is None:
        return  # A file that cannot be read says nothing of who is in it.
    for place in duty.places:
        if not place.pool:
            problem = f"nobody may stand in the place {quoted(place.code)}: every shift would have a gap."
            remedy = f"Add rows for it, such as {place.code},POST."
            faults.append(Fault("duty_pools.csv", None, "place", place.code, problem, remedy))


def _judge_backups(pools: tuple[Record[PoolRow], ...], faults: list[Fault]) -> None:
    """An A/B pair is fixed: the B post is in the same pool, stands in for one A post only, and has no B post itself."""
    members = {(record.value.place, record.value.post) for record in pools}
    paired = {(record.value.place, record.value.post) for record in pools if record.value.backup}
    seen: dict[tuple[str, str], str] = {}
    for record in pools:
        row = record.value
        if not row.backup:
            continue
        pair, remedy = (row.place, row.backup), "Name another B post, or leave the cell empty."
        if pair not in members:
            problem = f"{quoted(row.backup)} backs up {row.post} in the place {row.place} and may not stand in it."
            remedy = f"Add the row {row.place},{row.backup}."
        elif row.backup == row.post:
            problem = f"{quoted(row.post)} backs up itself."
        elif pair in paired:
            problem = f"{quoted(row.backup)} backs up {row.post} and has a B post itself: nobody knows who comes first."
        elif pair in seen:
            problem = f"{quoted(row.backup)} backs up {seen[pair]} already."
        else:
            seen[pair] = row.post
            continue
        faults.append(Fault("duty_pools.csv", record.row, "backup", row.backup, problem, remedy))


def _judge_sizes(duty: DutyRules, faults: list[Fault]) -> None:
    """A pool too small for its shifts and their rest has gaps on every day of the season."""
    daily = [span for span in duty.spans if span.on_work_days and span.on_rest_days]
    taken = sum(
        (span.length + (duty.rest_after if span.length >= _ONE_DAY else duty.rest_between) for span in daily),
        timedelta(),
    )
    needed = max(-(-taken // _ONE_DAY), 2 if any(span.night for span in daily) else 0)
    for place in duty.places:
        if place.pool and len(place.pool) < needed:
            problem = (
                f"{len(place.pool)} in the pool of {quoted(place.code)}, but shifts and rest of a day take {needed}."
            )
            remedy = f"Add people to it; else a roster has gaps there every {'second ' if needed == 2 else ''}day."
            faults.append(Fault("duty_pools.csv", None, "place", place.code, problem, remedy, Severity.WARNING))


def _judge_flood_classes(sheets: Sheets, duty: DutyRules, faults: list[Fault]) -> None:
    """A class nobody reports would silently leave its cases out of every handover."""
    known = sheets.codes.get("catalogue.csv")
    for code in duty.flood_classes:
        if known is not None and code not in known:
            remedy = "Name subclasses of catalogue.csv, or take it out."
            faults.append(
                Fault(FILE, None, "flood_classes", code, f"catalogue.csv has no class {quoted(code)}.", remedy)
            )


def _judge_overlaps(days: str, spans: list[ShiftSpan], faults: list[Fault]) -> None:
    """Two shifts at once would each have a handover of their own; hours without one are a city's own wish."""
    for one, following in zip(spans, [*spans[1:], *spans[:1]], strict=False):
        begins = following.start_minute + (_DAY if following.start_minute <= one.start_minute else 0)
        if one.start_minute + one.length.total_seconds() / 60 > begins:
            problem = f"on {days} a shift begins before the one before it ends."
            faults.append(Fault(FILE, None, "pattern", "", problem, "Shorten it, or begin the next one later."))
    if not spans:
        problem, remedy = f"on {days} there is no shift at all.", "Leave it so only where nobody is on duty then."
        faults.append(Fault(FILE, None, "pattern", "", problem, remedy, Severity.WARNING))
