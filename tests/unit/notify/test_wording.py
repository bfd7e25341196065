from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.clock_face import FACES, Reader, abbreviation, limit_time, visit_time
from services.notify.domain.crisis_lines import LINES, crisis_line
from services.notify.domain.message import Channel, Kind
from services.notify.domain.preparation import Fasting
from services.notify.domain.recipient import Privacy
from services.notify.domain.text_keys import KEYS as TEXT_KEYS
from services.notify.domain.wording import Content, Text, key_of, language_of
from tests.support.notify_builders import (
    BERLIN,
    BOOKED_AT,
    LORD_HOWE,
    LOS_ANGELES,
    NEW_YORK,
    a_visit,
    at,
)
from tests.support.notify_wording import (
    CARRIER_KEYWORDS,
    CONTENT,
    FORM,
    FORMS,
    KINDS,
    PAGE,
    require_confirmed_is_not_asked,
    require_discretion,
    require_link_where_allowed,
    require_short,
    written,
)

OF_VISITS = sorted(KINDS.keys() - FORMS - {"test", "manual", "crisis", "opt-in-confirmation"})
NOTHING = CONTENT
ALL = replace(CONTENT, link=PAGE, can_reply=True, is_confirmed=True)
"""What a patient can do, and has done; all that lies between is in tests/laws."""


DRIVERS = ("driver", "drives", "food", "fluids", "Begleitperson", "Nahrung", "essen", "trinken", "Getränke",
           "nach Hause", "acompañante", "comida", "coma", "bebidas", "a casa")  # fmt: skip


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
@pytest.mark.parametrize("locale", ["en-US", "de-DE", "es-US"])
@pytest.mark.parametrize(
    "key", ["confirmation", "reminder P3D", "reminder P1D", "reminder PT2H", "change-notice", "change-notice series"]
)
def test_before_a_talk_nobody_fasts_or_needs_a_driver(key: str, locale: str, channel: Channel):
    said = written(KINDS[key], replace(ALL, needs_driver=False), channel=channel, locale=locale).body
    assert not [word for word in DRIVERS if word in said], said
    before_a_dose = written(KINDS[key], ALL, channel=channel, locale=locale).body
    assert [word for word in DRIVERS if word in before_a_dose] or key == "change-notice series"
    assert PAGE in said or key == "reminder PT2H"


def test_every_text_is_written_once():
    assert {key_of(message) for message in KINDS.values()} == KINDS.keys() == TEXT_KEYS.keys()


def test_every_kind_but_the_desks_own_has_a_text():
    assert {message.kind for message in KINDS.values()} == set(Kind) - {Kind.UNCONFIRMED}


