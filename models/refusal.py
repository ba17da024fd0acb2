"""A business "no": returned, not raised. Its sentence comes from a template; callers match the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be done now: a stable code and the facts a sentence needs."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
