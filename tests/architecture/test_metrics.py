from shared.telemetry.metrics import COUNTERS, GAUGES
from tests.architecture.checks import metrics as check
from tests.architecture.checks.tables import REPOSITORY


def test_names_follow_the_conventions_of_prometheus():
    assert check.naming_faults(COUNTERS, GAUGES) == []


def test_every_metric_is_declared_and_used_as_declared():
    files = [file for folder in ("shared", "services") for file in (REPOSITORY / folder).rglob("*.py")]
    uses = [use for file in files for use in check.uses_in(file.read_text())]
    assert check.use_faults(COUNTERS, GAUGES, uses) == []


# --- negative proofs ------------------------------------------------------------------------------------------------


def test_bad_names_are_found():
    counters = {
        "kadence_cakes": ("Cakes.", ()),
        "Cakes_total": ("Cakes.", ()),
        "kadence_baking_minutes_total": ("", ("Oven",)),
    }
    assert check.naming_faults(counters, {"kadence_cakes": ("Cakes.", ()), "kadence_ovens_total": ("Ovens.", ())}) == [
        "kadence_cakes counts and does not end in _total",
        "kadence_ovens_total is a gauge and ends in _total",
        "kadence_cakes is declared twice",
        "Cakes_total is no name of a metric of this platform",
        "kadence_baking_minutes_total is not in a base unit",
        "kadence_baking_minutes_total says not what it counts",
        "kadence_baking_minutes_total: Oven is no name of a label",
    ]


def test_uses_are_found_in_code():
    source = 'metrics.count("a_total", job=name)\ngauge("b", 1.0)\nmetrics.other("c")\n"text".count("d")\n'
    assert set(check.uses_in(source)) == {
        check.Use("count", "a_total", frozenset({"job"})),
        check.Use("gauge", "b", frozenset()),
    }


def test_an_undeclared_label_and_an_unused_name_are_found():
    use = check.Use("count", "kadence_cakes_total", frozenset({"oven"}))
    declared = {"kadence_cakes_total": ("Cakes.", ("flavour",))}
    assert check.use_faults(declared, {}, [use]) == [
        "count('kadence_cakes_total') with labels ['oven'] is not declared",
        "kadence_cakes_total is declared and never used",
    ]
