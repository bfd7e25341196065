"""Whether an instrument may be put before a patient. What may not is still taken from staff."""

from collections.abc import Iterator

from services.followup.domain.crisis import help_in
from services.followup.domain.instrument import Instrument
from services.followup.domain.wording import InstrumentText


def reasons_against(instrument: Instrument, text: InstrumentText | None, country: str) -> tuple[str, ...]:
    """Every reason not to ask it on the page, as stable words; none: it may be asked.

    `no-text`: there is no official wording here. `clinician-rated`: it is an interview. `no-crisis-line`: it asks
    about suicide, and nobody wrote down whom to call in the country (ISO 3166 alpha-2) where the patient is.
    """
    return tuple(_reasons(instrument, text, country))


def _reasons(instrument: Instrument, text: InstrumentText | None, country: str) -> Iterator[str]:
    if instrument.rated_by == "clinician":
        yield "clinician-rated"
    if text is None:
        yield "no-text"
    if instrument.needs_crisis_line and help_in(country) is None:
        yield "no-crisis-line"
