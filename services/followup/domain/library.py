"""All instruments that this installation has, with the words that may be shipped."""

from dataclasses import dataclass

from services.followup.domain.instrument import Instrument
from services.followup.domain.wording import InstrumentText


@dataclass(frozen=True)
class Library:
    """Read once at start; a version that was ever used stays in it."""

    instruments: tuple[Instrument, ...]
    texts: tuple[InstrumentText, ...]

    def find(self, id: str) -> Instrument | None:
        """The instrument as new check-ins use it, if there is one of that name."""
        return max((each for each in self.instruments if each.id == id), key=lambda each: each.version, default=None)

    def get(self, id: str, version: int) -> Instrument:
        """The instrument as it was in `version`. A version that was ever used must stay: `LookupError` is a bug."""
        for instrument in self.instruments:
            if (instrument.id, instrument.version) == (id, version):
                return instrument
        raise LookupError(f"no instrument {id} in version {version}")

    def newest(self, id: str) -> Instrument:
        """The instrument as new check-ins use it. `LookupError` is a bug: the plan was checked at start."""
        if (found := self.find(id)) is None:
            raise LookupError(f"no instrument {id}")
        return found
