"""What a visit finds on its machine: settings and the city's database, opened once a process."""

import asyncio
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Engine

from models.city import City
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.database import open_database, reading
from tasks.refusals import render_refusal
from tasks.settings import Settings, read_settings
from tasks.words import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The settings of this machine and its database."""

    settings: Settings
    engine: Engine

    def city(self) -> City:
        """The edition of the city in force now."""
        with reading(self.engine) as connection:
            return current_city(connection)


@cache
def surroundings() -> Surroundings:
    """This machine's settings and database; whoever deploys migrates, a visit never does."""
    settings = read_settings()
    return Surroundings(settings, open_database(settings.database_url, migrate=False))


async def post_names() -> dict[str, str]:
    """The posts of the city by code, for tables that people read."""
    city = await asyncio.to_thread(lambda: surroundings().city())
    return {code: post.name for code, post in city.posts.items()}


async def explain(refusal: Refusal) -> str:
    """Why something may not be done and what may, Chinese first, English second."""
    city = await asyncio.to_thread(lambda: surroundings().city())
    return "\n".join(render_refusal(refusal.code, refusal.facts, language, city) for language in LANGUAGES)
