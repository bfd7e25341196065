from dataclasses import replace
from datetime import timedelta

import pytest

from services.followup.domain.check_in import CheckIn, Status, Taken
from services.followup.domain.clinic import Clinic
from services.followup.domain.events import (
    CheckInAnswered,
    CheckInCancelled,
    CheckInMissed,
    CheckInOpened,
    MeasureScored,
)
from services.followup.domain.patient import Patient
from services.followup.operations.by_link import (
    Answer,
    ProveYear,
    ReadSheet,
    answer,
    clinic_of_link,
    prove_year,
    read_sheet,
)
from services.followup.operations.check_in import (
    CancelCheckIn,
    CloseMissed,
    EnterAnswers,
    OpenCheckIn,
    StaffReason,
    cancel_check_in,
    close_missed,
    enter_answers,
    open_check_in,
)
from services.followup.operations.courses import hear_session_discharged
from services.followup.operations.projections import keep_clinic, keep_patient
from services.followup.operations.queries import (
    ListCheckIns,
    ListMeasures,
    ShowCheckIn,
    list_check_ins,
    list_measures,
    show_check_in,
)
from shared.errors import Contended, Forbidden, Invalid, NotFound, RuleBroken, TransientFailure
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import digest
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NO_TROUBLE,
    PATIENT,
    a_clinic,
    a_discharge,
    a_patient,
    a_plan,
    a_world,
    a_world_with_an_open_check_in,
    answers_of,
)
from tests.support.followup_fakes import LIBRARY, FakeFollowup

FULL = {"phq-9": answers_of(NO_TROUBLE)}


@pytest.fixture
def world():
    return a_world()


def the_check_in(world: FakeFollowup) -> CheckIn:
    [check_in] = world.all(CheckIn)
    return check_in


def admitted(world, token):
    return world.run(CLINIC, prove_year, ProveYear(token, 1985)).pass_token


def test_a_discharge_plans_one_check_in_24_hours_later(world):
    world.run(CLINIC, hear_session_discharged, a_discharge())
    check_in = the_check_in(world)
    assert (check_in.status, check_in.kind, check_in.session_number) == (Status.SCHEDULED, "24h", 1)
    assert [part.instrument for part in check_in.parts] == ["phq-9"]
    assert check_in.due_at == DISCHARGED_AT + timedelta(hours=24)
    assert world.told == []


def test_a_discharge_heard_twice_plans_one_check_in(world):
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.run(CLINIC, hear_session_discharged, a_discharge())
    assert the_check_in(world).version == 1


def test_two_units_that_plan_the_same_check_in_cannot_both_commit(world):
    first, second = world.unit(CLINIC), world.unit(CLINIC)
    hear_session_discharged(first, a_discharge())
    hear_session_discharged(second, a_discharge())
    first.commit()
    with pytest.raises(Contended):
        second.commit()


def test_each_session_has_its_own_check_in(world):
    for number in (1, 2, 3):
        discharged_at = DISCHARGED_AT + timedelta(days=7 * number)
        world.run(CLINIC, hear_session_discharged, a_discharge(number=number, discharged_at=discharged_at))
    assert len(world.all(CheckIn)) == 3


def test_opening_a_due_check_in_tells_a_private_link_once(world):
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    world.run(CLINIC, open_check_in, OpenCheckIn(the_check_in(world).id))
    with pytest.raises(RuleBroken, match="already-open"):
        world.run(CLINIC, open_check_in, OpenCheckIn(the_check_in(world).id))
    [told] = world.events(CheckInOpened)
    assert told.link.startswith("https://care.example/followup/c/")
    assert the_check_in(world).token_digest == digest(told.link.rpartition("/")[2])


@pytest.mark.parametrize("kept", [[(keep_clinic, a_clinic())], [(keep_patient, a_patient())]])
def test_opening_waits_until_clinic_and_patient_were_heard_of(kept):
    world = FakeFollowup(now=DISCHARGED_AT, default_plan=a_plan())
    for operation, command in kept:
        world.run(CLINIC, operation, command)
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    with pytest.raises(TransientFailure):
        world.run(CLINIC, open_check_in, OpenCheckIn(the_check_in(world).id))
    assert the_check_in(world).status is Status.SCHEDULED


