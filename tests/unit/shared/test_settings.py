import base64
from dataclasses import dataclass, fields

import pytest

from shared.settings import PlatformSettings, SettingsFault, from_environment, load, setting, variable

ENOUGH = {
    "KADENCE_ENV": "development",
    "KADENCE_MONGO_URL": "mongodb://there",
    "KADENCE_KAFKA_BOOTSTRAP": "there:9092",
    "KADENCE_KEY": "master",
    "KADENCE_PLATFORM_KEY": "operator",
}


@dataclass(frozen=True, kw_only=True)
class BakerySettings(PlatformSettings):
    ovens: int = setting("How many ovens there are.", default=2)
    recipe: str = setting("The secret recipe.", secret=True)
    degrees: float = setting("How hot.", default=180.0)


STRONG = {
    "KADENCE_ENV": "production",
    "KADENCE_MONGO_URL": "mongodb://booking:9fJ2-kqLw_Zx81mNtR4bYv@one:1,two:2/?replicaSet=rs0",
    "KADENCE_KAFKA_BOOTSTRAP": "there:9092",
    "KADENCE_KAFKA_PASSWORD": "Tq7_zLw2-mXv90RbNkYhJ4pD",
    "KADENCE_KEY": base64.b64encode(bytes((number * 89 + 7) % 256 for number in range(96))).decode(),
    "KADENCE_PLATFORM_KEY": "kad_platform_u8Zq2-WmXv90RbNkYhJ4pDfL7s_Tc3Ge",
}


def faults_of(environment, kind=PlatformSettings) -> list[str]:
    with pytest.raises(SettingsFault) as fault:
        load(kind, environment)
    return [line.strip() for line in str(fault.value).splitlines()[1:]]


def test_what_is_not_given_has_its_default():
    settings = load(PlatformSettings, ENOUGH)
    assert (settings.mongo_url, settings.namespace, settings.http_port) == ("mongodb://there", "kadence", 8000)


def test_a_service_adds_settings_of_its_own_types():
    more = {"KADENCE_OVENS": "3", "KADENCE_RECIPE": "butter", "KADENCE_DEGREES": "190.5"}
    settings = load(BakerySettings, {**ENOUGH, **more})
    assert (settings.ovens, settings.recipe, settings.degrees) == (3, "butter", 190.5)


def test_every_missing_setting_is_named_at_once_with_what_it_is_for():
    faults = faults_of({})
    for name in ENOUGH:
        assert any(fault.startswith(f"{name}:") for fault in faults)
    assert any("MongoDB replica set" in fault for fault in faults)
    assert len(faults) == len(ENOUGH)


def test_missing_wrong_and_unknown_settings_are_told_together():
    faults = faults_of(
        {**ENOUGH, "KADENCE_ENV": "staging", "KADENCE_HTTP_PORT": "eighty", "KADENCE_OVNES": "2"}, BakerySettings
    )
    assert sorted(fault.partition(":")[0] for fault in faults) == [
        "KADENCE_ENV",
        "KADENCE_HTTP_PORT",
        "KADENCE_OVNES",
        "KADENCE_RECIPE",
    ]


def test_a_typing_error_is_no_silent_default():
    assert faults_of({**ENOUGH, "KADENCE_HTTP_PROT": "80"}) == [
        "KADENCE_HTTP_PROT: no such setting, see docs/settings.md and the service's README"
    ]


def test_names_of_others_are_none_of_our_business():
    assert load(PlatformSettings, {**ENOUGH, "PATH": "/bin", "HTTP_PORT": "x"}).http_port == 8000


def test_a_secret_may_stand_in_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("from the file\n")
    given = {name: value for name, value in ENOUGH.items() if name != "KADENCE_KEY"}
    assert load(PlatformSettings, {**given, "KADENCE_KEY_FILE": str(file)}).key == "from the file"


