"""`make env` writes what is missing and never touches what is there."""

import base64
import stat
from pathlib import Path

import pytest

from deploy import make_env


def secrets_of(root: Path) -> dict[str, str]:
    """Those that we make; what providers give is empty at first."""
    found = {file.name: file.read_text() for file in (root / "deploy/secrets").iterdir()}
    assert {name for name, text in found.items() if not text} == set(make_env.YOURS)
    return {name: text for name, text in found.items() if text}


def test_every_secret_is_fresh(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    make_env.main(tmp_path / "a")
    make_env.main(tmp_path / "b")
    one, other = secrets_of(tmp_path / "a"), secrets_of(tmp_path / "b")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] == other[name]] == []
    assert len(set(one.values())) == len(one)
    assert min(len(text) for text in one.values()) >= 22
    assert len(base64.b64decode(one["key"])) == 96


def test_each_mongo_address_goes_with_its_password(tmp_path):
    make_env.main(tmp_path)
    found = secrets_of(tmp_path)
    for user in make_env.MONGO_USERS:
        assert f"{user}:{found[f'mongo_{user}_password']}@" in found[f"{user}_mongo_url"]


def test_what_is_there_stays(tmp_path):
    make_env.main(tmp_path)
    before = secrets_of(tmp_path)
    (tmp_path / ".env").write_text("KADENCE_ENV=mine\n")
    make_env.main(tmp_path)
    assert secrets_of(tmp_path) == before
    assert (tmp_path / ".env").read_text() == "KADENCE_ENV=mine\n"


def test_lines_that_it_would_have_written_otherwise_are_said(tmp_path, capsys):
    make_env.main(tmp_path)
    assert "Lines to change" not in capsys.readouterr().out
    file = tmp_path / ".env"
    file.write_text(file.read_text().replace("KADENCE_TLS=off\n", "").replace("HOST=\n", "HOST=mail.example.com\n"))
    make_env.main(tmp_path)
    assert lines_to_change(capsys) == ["KADENCE_TLS=off"]
    make_env.main(tmp_path, "observability,ha")
    assert lines_to_change(capsys) == [
        "KADENCE_TLS=off",
        *(f"{name}={value}" for name, value in make_env.CHANGED_BY["ha"].items()),
        "COMPOSE_PROFILES=observability,ha",
    ]


def test_profiles_that_are_on_stay_on(tmp_path, capsys):
    make_env.main(tmp_path, "dev")
    make_env.main(tmp_path, "dev")
    make_env.main(tmp_path, "observability")
    assert lines_to_change(capsys) == ["COMPOSE_PROFILES=dev,observability"]


def lines_to_change(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]


def test_a_lost_address_is_made_from_the_password_that_is_there(tmp_path):
    make_env.main(tmp_path)
    before = secrets_of(tmp_path)
    (tmp_path / "deploy/secrets/notify_mongo_url").unlink()
    make_env.main(tmp_path)
    assert secrets_of(tmp_path) == before


def test_secrets_lie_in_a_closed_folder_and_not_in_the_environment(tmp_path):
    make_env.main(tmp_path)
    assert stat.S_IMODE((tmp_path / "deploy/secrets").stat().st_mode) == 0o700
    assert [text for text in secrets_of(tmp_path).values() if text in (tmp_path / ".env").read_text()] == []


def test_profiles_bring_what_follows_from_them(tmp_path):
    make_env.main(tmp_path, "dev,ha")
    lines = (tmp_path / ".env").read_text().splitlines()
    wanted = {"COMPOSE_PROFILES=dev,ha", "KADENCE_ENV=development", "KADENCE_COPIES=2", "KADENCE_KAFKA_REPLICATION=3"}
    assert wanted <= set(lines)
    plain = make_env.env_for([])
    assert {line.partition("=")[0] for line in lines} == {line.partition("=")[0] for line in plain.splitlines()}
    assert "KADENCE_ENV=production" in plain
    assert "KADENCE_CLOCK=system" in plain


def test_a_profile_that_is_not_known_is_named(tmp_path):
    with pytest.raises(SystemExit, match="observe"):
        make_env.main(tmp_path, "dev,observe")
