"""Looks for secrets in all that a run leaves behind: files of a folder, databases and write-ahead logs included."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote


def secrets_left(folder: Path, secrets: Iterable[str]) -> list[str]:
    """The files below a folder that hold one of these texts, as they stand or as JSON and URLs write them.

    Example: secrets_left(home, ["s3cret-token"]) == [] after a demo run.
    """
    wanted = {form for secret in secrets for form in _forms(secret)}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.relative_to(folder)}" for form in wanted if form in content][:1]
    return found


def _forms(secret: str) -> set[bytes]:
    return {secret.encode(), quote(secret, safe="").encode(), secret.encode("unicode_escape")}
