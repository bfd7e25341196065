"""A session as it stood when somebody asked for another place for it."""

from dataclasses import dataclass

from services.booking.domain.series.session import Session, SessionStatus


@dataclass(frozen=True)
class Position:
    """Session `number` of a series, with the status and the revision that it had then.

    Whatever happens to a session changes one of the two. So what was meant for this position is void from that moment
    on, whoever did it and whether or not they knew of it.
    """

    number: int
    revision: int
    status: SessionStatus

    @classmethod
    def of(cls, session: Session) -> "Position":
        """Where the session stands now."""
        return cls(session.number, session.revision, session.status)