def test_the_link_leads_to_its_clinic_and_its_check_in():
    world, token = a_world_with_an_open_check_in()
    assert world.run(EVERY_CLINIC, clinic_of_link, token) == CLINIC
    sheet = world.run(CLINIC, read_sheet, ReadSheet(token, ""))
    assert (sheet.check_in, sheet.is_open, sheet.is_admitted) == (the_check_in(world), True, False)


def test_a_link_that_nobody_was_told_leads_nowhere(world):
    with pytest.raises(NotFound):
        world.run(EVERY_CLINIC, clinic_of_link, "guessed")


def test_a_link_is_not_there_for_another_clinic():
    world, token = a_world_with_an_open_check_in()
    with pytest.raises(NotFound):
        world.run("clinic-2", read_sheet, ReadSheet(token, ""))


def test_the_year_of_birth_admits():
    world, token = a_world_with_an_open_check_in()
    assert not world.run(CLINIC, prove_year, ProveYear(token, 1984)).pass_token
    assert the_check_in(world).wrong_years == 1
    passed = admitted(world, token)
    assert world.run(CLINIC, read_sheet, ReadSheet(token, passed)).is_admitted


def test_answers_without_the_year_of_birth_are_refused():
    world, token = a_world_with_an_open_check_in()
    with pytest.raises(Forbidden):
        world.run(CLINIC, answer, Answer(token, "", FULL, final=True))
    assert the_check_in(world).all_answers == {"phq-9": {}}


def test_all_answers_are_scored_and_told():
    world, token = a_world_with_an_open_check_in()
    world.run(CLINIC, answer, Answer(token, admitted(world, token), {"phq-9": answers_of((1,) * 9)}, final=True))
    assert the_check_in(world).status is Status.ANSWERED
    [measure] = world.events(MeasureScored)
    assert (measure.total, measure.band) == (9, "mild")
    assert len(world.events(CheckInAnswered)) == 1


def test_sending_twice_tells_once_and_keeps_the_first_answers():
    world, token = a_world_with_an_open_check_in()
    passed = admitted(world, token)
    world.run(CLINIC, answer, Answer(token, passed, FULL, final=True))
    again = world.run(CLINIC, answer, Answer(token, passed, {"phq-9": answers_of((3,) * 9)}, final=True))
    assert again.all_answers == FULL
    assert len(world.events(CheckInAnswered)) == len(world.events(MeasureScored)) == 1


def test_some_answers_are_kept_and_not_scored():
    world, token = a_world_with_an_open_check_in()
    passed = admitted(world, token)
    world.run(CLINIC, answer, Answer(token, passed, {"phq-9": {"1": 2}}, final=True))
    world.run(CLINIC, answer, Answer(token, passed, {"phq-9": {"2": 1}}, final=False))
    check_in = the_check_in(world)
    assert (check_in.status, check_in.all_answers) == (Status.OPEN, {"phq-9": {"1": 2, "2": 1}})
    assert world.events(CheckInAnswered) == []


def test_all_answers_saved_for_later_are_not_scored_yet():
    world, token = a_world_with_an_open_check_in()
    world.run(CLINIC, answer, Answer(token, admitted(world, token), FULL, final=False))
    assert the_check_in(world).status is Status.OPEN


def test_impossible_answers_are_refused_with_every_fault_and_nothing_is_kept():
    world, token = a_world_with_an_open_check_in()
    with pytest.raises(Invalid) as refusal:
        world.run(
            CLINIC, answer, Answer(token, admitted(world, token), {"phq-9": {"1": 4, "10": 0, "2": 1}}, final=True)
        )
    assert len(refusal.value.faults) == 2
    assert the_check_in(world).all_answers == {"phq-9": {}}


def test_a_check_in_that_nobody_answered_is_missed_after_seven_days():
    world, token = a_world_with_an_open_check_in()
    passed = admitted(world, token)
    with pytest.raises(RuleBroken, match="not-expired"):
        world.run(CLINIC, close_missed, CloseMissed(the_check_in(world).id))
    world.pass_time(days=7)
    with pytest.raises(RuleBroken, match=r"^check-in\.expired"):
        world.run(CLINIC, answer, Answer(token, passed, FULL, final=True))
    world.run(CLINIC, close_missed, CloseMissed(the_check_in(world).id))
    assert the_check_in(world).status is Status.MISSED
    assert len(world.events(CheckInMissed)) == 1


