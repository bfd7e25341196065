"""What every page has to be: readable by everybody, by day and by night, on a small screen, with large targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_EVERYTHING: Final[Mapping[str, Any]] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_COLOURS: Final[Mapping[str, Any]] = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
_SMALLEST_PX: Final = 44
"""Height of what can be touched, as WCAG 2.2 asks for at its highest level (2.5.5)."""
_NARROW: Final = 320
_SMALL_TARGETS: Final = f"""() => [...document.querySelectorAll("a, button, summary, label, input:not([type=hidden])")]
  .filter(one => one.checkVisibility() && !one.matches("p a, .option input, .field label"))
  .filter(one => one.getBoundingClientRect().height < {_SMALLEST_PX})
  .map(one => one.outerHTML)"""


@dataclass(frozen=True)
class Looking:
    """Looks at a page as it stands; with a `folder` it keeps a picture of it."""

    folder: Path | None

    def __call__(self, page: Page, name: str) -> None:
        """Raises `AssertionError` with everything that stands in somebody's way."""
        if self.folder:
            page.screenshot(path=self.folder / f"{name}.png")
        found = [*_of_axe(page, _EVERYTHING), *page.evaluate(_SMALL_TARGETS), *_too_wide(page)]
        page.emulate_media(color_scheme="dark")
        found += [f"at night: {fault}" for fault in _of_axe(page, _COLOURS)]
        page.emulate_media(color_scheme="light")
        assert not found, (name, found)


def _of_axe(page: Page, options: Mapping[str, Any]) -> list[str]:
    violations = Axe().run(page, options=dict(options)).response["violations"]
    return [f"{each['id']} ({each['impact']}): {node['html']}" for each in violations for node in each["nodes"]]


def _too_wide(page: Page) -> list[str]:
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": _NARROW, "height": usual["height"]})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(usual)
    return [] if width <= _NARROW else [f"{width} px wide on a screen of {_NARROW} px"]
