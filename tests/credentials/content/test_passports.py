"""Passports, worked by hand to the ninth digit: where the mass comes from, what is claimed of it, and what is never shown."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lodestream.credentials.content import passport
from lodestream.credentials.content.provenance import fractions, parts_of
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.profile import Document, FacilityProfile, Issue, IssuerProfile, ProductProfile, VouchedLot
from lodestream.ledger.records import LotState
from tests.credentials.content.judging import Judges
from tests.credentials.content.worked import BASE, DIGEST, PROFILE, issue, vouched, worked

KG = 10**6
LOT = "https://refinery.example/lots/L-1"
BILLION = 10**9


def lot(name: str, scenario: str = "10-copper-smelter") -> LotState:
    """A lot of a scenario by the end of its name."""
    return next(one for one in worked(scenario).lots if one.lot.endswith(name))


def told(one: VouchedLot, profile: IssuerProfile = PROFILE, **more: Any) -> dict[str, Any]:
    """The product of a passport."""
    found: dict[str, Any] = passport(one, profile, replace(issue("dpp", "1", one.made_us), **more))["credentialSubject"]
    return found


def materials(product: dict[str, Any]) -> list[tuple[str, str, str, int | None]]:
    """Name, country, mass fraction and recycled fraction of each material."""
    return [
        (one["name"], one["originCountry"]["countryCode"], str(one["massFraction"]), one.get("recycledMassFraction"))
        for one in product["materialProvenance"]
    ]


def claim(product: dict[str, Any], name: str) -> dict[str, Any]:
    """A claim by the fragment of its id."""
    found: dict[str, Any] = next(one for one in product["performanceClaim"] if one["id"].endswith(f"#{name}"))
    return found


def made(**more: Any) -> VouchedLot:
    """1 t dry of 25 % Cu, half of which is Zambian and mined."""
    shares = {"Cu": {"ZM https://mine.example/pit mine IRMA": 125 * KG, "JP - end_of_life -": 100 * KG, "ZZ - - -": 25 * KG}}
    said: dict[str, Any] = {"site": "https://refinery.example/f/2", "lot": LOT, "wet_mg": 1_100 * KG, "dry_mg": 1_000 * KG}
    said |= {"contained_mg": {"Cu": 250 * KG}, "shares": shares, "made_us": 1_741_154_400_000_000}
    return VouchedLot(**(said | more))


# -- materialProvenance ---------------------------------------------------------------------------------------------------


def test_the_cathode_of_the_worked_scenario() -> None:
    """S1, lot L1: 316,457,157,079 + 166,831,660,387 + 16,661,182,534 mg of copper in 500,000 kg at 99.99 %."""
    l1 = lot("/L1")
    assert (l1.dry_mg, sum(l1.contained_mg.values())) == (500_000 * KG, 499_950_000_000)
    assert materials(told(vouched(l1))) == [
        ("Copper, mined", "CL", "0.333663321", 0),  # 166,831,660,387 / 500,000,000,000 = 0.333663320774
        ("Copper, from end-of-life products", "JP", "0.033322365", 1),  # 0.033322365068
        ("Copper, mined", "ZM", "0.632914314", 0),  # 0.632914314158
        ("Not traced", "ZZ", "0.0001", None),
    ]


def test_fractions_are_of_the_dry_mass_and_sum_to_exactly_one() -> None:
    assert materials(told(made())) == [
        ("Copper, from end-of-life products", "JP", "0.1", 1),
        ("Copper, mined", "ZM", "0.125", 0),
        ("Copper, source not stated", "ZZ", "0.025", None),
        ("Not traced", "ZZ", "0.75", None),
    ]


def test_the_largest_remainder_gets_what_rounding_leaves() -> None:
    """Three thirds at nine digits: 0.333333333 each, and the billionth that is left goes to the first by name."""
    shares = {"Cu": {"CL - mine -": 1, "PE - mine -": 1, "ZM - mine -": 1}}
    product = told(made(dry_mg=3, wet_mg=3, contained_mg={"Cu": 3}, shares=shares))
    assert [fraction for _, _, fraction, _ in materials(product)] == ["0.333333334", "0.333333333", "0.333333333"]


def test_sites_of_one_country_and_class_are_one_entry() -> None:
    shares = {"Cu": {"ZM https://a.example mine -": 1 * KG, "ZM https://b.example mine IRMA": 2 * KG, "ZM OTHER - -": 1 * KG}}
    product = told(made(dry_mg=8 * KG, contained_mg={"Cu": 4 * KG}, shares=shares))
    assert materials(product) == [
        ("Copper, source not stated", "ZM", "0.125", None),
        ("Copper, mined", "ZM", "0.375", 0),
        ("Not traced", "ZZ", "0.5", None),
    ]


def test_a_content_without_shares_is_of_unknown_origin() -> None:
    assert materials(told(made(shares={})))[0] == ("Copper, source not stated", "ZZ", "0.25", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": {"Cu": {"ZM - mine -": 251 * KG, "CL - mine -": -1 * KG}}},
        {"shares": {"Cu": {"ZM - mine -": 249 * KG}}},
        {"contained_mg": {"Cu": -1}, "shares": {"Cu": {"ZM - mine -": -1}}},
        {"dry_mg": 0},
        {"dry_mg": 249 * KG},
        {"lot": "L 1"},
        {"made_us": 10**18},
    ],
    ids=str,
)
def test_what_does_not_add_up_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        told(made(**wrong), valid_from_us=0)
    assert refused.value.code == "OUTCOME"


def test_hazardous_products_link_to_their_safety_information(judges: Judges) -> None:
    url = f"{BASE}/sds/matte"
    profile = replace(PROFILE, products={"matte": ProductProfile(hazardous=True, material_safety=url)})
    one = made(product_class="matte")
    assert all(
        (each["hazardous"], each["materialSafetyInformation"]["linkURL"]) == (True, url)
        for each in told(one, profile)["materialProvenance"]
    )
    assert judges(passport(one, profile, issue("dpp", "1", 0))) == []
    with pytest.raises(CredentialError, match="material_safety"):
        told(one, replace(PROFILE, products={"matte": ProductProfile(hazardous=True)}))


keys = st.builds(
    "{} {} {} -".format,
    st.sampled_from(["ZM", "CL", "CD", "ZZ"]),
    st.sampled_from(["-", "OTHER", "https://mine.example/1"]),
    st.sampled_from(["mine", "end_of_life", "manufacturing_waste", "scrap", "run_around", "-"]),
)
vectors = st.dictionaries(keys, st.integers(0, 10**15), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(shares=st.dictionaries(st.sampled_from(["Cu", "Co", "Ni", "Li"]), vectors, max_size=4), gangue=st.integers(0, 10**16))
def test_fractions_always_sum_to_one_and_none_is_negative(shares: dict[str, dict[str, int]], gangue: int) -> None:
    contained = {element: sum(vector.values()) for element, vector in shares.items()}
    dry = sum(contained.values()) + gangue
    if not dry:
        return
    one = made(dry_mg=dry, wet_mg=dry, contained_mg=contained, shares=shares)
    parts = parts_of(one)
    found = fractions(one, parts)
    assert sum(found.values()) == BILLION
    assert all(0 < share <= BILLION for share in found.values())
    exact = {" ".join(part): mg for part, mg in parts.items()}
    assert all(abs(share - Decimal(exact.get(name, gangue)) * BILLION / dry) < 1 for name, share in found.items())
    stated = [each["massFraction"] for each in told(one)["materialProvenance"]]
    assert sum(stated) == 1
    assert all(str(each).partition(".")[2].__len__() <= 9 or "E" in str(each) for each in stated)


# -- claims ---------------------------------------------------------------------------------------------------------------


def test_carbon_by_kilogram_of_dry_mass() -> None:
    """L1 of S1: its part of 3,492,751,975 g over 500 t."""
    l1 = lot("/L1")
    assert l1.uncovered_mg == 0
    found = claim(told(vouched(l1)), "product-carbon-footprint")
    (performance,) = found["claimedPerformance"]
    assert performance["metric"]["id"].endswith("/product-carbon-footprint")
    assert performance["measure"] == {"value": Decimal("2695.025"), "unit": "GK"}
    assert round(Decimal(l1.embodied_g_co2e) / (l1.dry_mg // KG), 3) == Decimal("2695.025")
    assert found["claimDate"] == "2026-05-31"


def test_where_carbon_is_not_covered_nothing_is_claimed_and_the_cover_is_said() -> None:
    product = told(made(embodied_g_co2e=5_000, uncovered_mg=250 * KG))
    assert [one for one in product["performanceClaim"] if "carbon" in one["id"]] == []
    assert product["characteristics"]["carbonFootprintCoverage"] == Decimal("0.75")


def test_recycled_content_is_of_end_of_life_and_manufacturing_waste_alone() -> None:
    shares = {
        "Cu": dict.fromkeys((f"ZZ - {name} -" for name in ("end_of_life", "manufacturing_waste", "scrap", "run_around")), KG)
    }
    product = told(made(contained_mg={"Cu": 4 * KG}, shares=shares))
    found = claim(product, "recycled-content-cu")
    assert found["claimedPerformance"][0]["measure"] == {"value": 50, "unit": "P1"}
    recycled = {name.split(", ")[1]: part for name, _, _, part in materials(product) if ", " in name}
    assert recycled == {
        "from end-of-life products": 1,
        "from manufacturing waste": 1,
        "from scrap": 0,
        "returned to the process that made it": 0,
    }


def test_no_recycled_content_is_no_claim() -> None:
    product = told(made(shares={"Cu": {"ZM - mine -": 250 * KG}}))
    assert [one["id"].rpartition("#")[2] for one in product["performanceClaim"]] == ["product-carbon-footprint", "origin-cu"]


def test_origin_is_claimed_for_what_has_a_country() -> None:
    found = claim(told(made()), "origin-cu")
    assert found["claimedPerformance"][0]["measure"] == {"value": 90, "unit": "P1"}
    assert [one["id"].rpartition("/")[2] for one in found["conformityTopic"]] == ["origin-tracking", "supply-chain-traceability"]
    assert told(made(shares={}))["performanceClaim"][1:] == []


def test_claims_carry_the_evidence_and_the_id_of_their_credential() -> None:
    documents = [Document(f"{BASE}/credentials/dte/7", "Smelting", "dte", DIGEST), Document(f"{BASE}/p", "Of the input", "dpp")]
    product = told(made(), id=f"{BASE}/credentials/dpp/0a1b", documents=documents)
    for one in product["performanceClaim"]:
        assert one["id"].startswith(f"{BASE}/credentials/dpp/0a1b#")
        assert [each["linkURL"] for each in one["evidence"]] == [f"{BASE}/credentials/dte/7"]
        assert one["evidence"][0]["digestMultibase"] == DIGEST
    assert [each["linkType"].rpartition("/")[2] for each in product["relatedDocument"]] == ["dte", "dpp"]
    assert all("evidence" not in one for one in told(made(), documents=[])["performanceClaim"])


# -- the product ----------------------------------------------------------------------------------------------------------


def test_what_a_passport_never_shows() -> None:
    """No mass of the lot, no site that it comes from, no scheme, nobody who supplied it."""
    text = json.dumps(
        json.loads(write(passport(made(location="https://refinery.example/f/2/hall"), PROFILE, issue("dpp", "1", 0))))
    )
    for secret in ("mine.example", "pit", "IRMA", "KGM", "1100", "quantity", "ContainedMass", "dryMass"):
        assert secret not in text


@pytest.mark.parametrize("scenario", ["10-copper-smelter", "11-cobalt-sulphate", "12-precursor", "16-recycled-frauds"])
def test_no_origin_site_is_in_a_passport_of_the_scenarios(scenario: str) -> None:
    checked = 0
    for one in worked(scenario).lots:
        text = write(passport(vouched(one), PROFILE, issue("dpp", "1", 0))).decode()
        sites = {key.split(" ")[1] for vector in one.shares.values() for key in vector} - {"-", "OTHER", one.site}
        assert not [site for site in sites if site in text.replace(one.lot, "")]
        checked += len(sites)
    assert checked


def test_a_provisional_lot_says_so_in_all_places() -> None:
    profile = replace(PROFILE, products={"cathode": ProductProfile(description="LME Grade A")})
    product = told(made(provisional=True, product_class="cathode"), profile)
    assert product["name"] == "Cathode (provisional)"
    assert product["description"].startswith("LME Grade A. Provisional: the campaign that made it is open")
    assert product["characteristics"]["provisional"] is True
    assert "provisional" not in told(made())["characteristics"]


def test_where_it_was_made_and_what_it_is() -> None:
    at = FacilityProfile("Smelter", "JP", "fac-002")
    profile = replace(PROFILE, facilities={"https://refinery.example/f/2": at})
    product = told(made(product_class="matte", lot="https://id.gs1.org/01/09521234000021/10/2025-Q1-0812"), profile)
    assert product["producedAtFacility"] == {
        "type": ["Facility"],
        "id": "https://refinery.example/f/2",
        "name": "Smelter",
        "registeredId": "fac-002",
    }
    assert (product["countryOfProduction"], product["productionDate"]) == ({"countryCode": "JP"}, "2025-03-05")
    assert (product["idGranularity"], product["batchNumber"]) == ("batch", "2025-Q1-0812")
    assert product["idScheme"]["id"] == "https://id.gs1.org"
    assert [one["code"] for one in product["productCategory"]] == ["matte"]
    assert [one["code"] for one in told(made(product_class="cathode"))["productCategory"]] == ["41413"]


def test_a_serial_number_is_an_item() -> None:
    product = told(made(lot="https://id.gs1.org/01/09521234000021/21/77"))
    assert (product["idGranularity"], product["itemNumber"]) == ("item", "77")
    assert "batchNumber" not in product


def test_a_new_version_links_to_the_one_before() -> None:
    made_again = passport(made(), PROFILE, issue("dpp", "1", 0, version=2))
    assert made_again["id"].endswith("/dpp/1-2")
    last = made_again["credentialSubject"]["relatedDocument"][-1]
    assert (last["linkURL"], last["linkType"]) == (
        f"{BASE}/credentials/dpp/1",
        "https://www.iana.org/assignments/relation/predecessor-version",
    )


def test_nothing_but_what_must_be(judges: Judges) -> None:
    bare = passport(
        made(shares={}, contained_mg={}, lot="urn:refinery:lots:1"), replace(PROFILE, register=None), Issue(f"{BASE}/c/1", 0)
    )
    assert judges(bare) == []
    assert "credentialStatus" not in bare
    assert materials(bare["credentialSubject"]) == [("Not traced", "ZZ", "1", None)]
