"""A patient as the operator sees them: shown whole, then nobody, in every service."""

import json
from pathlib import Path

from tests.e2e.command_line import run
from tests.e2e.practice import open_practice
from tests.e2e.town import SERVICES, Town, eventually

NAME, EMAIL = "Zuzana Vergessenová", "zuzana@example.com"


def test_a_patient_is_written_to_a_private_file_and_then_erased_everywhere(town: Town, tmp_path: Path) -> None:
    practice = open_practice(town)
    patient = practice.register(name=NAME, email=EMAIL)["id"]
    who = ("--clinic", practice.id, "--patient", patient)

    def exported(name: str) -> dict[str, str]:
        """What each service keeps, as text; nothing as long as one has not heard of the patient."""
        file = tmp_path / name
        if run(town, "export-patient", *who, "--to", str(file)).returncode:
            return {}
        assert file.stat().st_mode & 0o777 == 0o600
        return {service: json.dumps(kept, ensure_ascii=False) for service, kept in json.loads(file.read_text()).items()}

    kept = eventually(lambda: exported("kept.json"), "hearing of the patient")
    assert kept.keys() == set(SERVICES)
    assert [
        service for service in ("booking", "notify") if NAME not in kept[service] or EMAIL not in kept[service]
    ] == []
    again = run(town, "export-patient", *who, "--to", str(tmp_path / "kept.json"))
    assert (again.returncode, "File exists" in again.stderr) == (1, True)

    assert run(town, "erase-patient", *who, "--reason", "asked for on paper").returncode == 1  # nobody said yes
    assert run(town, "erase-patient", *who, "--reason", "asked for on paper", "--yes").returncode == 0
    asked = [database["erasures"] for database in town.databases()]
    eventually(lambda: all(one.find_one({"_id": patient}) for one in asked), "hearing that the patient is erased")

    def left() -> list[str]:
        """Texts that still name the patient; a service that has nothing left of them answers that there is no such."""
        paths = [f"/{service}/v1/clinics/{practice.id}/patients/{patient}/export" for service in SERVICES]
        answers = [practice.http.get(path) for path in paths]
        assert {answer.status_code for answer in answers} <= {200, 404}
        return [answer.text for answer in answers if "Zuzana" in answer.text or EMAIL in answer.text]

    eventually(lambda: not left(), "erasing")
