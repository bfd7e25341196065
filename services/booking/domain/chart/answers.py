"""What an assessment asks before the medicine is given: history, medication, earlier trials, examinations."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Question(StrEnum):
    """Asked of everybody, answered with yes or no. Most speak against the medicine (`screening.RULES`)."""

    KETAMINE_HYPERSENSITIVITY = "ketamine-hypersensitivity"
    ANEURYSM = "aneurysmal-vascular-disease"
    """Also an arteriovenous malformation."""
    HAEMORRHAGE = "intracerebral-haemorrhage"
    CARDIOVASCULAR = "uncontrolled-cardiovascular-disease"
    CARDIOVASCULAR_RISK = "cardiovascular-risk"
    HYPERTENSION = "uncontrolled-hypertension"
    PSYCHOSIS = "psychotic-disorder"
    """Psychosis that is poorly controlled, schizophrenia, schizoaffective disorder."""
    MANIA = "current-mania"
    """Or a mixed state."""
    BIPOLAR = "bipolar-disorder"
    SEVERE_HEPATIC = "severe-hepatic-impairment"
    MODERATE_HEPATIC = "moderate-hepatic-impairment"
    LIVER_DISEASE = "liver-disease"
    PRESSURE = "raised-intracranial-or-intraocular-pressure"
    SUBSTANCE_USE = "active-substance-use-disorder"
    KETAMINE_MISUSE = "ketamine-misuse"
    PREGNANCY = "pregnancy"
    """Pregnant, or planning to be."""
    BREASTFEEDING = "breastfeeding"
    DEMENTIA = "dementia-or-delirium"
    HYPERTHYROIDISM = "untreated-hyperthyroidism"
    PORPHYRIA = "porphyria"
    SEIZURES = "unstable-seizure-disorder"
    SLEEP_APNOEA = "untreated-sleep-apnoea"
    URINARY = "urinary-symptoms"
    """Interstitial cystitis, or symptoms of the bladder."""


class MedicationCode(StrEnum):
    """The kinds of medication that screening tells apart."""

    MAOI = "maoi"
    PSYCHOSTIMULANT = "psychostimulant"
    CNS_DEPRESSANT = "cns-depressant"
    LAMOTRIGINE = "lamotrigine"
    BENZODIAZEPINE = "high-dose-benzodiazepine"
    OTHER = "other"


class ExamKind(StrEnum):
    """What is looked at; `screening.ITEMS` says for how long each counts."""

    HISTORY_AND_PHYSICAL = "history-and-physical"
    C_SSRS = "c-ssrs"
    AUDIT_C = "audit-c"
    DAST_10 = "dast-10"
    DRUG_SCREEN = "drug-screen"
    PDMP = "pdmp"
    """The prescription monitoring programme was asked; positive: it tells of other prescribers."""
    ECG = "ecg"
    LIVER = "liver"
    """The higher one of ALT and AST, in multiples of its upper limit."""
    URINALYSIS = "urinalysis"
    COGNITION = "cognition"
    MDQ = "mdq"
    ASRM = "asrm"


class Word(StrEnum):
    """What came out of an examination that is not counted."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    NEGATIVE = "negative"
    POSITIVE = "positive"
    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Sex(StrEnum):
    """As far as a cut-off depends on it."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True)
class Exam:
    """One examination on a local date, with its result: a word, or a value where it is counted."""

    kind: ExamKind
    on: date
    word: Word | None = None
    value: Decimal | None = None


@dataclass(frozen=True)
class Finding:
    """It turned out on a local date that the answer to a question of the history is yes, after all.

    Noted under access key `by`; nothing takes it back but an assessment of a later date.
    """

    question: Question
    on: date
    by: str
    noted_at: datetime


@dataclass(frozen=True)
class Medication:
    """What the patient takes now; `note` holds name and dose in people's words."""

    code: MedicationCode
    note: str | None = None


@dataclass(frozen=True)
class Trial:
    """An earlier treatment that has failed; `is_adequate` in dose and length, as the one who assesses judges it."""

    treatment: str
    is_adequate: bool


@dataclass(frozen=True)
class Severity:
    """How ill the patient was before the first dose: the total of an instrument, on a local date."""

    instrument: str
    total: int
    on: date
