"""What officials read in the Prefect UI about consultations, responses and reports: run names, steps, the form."""

from collections.abc import Mapping, Sequence

from flows.wording import joined
from models.city import City
from models.flood_rules import ResponseLevel
from tasks.consultations import Consulted
from tasks.report_sweep import Moved
from tasks.response_notices import area_name, named, names_of
from tasks.response_rows import ConsultationTold, DecisionTold
from tasks.wording import moment_words
from tasks.words import word

FLOOD_RESPONSE = "会商研判"
FLOOD_WATCH = "汛情巡查"

DECIDE = "写入决定 write the decision"
LOOK = "查看预警、会商、报送时限 look at warnings, consultations, deadlines"
RUNS = "发起和收回会商表单 start and settle the forms"

NO_CONSULTATION = "没有会商 {number}"
DECIDED_STATE = "Decided 已决定"
LAPSED_STATE = "Lapsed 自行终止"


def asks(told: ConsultationTold, city: City) -> str:
    """The name of a run that waits for a decision.

    Example: "HS20210720-001 梨河镇防汛 建议Ⅲ级 · 待研判".
    """
    return f"{_matter(told, city)} 建议{word('response_suggested', told.suggested.name, 'zh')} · 待研判"


def decided(told: ConsultationTold, decision: DecisionTold, city: City) -> str:
    """The name of a run whose consultation was decided, wherever that was.

    Example: "HS20210720-001 梨河镇防汛 启动Ⅲ级响应 · 分管领导甲签发".
    """
    verdict = "kept" if decision.kept else decision.level.name
    return (
        f"{_matter(told, city)} {word('response_verdict', verdict, 'zh')} · {named(city.posts, decision.signed_by)}签发"
    )


def lapsed(told: ConsultationTold, city: City) -> str:
    """The name of a run whose consultation ended by itself."""
    return f"{_matter(told, city)} · {word('consultation_state', 'lapsed', 'zh')}"


def how_decided(decision: DecisionTold, city: City) -> str:
    """Where and when it was decided, for the state of the run."""
    at = moment_words(decision.at, "zh", city.zone, decision.at)
    return f"{at}由{named(city.posts, decision.by)}登记（{decision.origin}）。依据：{decision.basis}"


def question(told: ConsultationTold, own: str, signers: Sequence[str], refusals: Sequence[str], city: City) -> str:
    """What stands above the form, in Markdown: warnings, suggestion, who may sign, and why the last try was refused."""
    lines = [f"### {word('response_hazard', told.hazard, 'zh')}会商 {told.number} · {area_name(city, told.area)}"]
    lines += [f"**未办理 Refused:** {refusal}" for refusal in refusals]
    lines += [
        f"- 建议级别 suggested: **{word('response_suggested', told.suggested.name, 'zh')}**",
        f"- 现行级别 in force: {word('response_level', own, 'zh')}",
        f"- 预警 warnings: {'、'.join(told.warnings) or '—'}",
        f"- 请于 decide before: {moment_words(told.decide_by, 'zh', city.zone, told.opened_at)}",
        "- 可以签发的岗位 may sign:",
        *(f"  - {line}" for line in signers),
    ]
    if told.human_decides:
        lines.append("- 该预警不自动对应级别，由会商决定。This warning stands for no level by itself; people decide.")
    if told.basis:
        lines.append(f"- 发起缘由 called because: {told.basis}")
    lines.append("\n第一份有效决定即生效；席位上也可以决定。The first valid decision counts, here or at the desk.")
    return "\n".join(lines)


def basis(told: ConsultationTold) -> str:
    """What the form proposes as the basis."""
    return told.basis or "、".join(f"预警 {number}" for number in told.warnings)


def signers_lines(signers: Mapping[ResponseLevel, Sequence[str]], city: City) -> list[str]:
    """Who may sign which level, levels with the same people together. Example: "Ⅱ级、Ⅰ级：分管领导甲 leader"."""
    levels_of: dict[tuple[str, ...], list[str]] = {}
    for level, posts in signers.items():
        levels_of.setdefault(tuple(posts), []).append(word("response_suggested", level.name, "zh"))
    return [f"{'、'.join(levels)}：{_people(posts, city)}" for posts, levels in levels_of.items()]


def _people(posts: Sequence[str], city: City) -> str:
    return "、".join(f"{name} {code}" for name, code in zip(names_of(city.posts, posts), posts, strict=True)) or "—"


def watched(consulted: Consulted, reminded: int, moved: Moved) -> str:
    """The name of a visit of the watch.

    Example: one opened, two called for, one late: "发起会商 1 · 催报 2 · 迟报 1".
    """
    return joined(
        [
            ("发起会商", len(consulted.opened), ""),
            ("会商变化", len(consulted.changed), ""),
            ("会商终止", len(consulted.lapsed), ""),
            ("催决定", reminded, ""),
            ("催报", moved.called, ""),
            ("迟报", moved.late, ""),
            ("漏报", moved.missing, ""),
        ]
    )


def _matter(told: ConsultationTold, city: City) -> str:
    return f"{told.number} {area_name(city, told.area)}{word('response_hazard', told.hazard, 'zh')}"
