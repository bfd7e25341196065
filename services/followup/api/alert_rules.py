"""Which answers, scores and silence raise an alert, how urgent it is and whom it pages when, over HTTP."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from marshmallow import Schema, fields, post_load, validate

from services.followup.api.plan_schemas import Many
from services.followup.api.rota import RotaOpening
from services.followup.api.scopes import CARE, CLINICIAN
from services.followup.domain.instrument import Help
from services.followup.domain.relapse import RelapseRule
from services.followup.domain.triggers import Role, Row, Rules, Rung, Trigger
from services.followup.operations import alert_rules
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route

_MOST: Final = 60
_MONTH: Final = 31 * 24 * 60


def _name(**options: Any) -> fields.String:
    words = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
    return fields.String(validate=[validate.Length(1, 40), words], **options)


def _trigger() -> fields.String:
    return _name(required=True, metadata={"example": "suicidal-thoughts"})


def _tier() -> fields.Integer:
    about = {"description": "1 is the most urgent"}
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, 4), metadata=about)


def _limit(about: str, most: int = 1000) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, most),
        metadata={"description": about},
    )


class RungSchema(Schema):
    """Who is paged, and when, as long as nobody has taken the alert on."""

    role = fields.Enum(Role, by_value=True, required=True)
    minutes = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(0, _MONTH),
        metadata={"description": "elapsed since it was raised"},
    )
    business_days = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 30),
        metadata={"description": "instead of minutes: at the close of that business day; 0 is today, or the first one"},
    )
    hours = fields.String(
        load_default="any",
        validate=validate.OneOf(["any", "before-close", "open"]),
        metadata={"description": "not later than the close, or not before the clinic opens"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Rung:
        return Rung(**data)


def _rungs() -> Many:
    return Many(fields.Nested(RungSchema), load_default=(), validate=validate.Length(max=10))


class TriggerSchema(Schema):
    """How urgent it is, and whom it pages. `out_of_hours`: in place of `steps` while the clinic is closed, if any."""

    tier = _tier()
    steps = _rungs()
    out_of_hours = _rungs()
    holds = fields.Boolean(load_default=False, metadata={"description": "no dose until a clinician has released it"})
    covers = Many(
        _name(),
        load_default=(),
        validate=validate.Length(max=_MOST),
        metadata={"description": "triggers that need no alert of their own beside this one in the same response"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Trigger:
        return Trigger(**data)


class RowSchema(Schema):
    """Which trigger an escalating answer is; its tier and help are what the instrument says of it."""

    trigger = _trigger()
    tier = _tier()
    help = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(get_args(Help)))
    instrument = fields.String(
        load_default="", validate=validate.Length(max=40), metadata={"description": "empty: any", "example": "c-ssrs"}
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Row:
        return Row(**data)


class RelapseRuleSchema(Schema):
    """Holds for a score when every limit holds that it gives; points of the total, of the PEG of its sum."""

    rule = Text(20, required=True, metadata={"example": "RL-1"})
    trigger = _trigger()
    instruments = Many(_name(), required=True, validate=validate.Length(1, 20), metadata={"example": ["phq-9"]})
    when = fields.String(
        load_default="after",
        validate=validate.OneOf(["after", "first", "during", "any"]),
        metadata={"description": "after the series, only the first reading after it, during it, or at any time"},
    )
    least = _limit("so many points")
    above_lowest = _limit("so many points more than the lowest reading after the series")
    above_baseline = _limit("so many points more than the baseline")
    above_last = _limit("so many points more than the reading before")
    relief_below = _limit("less than so many per cent of the baseline are gone", 100)
    responder = _limit("an earlier reading had so many per cent of the baseline gone", 100)
    twice_apart = Many(
        fields.Integer(strict=True, validate=validate.Range(1, 1000)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(equal=2),
        metadata={"description": "the relief was below also at the reading before, so many days ago (from, to)"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> RelapseRule:
        return RelapseRule(**data)


class RulesSchema(Schema):
    """The content of an edition. Of `answers` the first row counts that fits."""

    hours = Many(
        fields.Nested(RotaOpening),
        required=True,
        validate=validate.Length(max=14),
        metadata={"description": "when the clinic is open, if its rota does not say"},
    )
    triggers = fields.Dict(
        keys=_name(), values=fields.Nested(TriggerSchema), required=True, validate=validate.Length(max=_MOST)
    )
    answers = Many(fields.Nested(RowSchema), required=True, validate=validate.Length(max=_MOST))
    unanswered = fields.Dict(
        keys=_name(),
        values=_name(),
        required=True,
        validate=validate.Length(max=_MOST),
        metadata={
            "description": "what it means that an instrument was left without answers",
            "example": {"home-safe": "home-safe-unanswered"},
        },
    )
    relapse = Many(fields.Nested(RelapseRuleSchema), required=True, validate=validate.Length(max=_MOST))

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Rules:
        return Rules(**data)


class AlertRulesRequest(Schema):
    """The next edition, as a whole; the example is an excerpt of what is shown as the defaults."""

    class Meta:
        example: Final = {
            "rules": {
                "hours": [{"days": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}],
                "triggers": {
                    "suicidal-thoughts": {
                        "tier": 2,
                        "steps": [{"role": "clinician"}, {"role": "backup", "minutes": 30}],
                    },
                    "early-warning": {
                        "tier": 4,
                        "steps": [{"role": "coordinator", "hours": "open"}, {"role": "clinician", "business_days": 3}],
                    },
                },
                "answers": [{"help": "crisis", "tier": 2, "trigger": "suicidal-thoughts"}],
                "unanswered": {"home-safe": "home-safe-unanswered"},
                "relapse": [
                    {
                        "rule": "RL-1",
                        "trigger": "early-warning",
                        "instruments": ["phq-9"],
                        "above_lowest": 5,
                        "least": 10,
                    }
                ],
            }
        }

    rules = fields.Nested(RulesSchema, required=True)


class AlertRulesAnswer(Schema):
    """One edition; 0: the clinic has published none, and the platform's defaults hold."""

    id = fields.String(required=True, metadata={"example": "alert-rules@000001"})
    edition = fields.Integer(required=True)
    version = fields.Integer(required=True, metadata={"description": "the edition once more"})
    rules = fields.Nested(RulesSchema, required=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    published_by = fields.String(required=True, metadata={"description": "key/<access key id>; may be empty"})


_RULES: Final = "/clinics/<clinic_id>/alert-rules"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        _RULES,
        "Show the rules for alerts",
        CARE,
        alert_rules.ShowAlertRules,
        alert_rules.show_alert_rules,
        AlertRulesAnswer,
    ),
    Route(
        "PUT",
        _RULES,
        "Publish the next edition of the rules for alerts",
        CLINICIAN,
        alert_rules.PublishAlertRules,
        alert_rules.publish_alert_rules,
        AlertRulesAnswer,
        body=AlertRulesRequest,
        description=(
            "All rules. Refused with everything because of which they cannot be followed: triggers that are missing, "
            "answers that escalate and lead to no alert or to a less urgent one, what presses and pages nobody at "
            "once, roles that are not on call at any time by the rota. Alerts that are there keep their clock."
        ),
    ),
    Route(
        "GET",
        f"{_RULES}/editions",
        "List all editions of the rules for alerts",
        CARE,
        alert_rules.ListAlertRules,
        alert_rules.list_alert_rules,
        page_schema(AlertRulesAnswer),
        query=PageQuery,
    ),
)
