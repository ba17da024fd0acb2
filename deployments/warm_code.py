"""Which source files a process has imported, and whether they still are what was imported."""

import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

Imported: TypeAlias = dict[str, tuple[int, int]]
"""Of each source file: when it was last written (ns) and its size, as they were when it was imported."""

OUR_PACKAGES = frozenset({"models", "tasks", "flows", "deployments"})
"""Watched wherever they are installed; of other code only what lies outside the interpreter's own folders."""

_INTERPRETER = tuple({f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def imported_code(known: Mapping[str, object] | None = None) -> Imported:
    """The project's source files that this process has imported, without those already known."""
    files = _project_files(list(sys.modules.items()))
    return {file: stamp for file in files if file not in (known or ()) and (stamp := _stamp(file))}


def changed_files(imported: Mapping[str, tuple[int, int]]) -> list[str]:
    """The files that were written anew, or are gone, since they were imported."""
    return [file for file, stamp in imported.items() if _stamp(file) != stamp]


def _project_files(modules: Iterable[tuple[str, ModuleType | None]]) -> set[str]:
    files = {name: str(getattr(module, "__file__", None) or "") for name, module in modules}
    return {file for name, file in files.items() if file.endswith(".py") and _is_ours(name, file)}


def _is_ours(name: str, file: str) -> bool:
    return name.partition(".")[0] in OUR_PACKAGES or not file.startswith(_INTERPRETER)


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