def test_staff_cancel_a_check_in_before_it_opens_and_it_never_opens(world):
    world.run(CLINIC, hear_session_discharged, a_discharge())
    check_in_id = the_check_in(world).id
    world.run(CLINIC, cancel_check_in, CancelCheckIn(check_in_id, StaffReason.NOT_WANTED))
    world.pass_time(hours=24)
    with pytest.raises(RuleBroken, match=r"^check-in\.cancelled"):
        world.run(CLINIC, open_check_in, OpenCheckIn(check_in_id))
    assert world.events() == [CheckInCancelled(PATIENT, "not-wanted")]


def test_staff_enter_answers_and_the_record_says_who_did():
    world, _ = a_world_with_an_open_check_in()
    command = EnterAnswers(the_check_in(world).id, FULL, "Nurse Joy", Taken.BY_PHONE, notes="sounded tired")
    entered = world.run(CLINIC, enter_answers, command)
    assert (entered.entered_by, entered.taken, entered.status) == ("Nurse Joy", Taken.BY_PHONE, Status.ANSWERED)
    assert entered.notes == "sounded tired"
    assert len(world.events(MeasureScored)) == 1


def test_staff_cannot_enter_answers_in_the_patients_name():
    world, _ = a_world_with_an_open_check_in()
    with pytest.raises(RuleBroken, match=r"^answers\.not-by-staff"):
        world.run(CLINIC, enter_answers, EnterAnswers(the_check_in(world).id, FULL, entered_by="Patient"))
    assert the_check_in(world).status is Status.OPEN


def test_staff_must_enter_all_answers():
    world, _ = a_world_with_an_open_check_in()
    with pytest.raises(Invalid) as refusal:
        world.run(
            CLINIC, enter_answers, EnterAnswers(the_check_in(world).id, {"phq-9": {"1": 0}}, entered_by="Nurse Joy")
        )
    assert [fault.pointer for fault in refusal.value.faults] == [f"/answers/phq-9/{item}" for item in range(2, 10)]


def test_staff_may_enter_what_only_staff_can_ask():
    world, token = a_world_with_an_open_check_in()
    rated = {item.id: item.lowest for item in LIBRARY.newest("y-bocs").items}
    command = EnterAnswers(the_check_in(world).id, {**FULL, "y-bocs": rated}, entered_by="Dr Hall")
    entered = world.run(CLINIC, enter_answers, command)
    assert [(part.instrument, part.text) for part in entered.parts] == [("phq-9", "phq-9.1.en.1"), ("y-bocs", "")]
    assert [measure.instrument for measure in world.events(MeasureScored)] == ["phq-9", "y-bocs"]
    assert [form.instrument.id for form in world.run(CLINIC, read_sheet, ReadSheet(token, "")).forms] == ["phq-9"]


def test_staff_cannot_enter_what_there_is_not():
    world, _ = a_world_with_an_open_check_in()
    with pytest.raises(Invalid) as refusal:
        world.run(CLINIC, enter_answers, EnterAnswers(the_check_in(world).id, {**FULL, "phq-8": {}}, entered_by="x"))
    assert [fault.pointer for fault in refusal.value.faults] == ["/answers/phq-8"]


def test_one_check_in_holds_several_instruments_and_keeps_what_was_answered_of_each():
    world, token = a_world_with_an_open_check_in("phq-9", "gad-7")
    passed = admitted(world, token)
    world.run(CLINIC, answer, Answer(token, passed, FULL, final=True))
    assert the_check_in(world).status is Status.OPEN
    world.run(CLINIC, answer, Answer(token, passed, {"gad-7": answers_of((1,) * 7)}, final=True))
    assert the_check_in(world).status is Status.ANSWERED
    assert [(event.instrument, event.total) for event in world.events(MeasureScored)] == [("phq-9", 0), ("gad-7", 7)]


