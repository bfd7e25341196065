"""What speaks against the medicine: each rule with its outcome, who may decide about it, and where it comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.booking.domain.chart.answers import MedicationCode, Question
from services.booking.domain.chart.items import ITEMS
from services.booking.domain.chart.verdict import Decider, Outcome

_ESKETAMINE: Final = "esketamine label"
_ASRA: Final = "ASRA/AAPM/ASA consensus guidelines 2018"
_VETERANS: Final = "Veterans' ketamine protocol"
_COLUMBIA: Final = "Columbia Lighthouse Project: triage of the C-SSRS screener"
_CLINIC: Final = "clinic default"
_NOBODY, _CLINICIAN, _PSYCHIATRIST = Decider.NOBODY, Decider.CLINICIAN, Decider.PSYCHIATRIST
_BLOCK, _HOLD, _REVIEW, _INFO = Outcome.BLOCK, Outcome.HOLD, Outcome.REVIEW, Outcome.INFO
SINGLE: Final = "-single"
"""Ends the code of a rule for courses of one dose."""


@dataclass(frozen=True)
class Rule:
    """`detail` says what was found without saying of whom, `source` where the rule comes from."""

    code: str
    outcome: Outcome
    decider: Decider
    detail: str
    source: str


_HISTORY: Final = (
    Rule(
        Question.KETAMINE_HYPERSENSITIVITY, _BLOCK, _NOBODY, "Hypersensitivity to ketamine or esketamine.", _ESKETAMINE
    ),
    Rule(
        Question.ANEURYSM,
        _BLOCK,
        _NOBODY,
        "Aneurysmal vascular disease or an arteriovenous malformation.",
        _ESKETAMINE,
    ),
    Rule(Question.HAEMORRHAGE, _BLOCK, _NOBODY, "A history of intracerebral haemorrhage.", _ESKETAMINE),
    Rule(Question.CARDIOVASCULAR, _BLOCK, _CLINICIAN, "Poorly controlled cardiovascular disease, not cleared.", _ASRA),
    Rule(Question.CARDIOVASCULAR_RISK, _INFO, _NOBODY, "Cardiovascular risk: an ECG is asked for.", _ASRA),
    Rule(Question.HYPERTENSION, _HOLD, _CLINICIAN, "Uncontrolled hypertension.", _VETERANS),
    Rule(Question.PSYCHOSIS, _BLOCK, _PSYCHIATRIST, "Psychosis, schizophrenia or schizoaffective disorder.", _ASRA),
    Rule(Question.MANIA, _HOLD, _CLINICIAN, "Mania or a mixed state.", _CLINIC),
    Rule(Question.BIPOLAR, _REVIEW, _CLINICIAN, "Bipolar disorder: watch for mania.", _VETERANS),
    Rule(Question.SEVERE_HEPATIC, _BLOCK, _NOBODY, "Severe hepatic impairment.", _ASRA),
    Rule(Question.MODERATE_HEPATIC, _REVIEW, _CLINICIAN, "Moderate hepatic impairment.", _ASRA),
    Rule(Question.LIVER_DISEASE, _INFO, _NOBODY, "Liver disease: liver tests are asked for.", _CLINIC),
    Rule(
        Question.PRESSURE,
        _BLOCK,
        _CLINICIAN,
        "Raised intracranial or intraocular pressure: only after a specialist's review.",
        _ASRA,
    ),
    Rule(Question.SUBSTANCE_USE, _BLOCK, _NOBODY, "Active substance use disorder: no serial infusions.", _ASRA),
    Rule(f"{Question.SUBSTANCE_USE}{SINGLE}", _REVIEW, _CLINICIAN, "Active substance use disorder.", _ASRA),
    Rule(Question.KETAMINE_MISUSE, _BLOCK, _NOBODY, "A history of ketamine misuse.", _VETERANS),
    Rule(Question.PREGNANCY, _BLOCK, _NOBODY, "Pregnant, or planning to be.", _ESKETAMINE),
    Rule(Question.BREASTFEEDING, _BLOCK, _NOBODY, "Breastfeeding.", _ESKETAMINE),
    Rule(Question.DEMENTIA, _BLOCK, _NOBODY, "Dementia or delirium.", _VETERANS),
    Rule(Question.HYPERTHYROIDISM, _REVIEW, _CLINICIAN, "Untreated hyperthyroidism.", _CLINIC),
    Rule(Question.PORPHYRIA, _REVIEW, _CLINICIAN, "Porphyria.", _CLINIC),
    Rule(Question.SEIZURES, _REVIEW, _CLINICIAN, "An unstable seizure disorder.", _CLINIC),
    Rule(Question.SLEEP_APNOEA, _REVIEW, _CLINICIAN, "Untreated sleep apnoea.", _CLINIC),
    Rule(Question.URINARY, _REVIEW, _CLINICIAN, "Interstitial cystitis or urinary symptoms.", _CLINIC),
)
_MEDICATIONS: Final = (
    Rule(MedicationCode.MAOI, _REVIEW, _CLINICIAN, "A monoamine oxidase inhibitor.", _ESKETAMINE),
    Rule(MedicationCode.PSYCHOSTIMULANT, _REVIEW, _CLINICIAN, "A psychostimulant.", _ESKETAMINE),
    Rule(
        MedicationCode.CNS_DEPRESSANT, _REVIEW, _CLINICIAN, "A depressant of the central nervous system.", _ESKETAMINE
    ),
    Rule(MedicationCode.LAMOTRIGINE, _REVIEW, _CLINICIAN, "Lamotrigine: the effect may be less.", _CLINIC),
    Rule(
        MedicationCode.BENZODIAZEPINE, _REVIEW, _CLINICIAN, "High-dose benzodiazepine: the effect may be less.", _CLINIC
    ),
)
_PERSON: Final = (
    Rule("age-under-18", _BLOCK, _NOBODY, "Younger than 18 years.", _ESKETAMINE),
    Rule("age-65-plus", _REVIEW, _CLINICIAN, "65 years or older: consider a lower first dose.", _ESKETAMINE),
    Rule(
        "investigational-condition",
        _REVIEW,
        _PSYCHIATRIST,
        "The treatment of this condition is investigational: a psychiatrist signs it off.",
        _CLINIC,
    ),
    Rule("too-few-trials", _REVIEW, _CLINICIAN, "Fewer adequate treatments have failed than are asked for.", _VETERANS),
    Rule("not-severe", _REVIEW, _CLINICIAN, "The score is below the one from which this course is meant.", _VETERANS),
)
_RESULTS: Final = (
    Rule("history-and-physical-abnormal", _REVIEW, _CLINICIAN, "The physical examination found something.", _CLINIC),
    Rule("c-ssrs-high", _HOLD, _NOBODY, "The C-SSRS screener says high risk.", _COLUMBIA),
    Rule("c-ssrs-moderate", _REVIEW, _CLINICIAN, "The C-SSRS screener says moderate risk.", _COLUMBIA),
    Rule(
        "audit-c-positive",
        _REVIEW,
        _CLINICIAN,
        "AUDIT-C is at or above its cut-off.",
        "AUDIT-C, World Health Organization",
    ),
    Rule("dast-10-positive", _REVIEW, _CLINICIAN, "DAST-10 is 3 or more.", "DAST-10"),
    Rule("drug-screen-positive", _HOLD, _CLINICIAN, "Ketamine, PCP or a stimulant in the urine.", _CLINIC),
    Rule("pdmp-positive", _REVIEW, _CLINICIAN, "The prescription monitoring programme knows others.", _CLINIC),
    Rule("ecg-abnormal", _REVIEW, _CLINICIAN, "The ECG is abnormal.", _ASRA),
    Rule("liver-raised", _HOLD, _CLINICIAN, "ALT or AST is more than three times its upper limit.", _CLINIC),
    Rule("urinalysis-abnormal", _HOLD, _CLINICIAN, "Haematuria or another finding in the urine.", _CLINIC),
    Rule("cognition-abnormal", _REVIEW, _CLINICIAN, "The cognition test is worse.", _CLINIC),
    Rule("mdq-positive", _REVIEW, _PSYCHIATRIST, "The MDQ is positive, and no bipolar disorder is known.", _CLINIC),
    Rule("asrm-positive", _HOLD, _CLINICIAN, "ASRM is 6 or more.", "ASRM, Altman 1997"),
)


def _of_items() -> Iterator[Rule]:
    for kind, item in ITEMS.items():
        yield Rule(f"{kind}-missing", _HOLD, item.waived_by, f"There is no result of {kind}.", _CLINIC)
        yield Rule(f"{kind}-expired", _HOLD, item.waived_by, f"The last result of {kind} is too old.", _CLINIC)


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {str(rule.code): rule for rule in (*_HISTORY, *_MEDICATIONS, *_PERSON, *_RESULTS, *_of_items())}
)
"""Every rule by its code. All of them are defaults for a licensed clinician to approve."""
