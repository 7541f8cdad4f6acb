"""Sensor reports that are assays: a mass fraction of a known substance, on an event about exactly one lot."""

from decimal import Decimal
from typing import Any

from lodestream.epcis.context import NAMESPACE
from lodestream.epcis.event import Assay
from lodestream.epcis.materials import named
from lodestream.epcis.reading import Reading
from lodestream.epcis.terms import ASSAY_BASES, ELEMENTS, MASS_FRACTION_UNITS, Term, one_of, substance

# InChIKeys of the elements (first block, InChI=1S/<symbol>; the rest is -UHFFFAOYSA-N for all of them).
_INCHI_KEYS = {
    "XAGFODPZIPBFFR": "Al", "WATWJIUSRGPENY": "Sb", "RQNWIZPPADIBDY": "As", "JCXGWMGPZLAOME": "Bi", "BDOSMKKIYDKNTQ": "Cd",
    "OKTJSMMVPCPJKN": "C", "VYZAMTAEIAYCRO": "Cr", "GUTLYIVDDKVIGB": "Co", "RYGMFSIKBFXOCR": "Cu", "KBQHZAAAGSGFKK": "Dy",
    "GYHNNYVSQQEPJS": "Ga", "GNPVGFCGXDBREM": "Ge", "PCHJSUWPFVWCPO": "Au", "XEEYBQQBJWHFJM": "Fe", "WABPQHHGFIMREM": "Pb",
    "WHXSMMKQMYFTQS": "Li", "FYYHWMGAXLPEAU": "Mg", "PWHULOQIROXLJO": "Mn", "QSHDDOUJBYECFT": "Hg", "ZOKXTWBITQBERF": "Mo",
    "QEFYFXOXNSNQGX": "Nd", "PXHVJJICTQNCMI": "Ni", "KDLHZDBZIXYQEI": "Pd", "BASFCYQUMIYNBI": "Pt", "PUDIUYLPXJFUGB": "Pr",
    "MHOVAHRLVXNVSD": "Rh", "XUIMIQQOPSSXEZ": "Si", "BQCADISMDOOEFD": "Ag", "NINIDFKCEFEMDL": "S", "GUVRBAGPIYLISA": "Ta",
    "GZCRRIHWUXGPOV": "Tb", "ATJFFYVFTNAWJD": "Sn", "RTAQQCXQSZGOHL": "Ti", "WFKWXMTUELFFGS": "W", "LEONUFNNVUYDNQ": "V",
    "HCHKCACWOHOZIP": "Zn",
}  # fmt: skip
_KEY_TAIL = "-UHFFFAOYSA-N"
# The terms of ours that a sensor report may carry.
REPORT = {"substance": Term("substance", substance), "basis": Term("basis", one_of(ASSAY_BASES))}


def sensor_assays(event: dict[str, Any], reading: Reading) -> list[Assay]:
    """The assays among the sensor reports (ledger-rules section 3): only where the event names one lot and the basis is said."""
    if "sensorElementList" not in event or len(named(event, "object") | named(event, "input") | named(event, "output")) != 1:
        return []
    reports = [report for element in event["sensorElementList"] for report in element["sensorReport"]]
    return [assay for report in reports if (assay := _assay(report, reading)) is not None]


def _assay(report: dict[str, Any], reading: Reading) -> Assay | None:
    stated = {
        local: term.read(report[NAMESPACE + local], reading)[0] for local, term in REPORT.items() if NAMESPACE + local in report
    }
    what = stated.get("substance") or _element(report)
    if what is None or report.get("uom") not in MASS_FRACTION_UNITS.split() or "value" not in report:
        return None
    value = Decimal(report["value"])
    if "basis" not in stated:
        reading.warn(
            "SENSOR_BASIS", f"the report of {what} says no crm:basis (dry or as_received), so it is not taken as an assay"
        )
        return None
    if value < 0:
        reading.warn("SENSOR_VALUE", f"a share of {what} below zero is not taken as an assay")
        return None
    return Assay(substance=what, value=value, unit=report["uom"], basis=stated["basis"])


def _element(report: dict[str, Any]) -> str | None:
    """The element that a report names: by InChIKey, or by symbol at the end of its URI (`crm:Cu`)."""
    for key in ("chemicalSubstance", "component"):
        uri: str = report.get(key, "")
        last = uri.replace("#", "/").replace(":", "/").rpartition("/")[2]
        if last.endswith(_KEY_TAIL) and last.removesuffix(_KEY_TAIL) in _INCHI_KEYS:
            return _INCHI_KEYS[last.removesuffix(_KEY_TAIL)]
        if last in ELEMENTS and uri == NAMESPACE + last:
            return last
    return None
