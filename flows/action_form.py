"""The form by which a person acts on a case: every fact that a row of the state table may ask for, in plain words."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from flows.action_choices import ActionChoice, RequestChoice, chosen, kind_of
from flows.moment import At, Moment, Number, Text

OptionalRequest = Annotated[
    RequestChoice | None, WithJsonSchema({"type": "string", "enum": [str(choice) for choice in RequestChoice]})
]


class ActionForm(At):
    """对一个案件办理一个动作。One action on one case."""

    number: str = Field(
        title="案件编号 Case number",
        description="案件编号或受理号。Case or receipt number.",
        min_length=1,
        max_length=60,
    )
    action: ActionChoice = Field(title="动作 Action", description="要办理的动作。What to do.")
    operator: str = Field(
        title="操作岗位 Operator",
        description="由哪个岗位办理，填岗位代码。Code of the post that acts.",
        min_length=1,
        max_length=60,
    )
    reason: Text = Field(
        default=None,
        title="理由或说明 Reason or note",
        description="退回、改派、督办等须写明理由。Needed to hand back, redispatch, supervise and so on.",
        max_length=4000,
    )
    unit: Text = Field(
        default=None,
        title="责任单位 Unit",
        description="派遣、改派、交办时填单位代码。Code of the unit to dispatch to.",
    )
    inspector: Text = Field(
        default=None,
        title="采集员 Inspector",
        description="下达核实、核查任务时填岗位代码。Post that verifies or checks.",
    )
    request: OptionalRequest = Field(
        default=None,
        title="申请种类 Request",
        description="审批或撤回哪一种申请。Which request to decide or withdraw.",
    )
    wanted_until: Moment = Field(
        default=None,
        title="希望期限 Wanted until",
        description="申请挂账或承诺限期时填写（注意时区）。For a suspension or a promise; mind the time zone.",
    )
    into: Text = Field(
        default=None,
        title="并入案件 Join into",
        description="合并时填另一案件的编号。The case to join, for a merge.",
    )
    class_code: Text = Field(
        default=None,
        title="更正类别 Class",
        description="更正时填小类代码。Code of the right class, for a correction.",
    )
    condition_no: Number = Field(
        default=None,
        title="更正立案条件 Condition",
        description="更正时填立案条件序号。Number of the right condition, for a correction.",
        ge=1,
    )
    area: Text = Field(
        default=None,
        title="更正网格 Area",
        description="更正时填网格代码。Code of the right area, for a correction.",
    )
    place: Text = Field(
        default=None, title="更正地点 Place", description="更正时填地点。The right place, for a correction."
    )
    picture: Text = Field(
        default=None, title="图片 Picture", description="补充图片时填图片地址。Address of the picture to add."
    )
    picture_before: Text = Field(
        default=None, title="处置前图片 Picture before", description="快速处置时填写。For a quick fix."
    )
    picture_after: Text = Field(
        default=None, title="处置后图片 Picture after", description="快速处置时填写。For a quick fix."
    )

    def wish(self) -> dict[str, Any]:
        """What the inbox is told: which case, which action, by whom, and the facts; empty fields are left out."""
        action, result = chosen(self.action)
        facts = self.model_dump(
            mode="json", exclude={"now", "number", "action", "operator", "request"}, exclude_none=True
        )
        if self.reason:
            facts["note"] = self.reason
        if self.request:
            facts["kind"] = kind_of(self.request).value
        return {"case": self.number, "action": action.value, "by_post": self.operator, "facts": facts | result}
