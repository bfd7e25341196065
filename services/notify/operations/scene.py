"""What is known around a message, read at this instant for its verdict."""

from collections.abc import Mapping
from dataclasses import replace

from services.notify.domain.burden import counted_since
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.reach import address_of
from services.notify.domain.together import is_combined
from services.notify.domain.traits import TRAITS
from services.notify.domain.truth import OF_CHECK_INS, OF_VISITS
from services.notify.domain.verdict import Scene, counts_to_caps, reader_of
from services.notify.domain.visit import series_of
from services.notify.operations.ports import UnitOfWork


def scene_of(uow: UnitOfWork, message: Message) -> Scene:
    """Everything that the verdict needs and nothing that this kind of message has no use for."""
    scene = Scene(
        clinic=uow.clinics.find(uow.clinic_id),
        recipient=uow.recipients.find(message.patient_id) if message.patient_id else None,
        policy=uow.policies.of_clinic(),
        lost_until=uow.lost_until,
    )
    scene = _with_subject(uow, message, scene)
    clinic = scene.clinic
    reader = reader_of(message, clinic, scene.recipient)
    if message.channel is Channel.DESK or reader is None or clinic is None:
        return scene
    addresses: dict[Channel, str] = {message.channel: address_of(message, reader)}
    if counts_to_caps(message):
        scene = replace(scene, places=_places(uow, message, reader.zone or clinic.zone))
        addresses[Channel.EMAIL] = reader.email or ""
    return replace(scene, stopped=_stopped(uow, message, addresses))


def _places(uow: UnitOfWork, message: Message, zone: str) -> list[str]:
    """Those that other texts have taken; a message whose call is made again keeps its own."""
    taken = uow.messages.places_taken(message.patient_id, counted_since(uow.now, zone))
    return [place for place in taken if place != message.place]


def _with_subject(uow: UnitOfWork, message: Message, scene: Scene) -> Scene:
    """The visit, the check-in or the offer that it speaks of, and the rows about the same."""
    if message.kind in OF_CHECK_INS:
        check_in = uow.check_ins.find(message.about)
        return replace(scene, check_in=check_in, ledger=uow.messages.about([message.about]))
    if message.kind is Kind.HOME_SAFE:
        check_in, visits = uow.check_ins.after(message.about), uow.visits.about(message.about)
        return replace(scene, check_in=check_in, visits=visits, ledger=uow.messages.about([message.about]))
    series = uow.series.find(series_of(message.about))
    if is_combined(message):
        visits = uow.visits.about(series_of(message.about))
        return replace(
            scene,
            series=series,
            visits=[visit for visit in visits if visit.id == message.about],
            others=[visit for visit in visits if visit.id != message.about],
            ledger=uow.messages.about([message.about, *(visit.id for visit in visits)]),
        )
    offer = uow.offers.find(message.about) if message.kind is Kind.OFFER else None
    visits = uow.visits.about(message.about) if message.kind in OF_VISITS else []
    return replace(scene, series=series, offer=offer, visits=visits, ledger=uow.messages.about([message.about]))


def _stopped(uow: UnitOfWork, message: Message, addresses: Mapping[Channel, str]) -> frozenset[Channel]:
    """By which of these channels the reader said STOP; where it makes no difference nothing is looked up."""
    if TRAITS[message.kind].despite_opt_out:
        return frozenset()
    return frozenset(
        channel
        for channel, sealed in addresses.items()
        if sealed and uow.contact_points.of(channel, uow.unseal(sealed)).is_stopped
    )
