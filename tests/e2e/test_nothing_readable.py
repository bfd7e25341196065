"""Nothing personal can be read in the databases, in Kafka, in the logs or in the metrics."""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from kafka import KafkaConsumer, TopicPartition

from deploy.local.installation import PARTS
from deploy.local.story import Story, open_clinic
from tests.e2e.described import ANSWERS, a_rota
from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import SERVICES, Town, eventually, ok
from tests.e2e.world import hold_treatment, open_check_in

FIRST: Final = {
    "name": "Zdeňka Østergård-Nguyễn",
    "birth_date": "1947-08-29",
    "phone": "+1 415-555-0186",
    "email": "Zdenka.Ostergard@Kvetoslav.example",
    "external_id": "Karteikarte-90417",
}
LATER: Final = {
    "name": "Włodzimierz Ğöksel 李小龍",
    "birth_date": "1951-02-03",
    "phone": "+44 20 7946 0991",
    "email": "wlodzimierz+ketamin@quux.example",
}
REFUSED: Final = {
    "name": "Hildegunst Mythenmetz",
    "birth_date": "2977-11-13",
    "email": "hildegunst@@mythenmetz.example",
}
STAFF: Final = {
    "name": "Dr. Ernestine Quittenbaum",
    "birth_date": "1963-10-21",
    "phone": "+1 415-555-0177",
    "email": "quittenbaum@oncall.example",
}
NOTE: Final = "Spricht leise, Tochter Ottilie begleitet"
DOSE_NOTE: Final = "Infusion in Olomouc bei Doktor Ondrazek"
ALERT_TEXTS: Final[Mapping[str, dict[str, Any]]] = {
    "contact": {"note": "War mit der Nachbarin Kunigunde im Garten"},
    "regrade": {"tier": 3, "reason": "Gemeint war der Winter vor der Scheidung"},
    "close": {"reason": "Notfallplan mit Schwager Balthasar besprochen"},
}
RELEASE_REASON: Final = "Heute in der Praxis gesehen, Absicht verneint"
MATCH_REASON: Final = "Reisepass der Patientin gesehen, Foto stimmt"
SEALED_TEXTS_FROM: Final = 25
"""Shorter texts of messages may be found by chance, or be nobody's."""


@dataclass
class Secrets:
    """Personal values, by what they are, and each way in which they might be written."""

    values: dict[str, str] = field(default_factory=dict)

    def add_person(self, who: str, person: Mapping[str, str]) -> None:
        for name, value in person.items():
            self.values[f"{name} of {who}"] = value
        self.values |= {f"part of the name of {who}: {part}": part for part in _parts(person["name"])}
        if phone := re.sub(r"\D", "", person.get("phone", "")):
            self.values |= {f"digits of {who}": phone, f"last digits of {who}": phone[-10:]}
        if "email" in person:
            self.values[f"mailbox of {who}"] = person["email"].split("@")[0]
        day = date.fromisoformat(person["birth_date"])
        self.values |= {f"birthday of {who} as {form}": f"{day:{form}}" for form in ("%d.%m.%Y", "%m/%d/%Y", "%Y%m%d")}

    def needles(self) -> Iterator[tuple[str, bytes]]:
        """Lower case: whatever is searched is read so, too."""
        for what, value in self.values.items():
            for form in {value, unicodedata.normalize("NFD", value), json.dumps(value).strip('"')}:
                yield what, form.lower().encode()
            yield f"{what} in base64", base64.b64encode(value.encode()).rstrip(b"=")[:-1].lower()


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[\s-]", name) if len(part.encode()) >= 6]


