"""What `zhihui up` tells the administrator while it works: one line each, Chinese first, English second."""

from collections.abc import Iterable
from pathlib import Path

WORDS_OF_CHILDREN = {
    "server": "Prefect 服务",
    "worker": "执行进程",
    "desk": "工作台",
    "people": "演示人员",
    "prepare": "准备",
    "deploy": "部署",
    "settle": "善后",
}


def starting(home: Path) -> str:
    """The first line: where everything is kept."""
    return f"启动指挥，状态目录 {home} · starting zhihui, state folder"


def swept(processes: int) -> str:
    """What a hard kill had left."""
    return f"上次被强行终止，已清理遗留进程 {processes} 个 · ended what a hard kill had left"


def already_running(pid: object, address: object) -> str:
    """Started twice."""
    return (
        f"指挥已在运行（进程 {pid}，{address}）。要停止它，请在其窗口按 Ctrl-C，或执行 kill {pid}。\n"
        f"zhihui up already runs here (process {pid}, {address}). Stop it with Ctrl-C in its window or kill {pid}."
    )


def port_taken(port: int, variable: str, holder: str) -> str:
    """Somebody else listens on a port that is needed."""
    return (
        f"端口 {port} 已被{holder or '其他程序'}占用。请结束该程序，或换一个端口：{variable}={port + 1} zhihui up。\n"
        f"Port {port} is taken by {holder or 'another program'}. End it, or choose another port: "
        f"{variable}={port + 1} zhihui up."
    )


def port_unusable(address: str, variable: str, problem: str) -> str:
    """A port that cannot be listened on, though nobody holds it."""
    return (
        f"无法在 {address} 上监听：{problem}。请用 {variable} 或 ZHIHUI_DESK_HOST 指定其他地址。\n"
        f"Cannot listen on {address}: {problem}. Choose another with {variable} or ZHIHUI_DESK_HOST."
    )


def home_unusable(home: Path, error: OSError) -> str:
    """The state folder cannot be written."""
    return (
        f"无法写入状态目录 {home}：{error.strerror}。请用 ZHIHUI_HOME 指定另一个目录。\n"
        f"The state folder {home} cannot be written: {error.strerror}. Name another one with ZHIHUI_HOME."
    )


def child_started(name: str) -> str:
    """A part is being started."""
    return f"{WORDS_OF_CHILDREN[name]}启动中 · starting {name}"


def child_ready(name: str, address: str) -> str:
    """A part answers."""
    return f"{WORDS_OF_CHILDREN[name]}已就绪 {address} · {name} is ready"


def child_not_ready(name: str, address: str) -> str:
    """A part does not answer."""
    return f"{WORDS_OF_CHILDREN[name]}未在规定时间内应答 {address} · {name} did not answer in time"


def child_died(name: str, code: int) -> str:
    """A part died and is started again."""
    return f"{WORDS_OF_CHILDREN[name]}意外退出（代码 {code}），重新启动 · {name} died, starting it again"


def child_gave_up(name: str, code: int, log: Path) -> str:
    """A part died again and again."""
    return f"{WORDS_OF_CHILDREN[name]}反复退出（代码 {code}），停止运行 · {name} dies again and again, giving up: {log}"


def step_failed(name: str, code: int, log: Path, last_lines: str) -> str:
    """A step of the start failed."""
    return f"{WORDS_OF_CHILDREN[name]}失败（代码 {code}）· {name} failed, see {log}\n{last_lines}"


def database_ready(address: str) -> str:
    """Ours is migrated."""
    return f"数据库已就绪 · database is ready: {address}"


def city_loaded(name: str, units: int, posts: int) -> str:
    """A city directory came into force."""
    return f"已载入城市目录：{name}，{units} 个单位，{posts} 个岗位 · city directory loaded"


def city_unchanged(name: str) -> str:
    """The city directory in force is the one given."""
    return f"城市目录：{name}，无变化 · city directory unchanged"


def city_kept_for_desk(count: int, folder: Path) -> str:
    """The directory does not hold what was changed at the desk; nothing was loaded."""
    return (
        f"城市目录未载入：{folder} 里没有工作台上改过的{count}行，现行版本保持不变。"
        f"请先用 zhihui city export {folder} 写回文件；要撤销这些变更：zhihui city load {folder} --undo-desk-changes\n"
        f"City directory not loaded: it lacks {count} rows that were changed at the desk; the edition in force stays. "
        f"Write them back with zhihui city export {folder}, or undo them with "
        f"zhihui city load {folder} --undo-desk-changes."
    )


def city_kept(cases: int, folder: Path) -> str:
    """The directory changed, but open cases would change hands."""
    return (
        f"城市目录有变化，{cases} 个在办案件将更换责任岗位，未载入 · not loaded, open cases would change hands: "
        f"zhihui city load {folder} --yes"
    )


def sample_written(cases: int, file: Path) -> str:
    """The demo's reports lie in the drop folder."""
    return f"已放入演示来件 {cases} 件 · made-up reports: {file}"


def roster_published(code: str, first: object, last: object) -> str:
    """The demo has a duty roster in force."""
    return f"已发布演示值班表 {code}：{first} – {last} · a duty roster is in force: zhihui roster show {code}"


def deployed(changed: int, unchanged: int) -> str:
    """What came onto the server."""
    return f"已部署 {changed} 项流程，{unchanged} 项无变化 · deployed {changed}, unchanged {unchanged}"


def deployments_gone(names: Iterable[str]) -> str:
    """Deployments that are no longer in the file."""
    listed = "、".join(names)
    return (
        f"prefect.yaml 中已无，服务上仍在：{listed} · no longer in prefect.yaml, still on the server: delete them in "
        "the UI or with prefect deployment delete"
    )


def runs_settled(count: int) -> str:
    """Flow runs a hard kill had interrupted."""
    return f"已了结上次中断的运行 {count} 个 · settled runs that were interrupted"


def demo_progress(closed: int, messages: int, played: int) -> str:
    """How far the demo is."""
    return (
        f"演示：已结案 {closed} 件，消息 {messages} 条，代办 {played} 次 · demo: {closed} closed, {messages} messages, "
        f"{played} actions played"
    )


def addresses(prefect: str, desk: str, demo: bool) -> list[str]:
    """Where to look."""
    lines = [f"流程管理 Prefect UI   {prefect}", f"工作台 Desk           {desk}/"]
    if demo:
        lines.append(f"演示收件箱 Demo inbox {desk}/demo/inbox")
    return [*lines, "按 Ctrl-C 停止 · Ctrl-C stops everything"]


def stopping() -> str:
    """The end begins."""
    return "正在停止 · stopping"


def stopped() -> str:
    """The end."""
    return "已停止 · stopped"
