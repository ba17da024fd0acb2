"""`make bench`: what the parts cost here, as ratios in one run. Never a test: machines differ, ratios hold.

Example: python -m tests.benchmarks deadlines transitions
"""

import sys

from tests.benchmarks import (
    analysis,
    calls,
    deadlines,
    deliveries,
    evaluation,
    pages,
    runs,
    stored_cases,
    taps,
    transitions,
    warning_latency,
    water,
)

BENCHES = {
    "deliveries": deliveries.run,
    "deadlines": deadlines.run,
    "transitions": transitions.run,
    "stored_cases": stored_cases.run,
    "runs": runs.run,
    "pages": pages.run,
    "taps": taps.run,
    "evaluation": evaluation.run,
    "analysis": analysis.run,
    "calls": calls.run,
    "warning_latency": warning_latency.run,
    "water": water.run,
}


def main(wanted: list[str]) -> int:
    """Runs the named benches, or all, and prints one table each."""
    unknown = set(wanted) - set(BENCHES)
    if unknown:
        print(f"No bench called {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    for name in wanted or BENCHES:
        print(f"\n{name}")
        for line in BENCHES[name]():
            print("  " + line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
