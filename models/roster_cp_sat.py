"""The optional solver of rosters: OR-Tools CP-SAT, which proves that nothing better exists where the plain one guesses.

Installed by the extra `roster` (pip install "zhihui[roster]") and imported only when asked for.
"""

from collections.abc import Mapping
from typing import Any

from models.duty_shifts import Measure
from models.roster_draft import Draft
from models.roster_problem import RosterProblem
from models.roster_proposal import Roster, improve, propose_plainly

DETERMINISTIC_SECONDS = 5.0
"""Work, not time: the same problem gives the same roster on a slow machine too. About as many seconds here."""

_GAP, _OUT_OF_TURN, _UNEVEN = 100_000, 2_000, 20

Variables = Mapping[tuple[int, int, str], Any]
"""Whether somebody (post) stands in a place of a shift."""


class SolverMissing(Exception):
    """The optional solver is asked for and not installed."""

    def __str__(self) -> str:
        return (
            "The solver cp_sat needs OR-Tools, which is not installed here. "
            'Install it (pip install "zhihui[roster]"), or use the solver plain.'
        )


def propose_by_cp_sat(problem: RosterProblem, seed: int = 0) -> Roster:
    """A roster within all rules with the fewest gaps there can be, then as even as its time allows.

    It starts from what the plain solver found, so it is never worse; single counts are smoothed by the same exchanges.
    Raises: SolverMissing.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise SolverMissing from error
    start = propose_plainly(problem, seed)
    if _is_perfect(problem, start):
        return start
    model = cp_model.CpModel()
    stands = _variables(model, problem)
    costs = [*_one_each(model, problem, stands), *_uneven(model, problem, stands)]
    _forbid_clashes(model, problem, stands)
    model.minimize(sum(weight * variable for weight, variable in costs))
    for (shift, place, post), variable in stands.items():
        model.add_hint(variable, start[shift][place] == post)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.num_search_workers = 1
    solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return start
    return _smoothed(problem, _read(problem, stands, solver), seed)


def _is_perfect(problem: RosterProblem, roster: Roster) -> bool:
    """Whether nothing can be better: no gap, nobody out of turn, no count uneven. Then there is nothing to prove."""
    draft = Draft(problem)
    draft.fill_from(roster)
    out_of_turn = any(choice and choice.out_of_turn for row in draft.chosen for choice in row)
    return not out_of_turn and not draft.gaps() and draft.spread_is_even()


def _variables(model: Any, problem: RosterProblem) -> Variables:
    return {
        (shift, place, post): model.new_bool_var("")
        for shift in range(len(problem.shifts))
        for place, filled in enumerate(problem.places)
        for post in filled.posts
        if shift not in problem.hindered[post]
    }


def _one_each(model: Any, problem: RosterProblem, stands: Variables) -> list[tuple[int, Any]]:
    """One person or a gap in each place of each shift; a B post whose A post is there is a last resort."""
    costs = []
    for shift in range(len(problem.shifts)):
        for place, filled in enumerate(problem.places):
            gap = model.new_bool_var("")
            here = [stands[shift, place, post] for post in filled.posts if (shift, place, post) in stands]
            model.add_exactly_one([*here, gap])
            costs.append((_GAP, gap))
            costs += [
                (_OUT_OF_TURN, stands[shift, place, account.backup])
                for account in filled.accounts
                if account.backup and (shift, place, account.backup) in stands
                if shift not in problem.hindered[account.post]
            ]
    return costs


def _forbid_clashes(model: Any, problem: RosterProblem, stands: Variables) -> None:
    """Never one person in two places of a shift, nor in two shifts too near to each other."""
    mine: dict[tuple[int, str], list[Any]] = {}
    for (shift, _, post), variable in stands.items():
        mine.setdefault((shift, post), []).append(variable)
    for (shift, post), here in mine.items():
        near = [mine[other, post] for other in problem.clashes[shift] if other > shift and (other, post) in mine]
        for there in near:
            model.add_at_most_one([*here, *there])
        if not near and len(here) > 1:
            model.add_at_most_one(here)


def _uneven(model: Any, problem: RosterProblem, stands: Variables) -> list[tuple[int, Any]]:
    """How much more than one the counts of a place differ, for each measure."""
    costs = []
    for place, filled in enumerate(problem.places):
        for position, _ in enumerate(Measure):
            counted = []
            for account in filled.accounts:
                mine = [
                    stands[shift, place, post]
                    for shift, planned in enumerate(problem.shifts)
                    if planned.tally[position]
                    for post in account.members
                    if (shift, place, post) in stands
                ]
                counted.append(problem.carried_by(filled.code, account)[position] + sum(mine))
            costs += [(_UNEVEN, one) for one in _beyond_one(model, counted, len(problem.shifts))]
    return costs


def _beyond_one(model: Any, counted: list[Any], shifts: int) -> list[Any]:
    if len(counted) < 2:
        return []
    far = 10 * shifts + 1_000
    least, most = model.new_int_var(-far, far, ""), model.new_int_var(-far, far, "")
    beyond = model.new_int_var(0, 2 * far, "")
    for count in counted:
        model.add(least <= count)
        model.add(count <= most)
    model.add(beyond >= most - least - 1)
    return [beyond]


def _read(problem: RosterProblem, stands: Variables, solver: Any) -> Roster:
    roster: Roster = [[None] * len(problem.places) for _ in problem.shifts]
    for (shift, place, post), variable in stands.items():
        if solver.boolean_value(variable):
            roster[shift][place] = post
    return roster


def _smoothed(problem: RosterProblem, roster: Roster, seed: int) -> Roster:
    """The same roster with duties spread over time; an exchange is made only where no count gets worse by it."""
    draft = Draft(problem)
    draft.fill_from(roster)
    improve(draft, seed)
    return draft.posts()
