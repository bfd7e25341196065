"""All of followup's routes; reads like a contents page."""

from services.followup.api import instrument_schemas, plan_schemas, schemas
from services.followup.operations import check_in, instruments, plan, queries
from shared.cursors import PageQuery, page_schema
from shared.routes import Route

ADMIN = frozenset({"admin"})
CARE = frozenset({"front_desk", "clinician", "admin", "integration"})

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>/measures",
        "List a patient's scores with their change from baseline",
        CARE,
        queries.ListMeasures,
        queries.list_measures,
        schemas.MeasuresAnswer,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>/check-ins",
        "List a patient's check-ins",
        CARE,
        queries.ListCheckIns,
        queries.list_check_ins,
        page_schema(schemas.CheckInAnswer),
        query=PageQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/check-ins/<check_in_id>",
        "Show a check-in",
        CARE,
        queries.ShowCheckIn,
        queries.show_check_in,
        schemas.CheckInAnswer,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/check-ins/<check_in_id>/answers",
        "Enter answers on the patient's behalf",
        CARE,
        check_in.EnterAnswers,
        check_in.enter_answers,
        schemas.CheckInAnswer,
        body=schemas.AnswersRequest,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/check-ins/<check_in_id>/cancel",
        "Cancel a check-in",
        CARE,
        check_in.CancelCheckIn,
        check_in.cancel_check_in,
        schemas.CheckInAnswer,
        body=schemas.CancellationRequest,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/follow-up-plans",
        "Publish the next edition of the plan of follow-up",
        ADMIN,
        plan.PublishPlan,
        plan.publish_plan,
        plan_schemas.PlanAnswer,
        body=plan_schemas.PlanRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/follow-up-plans",
        "List all editions of the plan of follow-up",
        CARE,
        plan.ListPlans,
        plan.list_plans,
        page_schema(plan_schemas.PlanAnswer),
        query=PageQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/instruments",
        "List the instruments, their languages and why one is not put before patients",
        CARE,
        instruments.ListInstruments,
        instruments.list_instruments,
        instrument_schemas.InstrumentsAnswer,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/instruments/<code>/texts",
        "Load an official wording of an instrument",
        ADMIN,
        instruments.LoadText,
        instruments.load_text,
        instrument_schemas.TextAnswer,
        body=instrument_schemas.TextRequest,
        status=201,
    ),
)
