"""Made-up results of a month: a realistic one of Xinzheng with sixty units, and any that could be for properties."""

import calendar
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from models.evaluation_counts import CountName
from models.evaluation_result import (
    BacklogCase,
    Before,
    EvaluationResult,
    GradeTold,
    GroupResult,
    RatioTold,
    SchemeTold,
    Titled,
    UnitResult,
)
from models.ranking import ranks
from tasks.bulletin_cases import CaseBehind
from tasks.evaluations import month_before

ZONE = ZoneInfo("Asia/Shanghai")
MONTH = "2026-08"

TOWNS = (
    *("新建路街道办事处", "新华路街道办事处", "新烟街道办事处", "和庄镇", "薛店镇", "梨河镇", "观音寺镇", "辛店镇"),
    *("城关乡", "新村镇", "孟庄镇", "龙湖镇", "郭店镇", "具茨山国家级森林公园管理委员会", "八千街道办事处"),
    *("新港产业园管理委员会", "中德产业园管理委员会", "华南城商贸园区管理委员会"),
)
DEPARTMENTS = (
    *("城市管理局", "住房和城乡建设局", "交通运输局", "公安局交通管理大队", "自然资源和规划局", "生态环境局"),
    *("水利局", "市场监督管理局", "园林绿化中心", "环境卫生服务中心", "市政设施维护中心", "城市照明管理所"),
    *("商务局", "文化广电旅游体育局", "教育局", "卫生健康委员会", "应急管理局", "民政局", "农业农村局"),
    *("房屋征收与保障中心", "黄帝故里景区管理委员会", "数字城管监督指挥中心", "城市防汛排涝服务中心", "停车管理中心"),
)
ENTERPRISES = (
    *("自来水公司", "燃气有限公司", "热力有限公司", "供电公司", "移动新郑分公司", "联通新郑分公司", "电信新郑分公司"),
    *("铁塔新郑办事处", "广电网络新郑分公司", "公交公司", "污水处理厂", "垃圾焚烧发电有限公司", "共享单车企业联合体"),
    *(
        "城市建设投资集团有限公司下属市政工程建设管理分公司",
        "物业服务企业协会",
        "邮政分公司",
        "加油站联合体",
        "充电桩运营公司",
    ),
)
CLASSES = ("市容环境", "宣传广告", "施工管理", "街面秩序", "突发事件", "公用设施", "道路交通", "市政设施", "园林绿化")
SMALL = ("暴露垃圾", "井盖破损", "路面塌陷", "占道经营", "绿地脏乱", "路灯不亮", "非法小广告", "道路积水")
GRADES = (
    ("excellent", "优秀", 90, "green"),
    ("good", "良好", 85, "blue"),
    ("pass", "合格", 60, "yellow"),
    ("fail", "不合格", 0, "red"),
)
GROUPS = (
    ("townships", "乡镇街道（管委会）", "townships, subdistricts and committees"),
    ("departments", "职能部门", "departments"),
    ("enterprises", "公用企业", "enterprises"),
)
_RATIOS = (
    ("on_time_closure_rate", "按期结案率", "closed on time", "closed_on_time / due_to_close"),
    ("closure_rate", "结案率", "closed", "closed / due_to_close"),
    ("rework_rate", "返工率", "reworked", "reworked / due_to_close"),
    ("extension_rate", "延期率", "extended", "extended / due_to_close"),
)


def scheme(*, best: int = 5, worst: int = 5, proposal: bool = True, complete: bool = True) -> SchemeTold:
    """The shipped scheme of Xinzheng, as a result tells it."""
    return SchemeTold(
        name="xinzheng",
        title=Titled(zh="新郑市数字化城市管理月度考评（建议方案）", en="Xinzheng monthly evaluation (proposal)"),
        source="our proposal (?)",
        proposal=proposal,
        complete=complete,
        valid_from=None,
        digits=2,
        ratios=tuple(
            RatioTold(code=code, title=Titled(zh=zh, en=en), formula=formula, source="Zhengzhou weekly report (B)")
            for code, zh, en, formula in _RATIOS
        ),
        grades=tuple(
            GradeTold(code=code, title=Titled(zh=zh, en=code), lowest=Decimal(lowest), colour=colour)
            for code, zh, lowest, colour in GRADES
        ),
        best=best,
        worst=worst,
        figures=("due_to_close", "closure_rate", "on_time_closure_rate"),
        backlog=True,
    )


