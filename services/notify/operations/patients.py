"""What booking tells of patients."""

from dataclasses import dataclass

from services.notify.domain.message import Channel
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.operations.consents import register_addresses
from services.notify.operations.ports import UnitOfWork


@dataclass(frozen=True)
class PatientHeard:
    """How to reach the patient now; names, phones and `email` sealed."""

    patient_id: str
    name: str
    phone: str | None
    email: str | None
    locale: str
    zone: str | None
    country: str | None
    privacy: Privacy
    preferred_channel: Channel
    escort_phone: str | None = None


def hear_patient(uow: UnitOfWork, command: PatientHeard) -> None:
    """Keep it, and let the patient's waiting messages be judged anew: their quiet hours may have changed."""
    known = uow.recipients.find(command.patient_id)
    facts = {name: value for name, value in vars(command).items() if name != "patient_id"}
    recipient = Recipient(id=command.patient_id, version=known.version if known else 0, **facts)
    uow.recipients.save(recipient)
    register_addresses(uow, [recipient])
    for message in uow.messages.queued_for(command.patient_id):
        if message.next_at != message.look_at:
            uow.messages.save(message.look_again())
