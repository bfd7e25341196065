from datetime import date

from services.booking.domain.patient.exposure import Exposure, Source

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (4, 6, 9))


def test_doses_of_all_sources_are_counted_in_order():
    exposure = Exposure("ada").with_share("one", Source.SERIES, "series-1", [THIRD, FIRST])
    exposure = exposure.with_share("other", Source.EXTERNAL, "patient-2", [SECOND])
    assert exposure.dates == (FIRST, SECOND, THIRD)
    assert exposure.without("series-1") == (SECOND,)
    assert exposure.without("series-1", "patient-2") == ()


def test_a_share_replaces_what_was_there_and_an_empty_one_leaves_nothing():
    exposure = Exposure("ada").with_share("one", Source.SERIES, "series-1", [FIRST, SECOND])
    assert exposure.with_share("one", Source.SERIES, "series-1", [THIRD]).dates == (THIRD,)
    assert exposure.with_share("one", Source.SERIES, "series-1", []) == Exposure("ada")


def test_two_doses_on_one_date_are_two():
    exposure = Exposure("ada").with_share("one", Source.SERIES, "a", [FIRST])
    assert exposure.with_share("other", Source.SERIES, "b", [FIRST]).dates == (FIRST, FIRST)
