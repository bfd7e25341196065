"""Showing and erasing what a service keeps of one patient, as operations; how it is kept is `records`'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.errors import NotFound

Dossier = Mapping[str, Sequence[Mapping[str, Any]]]
"""Documents by collection, personal fields opened, in plain JSON values."""


@dataclass(frozen=True)
class ExportPatient:
    """Everything that this service keeps of a patient."""

    patient_id: str


@dataclass(frozen=True)
class PatientErased:
    """A clinic has erased who a patient was."""

    patient_id: str
    erased_at: datetime


class Dossiers(Protocol):
    """What is kept of patients of the unit's clinic."""

    def of(self, patient_id: str) -> Dossier:
        """Everything; collections without anything are left out."""
        ...

    def erase(self, patient_id: str) -> None:
        """From this commit on, let everything that tells who the patient was be erased."""
        ...


class HasDossiers(Protocol):
    """A unit of work of a service that keeps something of patients."""

    @property
    def dossiers(self) -> Dossiers: ...


def export_patient(uow: HasDossiers, command: ExportPatient) -> Mapping[str, Dossier]:
    """Show all of it, as `kept`. Raises `NotFound` when nothing is kept."""
    if not (kept := uow.dossiers.of(command.patient_id)):
        raise NotFound("patient")
    return {"kept": kept}


def hear_patient_erased(uow: HasDossiers, command: PatientErased) -> None:
    """What was heard of the patient is erased here, too."""
    uow.dossiers.erase(command.patient_id)
