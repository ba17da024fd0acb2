"""messages.yaml and leave.csv: what they mean, and what is said where they mean nothing."""

from datetime import timedelta

import pytest

from models.message_rules import ChannelRule, MessageRules, SilenceRung
from models.notice import NoticeKind, Priority
from models.vocabulary import Role
from tests.cities import SMALL_CITY, a_small_city
from tests.models.directory.judging import texts_of_faults


def rules(content: str) -> MessageRules:
    return a_small_city({**SMALL_CITY, "messages.yaml": content}).messages


def test_everything_a_city_may_say_is_read() -> None:
    said = rules("""\
priorities:
  routine: {expires: 2 days, acknowledge: never}
kinds:
  reminder: {expires: 90 minute}
quiet_hours: {from: "21:30", to: "06:00", priorities: [routine, urgent], on_duty: [inspector], not_on: [demo, json]}
bundling: {window: 5 minute, most: 7}
channels:
  dingtalk: {per_minute: 10}
  sms: {window: 0 minute, at_once: 3}
undelivered_to: [admin]
silence:
  urgent: [{after: 0 minute, to: again}, {after: 30 second, to: shift_leader}]
units:
  lihe: {urgent: [{after: 1 minute, to: head}]}
""")
    assert said.expires_after("task", Priority.ROUTINE) == timedelta(days=2)
    assert said.acknowledge_within("task", Priority.ROUTINE) is None
    assert said.expires_after("task", Priority.URGENT) == timedelta(days=1)
    assert said.expires_after(NoticeKind.REMINDER, Priority.URGENT) == timedelta(minutes=90)
    assert said.quiet is not None
    assert (said.quiet.start_minute, said.quiet.end_minute) == (21 * 60 + 30, 6 * 60)
    assert said.quiet.priorities == {Priority.ROUTINE, Priority.URGENT}
    assert (said.quiet.on_duty, said.quiet.not_on) == (frozenset({Role.INSPECTOR}), frozenset({"demo", "json"}))
    assert (said.window_of("dingtalk"), said.bundle_of("dingtalk")) == (timedelta(minutes=5), 7)
    assert said.channel("dingtalk") == ChannelRule(per_minute=10, urgent_reserve=5)
    assert said.channel("sms") == ChannelRule(bundle=1, window=timedelta(0), at_once=3)
    assert said.channel("feishu").per_minute == 100
    assert said.undelivered_to == (Role.ADMIN,)
    assert said.rungs(Priority.URGENT, "water")[1] == SilenceRung(timedelta(seconds=30), "shift_leader")
    assert said.rungs(Priority.URGENT, "lihe") == (SilenceRung(timedelta(minutes=1), "head"),)


def test_quiet_hours_can_be_switched_off() -> None:
    assert rules("quiet_hours: never\n").quiet is None


def test_a_city_without_the_file_has_the_usual_rules() -> None:
    city = a_small_city({name: text for name, text in SMALL_CITY.items() if name != "messages.yaml"})
    assert city.messages.quiet == MessageRules().quiet
    assert city.messages.channel("dingtalk").per_minute == 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("bundling: {window: soon}\n", 'line 1, key bundling.window: "soon" is no length of time: a whole number'),
        ("priorities: {routine: {expires: 0 minute}}\n", "key priorities.routine.expires: 0 is no time to wait."),
        ("kinds: {telegram: {expires: 1 day}}\n", 'key kinds.telegram: there is no key "telegram" here.'),
        ('quiet_hours: {from: "22:00", to: "22:00"}\n', "the quiet hours end when they begin."),
        ("channels: {dingtalk: {per_minute: 4}}\n", "a reserve of 5 leaves nothing of 4 a minute to routine messages."),
        ("silence: {urgent: [{after: 5 minute, to: mayor}]}\n", '"mayor" is no recipient of a rung.'),
        (
            "silence: {urgent: [{after: 5 minute, to: head}, {after: 1 minute, to: admin}]}\n",
            "key silence.urgent: a rung comes before the one above it.",
        ),
        ("units: {nowhere: {urgent: []}}\n", 'there is no key "nowhere" here.'),
        (
            "undelivered_to: [specialized_department, evaluator, leader]\nsilence: {routine: [{after: 1 day}]}\n",
            "the key is missing.",
        ),
    ],
)
def test_what_means_nothing_is_said_with_its_place(content: str, said: str) -> None:
    (fault,) = texts_of_faults({**SMALL_CITY, "messages.yaml": content})
    assert fault.startswith("messages.yaml line")
    assert said in fault


def test_a_role_that_nobody_holds_cannot_be_told() -> None:
    posts = SMALL_CITY["posts.csv"].replace("evaluator,考核员甲,centre,evaluator,,,,\n", "")
    contacts = SMALL_CITY["contact_points.csv"].replace("evaluator,1,demo,demo\n", "")
    documents = {**SMALL_CITY, "posts.csv": posts, "contact_points.csv": contacts}
    assert texts_of_faults({**documents, "messages.yaml": "undelivered_to: [evaluator]\n"}) == [
        'messages.yaml, key undelivered_to: no post has the role "evaluator". Add such a post to posts.csv, or name '
        "another role."
    ]


def test_leave_that_ends_before_it_begins_is_a_fault() -> None:
    leave = "post,from,to\nlihe-liaison,2019-05-06,2019-05-05\n"
    (fault,) = texts_of_faults({**SMALL_CITY, "leave.csv": leave})
    assert fault.startswith("leave.csv row 2, column to: the last day 2019-05-05 lies before the first day 2019-05-06.")


def test_posts_that_one_channel_alone_reaches_are_one_warning_for_all() -> None:
    contacts = SMALL_CITY["contact_points.csv"].replace("lihe-liaison,2,demo,demo\n", "")
    contacts = contacts.replace("lihe-head,1,demo,demo", "lihe-head,1,sms,env:SMS")
    assert texts_of_faults({**SMALL_CITY, "contact_points.csv": contacts}) == [
        "warning: contact_points.csv, column channel: 2 of 17 posts are reached by one channel only: "
        "lihe-head, lihe-liaison. Add a row with another channel for each, such as sms; "
        "where the one fails, nobody could tell them."
    ]
