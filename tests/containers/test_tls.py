"""The gateway's switches: HTTPS with the certificate that lies in deploy/tls, and behind a proxy of the operator's."""

import os
from collections.abc import Iterator
from itertools import count, cycle, repeat
from pathlib import Path
from typing import Final

import pytest
import requests
import trustme

from deploy.local.waiting import wait_until
from tests.support.containers import HEALTHY_WITHIN, Containers

pytestmark = pytest.mark.timeout(300)

GATEWAYS_USER: Final = 101
REFUSED_WITHIN: Final = 60.0


@pytest.fixture
def authority(installation: Containers, tmp_path: Path) -> Iterator[Path]:
    """Who vouches for the gateway, which is back to plain HTTP at the end."""
    known = trustme.CA()
    certificate, tls = known.issue_cert("127.0.0.1"), installation.folder / "deploy" / "tls"
    certificate.private_key_pem.write_to_path(tls / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(tls / "certificate.pem", append=True)
    os.chown(tls / "key.pem", GATEWAYS_USER, GATEWAYS_USER)
    (tls / "key.pem").chmod(0o400)
    known.cert_pem.write_to_path(tmp_path / "authority.pem")
    switch(installation, "KADENCE_TLS", "on")
    try:
        yield tmp_path / "authority.pem"
    finally:
        switch(installation, "KADENCE_TLS", "off")
        (tls / "certificate.pem").unlink()


def test_with_a_certificate_everything_goes_by_https(installation: Containers, authority: Path) -> None:
    secure = installation.url.replace("http://", "https://")
    found = requests.get(f"{secure}/booking/openapi.json", verify=str(authority), timeout=10)
    assert found.status_code == 200
    assert "max-age" in found.headers["Strict-Transport-Security"]
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure}/healthz", timeout=10)
    plain = requests.get(f"{installation.url}/booking/docs/", allow_redirects=False, timeout=10)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"{secure}/booking/docs/")
    installation.kadence("backlog")


@pytest.fixture
def proxied(installation: Containers) -> Iterator[None]:
    """A proxy stands in front, until the end."""
    switch(installation, "KADENCE_TRUSTED_PROXY", "on")
    try:
        yield
    finally:
        switch(installation, "KADENCE_TRUSTED_PROXY", "off")


@pytest.fixture
def caller() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_callers_do_not_choose_as_whom_they_are_counted(installation: Containers, caller: requests.Session) -> None:
    assert is_refused_soon(installation, caller, cycle(f"203.0.113.{number}" for number in range(250)))


@pytest.mark.usefixtures("proxied")
def test_behind_a_proxy_each_of_its_callers_is_counted_alone(
    installation: Containers, caller: requests.Session
) -> None:
    assert is_refused_soon(installation, caller, repeat("203.0.113.1"))
    assert asked(installation, caller, "203.0.113.2") == 404
    assert is_refused_soon(installation, caller, (f"made-up-{number}, 203.0.113.3" for number in count()))


def is_refused_soon(installation: Containers, caller: requests.Session, named: Iterator[str]) -> bool:
    """Whether who asks again and again, under these names, is held back at last."""
    return wait_until(lambda: asked(installation, caller, next(named)) == 429, REFUSED_WITHIN, every=0)


def asked(installation: Containers, caller: requests.Session, named: str) -> int:
    """How a caller is answered for whom a proxy, or the caller, names this address."""
    page = f"{installation.url}/booking/nothing"
    return caller.get(page, headers={"X-Forwarded-For": named}, timeout=10).status_code


def switch(installation: Containers, setting: str, state: str) -> None:
    installation.set({setting: state})
    installation.compose("up", "-d", "--no-build", "--no-deps", "gateway")
    installation.wait_ready("gateway", HEALTHY_WITHIN)