def counts(due: int, closed: int, on_time: int, **others: int) -> dict[str, int]:
    """All counts, those not named 0."""
    found = {name.value: 0 for name in CountName}
    return found | {
        "due_to_close": due,
        "closed": closed,
        "closed_on_time": on_time,
        "closed_late": closed - on_time,
        "overdue_open": due - closed,
        "reported": due + due // 9,
        "accepted": due + due // 20,
        "filed": due,
        **others,
    }


def a_unit(
    code: str, name: str, group: str | None, made: Mapping[str, int], *, last_month: Before | None = None
) -> UnitResult:
    """A unit scored as the shipped scheme scores it; without a case due it has no score."""
    due = made["due_to_close"]
    ratios = {
        ratio: None if due == 0 else _fraction(made[top], due)
        for ratio, top in (
            ("on_time_closure_rate", "closed_on_time"),
            ("closure_rate", "closed"),
            ("rework_rate", "reworked"),
            ("extension_rate", "extended"),
        )
    }
    score = grade = None
    if due and group:
        exact = (
            60 * Decimal(made["closed_on_time"])
            + 25 * Decimal(made["closed"])
            + 10 * Decimal(due - made["reworked"])
            + 5 * Decimal(due - made["extended"])
        ) / Decimal(due)
        score = max(Decimal(0), exact.quantize(Decimal("1e-10"), ROUND_HALF_UP))
        grade = next(code for code, _, lowest, _ in GRADES if score >= lowest)
    why = None if score is not None else "too_few" if group else "no_group"
    return UnitResult(
        unit=code,
        name=name,
        group=group,
        scoring=made,
        workload=made,
        ratios=ratios,
        score=score,
        why_none=why,
        grade=grade,
        last_month=last_month,
    )


def _fraction(top: int, of: int) -> Decimal:
    return (Decimal(top) / Decimal(of)).quantize(Decimal("1e-10"), ROUND_HALF_UP)


def ranked(code: str, zh: str, en: str, units: Iterable[UnitResult]) -> GroupResult:
    """A group in the order of its ranks, as the scoring makes it."""
    members = list(units)
    places = ranks({unit.unit: unit.score for unit in members})
    found = [unit.model_copy(update={"rank": places[unit.unit]}) for unit in members]
    found.sort(key=lambda unit: (unit.rank is None, unit.rank or 0, unit.unit))
    return GroupResult(code=code, title=Titled(zh=zh, en=en), units=tuple(found))