WHEN = "Mon Mar 9, 9:00 AM EDT"
FAST = "No solid food after 3:00 AM, clear fluids till 7:00 AM. Bring your driver."
HOURS = "No solid food 6 h, no fluids 2 h before. Bring your driver."
EARLY = "Please arrive 15 min early with your driver."
CRISIS = "Not monitored for emergencies: call or text 988, or 911."


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("confirmation", f"Riverside Clinic: booked. First visit {WHEN}. {HOURS} Call 555-0100."),
        (
            "reminder P3D",
            f"Riverside Clinic: appt {WHEN}. Please plan who drives you home. To change it call 555-0100.",
        ),
        ("reminder P1D", f"Riverside Clinic: see you {WHEN}. {FAST} Call 555-0100."),
        ("reminder PT2H", f"Riverside Clinic: your visit is {WHEN}. {EARLY} Running late? Call 555-0100."),
        ("change-notice", f"Riverside Clinic: new time {WHEN}. {FAST} Call 555-0100."),
        (
            "change-notice series",
            f"Riverside Clinic: your visits have new times. Next visit {WHEN}. Call 555-0100.",
        ),
        ("cancellation-notice", f"Riverside Clinic: your visit {WHEN} is called off. To rebook call 555-0100."),
        (
            "cancellation-notice series",
            "Riverside Clinic: all your coming visits are called off. To rebook call 555-0100.",
        ),
        (
            "pause-notice series",
            "Riverside Clinic: your coming visits are put off. We will tell you the new times. Call 555-0100.",
        ),
        (
            "offer",
            f"Riverside Clinic: an earlier time is free: {WHEN}. Answer until Mon Mar 2, 12:00 PM: call 555-0100.",
        ),
        ("check-in-link", f"Riverside Clinic check-in: 2-min form {FORM} {CRISIS}"),
        ("check-in-chase", f"Riverside Clinic check-in: your 2-min form still waits {FORM} {CRISIS}"),
        (
            "escort-reminder",
            "Riverside Clinic: please collect your companion here Mon Mar 9, 11:10 AM EDT. Questions? Call 555-0100.",
        ),
        (
            "home-safe",
            (
                "Riverside Clinic: did you get home well? Please do not drive until Tue Mar 10, 11:10 AM EDT. If "
                "anything worries you, call 555-0100, in an emergency 911."
            ),
        ),
        ("manual", "Riverside Clinic: Please bring your card."),
    ],
)
def test_what_an_sms_says(key: str, text: str):
    content = Content(
        visits=[a_visit()],
        until=at("2026-03-02 12:00"),
        no_driving_until=at("2026-03-10 11:10"),
        collect_at=at("2026-03-09 11:10"),
        body="Please bring your card.",
    )
    assert written(KINDS[key], content) == Text("", text)
    closed = Text("", f"{text} STOP to opt out, HELP for help.", tells_opt_out=True)
    assert written(KINDS[key], replace(content, opt_out=True)) == closed


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (
            "opt-out-confirmation",
            ("Riverside Clinic: you are unsubscribed and will get no more texts. Call 555-0100 for your appointments. "
            "Reply START to rejoin."),
        ),
        (
            "help",
            ("Riverside Clinic: appointment texts. Up to 8 msgs/week during treatment. Msg&data rates may apply. "
            "Call 555-0100. Reply STOP to opt out."),
        ),
        (
            "crisis",
            (
                "Thank you for telling us. A clinician will call you soon. If you might act on these thoughts now, "
                "call or text 988 (24/7) or 911."
            ),
        ),
        ("no-open-visit", ("Riverside Clinic: thank you. No visit of yours waits for an answer by text. "
                          "Please call 555-0100.")),
        ("staff-page", "Riverside Clinic: somebody needs a call now. See who, and say that you have it: " + FORM),
        ("test", "Please bring your card."),
    ],
)  # fmt: skip
def test_answers_and_calls_to_the_staff_say_nothing_of_how_to_stop_at_their_end(key: str, text: str):
    content = replace(CONTENT, is_staffed=True, opt_out=True)
    assert written(KINDS[key], content) == Text("", text)


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_a_call_soon_is_promised_only_where_somebody_can_be_paged(language: str):
    for channel in Channel:
        staffed = written(KINDS["crisis"], replace(CONTENT, is_staffed=True), channel=channel, locale=language).body
        alone = written(KINDS["crisis"], CONTENT, channel=channel, locale=language).body
        assert len(staffed) > len(alone)
        assert not any(word in alone for word in ("soon", "pronto", "bald"))


def test_a_reminder_that_speaks_for_several_visits_names_them_all():
    visits = [a_visit("2026-03-04 09:00"), a_visit("2026-03-06 13:30"), a_visit("2026-03-09 09:00")]
    text = written(KINDS["reminder P3D"], Content(visits=visits, can_reply=True)).body
    assert text == (
        "Riverside Clinic: appt Wed Mar 4, 9:00 AM; Fri Mar 6, 1:30 PM; Mon Mar 9, 9:00 AM EDT. "
        "Please plan who drives you home. Reply 1 to confirm, 2 to change. Call 555-0100."
    )


REPLY = "Reply 1 to confirm, 2 to change."
REPLY_OR_PAGE = f"Reply 1 to confirm, 2 to change, or see {PAGE} Call 555-0100."
SEE_ALL = f"See all, confirm or change: {PAGE} Call 555-0100."


