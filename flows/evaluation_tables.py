"""The figures of an evaluation as tables of a run; under one key each, so that months line up as versions."""

from collections.abc import Sequence

from flows import evaluation_wording as wording
from flows.telling import show_page, show_table
from tasks.bulletin_store import Mended, StoredDocument
from tasks.evaluation_notices import shown_score
from tasks.evaluations import StoredVersion

RANKING_KEY, FIGURES_KEY = "evaluation-ranking", "evaluation-figures"
DOCUMENTS_KEY, PROGRESS_KEY, MENDED_KEY = "evaluation-bulletin", "evaluation-progress", "evaluation-bulletin-lost"


async def show_versions(versions: Sequence[StoredVersion]) -> None:
    """The ranking and the key figures of each version."""
    for version in versions:
        said = f"{version.month} · {version.version} · {version.digest}"
        await show_table(RANKING_KEY, _ranking(version), f"{wording.RANKING_TABLE} · {said}")
        await show_table(FIGURES_KEY, [_figures(version)], f"{wording.FIGURES_TABLE} · {said}")


async def show_documents(documents: Sequence[StoredDocument], where: str) -> None:
    """The documents of one version with their digests, under one key for all months."""
    if documents:
        one = documents[0]
        rows = [(document.kind, document.size, document.sha256) for document in documents]
        said = wording.documents_page(one.month, one.version, where, rows)
        await show_page(DOCUMENTS_KEY, said, f"{wording.DOCUMENTS_TABLE} · {one.month} · {one.version}")


async def show_mended(mended: Sequence[Mended]) -> None:
    """What became of each lost document."""
    rows = [
        {wording.MONTH: each.month, wording.VERSION: each.version, wording.KIND: kind, wording.BECAME: became}
        for each in mended
        for kinds, became in ((each.back, wording.PUT_BACK), (each.different, wording.DIFFERENT))
        for kind in kinds
    ]
    await show_table(MENDED_KEY, rows, wording.MENDED_TABLE)


def _ranking(version: StoredVersion) -> list[dict[str, object]]:
    result = version.result
    grades = {grade.code: grade.title.zh for grade in result.scheme.grades}
    return [
        {
            wording.GROUP: group.title.zh,
            wording.RANK: unit.rank,
            wording.UNIT: unit.name,
            wording.SCORE: shown_score(result, unit.score),
            wording.GRADE: grades.get(unit.grade or ""),
            wording.DUE: unit.scoring["due_to_close"],
            wording.ON_TIME: unit.scoring["closed_on_time"],
            wording.OVERDUE: unit.scoring["overdue_open"],
        }
        for group in result.groups
        for unit in group.units
    ]


def _figures(version: StoredVersion) -> dict[str, object]:
    scoring = version.result.scoring
    return {
        wording.MONTH: version.month,
        wording.VERSION: version.version,
        wording.WHY: version.why,
        wording.DUE: scoring["due_to_close"],
        wording.CLOSED: scoring["closed"],
        wording.ON_TIME: scoring["closed_on_time"],
        wording.OVERDUE: scoring["overdue_open"],
        wording.UNTIL: version.window_until.isoformat(),
    }