def a_result(
    groups: Sequence[GroupResult], month: str = MONTH, *, backlog: Sequence[BacklogCase] = (), **others: object
) -> EvaluationResult:
    """A result whose totals are the sums of its units."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZONE)
    days = calendar.monthrange(start.year, start.month)[1]
    units = [unit for group in groups for unit in group.units]
    total = {name.value: sum(unit.scoring[name.value] for unit in units) for name in CountName}
    told: dict[str, object] = {
        "city": "xinzheng",
        "city_name": "新郑市",
        "month": month,
        "version": 1,
        "why": "first",
        "period_start": start,
        "period_end": start + timedelta(days=days),
        "counted_at": start + timedelta(days=days, hours=2),
        "open": False,
        "edition": "7d3f" * 16,
        "facts": "a15b" * 16,
        "scheme": scheme(),
        "scoring": total,
        "workload": total,
        "groups": tuple(groups),
        "backlog": tuple(backlog),
    }
    return EvaluationResult.model_validate(told | others)


def xinzheng(month: str = MONTH, *, before: EvaluationResult | None = None, **others: object) -> EvaluationResult:
    """Sixty units in three groups with ties, one without a case, an overdue backlog, and a month of days."""
    chance = random.Random(f"xinzheng {month}")
    earlier = {unit.unit: unit for unit in before.units()} if before else {}
    groups = []
    for (code, zh, en), names in zip(GROUPS, (TOWNS, DEPARTMENTS, ENTERPRISES), strict=True):
        units = []
        for number, name in enumerate(names, 1):
            unit = f"{code[0]}{number:02d}"
            made = _volume(chance, empty=name == "民政局")
            units.append(a_unit(unit, name, code, made, last_month=_then(earlier.get(unit), before)))
        if code == "enterprises":
            units[3] = a_unit("e04", "供电公司", code, units[2].scoring, last_month=units[3].last_month)
        groups.append(ranked(code, zh, en, units))
    found = a_result(groups, month, backlog=_backlog(chance, groups, month), **others)
    day = found.period_start
    by_day = {}
    while day < found.period_end:
        weekend = day.weekday() >= 5
        load = 180 if weekend else 420
        filed = int(load * chance.uniform(0.8, 1.2))
        by_day[f"{day:%Y-%m-%d}"] = {
            "reported": int(filed * 1.1),
            "filed": filed,
            "closed": int(load * chance.uniform(0.7, 1.2)),
        }
        day += timedelta(days=1)
    return found.model_copy(
        update={
            "by_day": by_day,
            "by_class": _shared(chance, found.scoring, CLASSES),
            "by_area": _shared(chance, found.scoring, TOWNS[:15]),
            "by_source": _shared(chance, found.scoring, ("inspector", "hotline", "public", "video")),
            "system_score": Decimal("93.4187250000"),
            "appeals": {"granted": 3, "refused": 5, "lapsed": 1},
            "last_month": _whole(before),
        }
    )


def xinzheng_year(months: int = 12) -> tuple[EvaluationResult, list[EvaluationResult]]:
    """The month, and those before it, the newest last."""
    earlier: list[EvaluationResult] = []
    for back in range(months - 1, 0, -1):
        earlier.append(xinzheng(month_before(MONTH, back), before=earlier[-1] if earlier else None))
    return xinzheng(before=earlier[-1] if earlier else None), earlier


def cases_of(result: EvaluationResult, most: int = 40) -> tuple[CaseBehind, ...]:
    """Some cases behind the units' numbers."""
    chance = random.Random("cases")
    found = []
    for unit in result.units():
        for number in range(min(unit.scoring["due_to_close"], most)):
            due = result.period_start + timedelta(hours=chance.randrange(24 * 28))
            late = chance.random() < 0.08
            ended = due + timedelta(hours=5) if late else due - timedelta(hours=7)
            found.append(
                CaseBehind(
                    unit=unit.unit,
                    number=f"XZ{result.month.replace('-', '')}{number:05d}",
                    class_name=chance.choice(SMALL),
                    area=chance.choice(TOWNS),
                    due_at=due,
                    handled_at=ended,
                    ended_at=ended + timedelta(hours=3),
                    on_time=not late,
                    state="closed",
                )
            )
    return tuple(found)


def _volume(chance: random.Random, *, empty: bool) -> dict[str, int]:
    due = 0 if empty else int(chance.lognormvariate(4.6, 1.0)) + 1
    closed = due - int(due * chance.betavariate(1, 18))
    on_time = closed - int(closed * chance.betavariate(1.2, 9))
    reworked, extended = int(due * chance.betavariate(1, 60)), int(due * chance.betavariate(1, 40))
    return counts(due, closed, on_time, reworked=reworked, extended=extended, exempt=chance.randrange(3))


def _then(unit: UnitResult | None, before: EvaluationResult | None) -> Before | None:
    if unit is None or before is None:
        return None
    return Before(month=before.month, score=unit.score, rank=unit.rank, counts=unit.scoring)


def _whole(before: EvaluationResult | None) -> Before | None:
    if before is None:
        return None
    return Before(month=before.month, score=before.system_score, rank=None, counts=before.scoring)


