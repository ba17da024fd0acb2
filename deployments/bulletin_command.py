"""`zhihui bulletin`: the documents of a month's evaluation, from the database or from a result in a file."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from models.evaluation_result import EvaluationResult, read_result

REFUSED = 1


class Spoken(StrEnum):
    """The language of the documents."""

    ZH = "zh"
    EN = "en"


def bulletin(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-08.")],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for the files; made where missing.")],
    from_file: Annotated[
        Path | None,
        typer.Option("--from", exists=True, dir_okay=False, help="A result in canonical JSON; no database is read."),
    ] = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option("--previous", exists=True, dir_okay=False, help="Results of earlier months, for the trend."),
    ] = None,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Default: the newest.")] = None,
    language: Annotated[Spoken, typer.Option("--language", help="Chinese or English.")] = Spoken.ZH,
    issuer: Annotated[
        str | None, typer.Option("--issuer", help="The institution that signs; default: as evaluation.yaml says.")
    ] = None,
    number: Annotated[
        str | None, typer.Option("--number", help="Number of the document; default: as evaluation.yaml says.")
    ] = None,
) -> None:
    """Write the bulletin of a month: DOCX, XLSX, HTML and PDF, all from one stored version of its evaluation.

    Example: zhihui bulletin 2026-08 --out bulletins

    Example: zhihui bulletin 2026-08 --from 2026-08.json --previous 2026-07.json --out bulletins

    The same version gives the same bytes. Nothing is published by this: publish-evaluation does that.

    Exit code 0: written; 1: refused, because the month was never evaluated or a file holds no result; 2: wrong usage.
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise typer.BadParameter(f"“{month}”不是月份，请写成 2026-08。{month!r} is no month.")
    if from_file is None:
        documents = _stored(month, version, language, issuer, number)
    else:
        documents = _from_files(month, from_file, previous or [], language, issuer, number)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in documents.items():
        (out / name).write_bytes(content)
        typer.echo(out / name)


def _from_files(
    month: str, path: Path, previous: list[Path], language: Spoken, issuer: str | None, number: str | None
) -> Mapping[str, bytes]:
    from tasks.bulletin import bulletin as documents_of

    result = _read(path)
    if result.month != month:
        _refuse(f"{path.name} 是 {result.month} 的结果，不是 {month}。It is the result of {result.month}.")
    return documents_of(result, [_read(each) for each in previous], language.value, issuer=issuer, number=number)


def _stored(
    month: str, version: int | None, language: Spoken, issuer: str | None, number: str | None
) -> Mapping[str, bytes]:
    from deployments.city_at_hand import city_to_read
    from tasks.bulletin import bulletin as documents_of
    from tasks.bulletin_cases import stored_source

    with city_to_read() as (city, connection):
        source, rules = stored_source(connection, city, month, version), city.evaluation
    if source is None:
        wanted = f"第{version}版" if version else ""
        _refuse(f"{month} {wanted}尚未考评，请先运行 zhihui evaluate。There is no such evaluation yet.")
    result = source.version.result
    return documents_of(
        result,
        source.previous,
        language.value,
        cases=source.cases,
        issuer=issuer or rules.issuer,
        number=number or rules.document_number,
        seal=source.seal,
    )


def _read(path: Path) -> EvaluationResult:
    try:
        return read_result(path.read_bytes())
    except (ValueError, OSError, AttributeError) as error:
        _refuse(f"{path.name} 不是考评结果。It holds no result of an evaluation: {str(error)[:300]}")


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(REFUSED)
