"""Identifiers in all their spellings come to one form."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodestream.epcis.context import standard
from lodestream.epcis.faults import Fault
from lodestream.epcis.identifiers import canonical_id, check_digit, without_extension
from lodestream.epcis.limits import Limits
from lodestream.epcis.reading import Reading
from lodestream.epcis.vocabulary import BIZ_STEPS, MEASUREMENT_TYPES, canonical_word

DL = "https://id.gs1.org/"
# Digital Links as the reference hasher makes them of every GS1 key (EPC Tag Data Standard, GS1 Digital Link URI Syntax).
KEYS = {
    "urn:epc:id:sgtin:4012345.012345.12": "01/04012345123456/21/12",
    "urn:epc:id:sscc:4012345.0000000333": "00/040123450000003338",
    "urn:epc:id:grai:4012345.66666.87": "8003/0401234566666387",
    "urn:epc:id:giai:4012345.AAbb": "8004/4012345AAbb",
    "urn:epc:id:gsrn:4012345.9876540000": "8018/401234598765400000",
    "urn:epc:id:gsrnp:4012345.0000098765": "8017/401234500000987658",
    "urn:epc:id:gdti:4012345.55555.98": "253/401234555555498",
    "urn:epc:id:cpi:4012345.ABC.123": "8010/4012345ABC/8011/123",
    "urn:epc:id:sgcn:4012345.99999.44": "255/401234599999044",
    "urn:epc:id:ginc:4012345.333": "401/4012345333",
    "urn:epc:id:gsin:4012345.999987654": "402/40123459999876541",
    "urn:epc:id:itip:4012345.012345.01.02.999": "8006/040123451234560102/21/999",
    "urn:epc:id:upui:4012345.012345.AB12": "01/04012345123456/235/AB12",
    "urn:epc:id:pgln:4012345.00225": "417/4012345002256",
    "urn:epc:id:sgln:4012345.00011.987": "414/4012345000115/254/987",
    "urn:epc:id:sgln:4012345.00001.0": "414/4012345000016",
    "urn:epc:class:lgtin:4012345.012345.Lot987": "01/04012345123456/10/Lot987",
    "urn:epc:idpat:sgtin:4054739.099914.*": "01/04054739999148",
    "urn:epc:idpat:grai:4012345.66666.*": "8003/04012345666663",
    "urn:epc:idpat:gdti:4012345.55555.*": "253/4012345555554",
    "urn:epc:idpat:sgcn:4012345.99999.*": "255/4012345999990",
    "urn:epc:idpat:cpi:4012345.ABC.*": "8010/4012345ABC",
    "urn:epc:idpat:itip:4012345.012345.01.02.*": "8006/040123451234560102",
}


@pytest.mark.parametrize("urn", sorted(KEYS))
def test_epc_urns(urn: str) -> None:
    assert canonical_id(urn) == DL + KEYS[urn]
    assert canonical_id(canonical_id(urn)) == DL + KEYS[urn]


def test_every_key_of_the_sample_is_known(shared: Path) -> None:
    document = json.loads((shared / "data" / "epcis" / "valid" / "epcisDocWithAllGS1Keys.json").read_bytes())
    event = document["epcisBody"]["eventList"][0]
    for each in [*event["epcList"], *(element["epcClass"] for element in event["quantityList"])]:
        assert canonical_id(each).startswith(DL)


LINKS = {
    "https://id.gs1.org/01/04012345123456/10/Lot987": "01/04012345123456/10/Lot987",
    "http://id.gs1.org/01/04012345123456/10/Lot987/": "01/04012345123456/10/Lot987",
    "https://dl.example.com/some/path/01/04012345123456/10/Lot987?17=260101&x#y": "01/04012345123456/10/Lot987",
    "https://example.com/gtin/04012345123456/lot/Lot987": "01/04012345123456/10/Lot987",
    "https://example.com/gtin/4012345123456/cpv/2A/lot/Lot987/ser/12": "01/04012345123456/21/12",
    "https://example.com/01/614141777778": "01/00614141777778",
    "https://example.com/01/40123455": "01/00000040123455",
    "https://example.com/01/04012345123456/22/2A": "01/04012345123456",
    "https://example.com/01/04012345123456/10/A%2fB%2D(1)": "01/04012345123456/10/A%2FB-%281%29",
    "https://example.com/gln/4012345000016/glnx/A7": "414/4012345000016/254/A7",
    "https://example.com/414/4012345000016/254/0": "414/4012345000016",
    "https://example.com/sscc/040123450000003338": "00/040123450000003338",
    "https://example.com/8010/4012345ABC/8011/123": "8010/4012345ABC/8011/123",
    "https://example.org/8004/401234599999": "8004/401234599999",
}


@pytest.mark.parametrize("link", sorted(LINKS))
def test_digital_links(link: str) -> None:
    assert canonical_id(link) == DL + LINKS[link]


@pytest.mark.parametrize(
    "private",
    [
        "https://trace.example.org/class/lot/ORE-1",
        "https://portal.example/2026/01/20260115",  # a date, and no GTIN-8: its check digit does not fit
        "https://example.com/01/04012345123456/99/x",  # no qualifier of a GTIN
        "https://example.com/01/04012345123456/10",
        "https://example.com/01/0401234512345X",
        "https://example.com/?01=04012345123456",
        "urn:uuid:6a1b4e4e-0a25-4c8a-9b9f-0f3a2d4d2f10",
        "urn:epc:id:sgtin:4012345.012345",
        "urn:epc:id:sgtin:401234.012345.1",  # not 13 digits
        "urn:epc:id:sscc:4012345.",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
        "ni:///sha-256;00?ver=CBV2.0",
        "did:web:mine.example",
    ],
)
def test_others_stay_as_they_are(private: str) -> None:
    assert canonical_id(private) == private


SERIALS = st.text("ABCabc0189-_.;='()*+,!:", min_size=1, max_size=20).map(lambda text: text.replace(".", "-"))


@given(st.integers(6, 12), st.text("0123456789", min_size=13, max_size=13), SERIALS)
def test_urn_and_link_of_one_lot_agree(split: int, digits: str, lot: str) -> None:
    urn = f"urn:epc:class:lgtin:{digits[1 : split + 1]}.{digits[0]}{digits[split + 1 :]}.{lot}"
    gtin = digits + check_digit(digits)
    assert canonical_id(urn) == canonical_id(f"https://dl.example/gtin/{gtin}/lot/{lot}?linkType=all")
    assert canonical_id(canonical_id(urn)) == canonical_id(urn)


@given(st.text("htps:/.eurnxid0149gti?#%", max_size=40))
def test_canonical_is_final(text: str) -> None:
    assert canonical_id(canonical_id(text)) == canonical_id(text)


@pytest.mark.parametrize("char", list("!'()*+,-.:;=_$&"))
def test_a_serial_has_one_spelling_whichever_of_its_characters_are_escaped(char: str) -> None:
    spelt = {canonical_id(f"{DL}01/09521321102026/10/A{each}B") for each in (char, f"%{ord(char):02X}", f"%{ord(char):02x}")}
    if char not in "$&":  # which a URN cannot have
        spelt.add(canonical_id(f"urn:epc:class:lgtin:9521321.010202.A{char}B"))
    spelt.add(canonical_id(f"urn:epc:class:lgtin:9521321.010202.A%{ord(char):02X}B"))
    assert len(spelt) == 1


def test_a_location_without_its_extension() -> None:
    assert without_extension(canonical_id("urn:epc:id:sgln:4012345.00011.987")) == DL + "414/4012345000115"
    assert without_extension(canonical_id("urn:epc:id:sgln:4012345.00011.0")) is None
    assert without_extension("https://mine.example/loc/1") is None


@pytest.mark.parametrize("spelling", ["shipping", "cbv:BizStep-shipping", "https://ref.gs1.org/cbv/BizStep-shipping"])
def test_a_word_in_its_spellings(spelling: str) -> None:
    uri = BIZ_STEPS.read(spelling, Reading(standard(), Limits()))
    assert uri == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert BIZ_STEPS.bare(uri) == "shipping"


def test_words_that_are_none() -> None:
    assert canonical_word("urn:epcglobal:cbv:disp:in_transit") == "https://ref.gs1.org/cbv/Disp-in_transit"
    assert BIZ_STEPS.bare("https://ref.gs1.org/cbv/BizStep-smelting") == "https://ref.gs1.org/cbv/BizStep-smelting"
    assert MEASUREMENT_TYPES.read("gs1:Mass", Reading(standard(), Limits())) == "https://ref.gs1.org/voc/Mass"
    for old in ("urn:epcglobal:cbv:bizstep:shipping", "https://ns.gs1.org/cbv/BizStep-shipping", "transforming", ""):
        with pytest.raises(Fault) as caught:
            BIZ_STEPS.read(old, Reading(standard(), Limits()))
        assert caught.value.code == "UNKNOWN_WORD"
