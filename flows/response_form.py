"""The form by which a level is decided in the Prefect UI, with the question already filled in."""

from copy import copy
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from prefect.input import RunInput
from pydantic import Field, create_model

from models.flood_rules import LEVELS, ResponseLevel
from models.flood_warning import Hazard
from models.response_rules import DecisionWish
from tasks.words import word

KEEP = "kept"

_LEVEL_OF = {word("response_verdict", level.name, "zh"): level for level in (*LEVELS, ResponseLevel.ENDED)}
_HAZARD_OF = {word("response_hazard", hazard, "zh"): hazard for hazard in Hazard}

if TYPE_CHECKING:

    class LevelChoice(StrEnum):
        """What may be decided, by its Chinese words."""

    class HazardChoice(StrEnum):
        """A hazard by its Chinese word."""
else:
    LevelChoice = StrEnum(
        "LevelChoice",
        {**{level.name: said for said, level in _LEVEL_OF.items()}, "KEEP": word("response_verdict", KEEP, "zh")},
    )
    HazardChoice = StrEnum("HazardChoice", {hazard.name: said for said, hazard in _HAZARD_OF.items()})


class DecisionForm(RunInput):
    """会商决定。The decision of a consultation."""

    level: LevelChoice = Field(
        title="响应级别 Level", description="启动、调整到哪一级，终止，或维持现状。Which level, an end, or as it is."
    )
    area: str = Field(
        title="区域 Area", description="区域代码，可缩小范围。Code of the area; it may be narrower.", max_length=20
    )
    hazard: HazardChoice = Field(title="灾种 Hazard", description="防汛或抗旱。Flood or drought.")
    basis: str = Field(title="依据 Basis", description="作出决定的依据。What the decision rests on.", max_length=2000)
    issuer: str = Field(
        title="发布单位 Issuer", description="单位代码。Code of the unit that issues it.", max_length=60
    )
    signed_by: str = Field(
        title="签发人 Signed by",
        description="签发人的岗位代码，须有权签发该级别。Code of the post that signs; it must be allowed to.",
        min_length=1,
        max_length=60,
    )

    def wish(self, consultation: str) -> DecisionWish:
        """What the rules are asked."""
        level = _LEVEL_OF.get(str(self.level))
        return DecisionWish(
            consultation,
            _HAZARD_OF[str(self.hazard)],
            self.area.strip(),
            level,
            self.basis,
            self.issuer.strip(),
            self.signed_by.strip(),
            self.signed_by.strip(),
        )


def form_for(
    description: str, hazard: Hazard, area: str, suggested: ResponseLevel, basis: str, issuer: str
) -> type[DecisionForm]:
    """The form of one question: what it asks stands above it, what it suggests in it; who signs is always typed in."""
    proposed: dict[str, Any] = {
        "level": LevelChoice[suggested.name],
        "area": area,
        "hazard": HazardChoice[hazard.name],
        "basis": basis,
        "issuer": issuer,
    }
    fields: dict[str, Any] = {}
    for name, value in proposed.items():
        field = copy(DecisionForm.model_fields[name])
        field.default = value
        fields[name] = (field.annotation, field)
    form = create_model(DecisionForm.__name__, __base__=DecisionForm, **fields)
    form._description = description
    return form
