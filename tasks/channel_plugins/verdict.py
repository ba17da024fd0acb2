"""From an answer to an outcome: the status, the channel's own code inside, and how long it asks to wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tasks.channel_outcomes import GARBAGE, HANDED_OVER, HTTP_ERROR, REFUSED, TOO_FAST, Sent
from tasks.channel_plugins.exchange import Answer

LONGEST_CODE = 999_999_999
"""Real codes have up to eight digits; eleven would be a telephone number."""

LONGEST_WAIT_SECONDS = 86_400.0


def judge(answer: Answer, code: str | None, accepted: bool, wait_seconds: Mapping[str, float]) -> Sent:
    """What an answer means, given the code that its body holds.

    Example: status 200 and code "310000" -> Sent(False, "refused_by_channel 310000").
    Units: wait_seconds a code that asks to slow down, and for how long by the channel's documents.
    """
    if answer.status == 429:
        return Sent(False, f"{TOO_FAST} 429", retry_after(answer))
    if code is not None and code in wait_seconds:
        return Sent(False, f"{TOO_FAST} {code}", retry_after(answer) or wait_seconds[code])
    if code is not None and not accepted:
        return Sent(False, f"{REFUSED} {code}".strip())
    return judge_status(answer) if code is not None or not _is_ok(answer) else Sent(False, GARBAGE)


def judge_status(answer: Answer) -> Sent:
    """What an answer means whose body says nothing."""
    if answer.status == 429:
        return Sent(False, f"{TOO_FAST} 429", retry_after(answer))
    return Sent(True, HANDED_OVER) if _is_ok(answer) else Sent(False, f"{HTTP_ERROR} {answer.status}")


def number_code(value: object) -> str | None:
    """A code that is a number; None for anything else, so that nothing but a code gets into an outcome."""
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LONGEST_CODE:
        return None
    return str(value)


def retry_after(answer: Answer) -> float | None:
    """The seconds an answer asks to wait, a day at most.

    Example: "Retry-After: 7" -> 7.0; a date -> the seconds until then.
    Source: RFC 9110; x-ogw-ratelimit-reset is Feishu's own (its page on rate limits).
    """
    asked = answer.headers.get("Retry-After") or answer.headers.get("x-ogw-ratelimit-reset") or ""
    try:
        seconds = float(asked) if asked.isascii() and asked.isdigit() else _until(asked)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds()


def _is_ok(answer: Answer) -> bool:
    return 200 <= answer.status < 300