@pytest.mark.parametrize(
    ("key", "changes", "closing"),
    [
        ("reminder P3D", {"can_reply": True}, f"{REPLY} Call 555-0100."),
        ("reminder P3D", {"link": PAGE}, f"See, confirm or change: {PAGE} Call 555-0100."),
        ("reminder P3D", {"link": PAGE, "can_reply": True}, REPLY_OR_PAGE),
        ("reminder P3D", {"can_reply": True, "is_confirmed": True}, "To change it call 555-0100."),
        (
            "reminder P3D",
            {"link": PAGE, "can_reply": True, "is_confirmed": True},
            f"See or change: {PAGE} Call 555-0100.",
        ),
        ("reminder P1D", {"can_reply": True}, "Bring your driver. Call 555-0100."),
        ("reminder P1D", {"link": PAGE, "can_reply": True}, REPLY_OR_PAGE),
        ("reminder P1D", {"link": PAGE, "is_confirmed": True}, f"See or change: {PAGE} Call 555-0100."),
        ("reminder PT2H", {"link": PAGE, "can_reply": True}, "Running late? Reply 3 or call 555-0100."),
        ("change-notice", {"link": PAGE, "can_reply": True}, REPLY_OR_PAGE),
        ("change-notice series", {"link": PAGE, "can_reply": True}, SEE_ALL),
        ("confirmation", {"link": PAGE, "can_reply": True}, SEE_ALL),
        ("cancellation-notice", {"link": PAGE, "can_reply": True}, "is called off. To rebook call 555-0100."),
        ("offer", {"link": PAGE}, f"Answer until Mon Sep 28, 12:30 PM EDT: {PAGE} or call 555-0100."),
    ],
)
def test_a_message_closes_with_what_the_patient_can_do(key: str, changes: dict[str, Any], closing: str):
    assert written(KINDS[key], replace(CONTENT, **changes)).body.endswith(f" {closing}")


@pytest.mark.parametrize("key", KINDS)
def test_nobody_is_asked_to_confirm_who_has_confirmed(key: str):
    require_confirmed_is_not_asked(key, ALL)


@pytest.mark.parametrize("key", sorted(KINDS.keys() - FORMS - {"home-safe"}))
def test_a_link_is_given_only_where_there_is_one_and_privacy_allows_it(key: str):
    for content in (NOTHING, ALL):
        require_link_where_allowed(key, content)


def test_the_link_to_a_form_is_given_at_minimal_privacy_too():
    assert PAGE in written(KINDS["home-safe"], replace(CONTENT, link=PAGE), privacy=Privacy.MINIMAL).body


@pytest.mark.parametrize("key", KINDS)
def test_an_sms_is_one_part_of_gsm_7_at_usual_lengths_and_two_with_a_link(key: str):
    for content in (NOTHING, ALL):
        require_short(key, content, language="en", country="US")


@pytest.mark.parametrize("key", KINDS)
def test_no_message_discloses_anything(key: str):
    for channel in Channel:
        require_discretion(key, Privacy.STANDARD, channel)


@pytest.mark.parametrize("key", KINDS)
def test_no_message_asks_for_a_word_that_carriers_take_for_their_own(key: str):
    words = (
        written(KINDS[key], replace(CONTENT, can_reply=True)).body.lower().replace(".", " ").replace(",", " ").split()
    )
    assert [word for word in CARRIER_KEYWORDS if word in words] == []


@pytest.mark.parametrize("key", OF_VISITS)
def test_at_minimal_privacy_a_message_says_who_when_and_the_phone_only(key: str):
    text = written(KINDS[key], replace(CONTENT, link=PAGE, can_reply=True), privacy=Privacy.MINIMAL).body
    assert "Riverside Clinic" in text
    assert "555-0100" in text
    assert [word for word in ("food", "fluids", "driver", "drives", "min early") if word in text] == []


def test_by_sms_and_e_mail_detailed_privacy_says_no_more_than_standard():
    for message in KINDS.values():
        for channel in Channel:
            detailed = written(message, channel=channel, privacy=Privacy.DETAILED)
            assert detailed == written(message, channel=channel, privacy=Privacy.STANDARD)


def test_the_clinics_own_name_is_never_said():
    for message in KINDS.values():
        for channel in Channel:
            assert "Infusion Center" not in str(written(message, channel=channel))


