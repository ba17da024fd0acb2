"""`zhihui desk key`: keys of programs that report through Open311, or send readings of water."""

from typing import Annotated

import typer

from deployments.city_at_hand import AsJson, By, city_to_change, city_to_read, now, post_of, print_json
from models.open311_key import KeyPurpose
from models.refusal import Refusal
from tasks.open311_keys import all_keys, issue_key, revoke_key
from tasks.wording import moment_words

REFUSED = 1

key_app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Keys of programs that report through Open311, or send readings of water.",
)

Name = Annotated[str, typer.Argument(help="What the program is called.")]
For = Annotated[KeyPurpose, typer.Option("--for", help="What the program may do with it, and nothing else.")]


@key_app.command("issue")
def issue(name: Name, by: By, purpose: For = KeyPurpose.OPEN311, as_json: AsJson = False) -> None:
    """Issue a key to a program and print it, this one time: only a digest of it is kept.

    Example: zhihui desk key issue 新郑随手拍 --by admin-1
    Example: zhihui desk key issue 水文遥测 --for water --by admin-1

    Exit code 0: issued; 1: a program of this name has one in force, or the name is empty or too long.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        key = issue_key(connection, name, by, now(), purpose)
    if isinstance(key, Refusal):
        _refuse(key)
    if as_json:
        print_json({"name": name, "key": key})
        return
    typer.echo(key)
    typer.echo("密钥只显示这一次，请交给该程序妥善保存。 Shown this once: hand it to the program's keeper.", err=True)


@key_app.command("list")
def list_keys(purpose: For = KeyPurpose.OPEN311, as_json: AsJson = False) -> None:
    """List all keys that were ever issued, never the keys themselves.

    Example: zhihui desk key list

    Exit code 0.
    """
    with city_to_read() as (city, connection):
        rows = all_keys(connection, purpose)
    if as_json:
        fields = ("name", "issued_at", "issued_by", "revoked_at", "revoked_by")
        print_json({"count": len(rows), "keys": [{name: getattr(row, name) for name in fields} for row in rows]})
        return
    for row in rows:
        issued = f"{moment_words(row.issued_at, 'zh', city.zone)} {row.issued_by}"
        ended = f" · 已停用 revoked {moment_words(row.revoked_at, 'zh', city.zone)}" if row.revoked_at else ""
        typer.echo(f"{row.name} · {issued}{ended}")
    if not rows:
        typer.echo("尚未发放密钥。 No key was issued yet.")


@key_app.command("revoke")
def revoke(name: Name, by: By, purpose: For = KeyPurpose.OPEN311, as_json: AsJson = False) -> None:
    """End the key of a program at once; what it reported stays.

    Example: zhihui desk key revoke 新郑随手拍 --by admin-1

    Exit code 0: it opens nothing any more; 1: no key of this name is in force.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        at = now()
        revoked = revoke_key(connection, name, by, at, purpose)
    if not revoked:
        _refuse(Refusal("key_not_in_force", {"name": name}))
    if as_json:
        print_json({"name": name, "revoked_at": at})
    else:
        typer.echo("已停用。 Revoked.")


_WHY = {
    "key_name_taken": "“{name}”已有在用密钥：先停用，或换一个名称。 {name} has a key in force: revoke it "
    "first, or take another name.",
    "key_name_unfit": "名称应为 1 至 {most} 字。 A name has 1 to {most} characters.",
    "key_not_in_force": "没有名为“{name}”的在用密钥；全部密钥见 zhihui desk key list。 No key called {name} is in "
    "force; see zhihui desk key list.",
}


def _refuse(refusal: Refusal) -> None:
    typer.echo(_WHY[refusal.code].format_map(refusal.facts), err=True)
    raise typer.Exit(REFUSED)
