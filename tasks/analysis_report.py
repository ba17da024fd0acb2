"""The report of an analysis: a page for the run, and the files that are handed on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from models.city import City
from models.period_analysis import Analysis
from tasks.analysis_document import compose_analysis, shown
from tasks.analysis_lines import Line
from tasks.analysis_workbook import analysis_workbook
from tasks.bulletin_document import Part
from tasks.bulletin_look import on_screen
from tasks.bulletin_page import LIST_OF_CASES, bulletin_page
from tasks.bulletin_tables import Table
from tasks.words import Language, word

FOLDER = "analyses"
"""Below the state folder: where runs put the files."""


def analysis_files(analysis: Analysis, city: City, language: Language = "zh") -> Mapping[str, bytes]:
    """The files by name: a page that needs nothing else, a workbook, the canonical JSON. Same analysis, same bytes.

    Example: analysis_files(week, city)["analysis-2026-08-24-2026-08-30.zh.html"]
    """
    report, name = compose_analysis(analysis, city, on_screen(language)), file_name(analysis)
    return {
        f"{name}.{language}.html": bulletin_page(report),
        f"{name}.{language}.xlsx": analysis_workbook(report, analysis, city),
        f"{name}.json": analysis.written(),
    }


def file_name(analysis: Analysis) -> str:
    """What its files are called, without language and kind."""
    span = analysis.span
    return "-".join(["analysis", str(span.first), str(span.last), *(part for part in (span.area, span.unit) if part)])


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Writes the files, each whole or not at all; what an earlier run left under the same name is replaced.

    Raises: OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        path, unfinished = folder / name, folder / f".{name}.new"
        unfinished.write_bytes(content)
        unfinished.replace(path)
        paths.append(path)
    return paths


def files_line(paths: Sequence[Path], language: Language = "zh") -> str:
    """Where the files lie; the folder by its name alone, below the state folder."""
    names = word("bulletin", "separator", language).join(path.name for path in paths)
    return word("analysis", "files", language).format(names=names, folder=f"{FOLDER}/")


def headed(line: Line, language: Language = "zh") -> dict[str, object]:
    """A line as a row of a run's table: heads in Chinese and English, values as people read them."""
    return {
        f"{word('analysis_column', column, 'zh')} {word('analysis_column', column, 'en')}": (
            value if isinstance(value, int) else shown(column, value, language)
        )
        for column, value in line.items()
    }


def report_page(analysis: Analysis, city: City, language: Language = "zh") -> str:
    """The analysis as Markdown: what was found in sentences, then the tables, without the lists of cases."""
    report = compose_analysis(analysis, city, on_screen(language))
    said = [f"# {report.title}", f"{report.number}　{report.version}　{report.date}", *report.lead]
    for section in report.sections:
        inside = [text for part in section.parts if (text := _written(part))]
        if inside:
            said += [f"## {section.title}", *inside]
    return "\n\n".join([*said, report.proof]) + "\n"


def _written(part: Part) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Table) or part.name.startswith(LIST_OF_CASES):
        return ""
    rows = [part.heads, tuple("---" for _ in part.heads), *part.rows]
    return "\n".join([f"**{part.title}**", "", *(f"| {' | '.join(map(_cell, row))} |" for row in rows)])


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
