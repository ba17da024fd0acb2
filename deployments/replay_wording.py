"""What `zhihui replay` says to people: Chinese first, English second."""

from collections.abc import Iterator

from tasks.replay import Replayed


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
