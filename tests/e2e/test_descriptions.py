"""What each service says about itself, as the gateway serves it: OpenAPI 3.1, and pages that need no other site."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.e2e.described import document
from tests.e2e.town import SERVICES, Http, Town

# Names and licences in scripts, never fetched.
_FETCHED = ("src", "href", "action", "data", "poster", "srcset")


class References(HTMLParser):
    """Every address that a page makes a browser ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in _FETCHED and value]


@pytest.mark.parametrize("service", SERVICES)
def test_the_served_description_is_valid_openapi_3_1(town: Town, service: str):
    described = document(town, service)
    assert described["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []
    assert all(path.startswith(f"/{service}/v1/") for path in described["paths"])


@pytest.mark.parametrize("service", SERVICES)
def test_lists_describe_their_queries(town: Town, service: str):
    for path, rows in document(town, service)["paths"].items():
        answer = rows.get("get", {}).get("responses", {}).get("200", {})
        if "Page" in str(answer):
            named = {one["name"] for one in rows["get"]["parameters"] if one["in"] == "query"}
            assert {"limit", "cursor"} <= named, path


@pytest.mark.parametrize("service", SERVICES)
def test_the_documentation_needs_no_other_site(town: Town, service: str):
    http, start = Http(town.url, None), f"/{service}/docs/"
    page = http.get(start)
    assert page.status_code == 200
    references = References(page.text).found
    assert any(name.endswith(".js") for name in references)
    assert [name for name in references if urlsplit(name).netloc] == []
    for name in references:
        if not name.startswith(("#", "data:")):
            path = urljoin(start, name)
            asset = http.get(path)
            assert asset.status_code == 200, path
            if path.endswith(".css"):
                assert re.findall(r"@import|url\(\s*['\"]?(?:https?:)?//", asset.text) == []
    inline = page.text.replace(town.url, "") + http.get(urljoin(start, "index.css")).text
    assert re.findall(r"https?://(?!www\.w3\.org)[^\s\"'<>]+", inline) == []
    assert f"/{service}/openapi.json" in page.text + "".join(
        http.get(urljoin(start, name)).text for name in references if name.endswith(".js") and "bundle" not in name
    )


def test_the_first_page_leads_to_all_three(town: Town):
    http = Http(town.url, None)
    page = http.get("/")
    links = [name for name in References(page.text).found if "docs" in name]
    assert len(links) == len(SERVICES)
    for link in links:
        assert http.get(link).status_code in {200, 301, 302, 308}