def test_a_confirmation_by_e_mail_lists_all_visits():
    visits = [a_visit("2026-03-04 09:00"), a_visit("2026-03-06 13:30"), a_visit("2026-03-09 09:00")]
    text = written(KINDS["confirmation"], Content(visits=visits, link=PAGE), channel=Channel.EMAIL)
    assert text.subject == "Riverside Clinic: your visits"
    assert text.body == (
        "Riverside Clinic: booked. First visit Wed Mar 4, 9:00 AM.\n\n"
        "- Wed Mar 4, 9:00 AM\n- Fri Mar 6, 1:30 PM\n- Mon Mar 9, 9:00 AM EDT\n\n"
        f"{HOURS}\n\nSee all, confirm or change: {PAGE}\n\nCall 555-0100.\n"
    )


def test_how_to_stop_is_said_by_sms_only():
    assert "STOP" not in written(KINDS["reminder P1D"], replace(CONTENT, opt_out=True), channel=Channel.EMAIL).body


@pytest.mark.parametrize("locale", ["fr_FR", "xx", "en-GB", "EN"])
def test_a_language_without_texts_gets_english(locale: str):
    assert language_of(locale) == "en"
    assert written(KINDS["reminder P1D"], locale=locale) == written(KINDS["reminder P1D"])


@pytest.mark.parametrize(
    ("patient", "clinic", "line"),
    [
        (None, "US", "call or text 988, or 911"),
        ("DE", "US", "call 116 123, or 112"),
        (None, "AU", "call 13 11 14, or 000"),
        ("FR", "US", "call your local emergency number"),
    ],
)
def test_the_crisis_line_is_that_of_the_country_the_patient_is_in(patient: str | None, clinic: str, line: str):
    assert line in written(KINDS["check-in-link"], clinic={"country": clinic}, country=patient).body


@pytest.mark.parametrize("country", LINES)
@pytest.mark.parametrize("language", FACES)
def test_every_crisis_line_names_the_emergency_number(country: str, language: str):
    line = crisis_line(country, language)
    assert line.number
    assert line.number in line.brief
    assert line.number in line.full


def test_where_no_line_is_known_the_crisis_text_gives_the_clinics_phone():
    for language in FACES:
        assert "555-0100" in written(KINDS["crisis"], country="FR", locale=language).body
        assert "555-0100" not in written(KINDS["crisis"], country="US", locale=language).body


@pytest.mark.parametrize(
    "row",
    [
        ("2026-03-05 09:00", NEW_YORK, NEW_YORK, "2026-03-02 10:00", "Thu Mar 5, 9:00 AM"),
        ("2026-03-09 09:00", NEW_YORK, NEW_YORK, "2026-03-06 09:00", "Mon Mar 9, 9:00 AM EDT"),
        ("2026-03-09 09:00", NEW_YORK, NEW_YORK, "2026-03-08 09:00", "Mon Mar 9, 9:00 AM"),
        ("2026-03-05 09:00", NEW_YORK, LOS_ANGELES, "2026-03-02 10:00", "Thu Mar 5, 9:00 AM EST"),
        ("2026-03-05 09:00", NEW_YORK, "America/Toronto", "2026-03-02 10:00", "Thu Mar 5, 9:00 AM"),
        ("2026-03-30 09:00", BERLIN, BERLIN, "2026-03-27 09:00", "Mon Mar 30, 9:00 AM CEST"),
        ("2026-04-06 09:00", LORD_HOWE, LORD_HOWE, "2026-04-03 09:00", "Mon Apr 6, 9:00 AM UTC+10:30"),
        ("2026-10-05 09:00", LORD_HOWE, LORD_HOWE, "2026-10-02 09:00", "Mon Oct 5, 9:00 AM UTC+11:00"),
        ("2026-03-05 12:05", NEW_YORK, NEW_YORK, "2026-03-02 10:00", "Thu Mar 5, 12:05 PM"),
        ("2026-03-05 00:30", NEW_YORK, NEW_YORK, "2026-03-02 10:00", "Thu Mar 5, 12:30 AM"),
    ],
)
def test_the_zone_is_said_when_clocks_differ_or_change(row: tuple[str, ...]):
    visit, zone, reader, now, text = row
    assert visit_time(a_visit(visit, zone), Reader(reader, at(now, zone), FACES["en"])) == text


