"""From a domain event to what goes on the wire: its type, its data, its personal fields sealed, its contract kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts import check_told
from shared.converters import to_json
from shared.envelope import Envelope
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import with_data


@dataclass(frozen=True)
class Told:
    """One row of a service's table of events: the wire type and the fields that nobody on the way may read."""

    type: str
    sealed: frozenset[str] = frozenset()


Types = Mapping[type[Any], Told]


class Teller:
    """Encodes a service's events; the `tell` of its units of work."""

    def __init__(self, types: Types, sealer: Sealer) -> None:
        self._types = types
        self._sealer = sealer

    def __call__(self, event: Any, envelope: Envelope) -> Envelope:
        told = self._types[type(event)]
        data = {name: self._hide(envelope.clinic_id, told, name, value) for name, value in to_json(event).items()}
        full = with_data(envelope, told.type, data)
        check_told(full)
        return full

    def _hide(self, clinic_id: str, told: Told, name: str, value: Any) -> Any:
        if name not in told.sealed or value is None:
            return value
        return self._sealer.seal(clinic_id, value)
