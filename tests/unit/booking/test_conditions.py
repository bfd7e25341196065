import pytest

from services.booking.domain.protocol.protocol import Condition
from services.booking.operations.conditions import ListConditions, list_conditions
from shared.errors import NotFound
from tests.support.booking_builders import CLINIC, a_world

CATALOGUE = {
    "depression": ("established-offlabel", {"phq-9"}),
    "anxiety": ("established-offlabel", {"gad-7", "phq-9"}),
    "ptsd": ("established-offlabel", {"pcl-5", "phq-9"}),
    "ocd": ("investigational", {"oci-r", "y-bocs", "phq-9"}),
    "bipolar": ("investigational", {"asrm", "phq-9"}),
    "bpd": ("investigational", {"bsl-23", "phq-9"}),
    "chronic-pain": ("established-offlabel", {"peg", "bpi-sf", "phq-9"}),
}


def test_each_condition_has_its_status_and_its_instruments():
    found = a_world().run(CLINIC, list_conditions, ListConditions()).items
    assert {one.code: (str(one.status), set(one.instruments)) for one in found} == CATALOGUE
    assert set(CATALOGUE) == set(Condition)


def test_another_clinics_catalogue_is_as_absent_as_the_clinic():
    with pytest.raises(NotFound):
        a_world().run("clinic-9", list_conditions, ListConditions())
