"""What one more credential touches, of many that there are: no more than it is about."""

from typing import Any

import pytest

from lodestream.credentials.errors import CredentialError
from lodestream.supplied.drawers import Drawers
from tests.suppliers.supplying import CATHODE, REFINERY, Office, dcc, dpp, dte, make, passport, product, taken


def making(n: int, **more: Any) -> dict[str, Any]:
    event = make(product(f"B{n}", characteristics=CATHODE), id=f"urn:event:{n}")
    return dte(event, name=str(n), **more)


def about(n: int, **more: Any) -> dict[str, Any]:
    return dpp(passport() | {"batchNumber": f"B{n}"} | more, name=f"p{n}")


def model() -> dict[str, Any]:
    subject = passport() | {"idGranularity": "model"}
    del subject["batchNumber"]
    return dpp(subject, name="model")


@pytest.fixture
def full() -> Drawers:
    drawers = Drawers()
    for n in range(20):
        drawers.put(taken(making(n)))
        drawers.put(taken(about(n)))
    return drawers


def test_a_batchs_passport_touches_its_make_alone_and_a_models_all(full: Drawers) -> None:
    assert full.touched(taken(about(7))) == [f"{REFINERY} urn:event:7"]
    assert len(full.touched(taken(model()))) == 20
    assert len(full.touched(taken(dcc()))) == 20
    assert full.touched(taken(about(99))) == []


def test_a_make_is_told_with_the_passports_of_its_own_batch_and_model(full: Drawers) -> None:
    told = taken(making(7)).told[0].parts[0]
    assert [known.lot for _, known in full.facts(REFINERY, [told.lot, told.product]).passports] == [told.lot]
    full.put(taken(model()))
    assert [known.lot for _, known in full.facts(REFINERY, [told.lot, told.product]).passports] == [told.lot, ""]


def test_the_youngest_tells_and_a_successor_that_is_silent_leaves_nobody(full: Drawers) -> None:
    later = taken(making(7, validFrom="2025-03-08T00:00:00Z") | {"id": "urn:later"})
    full.put(later)
    standing = full.standing(f"{REFINERY} urn:event:7")
    assert standing is not None
    assert standing[0].digest == later.digest
    full.take_out(later)
    standing = full.standing(f"{REFINERY} urn:event:7")
    assert standing is not None
    assert standing[0].digest == taken(making(7)).digest
    link = {"linkURL": making(7)["id"], "linkName": "old", "linkType": "predecessor-version"}
    silent = taken(making(99) | {"relatedDocument": [link]})
    full.put(silent)
    assert full.standing(f"{REFINERY} urn:event:7") is None
    assert full.touched(silent) == [f"{REFINERY} urn:event:99", f"{REFINERY} urn:event:7"]
    full.take_out(silent)
    assert full.standing(f"{REFINERY} urn:event:7") is not None


def test_what_is_refused_leaves_no_trace() -> None:
    """The same credential, told so that it balances, is taken afterwards; a passport meets nothing of the one refused."""
    office = Office()
    office(making(1))
    before = office.fold.accounts()
    wrong = make(product("B2", characteristics={"cuMassFraction": 1}), id="urn:event:2", inputProduct=[small()])
    with pytest.raises(CredentialError) as refused:
        office(dte(wrong, name="2"))
    assert refused.value.code == "MASS_BALANCE"
    assert office(about(2)) == []
    assert office.fold.accounts() == before
    assert office(making(2)) != []


def small() -> dict[str, Any]:
    return product("IN", kg="100", characteristics={"cuMassFraction": 1})