def test_only_what_may_be_put_before_the_patient_is_asked():
    """There are no words for the C-SSRS here, and the Y-BOCS is an interview."""
    world, token = a_world_with_an_open_check_in("c-ssrs", "phq-9", "y-bocs")
    [told] = world.events(CheckInOpened)
    assert (told.instrument, told.instruments) == ("phq-9", ("phq-9",))
    assert [form.text.name for form in world.run(CLINIC, read_sheet, ReadSheet(token, "")).forms] == ["phq-9.1.en.1"]


def test_the_wording_of_the_patients_language_is_fixed_on_opening():
    world, token = a_world_with_an_open_check_in(patient=a_patient(locale="de-DE"))
    world.run(CLINIC, keep_patient, a_patient(locale="en"))
    assert world.run(CLINIC, read_sheet, ReadSheet(token, "")).forms[0].text.language == "de"


def test_a_check_in_with_nothing_to_ask_is_cancelled_and_says_so():
    world = a_world(plan=a_plan("y-bocs"))
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    world.run(CLINIC, open_check_in, OpenCheckIn(the_check_in(world).id))
    assert world.events() == [CheckInCancelled(PATIENT, "nothing-to-ask")]
    world.run(CLINIC, keep_patient, a_patient(zone="Europe/Berlin"))
    assert the_check_in(world).status is Status.CANCELLED


def test_what_could_not_be_opened_in_time_is_not_asked_any_more(world):
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24 + 168)
    world.run(CLINIC, open_check_in, OpenCheckIn(the_check_in(world).id))
    assert the_check_in(world).status is Status.UNPLANNED
    assert world.events() == []
    assert world.run(CLINIC, list_check_ins, ListCheckIns(PATIENT, limit=9, after=None)).items == []


def test_a_patients_measures_show_the_change_from_baseline(world):
    for number, value in ((1, 2), (2, 1)):
        world.run(CLINIC, hear_session_discharged, a_discharge(number=number, discharged_at=world.now))
        world.pass_time(hours=24)
        check_in = next(each for each in world.all(CheckIn) if each.status is Status.SCHEDULED)
        world.run(CLINIC, open_check_in, OpenCheckIn(check_in.id))
        answers = {"phq-9": answers_of((value,) * 9)}
        world.run(CLINIC, enter_answers, EnterAnswers(check_in.id, answers, entered_by="Nurse"))
        assert world.run(CLINIC, show_check_in, ShowCheckIn(check_in.id)).status is Status.ANSWERED
        world.pass_time(days=7)
    first, second = world.run(CLINIC, list_measures, ListMeasures(PATIENT)).items
    assert (first.total, first.change) == (18, None)
    assert (second.total, second.change.drop_per_mille, second.change.response) == (9, 500, True)


def test_a_patients_check_ins_come_in_pages(world):
    for number in (3, 1, 2):
        discharged_at = DISCHARGED_AT + timedelta(days=7 * number)
        world.run(CLINIC, hear_session_discharged, a_discharge(number=number, discharged_at=discharged_at))
    first = world.run(CLINIC, list_check_ins, ListCheckIns(PATIENT, limit=2, after=None))
    rest = world.run(CLINIC, list_check_ins, ListCheckIns(PATIENT, limit=2, after=first.after))
    assert [each.session_number for each in [*first.items, *rest.items]] == [1, 2, 3]
    assert rest.after is None


@pytest.mark.parametrize("query", [ListMeasures(PATIENT), ListCheckIns(PATIENT, 50, None)])
def test_another_clinics_patient_is_not_found(world, query):
    operation = list_measures if isinstance(query, ListMeasures) else list_check_ins
    with pytest.raises(NotFound):
        world.run("clinic-2", operation, query)


def test_what_changes_about_a_patient_or_a_clinic_is_kept(world):
    world.run(CLINIC, keep_patient, a_patient(country="CA"))
    world.run(CLINIC, keep_clinic, a_clinic(phone="+12125550199", data_key=None))
    assert [(patient.country, patient.version) for patient in world.all(Patient)] == [("CA", 2)]
    assert [(clinic.phone, clinic.version) for clinic in world.all(Clinic)] == [("+12125550199", 2)]


def test_a_clinics_key_is_adopted(world):
    world.run(CLINIC, keep_clinic, replace(a_clinic(), data_key="other"))
    assert world.keys == {"wrapped", "other"}
