"""A small, complete city to test with: three units, every role, four areas, six conditions, all requests enabled.

Nothing here is real. A test that needs another city changes one document (`changed`) and builds it anew.
"""

from collections.abc import Mapping
from pathlib import Path

from models.city import City
from tasks.directory import city_from_documents

SMALL_CITY: Mapping[str, str] = {
    "city.yaml": """\
name: 小城市
english_name: Small City
code: "410184"
zone: Asia/Shanghai
catalogue_edition: small-1
case_number_pattern: "{kind}{major}{minor}{date}{serial:04d}"
receipt_pattern: "R{date}{serial:06d}"
work_hours: [["08:00", "12:00"], ["14:00", "18:00"]]
hours_per_work_day: 8
placeholders: [Everything in this city is made up for tests.]
""",
    "units.csv": """\
code,name,kind,parent,group,liaison,head,supervising_leader,valid_from,valid_until,aliases,placeholder
centre,城市运行中心,centre,,centre,centre-liaison,centre-head,leader,,,指挥中心,
lihe,梨河镇,township,centre,township,lihe-liaison,lihe-head,leader,,,梨河;梨河镇人民政府,
water,供水公司,utility,,utility,water-liaison,water-head,leader,2019-01-01,,自来水公司,yes
""",
    "posts.csv": """\
code,name,unit,role,area,deputy,valid_from,valid_until
acceptor-a,受理员甲,centre,acceptor,,acceptor-b,,
acceptor-b,受理员乙,centre,acceptor,,,,
shift-leader,值班长甲,centre,shift_leader,,,,
dispatcher,派遣员甲,centre,dispatcher,,,,
evaluator,考核员甲,centre,evaluator,,,,
leader,分管领导甲,centre,leader,,,,
admin,管理员甲,centre,admin,,,,
auditor,审计员甲,centre,auditor,,,,
inspector-a,信息采集员甲,centre,inspector,410184101,inspector-b,,
inspector-b,信息采集员乙,centre,inspector,410184101,,,
centre-liaison,运行中心值班员甲,centre,unit_liaison,,,,
centre-head,运行中心负责人,centre,unit_head,,,,
lihe-liaison,梨河镇值班员甲,lihe,unit_liaison,,lihe-head,,
lihe-head,梨河镇负责人,lihe,unit_head,,,,
lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,
water-liaison,供水公司值班员甲,water,unit_liaison,,,,
water-head,供水公司负责人,water,unit_head,,,,
""",
    "contact_points.csv": """\
post,order,channel,address
acceptor-a,1,demo,demo
acceptor-b,1,demo,demo
shift-leader,1,demo,demo
dispatcher,1,demo,demo
evaluator,1,demo,demo
leader,1,demo,demo
admin,1,demo,demo
auditor,1,demo,demo
inspector-a,1,demo,demo
inspector-b,1,demo,demo
centre-liaison,1,demo,demo
centre-head,1,demo,demo
lihe-liaison,1,dingtalk,env:ZHIHUI_TEST_DINGTALK
lihe-liaison,2,demo,demo
lihe-head,1,demo,demo
lihe-crew,1,demo,demo
water-liaison,1,demo,demo
water-head,1,demo,demo
""",
    "seats.csv": """\
role,post,from,to
acceptor,acceptor-a,08:00,20:00
acceptor,acceptor-b,20:00,08:00
shift_leader,shift-leader,00:00,24:00
dispatcher,dispatcher,00:00,24:00
""",
    "areas.csv": """\
code,name,unit,placeholder
410184,小城市,centre,
410184101,梨河镇,lihe,
410184101001,梨河村,,yes
410184101001001,梨河村一格,,yes
""",
    "inspectors.csv": """\
area,post,from,to
410184101001001,inspector-a,08:00,20:00
410184,inspector-b,00:00,24:00
""",
    "catalogue.csv": """\
code,kind,major,minor,condition_no,condition,closing_condition,limit,follow_up_limit,placeholder
C0101,C,公用设施,上水井盖,1,井盖缺失或破损，危及行人车辆,已围护并恢复原状,2 urgent_hour,5 work_day,
C0101,C,公用设施,上水井盖,2,井盖松动或有异响,井盖稳固,4 work_hour,,
E0101,E,市容环境,暴露垃圾,1,一处垃圾，不足一立方米,垃圾已清除,4 work_hour,,
E0101,E,市容环境,暴露垃圾,2,一处垃圾，一立方米以上,垃圾已清除,1 work_day,,
E0110,E,市容环境,油烟污染,1,油烟直排,已停止直排,3 work_day,,
E0201,E,宣传广告,违章张贴,1,违章张贴的广告,已清除,1 natural_day,,yes
""",
    "responsibility.csv": """\
classes,area,unit
*,*,territory
C01*,*,water
E0110,410184101,lihe
""",
    "approvals.csv": """\
kind,step,role
extension,1,dispatcher
suspension,1,dispatcher
suspension,2,shift_leader
promise,1,dispatcher
void,1,shift_leader
hand_back,1,dispatcher
correction,1,shift_leader
appeal,1,dispatcher
appeal,2,acceptor
""",
    "calendar.csv": """\
date,working,name
""",
    "policy.yaml": """\
default_limit: 4 work_hour
automation:
  - code: inspector_straight_through
    takes: [accept, file, dispatch, order_check, close]
    sources: [inspector]
    complete_only: yes
requests:
  extension:
    enabled: yes
    asked_by: [specialized_department, unit_liaison, unit_head]
    most_granted: 2
    decide_within: 1 work_day
  suspension:
    enabled: yes
    asked_by: [specialized_department, unit_liaison, unit_head]
    most_granted: 1
  promise:
    enabled: yes
    asked_by: [unit_liaison, unit_head]
  void:
    enabled: yes
    asked_by: [acceptor, dispatcher]
  hand_back:
    enabled: yes
    asked_by: [specialized_department, unit_liaison, unit_head]
  correction:
    enabled: yes
    asked_by: [acceptor, dispatcher, unit_liaison]
  appeal:
    enabled: yes
    asked_by: [unit_liaison, unit_head]
    most_granted: 1
step_limits:
  accept: 15 minute
  verify: 30 minute
  file: 15 minute
  dispatch: 15 minute
  check: 30 minute
  close: 15 minute
similar:
  within_metres: 50
  within_hours: 24
  join_by: [component_code, camera, source_chain]
verified_sources: [inspector]
most_hand_backs: 3
hand_back_by_approval: no
most_reopenings: 2
objection_days: 15
suspension_most_days: 365
promise_sets_deadline: no
checking_time_counts: no
seat_alarm_share: 2
brake:
  share: 0.2
  at_least: 20
calendar_warning_days: 60
""",
    "ladder.yaml": """\
rungs:
  - {code: reminder, notice: reminder, to: [liaison], priority: routine, share: 0.8}
  - {code: overdue, notice: overdue, to: [liaison, head], priority: urgent, share: 1}
  - code: supervision
    notice: supervision
    to: [head, supervising_leader]
    priority: urgent
    after: 1 work_day
    follows: overdue
    or_one_limit: yes
    supervises: yes
  - {code: bulletin, notice: on_bulletin, to: [head], after: 3 work_day, follows: supervision, bulletin: yes}
""",
    "leave.csv": """\
post,from,to
""",
    "messages.yaml": """\
channels:
  json: {window: 0 minute, bundle: 1}
  email: {window: 0 minute, bundle: 1}
undelivered_to: [shift_leader, admin]
""",
    "sources.csv": """\
code,name,english_name,trusted,note
inspector,信息采集员,inspector,yes,
video,视频巡查,video patrol,,
hotline_12345,12345热线,hotline 12345,,
citizen,市民,citizen,,
""",
}


def a_small_city(documents: Mapping[str, str] = SMALL_CITY) -> City:
    """The small city, or one of the same files with some of them changed."""
    return city_from_documents(documents)


def changed(file: str, old: str, new: str, documents: Mapping[str, str] = SMALL_CITY) -> dict[str, str]:
    """The documents with a text of one file replaced once; the text must be there, or the test tests nothing."""
    if old not in documents[file]:
        raise ValueError(f"{file} of the small city holds no {old!r}. Name a text that it holds.")
    return {**documents, file: documents[file].replace(old, new, 1)}


def write_small_city(folder: Path, documents: Mapping[str, str] = SMALL_CITY) -> Path:
    """Write the documents as the files of a city directory and give back its folder."""
    for name, text in documents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return folder
