"""The protocols that every clinic starts with, as data. Each number is a default for a licensed clinician to approve.

Where they come from: 0.5 mg/kg over 40 min for mood is the usual dose (Andrade 2017; American Psychiatric Association
2017), six infusions on Monday, Wednesday and Friday were studied in PTSD (Albott 2018; Feder 2021), three weekly ones
are a published outpatient course (Oxford Health NHS), 0.35 mg/kg/h over 4 h daily for ten days is described for CRPS
(ASRA/AAPM/ASA consensus 2018), the esketamine cadence and its two hours of observation are those of the label. All
other numbers, block lengths among them, are clinic defaults, editable.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.protocol.caps import Caps
from services.booking.domain.protocol.care import ORDINARY, Care
from services.booking.domain.protocol.protocol import (
    MOST_MG_PER_KG,
    Block,
    Condition,
    Modality,
    Need,
    Phase,
    Protocol,
    Regimen,
    an_edition,
)

_CHAIR, _NURSE = Need(ResourceKind.CHAIR), Need(ResourceKind.NURSE)
_ROOM, _THERAPIST = Need(ResourceKind.ROOM), Need(ResourceKind.THERAPIST)
_CLINICIAN = Need(ResourceKind.CLINICIAN)
_HALF_A_NURSE = Need(ResourceKind.NURSE, per=2)
"""One nurse watches two patients who recover. Clinic default."""
_MO, _TU, _WE, _TH, _FR, _, _ = Weekday
_TWICE_WEEKLY = ((_TU, _FR), (_MO, _TH))
_MO_WE_FR = ((_MO, _WE, _FR),)
_WEEKDAYS = (_MO, _TU, _WE, _TH, _FR)
_SAME_WEEKDAY = tuple((day,) for day in Weekday)
_EVERY_CONDITION = tuple(Condition)

_CHECK_IN = Block("check-in", 15)
_DISCHARGE = Block("discharge", 15, (_CHAIR, _NURSE))
_TURNOVER = Block("turnover", 15, (_CHAIR,), with_patient=False)


def _infusion(preparation: int, infusion: int, recovery: int) -> tuple[Block, ...]:
    return (
        _CHECK_IN,
        Block("preparation", preparation, (_CHAIR, _NURSE)),
        Block("infusion", infusion, (_CHAIR, _NURSE)),
        Block("recovery", recovery, (_CHAIR, _HALF_A_NURSE)),
        _DISCHARGE,
        _TURNOVER,
    )


MOOD_BLOCKS: Final = _infusion(15, 40, 60)
"""The chair is taken for 145 minutes: 130 with the patient and 15 to turn over."""
PAIN_BLOCKS: Final = _infusion(30, 240, 60)
"""The chair is taken for 360 minutes."""
KAP_DOSING_BLOCKS: Final = (
    _CHECK_IN,
    Block("preparation", 30, (_ROOM, _THERAPIST, _NURSE)),
    Block("infusion", 60, (_ROOM, _THERAPIST, _NURSE)),
    Block("recovery", 60, (_ROOM, _THERAPIST)),
    Block("discharge", 15, (_ROOM, _THERAPIST, _NURSE)),
    Block("turnover", 15, (_ROOM,), with_patient=False),
)
"""The room is taken for 180 minutes, and the therapist stays for as long as the patient does."""
TALK_BLOCKS: Final = (
    Block("talk", 55, (_ROOM, _THERAPIST)),
    Block("turnover", 5, (_ROOM,), with_patient=False),
)
"""A therapy hour of 53 minutes, in whole slots."""
CONSULTATION_BLOCKS: Final = (
    Block("talk", 55, (_ROOM, _CLINICIAN)),
    Block("turnover", 5, (_ROOM,), with_patient=False),
)
"""As long as a therapy hour."""
ESKETAMINE_BLOCKS: Final = (
    _CHECK_IN,
    Block("preparation", 15, (_CHAIR, _NURSE)),
    Block("administration", 10, (_CHAIR, _NURSE)),
    Block("observation", 120, (_CHAIR, _HALF_A_NURSE)),
    _DISCHARGE,
    _TURNOVER,
)
"""The label asks for at least two hours of observation."""


_RESISTANT = Care(least_trials=2, severe_from=15)
"""Two failed trials (a published outpatient course asks for two, the Veterans' one for four), PHQ-9 from 15."""
_CAREFUL = Care(most_mg_per_kg=MOST_MG_PER_KG[Condition.BIPOLAR])
"""For conditions in which mania or instability is to be feared; protocols for several keep to it, too."""


def _induction(sessions: int, min_days: int, max_days: int, per_seven_days: int) -> tuple[Phase, ...]:
    return (Phase("induction", sessions, MOOD_BLOCKS, min_days, max_days, per_seven_days),)


def _six_in_three_weeks(
    name: str,
    condition: Condition,
    *,
    min_days: int = 2,
    re_evaluate_after: tuple[int, ...] = (3, 6),
    is_investigational: bool = False,
    care: Care = ORDINARY,
) -> Regimen:
    return Regimen(
        name=name,
        conditions=(condition,),
        phases=_induction(6, min_days, 5, 2),
        care=care,
        dose_basis="0.5 mg/kg",
        window_days=21,
        tolerance_days=28,
        preferred=_TWICE_WEEKLY,
        re_evaluate_after=re_evaluate_after,
        is_investigational=is_investigational,
    )


def _six_in_two_weeks(name: str, condition: Condition, *, care: Care = ORDINARY) -> Regimen:
    return Regimen(
        name=name,
        conditions=(condition,),
        phases=_induction(6, 2, 4, 3),
        care=care,
        dose_basis="0.5 mg/kg",
        window_days=14,
        tolerance_days=21,
        preferred=_MO_WE_FR,
        re_evaluate_after=(3, 6),
    )


_THREE_WEEKLY = Regimen(
    name="Mood: three infusions, one a week",
    conditions=(Condition.DEPRESSION,),
    phases=_induction(3, 6, 9, 1),
    dose_basis="0.5 mg/kg",
    window_days=15,
    tolerance_days=28,
    preferred=_SAME_WEEKDAY,
    re_evaluate_after=(3,),
    care=_RESISTANT,
)
_PAIN_CARE: Final = Care(infusion_minutes=240, asks_pain=True, most_mg_per_kg=None)
"""Four hours; how much is the order's alone."""
_PAIN_SINGLE = Regimen(
    name="Pain: single infusion",
    conditions=(Condition.CHRONIC_PAIN,),
    # 120 to 240 min by order; the chair is taken for the longest.
    phases=(Phase("infusion", 1, PAIN_BLOCKS),),
    dose_basis="clinician order, mg in total",
    re_evaluate_after=(1,),
    care=_PAIN_CARE,
)
_PAIN_FIVE_DAYS = Regimen(
    name="Pain: five consecutive weekdays",
    conditions=(Condition.CHRONIC_PAIN,),
    phases=(Phase("course", 5, PAIN_BLOCKS, min_days=1, max_days=1, per_seven_days=5),),
    dose_basis="clinician order, mg/kg/h",
    window_days=5,
    tolerance_days=5,
    allowed_weekdays=_WEEKDAYS,
    preferred=(_WEEKDAYS,),
    re_evaluate_after=(5,),
    care=_PAIN_CARE,
)
_CRPS_TEN_DAYS = Regimen(
    name="Complex regional pain syndrome: ten weekdays",
    conditions=(Condition.CHRONIC_PAIN,),
    phases=(Phase("course", 10, PAIN_BLOCKS, min_days=1, max_days=3, per_seven_days=5),),
    dose_basis="0.35 mg/kg/h",
    window_days=14,
    tolerance_days=14,
    allowed_weekdays=_WEEKDAYS,
    preferred=(_WEEKDAYS,),
    re_evaluate_after=(5, 10),
    care=_PAIN_CARE,
)
# The longest gap is the cadence of the phase by one and a half; the shortest one day less than the cadence.
_WEEKLY_TAPER = Regimen(
    name="Maintenance: weekly, then every two weeks, then monthly",
    conditions=_EVERY_CONDITION,
    phases=(
        Phase("weekly", 4, MOOD_BLOCKS, min_days=6, max_days=10, per_seven_days=1),
        Phase("fortnightly", 4, MOOD_BLOCKS, min_days=13, max_days=21, per_seven_days=1),
        Phase("monthly", None, MOOD_BLOCKS, min_days=27, max_days=42, per_seven_days=1),
    ),
    dose_basis="last effective dose",
    preferred=_SAME_WEEKDAY,
    re_evaluate_after=(4, 8),
)
_BOOSTER = Regimen(
    name="Booster: single infusion",
    conditions=_EVERY_CONDITION,
    phases=(Phase("booster", 1, MOOD_BLOCKS),),
    dose_basis="last effective dose",
    rest_days=14,
    re_evaluate_after=(1,),
)
_CONSULTATION = Regimen(
    name="Consultation: one talk",
    conditions=_EVERY_CONDITION,
    phases=(Phase("consultation", 1, CONSULTATION_BLOCKS, doses=False),),
    dose_basis="nothing is given",
)
_PREPARATION = Phase("preparation", 2, TALK_BLOCKS, min_days=1, max_days=10, doses=False)
_TWO_DOSINGS = Phase("dosing", 2, KAP_DOSING_BLOCKS, min_days=3, max_days=10, per_seven_days=2)
# The talk falls into the 72 hours after the dose, counted on local dates.
_INTEGRATION = Phase("integration", 1, TALK_BLOCKS, min_days=1, max_days=3, doses=False)
_KAP = Regimen(
    name="Ketamine-assisted psychotherapy: six dosing sessions",
    conditions=(Condition.DEPRESSION, Condition.ANXIETY, Condition.PTSD),
    phases=(_PREPARATION, *(_TWO_DOSINGS, _INTEGRATION) * 3),
    dose_basis="clinician order",
    window_days=42,
    tolerance_days=42,
    # Sessions 4, 7 and 10 are dosing sessions 2, 4 and 6.
    re_evaluate_after=(4, 7, 10),
    modality=Modality.KAP,
    care=Care(infusion_minutes=60),
)
_ESKETAMINE = Regimen(
    name="Esketamine spray: label cadence",
    conditions=(Condition.DEPRESSION,),
    phases=(
        Phase("induction", 8, ESKETAMINE_BLOCKS, min_days=2, max_days=5, per_seven_days=2),
        Phase("weekly", 4, ESKETAMINE_BLOCKS, min_days=2, max_days=9, per_seven_days=1),
        Phase("maintenance", None, ESKETAMINE_BLOCKS, min_days=2, max_days=16, per_seven_days=1),
    ),
    dose_basis="fixed device dose",
    preferred=_TWICE_WEEKLY,
    re_evaluate_after=(8,),
    # The label gives 9 doses in the first 30 days.
    caps=Caps(per_7=2, per_30=10, per_90=20),
    modality=Modality.ESKETAMINE,
    # The label: blood pressure 40 minutes after the spray, two hours of observation, food 2 h and fluids 30 min before.
    care=Care(
        infusion_minutes=10,
        recovery_every=40,
        observe=120,
        observe_floor=120,
        solids_hours=2,
        fluids_minutes=30,
        most_mg_per_kg=None,
    ),
)

BOOSTER: Final = "booster-single"
TEMPLATES: Final[Mapping[str, Regimen]] = MappingProxyType(
    {
        "mood-iv-6x3w": _six_in_three_weeks(
            "Mood: six infusions in three weeks", Condition.DEPRESSION, care=_RESISTANT
        ),
        "mood-iv-6x2w": _six_in_two_weeks("Mood: six infusions in two weeks", Condition.DEPRESSION, care=_RESISTANT),
        "mood-iv-3x3w": _THREE_WEEKLY,
        "ptsd-iv-6x2w": _six_in_two_weeks("PTSD: six infusions in two weeks", Condition.PTSD),
        "anxiety-iv-6x3w": _six_in_three_weeks("Anxiety: six infusions in three weeks", Condition.ANXIETY),
        "ocd-iv-6x3w": _six_in_three_weeks("OCD: six infusions in three weeks", Condition.OCD, is_investigational=True),
        # Reviewed after each session, for signs of mania.
        "bipolar-iv-6x3w": _six_in_three_weeks(
            "Bipolar depression: six infusions in three weeks",
            Condition.BIPOLAR,
            min_days=3,
            care=_CAREFUL,
            re_evaluate_after=(1, 2, 3, 4, 5, 6),
        ),
        "bpd-iv-6x3w": _six_in_three_weeks(
            "Borderline personality disorder: six infusions in three weeks",
            Condition.BPD,
            min_days=3,
            care=_CAREFUL,
            re_evaluate_after=(2, 4, 6),
            is_investigational=True,
        ),
        "pain-iv-single": _PAIN_SINGLE,
        "pain-iv-5x5d": _PAIN_FIVE_DAYS,
        "pain-crps-10d": _CRPS_TEN_DAYS,
        "maint-weekly-taper": _WEEKLY_TAPER,
        BOOSTER: _BOOSTER,
        "consultation": _CONSULTATION,
        "kap-6": _KAP,
        "esket-label": _ESKETAMINE,
    }
)
"""What each slug stands for until the clinic publishes its own edition."""


def default_protocols() -> list[Protocol]:
    """All templates as first editions, for a clinic that joins."""
    return [an_edition(slug, 1, regimen) for slug, regimen in TEMPLATES.items()]