def test_a_number_may_stand_in_a_file(tmp_path):
    file = tmp_path / "port"
    file.write_text("81")
    assert load(PlatformSettings, {**ENOUGH, "KADENCE_HTTP_PORT_FILE": str(file)}).http_port == 81


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    given = {**ENOUGH, "KADENCE_KEY_FILE": str(tmp_path / "nowhere")}
    assert [fault.partition(":")[0] for fault in faults_of(given)] == ["KADENCE_KEY"]


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize("name", ENOUGH)
def test_what_is_needed_must_not_be_empty(name, empty):
    assert [fault.partition(":")[0] for fault in faults_of({**ENOUGH, name: empty})] == [name]


def test_an_empty_secret_file_is_no_secret(tmp_path):
    file = tmp_path / "key"
    file.write_text("\n")
    assert [fault.partition(":")[0] for fault in faults_of({**ENOUGH, "KADENCE_KEY_FILE": str(file)})] == [
        "KADENCE_KEY"
    ]


def test_production_refuses_simulated_time_and_fail_points_both_at_once():
    given = {
        **STRONG,
        "KADENCE_CLOCK": "simulated",
        "KADENCE_FAILPOINT": "relay.after_send:kill",
    }
    assert [fault.partition(":")[0] for fault in faults_of(given)] == ["KADENCE_CLOCK", "KADENCE_FAILPOINT"]


def test_production_runs_on_the_real_clock():
    assert load(PlatformSettings, STRONG).clock == "system"


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("KADENCE_PLATFORM_KEY", "kad_platform_short"),
        ("KADENCE_PLATFORM_KEY", "please-CHANGE-this-before-you-begin"),
        ("KADENCE_PLATFORM_KEY", "x" * 40),
        ("KADENCE_KAFKA_PASSWORD", "kafka"),
        ("KADENCE_KAFKA_PASSWORD", "my-very-own-Secret-of-the-broker"),
        ("KADENCE_MONGO_URL", "mongodb://booking:hunter2@one:1,two:2/?replicaSet=rs0"),
        ("KADENCE_MONGO_URL", "mongodb://booking:p%61ssword-0123456789-abcdef@one:1"),
        ("KADENCE_KEY", "master"),
        ("KADENCE_KEY", base64.b64encode(b"a short one").decode()),
        ("KADENCE_KEY", base64.b64encode(bytes(96)).decode()),
    ],
)
def test_production_refuses_a_secret_that_can_be_guessed_without_showing_it(name, weak):
    [fault] = faults_of({**STRONG, name: weak})
    assert fault.startswith(f"{name}: ")
    assert "make env" in fault
    assert weak not in fault
    assert load(PlatformSettings, {**STRONG, "KADENCE_ENV": "development", name: weak}).env == "development"


def test_all_weak_secrets_are_told_at_once():
    assert len(faults_of({**ENOUGH, "KADENCE_ENV": "production", "KADENCE_KAFKA_PASSWORD": "kafka"})) == 3


def test_who_has_no_user_at_the_database_needs_no_password():
    assert load(PlatformSettings, {**STRONG, "KADENCE_MONGO_URL": "mongodb://there"}).mongo_url == "mongodb://there"


def test_a_simulated_clock_needs_a_place():
    given = {**ENOUGH, "KADENCE_CLOCK": "simulated"}
    assert len(faults_of(given)) == 1
    assert load(PlatformSettings, {**given, "KADENCE_CLOCK_PATH": "clock"}).clock_path == "clock"


def test_no_variable_is_also_the_file_of_another_one():
    names = {variable(field) for field in fields(PlatformSettings)}
    assert not names & {f"{name}_FILE" for name in names}


def test_the_process_reads_its_own_environment(monkeypatch):
    for name, value in ENOUGH.items():
        monkeypatch.setenv(name, value)
    assert from_environment(PlatformSettings).platform_key == "operator"


def test_a_fault_ends_the_process_with_its_text():
    with pytest.raises(SystemExit, match="KADENCE_ENV"):
        load(PlatformSettings, {})


def test_no_fault_shows_a_secret():
    given = {**ENOUGH, "KADENCE_KEY": "hunter2", "KADENCE_MONGO_URL": "mongodb://user:hunter2@there", "KADENCE_X": "1"}
    assert not any("hunter2" in fault for fault in faults_of({**given, "KADENCE_HTTP_PORT": "x"}))
