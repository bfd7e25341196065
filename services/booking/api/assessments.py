"""Assessments over HTTP."""

from typing import Final

from services.booking.api import assessment_schemas as schemas
from services.booking.api.people import PATIENT
from services.booking.api.scopes import CLINICIAN, NURSING, STAFF
from services.booking.operations import assessments
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route

_ASSESSMENT: Final = f"{PATIENT}/assessments/<assessment_id>"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{PATIENT}/assessments",
        "Begin an assessment",
        STAFF,
        assessments.DraftAssessment,
        assessments.draft_assessment,
        schemas.ScreenedAnswer,
        body=schemas.AssessmentRequest,
        status=201,
    ),
    Route(
        "GET",
        f"{PATIENT}/assessments",
        "List a patient's assessments",
        STAFF,
        assessments.ListAssessments,
        assessments.list_assessments,
        page_schema(schemas.AssessmentAnswer),
        query=PageQuery,
    ),
    Route(
        "GET",
        _ASSESSMENT,
        "Show an assessment, and what screening says of it",
        STAFF,
        assessments.ShowAssessment,
        assessments.show_assessment,
        schemas.ScreenedAnswer,
    ),
    Route(
        "PATCH",
        _ASSESSMENT,
        "Change a draft",
        STAFF,
        assessments.ChangeAssessment,
        assessments.change_assessment,
        schemas.ScreenedAnswer,
        body=schemas.AssessmentChanges,
    ),
    Route(
        "POST",
        f"{_ASSESSMENT}/exams",
        "Keep one more examination, of an approved assessment, too",
        NURSING,
        assessments.NoteExam,
        assessments.note_exam,
        schemas.ScreenedAnswer,
        body=schemas.ExamRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{_ASSESSMENT}/findings",
        "Keep what turned out since; of an approved assessment, too",
        NURSING,
        assessments.NoteFinding,
        assessments.note_finding,
        schemas.ScreenedAnswer,
        body=schemas.FindingRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{_ASSESSMENT}/decisions",
        "Decide about a finding of screening",
        CLINICIAN,
        assessments.DecideScreening,
        assessments.decide_screening,
        schemas.ScreenedAnswer,
        body=schemas.ScreeningDecisionRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{_ASSESSMENT}/approve",
        "Approve a draft; it takes the place of the one before",
        CLINICIAN,
        assessments.ApproveAssessment,
        assessments.approve_assessment,
        schemas.ScreenedAnswer,
    ),
)
