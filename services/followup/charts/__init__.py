"""Charts as SVG: `layout.py` says where everything stands, `words.py` what it says, the template draws it.

A template of our own: chart libraries that shade bands bring a browser or numerics along, and none of them says in
words what it has drawn.
"""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.followup.charts import layout as frame
from services.followup.charts.words import described, headline, title
from services.followup.domain.chart import Chart

MEDIA_TYPE: Final = "image/svg+xml; charset=utf-8"
_PAGES: Final = Environment(
    loader=PackageLoader(__name__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def as_svg(chart: Chart) -> bytes:
    """The chart as one file: no script, no foreign font, nothing to load."""
    template = _PAGES.get_template("chart.svg")
    drawn = template.render(
        name=chart.instrument.id,  # in front of ids: several charts may stand on one page
        title=title(chart),
        headline=headline(chart),
        described=described(chart),
        picture=frame.layout(chart),
        frame=frame,
    )
    return drawn.encode()