@pytest.mark.parametrize(
    ("zone", "visit", "solids", "clear"),
    [
        (NEW_YORK, "2026-03-08 08:00", "1:00 AM EST", "6:00 AM"),
        (NEW_YORK, "2026-11-01 08:00", "2:00 AM", "6:00 AM"),
        (NEW_YORK, "2026-11-01 07:30", "1:30 AM EST", "5:30 AM"),
        (BERLIN, "2026-03-29 08:00", "1:00 AM CET", "6:00 AM"),
        (LORD_HOWE, "2026-10-04 08:00", "1:30 AM UTC+10:30", "6:00 AM"),
        (NEW_YORK, "2026-03-17 09:00", "3:00 AM", "7:00 AM"),
    ],
)
def test_fasting_times_are_said_as_the_clock_on_the_wall_will_show_them(zone: str, visit: str, solids: str, clear: str):
    expected = a_visit(visit, zone)
    face = FACES["en"]
    assert limit_time(Fasting().solids_stop_at(expected.starts_at), expected, face=face) == solids
    assert limit_time(Fasting().clear_liquids_stop_at(expected.starts_at), expected, face=face) == clear


def test_texts_say_the_fasting_hours_of_the_protocol_that_was_booked():
    content = Content(visits=[a_visit()], fasting=Fasting(solids_hours=3, fluids_minutes=45))
    said = {key: written(KINDS[key], content).body for key in ("confirmation", "reminder P1D", "change-notice")}
    assert "No solid food 3 h, no fluids 0:45 h before." in said["confirmation"]
    for key in ("reminder P1D", "change-notice"):
        assert "No solid food after 6:00 AM, clear fluids till 8:15 AM." in said[key]


@pytest.mark.parametrize(
    ("zone", "text"), [(NEW_YORK, "EST"), (BERLIN, "CET"), (LORD_HOWE, "UTC+11:00"), ("America/Caracas", "UTC-4:00")]
)
def test_a_zone_without_abbreviation_is_said_by_its_distance(zone: str, text: str):
    assert abbreviation(at("2026-01-15 12:00"), zone) == text


@pytest.mark.parametrize(
    ("language", "visit", "moment", "solids"),
    [
        ("es", "2026-03-09 09:00", "lun 9/3 a las 9:00 EDT", "las 3:00"),
        ("es", "2026-03-14 13:30", "sab 14/3 a las 13:30 EDT", "las 7:30"),
        ("es", "2026-03-04 07:00", "mié 4/3 a las 7:00", "la 1:00"),
        ("de", "2026-03-09 09:00", "Mo 09.03. 9:00 Uhr EDT", "3:00"),
        ("de", "2026-03-05 16:05", "Do 05.03. 16:05 Uhr", "10:05"),
    ],
)
def test_every_language_writes_times_its_own_way(language: str, visit: str, moment: str, solids: str):
    expected = a_visit(visit)
    face = FACES[language]
    assert visit_time(expected, Reader(NEW_YORK, BOOKED_AT, face)) == moment
    assert limit_time(Fasting().solids_stop_at(expected.starts_at), expected, face=face) == solids


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "es-US",
            (
                "Riverside Clinic: su cita es lun 9/3 a las 9:00 EDT. Nada de comida desde las 3:00, bebidas claras "
                "hasta las 7:00. Traiga acompañante. Llame al 555-0100."
            ),
        ),
        (
            "de",
            (
                "Riverside Clinic: Ihr Termin Mo 09.03. 9:00 Uhr EDT. Keine feste Nahrung ab 3:00, klare Getränke bis "
                "7:00. Bitte Begleitperson mitbringen. Tel. 555-0100."
            ),
        ),
    ],
)
def test_a_patient_is_written_to_in_their_language(locale: str, text: str):
    content = Content(visits=[a_visit()])
    assert written(KINDS["reminder P1D"], content, locale=locale).body == text


def test_a_line_break_in_a_clinics_name_stays_within_its_line():
    wild = {"sender_alias": "Riverside\r\nBcc: x@example.com", "phone": "555\n0100"}
    text = written(KINDS["reminder P1D"], channel=Channel.EMAIL, clinic=wild)
    assert text.subject == "Riverside Bcc: x@example.com: your visit"
    assert "Call 555 0100." in text.body