def _backlog(chance: random.Random, groups: Sequence[GroupResult], month: str) -> list[BacklogCase]:
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZONE)
    found = []
    for group in groups:
        for unit in group.units:
            for number in range(min(unit.scoring["overdue_open"], 6)):
                found.append(
                    BacklogCase(
                        number=f"XZ{month.replace('-', '')}{unit.unit.upper()}{number:03d}",
                        unit=unit.unit,
                        class_code="0101",
                        class_name=chance.choice(SMALL),
                        area=chance.choice(TOWNS),
                        due_at=start + timedelta(hours=chance.randrange(24 * 28), minutes=chance.randrange(60)),
                    )
                )
    return sorted(found, key=lambda case: (case.unit, case.due_at))


def _shared(chance: random.Random, total: Mapping[str, int], names: Sequence[str]) -> dict[str, dict[str, int]]:
    weights = {name: chance.random() ** 2 + 0.02 for name in names}
    whole = sum(weights.values())
    found = {}
    for name, weight in weights.items():
        due = int(total["due_to_close"] * weight / whole)
        closed = due - int(due * chance.uniform(0.01, 0.08))
        found[name] = {
            "reported": due,
            "filed": due,
            "due_to_close": due,
            "closed": closed,
            "closed_on_time": closed - int(closed * chance.uniform(0.02, 0.12)),
            "overdue_open": due - closed,
        }
    return found


NAMES = st.text(alphabet="新郑市城关乡镇街道办事处公司局中心（）=+-@&<>\"'{}#$*_\\ABab12", min_size=1, max_size=40)


@st.composite
def made_up_counts(draw: st.DrawFn) -> dict[str, int]:
    """Counts of a unit that agree with each other."""
    due = draw(st.sampled_from([0, 1, 2, 10, 99_999]))
    closed = draw(st.integers(0, due))
    on_time = draw(st.integers(0, closed))
    return counts(due, closed, on_time, reworked=draw(st.integers(0, due)), extended=draw(st.integers(0, due)))


@st.composite
def made_up_results(draw: st.DrawFn) -> EvaluationResult:
    """Any result: no group or three, no unit or sixty, ties, no scores, names of any length and with any sign."""
    groups = []
    for code, zh, en in GROUPS[: draw(st.integers(0, 3))]:
        many = draw(st.sampled_from([0, 1, 2, 7, 60]))
        made = draw(st.lists(made_up_counts(), min_size=1, max_size=4))
        names = draw(st.lists(NAMES, min_size=1, max_size=4))
        before = draw(
            st.none() | st.just(Before(month="2026-07", score=Decimal("88.8"), rank=2, counts=counts(9, 8, 7)))
        )
        units = [
            a_unit(f"{code[0]}{n:02d}", names[n % len(names)], code, made[n % len(made)], last_month=before)
            for n in range(many)
        ]
        groups.append(ranked(code, zh, en, units))
    backlog = [
        BacklogCase(
            number=draw(NAMES),
            unit=unit.unit,
            class_code=None,
            class_name=unit.name,
            area=None,
            due_at=datetime(2026, 7, 31, 12, tzinfo=ZONE),
        )
        for group in groups
        for unit in group.units[:2]
    ]
    shown = draw(st.sampled_from([0, 1, 5]))
    return a_result(
        groups,
        backlog=backlog,
        scheme=scheme(best=shown, worst=shown, proposal=draw(st.booleans()), complete=draw(st.booleans())),
        version=draw(st.integers(1, 3)),
        why=draw(st.sampled_from(["first", "appeal", "更正=1"])),
        open=draw(st.booleans()),
        appeals=draw(st.sampled_from([{}, {"open": 2}, {"granted": 1, "refused": 2, "lapsed": 3}])),
        by_class=draw(st.sampled_from([{}, {"市容环境": {"due_to_close": 3, "closed": 2, "closed_on_time": 1}}])),
        by_day=draw(st.sampled_from([{}, {"2026-08-01": {"reported": 0, "filed": 0, "closed": 0}}])),
        system_score=draw(st.none() | st.just(Decimal("93.4"))),
    )
