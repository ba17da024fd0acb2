"""A bulletin before it is a file: head, sections of paragraphs, tables and pictures, and its end.

The same parts become Word, PDF and page; only the workbook is laid out on its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from models.evaluation_result import EvaluationResult
from tasks.bulletin_facts import Facts, facts_of
from tasks.bulletin_look import Look
from tasks.bulletin_pictures import class_pictures, month_pictures, on_time_pictures, ranking_pictures
from tasks.bulletin_svg import Picture
from tasks.bulletin_tables import (
    Table,
    apart_table,
    area_table,
    backlog_tables,
    definition_tables,
    key_table,
    moved_table,
    ranking_table,
)
from tasks.bulletin_text import BulletinText
from tasks.day_seal import DaySeal
from tasks.wording import clean, day_words
from tasks.words import Language, word

Part = str | Table | Picture

SHORT = 15
"""Up to so many rows a table stays where it is spoken of: a small city needs no page for two units."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its heading, or an annex; a text is a paragraph."""

    code: str
    title: str
    parts: tuple[Part, ...]
    label: str = ""
    """Of an annex, such as 附件1."""


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Everything a bulletin says, in the order in which it says it."""

    language: Language
    city: str
    red_head: str
    number: str
    version: str
    title: str
    addressed: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]
    """What stands behind the signature; nothing where all tables stand in the sections."""
    annex_list: tuple[str, ...]
    """A line for each annex, above the signature."""
    issuer: str
    date: str
    proof: str
    sealed: str
    """The seal of the day in short, for the foot of each page; empty where none is known."""
    dated: datetime
    """When the month was counted: the only moment in the file."""

    def all(self) -> tuple[Section, ...]:
        """Sections and annexes, in order."""
        return (*self.sections, *self.annexes)

    def tables(self) -> list[Table]:
        """All tables, in order."""
        return [part for section in self.all() for part in section.parts if isinstance(part, Table)]

    def pictures(self) -> list[Picture]:
        """All pictures, in order."""
        return [part for section in self.all() for part in section.parts if isinstance(part, Picture)]

    def said(self) -> str:
        """Every text in it."""
        texts = [self.red_head, self.number, self.version, self.title, self.addressed, *self.lead, self.issuer]
        texts += self.annex_list
        for section in self.all():
            texts += [section.label, section.title]
            for part in section.parts:
                texts += part.texts() if isinstance(part, Table) else [part if isinstance(part, str) else part.title]
        return "\n".join([*texts, self.date, self.proof, self.sealed])


def compose(
    result: EvaluationResult,
    previous: Sequence[EvaluationResult],
    look: Look,
    *,
    issuer: str | None = None,
    number: str | None = None,
    seal: DaySeal | None = None,
) -> Bulletin:
    """The bulletin of a month in the language and width of a look."""
    language = look.language
    facts = facts_of(result, previous, language)
    text = BulletinText(facts)
    parts = [(code, inside) for code, inside in _sections(_Source(result, previous, facts, text, look)) if inside]
    annexes = _annexes(parts, language) if look.annexed else ()
    numbers = {annex.code: number for number, annex in enumerate(annexes, 1)}
    sections = [
        Section(
            code,
            word("bulletin_heading", f"number_{number}", language) + _heading(code, language),
            _without_annexed(code, inside, numbers, language),
        )
        for number, (code, inside) in enumerate(parts, 1)
    ]
    numbered = with_numbers([*sections, *annexes], language)
    city, year, month = clean(result.city_name), facts.year, facts.month
    filled = {"city": city, "year": year, "month": month, "version": result.version}

    def headed(code: str) -> str:
        return word("bulletin", code, language).format(**filled)

    return Bulletin(
        language=language,
        city=city,
        **{code: headed(code) for code in ("red_head", "version", "title", "addressed")},
        number=clean(number).replace("{year}", f"{year}").replace("{month}", f"{month}")
        if number
        else headed("number"),
        lead=text.paragraphs("lead"),
        sections=numbered[: len(sections)],
        annexes=numbered[len(sections) :],
        annex_list=_annex_list(annexes, language),
        issuer=clean(issuer) if issuer else headed("issuer"),
        date=_date(result.counted_at.date(), language),
        proof=_proof(result, language) + (_sealed(seal, "proof_seal", language) if seal else ""),
        sealed=_sealed(seal, "sealed", language) if seal else "",
        dated=result.counted_at,
    )


def digest_of(result: EvaluationResult) -> str:
    """The digest by which a reader sees that a bulletin says just what was frozen."""
    return sha256(result.written()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Source:
    """What the sections are made of."""

    result: EvaluationResult
    previous: Sequence[EvaluationResult]
    facts: Facts
    text: BulletinText
    look: Look


def _sections(source: _Source) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Every section in order; one without parts is left out."""
    result, facts, text, look = source.result, source.facts, source.text, source.look
    language, say = look.language, look.say
    key = key_table(tuple(facts.key.values()), result, language, say)
    yield "overview", (*text.paragraphs("overview"), key, *month_pictures(look, result, source.previous))
    yield "ranking", (*text.paragraphs("ranking"), *_groups(source))
    yield "on_time", (*text.paragraphs("on_time"), *on_time_pictures(look, result))
    lists: tuple[Part, ...] = (*text.paragraphs("backlog"), *backlog_tables(result, language, say))
    yield "backlog", lists if result.scheme.backlog else ()
    about: tuple[Part, ...] = (*class_pictures(look, result), *area_table(result, language, say))
    yield "classes", (*text.paragraphs("classes"), *about)
    yield "appeals", (*text.paragraphs("appeals"), *apart_table(result, language, say))
    if result.version > 1:
        yield "versions", (*text.paragraphs("versions"), *moved_table(facts, result, language, say))
    yield "definitions", (*text.paragraphs("definitions"), *definition_tables(result, language, say))


