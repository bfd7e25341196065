"""Patients' pages of check-ins as a phone and a screen reader get them."""

from html.parser import HTMLParser

from flask.testing import FlaskClient

from services.followup.pages.check_in import check_in_pages
from tests.support.followup_fakes import PUBLIC_URL, FakeFollowup
from tests.support.pages_app import pages_app

FIRST = "You do not have to wait for us. If you might act"
"""How help begins."""


class Phone:
    """A patient's browser: follows redirects, keeps its cookie."""

    def __init__(self, world: FakeFollowup, token: str) -> None:
        self.client: FlaskClient = pages_app(check_in_pages(world.run, public_url=PUBLIC_URL)).test_client()
        self.address = f"/followup/c/{token}"

    def read(self):
        return self.client.get(self.address, base_url=PUBLIC_URL)

    def send(self, **fields):
        """`q9` is short for item 9 of the PHQ-9; other fields have the names that they have on the page."""
        data = {f"phq-9.{name[1:]}" if name[1:].isdecimal() else name: value for name, value in fields.items()}
        return self.client.post(self.address, data=data, base_url=PUBLIC_URL, follow_redirects=True)

    def admitted(self):
        assert self.send(year="1985").status_code == 200
        return self


class Outline(HTMLParser):
    """What a screen reader gets: every id, every reference to one, inputs and their labels."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.fields: list[str] = []
        self.labelled: list[str] = []
        self.headings: list[str] = []
        self.language = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.wanted += (given.get("aria-describedby") or given.get("aria-labelledby") or "").split()
        self.wanted += [given["href"][1:]] if given.get("href", "").startswith("#") else []
        self.fields += [given["id"]] if tag == "input" and given.get("type") != "hidden" else []
        self.labelled += [given["for"]] if tag == "label" else []
        self.headings += [tag] if tag == "h1" else []
        self.language = given.get("lang", "") if tag == "html" else self.language
