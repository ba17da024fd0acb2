"""What `zhihui replay` says to people: Chinese first, English second."""

from collections.abc import Iterator

from models.city import City
from models.replay import Tally
from tasks.replay import Replayed
from tasks.what_if import Compared, UnitFigures


def progress() -> str:
    """Beside the bar."""
    return "回放 replay"


def no_moment(text: str) -> str:
    """`--until` that cannot be read."""
    return f'“{text}”不是日期或时刻，请写成 2011-12-31 或 2011-12-31T18:00。"{text}" is no day or moment.'


def no_folder(text: str) -> str:
    """`--cases-out` into a folder that does not exist."""
    return f"文件夹 {text} 不存在，请先新建。The folder {text} does not exist; make it first."


def not_written(text: str, why: str) -> str:
    """The file of cases could not be written."""
    return f"无法写入 {text}：{why}。{text} cannot be written."


def what_to_play() -> str:
    """Neither a file with its source nor a month, or both."""
    return "请给出文件和 --source，或用 --month 回放一个月。Give a file with its --source, or a --month, not both."


def no_month(text: str) -> str:
    """`--month` that is none."""
    return f"“{text}”不是月份，请写成 2026-08。{text!r} is no month."


UNITS_SHOWN = 30
"""Units whose figures are shown, those that change most; --json has all."""


def side_by_side(compared: Compared, city: City) -> Iterator[str]:
    """Both replays, and what is otherwise."""
    before, after = compared.before.tally, compared.after.tally
    yield f"设想改变的文件：{'、'.join(compared.replaced)} · supposed otherwise"
    yield f"{'':<24}{'现行 now':>12}{'设想 supposed':>14}{'相差':>10}"
    for name, now, then in (
        ("案件 cases", before.cases, after.cases),
        ("结案 closed", before.closed, after.closed),
        ("按期 on time", before.on_time, after.on_time),
        ("超期 late", before.overdue, after.overdue),
        ("自动合并 joined by rule", before.merged, after.merged),
        ("消息 notices", before.notices, after.notices),
    ):
        yield f"{name:<24}{now:>14,}{then:>16,}{then - now:>+12,}"
    yield f"{'按期率 on-time rate':<24}{_rate(before):>14}{_rate(after):>16}"
    counted = compared.counted()
    yield (
        f"另有单位 {counted['unit']} 件，另有期限 {counted['due_at']} 件，按期与否改变 {counted['on_time']} 件 · "
        "cases with another unit, deadline, verdict"
    )
    ranked = sorted(compared.units.items(), key=lambda each: (-_moved(*each[1]), each[0]))
    shown = [each for each in ranked if _moved(*each[1])][:UNITS_SHOWN]
    if shown:
        yield "单位：案件、按期、超期（现行 → 设想） · units: cases, on time, late"
    for code, (one, other) in shown:
        unit = city.units.get(code)
        pairs = ((one.cases, other.cases), (one.on_time, other.on_time), (one.overdue, other.overdue))
        yield f"  {unit.name if unit else code}：" + "，".join(f"{a:,} → {b:,}" for a, b in pairs)
    yield from _said(compared.after)


def _moved(one: UnitFigures, other: UnitFigures) -> int:
    return abs(one.cases - other.cases) + abs(one.on_time - other.on_time) + abs(one.overdue - other.overdue)


def _rate(tally: Tally) -> str:
    return f"{100 * tally.on_time / tally.closed:.2f}%" if tally.closed else "–"


def summary(done: Replayed) -> Iterator[str]:
    """The counts, and what in them was played."""
    file, tally = done.file, done.tally
    yield (
        f"来件 {file.rows}：接收 {len(file.reports)}，重复 {file.duplicates}，拒收 {file.refused.total()} · "
        f"reports: taken, duplicates, refused"
    )
    if file.later:
        yield f"截止时刻之后的来件 {file.later}，未回放 · opened after the end, left out"
    yield from (f"  拒收原因 {code}：{rows} · refused" for code, rows in sorted(file.refused.items()))
    yield f"案件 {tally.cases}：结案 {tally.closed}，按期 {tally.on_time}，超期 {tally.overdue} · closed, on time, late"
    for month, (on_time, overdue) in sorted(tally.by_month.items()):
        rate = 100 * on_time / (on_time + overdue)
        yield f"  {month}（上报月份）：结案 {on_time + overdue}，按期率 {rate:.2f}% · closed, on time"
    yield f"疑似重复 {tally.similar}，自动合并 {tally.merged} · reports with similar ones, joined by rule"
    yield f"状态变化 {tally.transitions}，事件 {tally.events}，消息 {tally.notices} · transitions, events, notices"
    yield f"用时 {done.seconds:.1f} 秒，每秒 {done.transitions_per_second:,.0f} 次状态变化 · transitions a second"
    yield f"截止 {done.until.isoformat() if done.until else '-'} · until"
    yield from _said(done)


def _said(done: Replayed) -> Iterator[str]:
    if done.deadlines == "source":
        yield "时限：来源自带的时限；没有的按本市立案条件 · deadlines: the source's own, else the city's"
    else:
        yield "时限：本市立案条件与工作日历；两段时限只计第一段 · deadlines: the city's; of two limits the first"
    yield (
        "坐席由规则 replay 扮演，单位与采集员的操作标记为 played；处置时刻取来源的结案时刻 · "
        "seats played by the rule replay, units and inspectors marked as played; handled at the source's closing time"
    )
    if done.drawn:
        yield (
            "来源没有结案时刻：按其按期/超期标志抽取，只能验证流程，不能证明效率 · "
            "closing times drawn to agree with the source's flags: they prove the plumbing only"
        )
    for source_id, reason in done.tally.stuck:
        yield f"无法推进 {source_id}：{reason} · could not be worked out"