def found_in(secrets: Secrets, places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret stands where."""
    needles = list(secrets.needles())
    return sorted(
        {f"{what} in {place}" for place, text in places for what, needle in needles if needle in text.lower()}
    )


def documents(town: Town) -> Iterator[tuple[str, bytes]]:
    raw = CodecOptions(document_class=RawBSONDocument)
    for database in town.databases():
        for name in database.list_collection_names():
            found: Any = database.get_collection(name, codec_options=raw).find()
            for document in found:
                yield f"{database.name}.{name}", bytes(document.raw)


def records(town: Town) -> Iterator[tuple[str, bytes]]:
    installation = town.platform.installation
    topics = [f"{installation.namespace}.{service}.v1" for service in SERVICES]
    consumer = KafkaConsumer(bootstrap_servers=installation.kafka_bootstrap.split(","), enable_auto_commit=False)
    try:
        places = [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < end for place, end in ends.items()):
            for place, rows in consumer.poll(timeout_ms=500).items():
                for row in rows:
                    parts = [
                        row.key or b"",
                        row.value or b"",
                        *(part for key, value in row.headers for part in (key.encode(), value)),
                    ]
                    yield place.topic, b"\n".join(parts)
    finally:
        consumer.close(autocommit=False)


def logs(town: Town) -> Iterator[tuple[str, bytes]]:
    for file in sorted((town.platform.installation.folder / "logs").glob("*.log*")):
        yield f"log {file.name}", file.read_bytes()


def metrics(town: Town) -> Iterator[tuple[str, bytes]]:
    for part in PARTS:
        answer = requests.get(f"http://127.0.0.1:{town.platform.port(part)}/metrics", timeout=10)
        assert answer.ok
        yield f"metrics of {part}", answer.content


LOOK: Final = {"the databases": documents, "Kafka": records, "the logs": logs, "the metrics": metrics}


@pytest.fixture(scope="module")
def secrets(town: Town) -> Secrets:
    """Everything that was typed in, after a whole story and calls of every kind."""
    found = Secrets()
    found.values |= {f"text {number} of the story": text for number, text in enumerate(the_story(town))}
    practice = open_practice(town, chairs=2, nurses=2)
    for number, key in enumerate((practice.key, *keys_of(practice))):
        found.values |= {f"access key {number}": key, f"secret of access key {number}": key.split("_", 2)[2]}
    found.values["the operator's key"] = town.platform.platform_key
    patient = calls_about_people(practice)
    practice.clear(patient["id"])
    check_in = open_check_in(practice, patient["id"])
    found.values |= what_was_sent(practice, patient["id"])
    answers = {"answers": ANSWERS, "entered_by": "Nurse Ames", "notes": NOTE}
    ok(practice.http.post(practice.at("followup", f"/check-ins/{check_in['id']}/answers"), answers))
    see_to_an_alert(practice)
    found.values |= {f"{step} of an alert": str(next(reversed(body.values()))) for step, body in ALERT_TEXTS.items()}
    found.values["the release of a hold"] = RELEASE_REASON
    found.values |= {"a note": NOTE, "a dose's note": DOSE_NOTE, "the reason of a match": MATCH_REASON}
    for who, person in (("the first", FIRST), ("the later", LATER), ("the refused", REFUSED), ("staff", STAFF)):
        found.add_person(who, person)
    return found


def the_story(town: Town) -> list[str]:
    """Plays it; what of it is personal."""
    told: list[str] = []
    clinic = open_clinic(town.url, town.platform.platform_key)
    mail: Path = town.platform.installation.mail_folder
    Story(town.url, clinic, town.clock, mail, lambda _, text: told.append(text)).play()
    person = next(text for text in told if text.startswith("registered"))
    links = {link.rpartition("/")[2] for text in told for link in re.findall(r"https?://\S+/c/\S+", text)}
    assert len(links) == 3
    values = person.removeprefix("registered ").split(", ")
    assert len(values) == 3
    return ["1985-12-10", clinic.key, clinic.key.split("_", 2)[2], *values, *links]


def keys_of(practice: Practice) -> list[str]:
    issued = practice.issue_key("front_desk")
    path = practice.at("booking", f"/access-keys/{issued['access_key']['id']}")
    rotated = ok(practice.http.post(f"{path}/rotate", {"overlap_seconds": 60}))
    return [issued["key"], rotated["key"]]


def calls_about_people(practice: Practice) -> dict[str, Any]:
    """Registers, looks up, changes, mistypes."""
    patients = practice.at("booking", "/patients")
    patient = ok(practice.http.post(patients, FIRST))
    for person in (FIRST, LATER, REFUSED):
        practice.http.get(patients, phone=person.get("phone", "5"), email=person["email"])
        practice.http.get(patients, name=person["name"])
        for word in (person["name"], person.get("phone", "5"), person["email"]):
            practice.http.get(patients, search=word)
        practice.http.get(f"{patients}/{person['email']}")
        practice.http.get(practice.at("followup", f"/patients/{person['name']}/measures"))
        practice.http.get(practice.at("notify", "/messages"), about=person["name"])
        practice.http.get(f"/booking/{person['name']}")
    for body in (REFUSED, {**REFUSED, "email": "hildegunst@mythenmetz.example"}, {REFUSED["name"]: REFUSED["email"]}):
        assert practice.http.post(patients, body).status_code == 422
    changed: dict[str, Any] = ok(practice.http.patch(f"{patients}/{patient['id']}", LATER, patient["version"]))
    dose = {"on": "2020-06-01", "source": "other-clinic", "note": DOSE_NOTE}
    ok(practice.http.post(f"{patients}/{patient['id']}/external-doses", dose))
    ok(practice.http.post(f"{patients}/{patient['id']}/person", {"decision": "confirmed", "reason": MATCH_REASON}))
    return changed


def see_to_an_alert(practice: Practice) -> None:
    """One of the staff is paged for a high risk, and everything is done about it that can be."""
    contact = {"id": "on-call", **{name: STAFF[name] for name in ("name", "phone", "email")}}
    rota = {**a_rota(), "contacts": [contact]}
    rota["shifts"] = [{**shift, "contact_id": "on-call"} for shift in rota["shifts"]]
    path = practice.at("followup", "/rota")
    ok(practice.http.send("PUT", path, json=rota, headers={"If-Match": '"0"'}))
    patient_id = practice.register()["id"]
    alert_id = hold_treatment(practice, patient_id)
    eventually(lambda: [row for row in practice.messages() if row["reader"] == "staff/on-call"], "paging the staff")
    ok(practice.http.post(practice.at("followup", f"/alerts/{alert_id}/acknowledge")))
    for step, body in ALERT_TEXTS.items():
        ok(practice.http.post(practice.at("followup", f"/alerts/{alert_id}/{step}"), body))
    release = practice.at("booking", f"/patients/{patient_id}/clinical-holds/{alert_id}/release")
    ok(practice.http.post(release, {"reason": RELEASE_REASON}))


def what_was_sent(practice: Practice, patient_id: str) -> dict[str, str]:
    """The texts and links that the patient got."""

    def sent() -> list[dict[str, Any]]:
        rows = [row for row in practice.messages(patient_id=patient_id) if row["text"]]
        return rows if any("/c/" in row["text"] for row in rows) else []

    values: dict[str, str] = {}
    for row in eventually(sent, "sending the link"):
        lines = [line for line in row["text"].splitlines() if len(line) >= SEALED_TEXTS_FROM]
        values |= {f"line {number} of {row['id']}": line for number, line in enumerate(lines)}
        values |= {f"link of {row['id']}": link for link in re.findall(r"/c/([\w-]+)", row["text"])}
    return values


@pytest.mark.parametrize("place", LOOK)
def test_nothing_personal_can_be_read(town, secrets, place):
    looked_at = list(LOOK[place](town))
    assert sum(len(text) for _, text in looked_at) > 1000
    assert found_in(secrets, looked_at) == []


@pytest.mark.parametrize("form", ["zdeňka", "ZDENKA.OSTERGARD", "14155550186", "1947-08-29", "29.08.1947", "\\u0159"])
def test_the_search_finds_what_is_readable(form):
    secrets = Secrets()
    secrets.add_person("the first", FIRST)
    secrets.values["an escaped letter"] = "ř"
    assert found_in(secrets, [("here", f'{{"x": "{form}"}}'.encode())]) != []
    assert found_in(secrets, [("here", base64.b64encode(FIRST["name"].encode()))]) != []
    assert found_in(secrets, [("here", b"nobody")]) == []


@pytest.mark.usefixtures("secrets")
def test_the_search_sees_a_planted_document_record_and_line(town):
    planted = Secrets({"planted": "Planted Person 4711"})
    collection = town.databases()[0]["planted"]
    log = town.platform.installation.folder / "logs" / "planted.log"
    try:
        collection.insert_one({"deep": [{"name": "Planted Person 4711"}]})
        log.write_text("name=Planted Person 4711\n")
        assert found_in(planted, documents(town)) == [f"planted in {collection.full_name}"]
        assert found_in(planted, logs(town)) == ["planted in log planted.log"]
    finally:
        collection.drop()
        log.unlink()
    # Kafka and the metrics are read to the end: ids that must be in them are.
    (clinic_id,) = {row["_id"] for row in town.databases()[0]["clinics"].find(limit=1)}
    assert found_in(Secrets({"id": clinic_id}), records(town)) != []
    assert found_in(Secrets({"metric": "kadence_http_requests_total"}), metrics(town)) != []