def _groups(source: _Source) -> Iterator[Part]:
    look, result = source.look, source.result
    for group, told in zip(result.groups, source.facts.groups, strict=True):
        yield from source.text.of_group(told)
        yield from ranking_pictures(look, result, group)
        if group.units:
            yield ranking_table(group, result, look.language, look.say)


_ANNEX_OF = {
    "ranking": "results",
    "on_time": "on_time",
    "backlog": "backlog",
    "classes": "tables",
    "appeals": "tables",
    "definitions": "definitions",
}
"""Where the long parts of a section stand on paper: all tables, and the picture of every unit on time."""


def _length(part: Part) -> float:
    """About how many rows a part is long."""
    if isinstance(part, Table):
        return len(part.rows)
    return part.height / 25 if isinstance(part, Picture) else 0


def _is_annexed(code: str, part: Part) -> bool:
    return code in _ANNEX_OF and (isinstance(part, Table) or (code == "on_time" and isinstance(part, Picture)))


def _annexes(sections: Sequence[tuple[str, tuple[Part, ...]]], language: Language) -> tuple[Section, ...]:
    found: dict[str, list[Part]] = {}
    for code, inside in sections:
        if moved := [part for part in inside if _is_annexed(code, part)]:
            found.setdefault(_ANNEX_OF[code], []).extend(moved)
    long = {code: parts for code, parts in found.items() if sum(map(_length, parts)) > SHORT}
    return tuple(
        Section(
            code,
            word("bulletin_annex", code, language),
            tuple(parts),
            word("bulletin", "annex", language).format(number=number),
        )
        for number, (code, parts) in enumerate(long.items(), 1)
    )


def _without_annexed(
    code: str, parts: tuple[Part, ...], numbers: Mapping[str, int], language: Language
) -> tuple[Part, ...]:
    """What stays, its last sentence followed by where the rest is to be found."""
    kept = [part for part in parts if not (_ANNEX_OF.get(code) in numbers and _is_annexed(code, part))]
    last = max((at for at, part in enumerate(kept) if isinstance(part, str)), default=None)
    if len(kept) < len(parts) and last is not None:
        kept[last] = f"{kept[last]}{word('bulletin', 'see_annex', language).format(number=numbers[_ANNEX_OF[code]])}"
    return tuple(kept)


def _annex_list(annexes: Sequence[Section], language: Language) -> tuple[str, ...]:
    return tuple(
        word("bulletin", "annex_first" if number == 1 else "annex_next", language).format(
            number=number, title=annex.title
        )
        for number, annex in enumerate(annexes, 1)
    )


def with_numbers(sections: Sequence[Section], language: Language) -> tuple[Section, ...]:
    """Tables and pictures with their numbers, each counted on its own."""
    tables = pictures = 0
    found = []
    for section in sections:
        parts: list[Part] = []
        for part in section.parts:
            if isinstance(part, Table):
                tables += 1
                title = word("bulletin", "table", language).format(number=tables, title=part.title)
                parts.append(replace(part, title=title))
            elif isinstance(part, Picture):
                pictures += 1
                title = word("bulletin", "caption", language).format(number=pictures, title=part.title)
                parts.append(replace(part, title=title))
            else:
                parts.append(part)
        found.append(replace(section, parts=tuple(parts)))
    return tuple(found)


def _heading(code: str, language: Language) -> str:
    return word("bulletin_heading", code, language)


def _date(day: date, language: Language) -> str:
    return word("bulletin", "date", language).format(year=day.year, month=day.month, day=day.day)


def _sealed(seal: DaySeal, code: str, language: Language) -> str:
    said = {"day": day_words(seal.day, language), "iso": f"{seal.day}", "short": seal.short, "digest": seal.digest}
    return word("bulletin", code, language).format(**said)


def _proof(result: EvaluationResult, language: Language) -> str:
    return word("bulletin", "proof", language).format(
        digest=digest_of(result), facts=clean(result.facts)[:16], edition=clean(result.edition)[:16]
    )
