"""`make env` writes what is missing and never touches what is there."""

import base64
import stat
from pathlib import Path

from deploy import make_env


def secrets_of(root: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (root / "deploy/secrets").iterdir()}


def test_every_secret_is_fresh(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    make_env.main(tmp_path / "a")
    make_env.main(tmp_path / "b")
    one, other = secrets_of(tmp_path / "a"), secrets_of(tmp_path / "b")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] == other[name]] == []
    assert len(set(one.values())) == len(one)
    assert len(base64.b64decode(one["key"])) == 96


def test_each_mongo_address_goes_with_its_password(tmp_path):
    make_env.main(tmp_path)
    found = secrets_of(tmp_path)
    for service in make_env.SERVICES:
        assert f"{service}:{found[f'mongo_{service}_password']}@" in found[f"{service}_mongo_url"]


def test_what_is_there_stays(tmp_path):
    make_env.main(tmp_path)
    before = secrets_of(tmp_path)
    (tmp_path / ".env").write_text("KADENCE_ENV=mine\n")
    make_env.main(tmp_path)
    assert secrets_of(tmp_path) == before
    assert (tmp_path / ".env").read_text() == "KADENCE_ENV=mine\n"


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
