"""Messages as lines for people, Chinese words for all codes."""

from collections.abc import Iterator
from datetime import datetime

from deployments.city_at_hand import now
from models.city import City
from models.notice import NoticeState
from tasks.notice_list import AttemptListed, HistoryListed, NoticeListed, NoticeShown
from tasks.wording import moment_words
from tasks.words import word


def line(notice: NoticeListed, city: City) -> str:
    """Example: 17  已发送  5月6日（周一）08:02  新任务  E0110201905060001  → 梨河镇值班员甲."""
    to = post_name(city, notice.recipient) if notice.recipient else word("role", "public", "zh")
    parts = (
        str(notice.id),
        word("notice_state", notice.state, "zh"),
        moment(notice.created_at, city),
        word("notice", notice.kind, "zh"),
        notice.case or "",
        f"→ {to}",
        _waits(notice, city),
    )
    return "  ".join(filter(None, parts))


def story(shown: NoticeShown, city: City) -> Iterator[str]:
    """One message: what was said, every attempt, who acknowledged it, what else befell it."""
    yield line(shown.notice, city)
    yield ""
    yield shown.text or word("notice_state", NoticeState.WAITING, "zh")
    yield ""
    for attempt in shown.attempts:
        yield _attempt_line(attempt, shown.notice, city)
    yield from _acknowledgement(shown, city)
    for happened in shown.history:
        yield _history_line(happened, city)
    if shown.origin_id is not None:
        yield f"针对消息 {shown.origin_id} about message {shown.origin_id}"
    if shown.told_of:
        yield f"相关催办消息 told of by: {', '.join(map(str, shown.told_of))}"


def moment(at: datetime, city: City) -> str:
    """A moment in the city's zone."""
    return moment_words(at, "zh", city.zone, now())


def post_name(city: City, code: str) -> str:
    """A post by its name; a rule or a post that has gone by its code."""
    post = city.posts.get(code)
    return post.name if post else code


def outcome_words(outcome: str) -> str:
    """What became of a send: words for the code, and its detail."""
    code, _, detail = outcome.partition(" ")
    return word("outcome", code or "under_way", "zh") + (f" {detail}" if detail else "")


def _waits(notice: NoticeListed, city: City) -> str:
    if notice.state != NoticeState.WAITING or notice.not_before is None or notice.waits_for is None:
        return ""
    return f"（{word('waits_for', notice.waits_for, 'zh')}，不早于{moment(notice.not_before, city)}）"


def _attempt_line(attempt: AttemptListed, notice: NoticeListed, city: City) -> str:
    parts = [
        f"{attempt.contact_order}. {word('channel', attempt.channel, 'zh')}",
        moment(attempt.started_at, city),
        outcome_words(attempt.outcome),
        f"第{attempt.series + 1}轮" if attempt.series else "",
        f"合并发送 {attempt.bundle_id[:8]}" if attempt.bundle_id else "",
        f"由{post_name(city, attempt.recipient)}代收"
        if attempt.recipient and attempt.recipient != notice.recipient
        else "",
        f"flow run {attempt.flow_run_id}" if attempt.flow_run_id else "",
    ]
    return "  ".join(filter(None, parts))


def _acknowledgement(shown: NoticeShown, city: City) -> Iterator[str]:
    if shown.acknowledged_at is not None and shown.acknowledged_by is not None:
        how = word("acknowledged_how", shown.acknowledged_how, "zh")
        yield f"{post_name(city, shown.acknowledged_by)} {moment(shown.acknowledged_at, city)} 已确认（{how}）"
    elif shown.requires_ack and shown.acknowledge_by is not None:
        yield f"须在{moment(shown.acknowledge_by, city)}前确认，尚未确认 not acknowledged yet"


def _history_line(happened: HistoryListed, city: City) -> str:
    what = word("notice_event", happened.what, "zh")
    reason = word("climbs_to", happened.reason, "zh") if happened.what == "climbed" else happened.reason
    return "  ".join(filter(None, (moment(happened.at, city), what, post_name(city, happened.by), reason)))
