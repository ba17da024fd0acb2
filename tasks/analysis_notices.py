"""Who is told that the analysis of a week is there: rows of the outbox, each once."""

from datetime import datetime

from sqlalchemy import Connection

from models.city import City
from models.notice import NoticeKind
from models.period_analysis import Analysis
from tasks.analysis_document import lead_of
from tasks.bulletin_look import on_screen
from tasks.subject_notices import SubjectNotice, write_subject_notices


def tell_analysis(connection: Connection, city: City, analysis: Analysis, now: datetime) -> int:
    """A routine notice to every post of the roles that the city's rules name; says how many were new.

    It opens no page: the report lies beside the run and in the state folder. A week analysed again is not told again.
    """
    span, day = analysis.span, now.astimezone(city.zone).date()
    facts = {
        "first_day": span.first.isoformat(),
        "last_day": span.last.isoformat(),
        "findings": {"zh": lead_of(analysis, city, on_screen("zh")), "en": lead_of(analysis, city, on_screen("en"))},
    }
    posts = [post for role in city.analysis.told_to for post in city.posts_of(role, on=day)]
    drafts = [
        SubjectNotice(
            NoticeKind.ANALYSIS_READY, post.code, "", f"analysis_ready:{span.first}:{span.last}:{post.code}", facts
        )
        for post in posts
    ]
    return write_subject_notices(connection, drafts, now)
