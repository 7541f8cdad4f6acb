"""The golden scenarios S1, S2 and S4 of the mass-balance reference as events."""

from decimal import Decimal
from typing import Any

from lodestream.epcis.event import ContainedMass, Event, Material, OriginPart, Quantity
from tests.ledger.making import add, event, item, receive, ship, transform

M1, M2, R, S, P = "urn:site:m1", "urn:site:m2", "urn:site:r", "urn:site:s", "urn:site:p"
ZM, CL, REC = "ZM M1 mine -", "CL M2 mine -", "JP R end_of_life -"


def held(role: str, name: str, uom: str, masses: dict[str, str], **more: Any) -> tuple[Quantity, Material]:
    """A lot or work in process whose contained masses are stated outright."""
    contained = [ContainedMass(e, Decimal(mass), uom) for e, mass in masses.items()]
    return Quantity(name), Material(role, name, contained=contained, **more)  # type: ignore[arg-type]


def part(parts: str, country: str, site: str, source_class: str = "mine") -> OriginPart:
    """An origin of a lot that has several."""
    return OriginPart(Decimal(parts), None, country, site, source_class)


def s1() -> list[Event]:
    """Copper: the mine, two consignments, the smelter's campaign in five events, the cathode in two lots."""
    run = "urn:campaign:s1"
    mined = {"moisture": "3.0", "cu": "0.85", "source_class": "mine", "country_of_origin": "ZM", "site_of_origin": "M1"}
    wet: dict[str, Any] = {"mass_basis": "wet"}
    bought: dict[str, Any] = {"embodied_g_co2e": 833_520_000}
    scrap = item("input", "scrap", "60", **wet)
    opening = held("wip_open", "wip-open", "TNE", {"Cu": "400"}, embodied_g_co2e=640_000_000, mass_uncertainty_percent=Decimal(1))
    opening[1].origins.extend([part("240", "ZM", "M1"), part("160", "CL", "M2")])
    got_c = receive("C", "1500", R, consignment_id="C-C", receipt="final", moisture="8.00", cu="30.20", **bought)
    return [
        add("ore", "120000", M1, product_class="ore", **mined),
        transform(
            M1,
            [("ore", "120000", {"moisture": "3.0"})],
            [
                ("K1", "3300", {"moisture": "9.00", "cu": "28.50", "product_class": "concentrate"}),
                ("tails", "113397", {"cu": "0.1180", "product_class": "tailings", "loss_class": "tailings"}),
            ],
        ),
        transform(M1, [("K1", "3300", wet)], [("A", "2000", wet), ("B", "1300", wet)]),
        add("C", "1500", M2, moisture="8.00", cu="30.20", source_class="mine", country_of_origin="CL", site_of_origin="M2"),
        ship("A", "2000", M1, R, consignment_id="C-A", **wet),
        ship("B", "1300", M1, R, consignment_id="C-B", **wet),
        ship("C", "1500", M2, R, consignment_id="C-C", **wet),
        receive("A", "1996", R, consignment_id="C-A", receipt="final", moisture="8.90", cu="28.46", embodied_g_co2e=724_505_764),
        receive(
            "B", "1297.4", R, consignment_id="C-B", receipt="final", moisture="9.05", cu="28.52", embodied_g_co2e=471_144_531
        ),
        got_c,
        add(
            "scrap",
            "60",
            R,
            cu="96.00",
            source_class="end_of_life",
            country_of_origin="JP",
            site_of_origin="R",
            embodied_g_co2e=23_040_000,
        ),
        event("TransformationEvent", [opening, item("input", "A", "1996", **wet)], biz_location=R, transformation_id=run),
        event(
            "TransformationEvent",
            [item("input", "B", "1297.4", **wet), item("input", "C", "1500", **wet)],
            biz_location=R,
            transformation_id=run,
        ),
        event("TransformationEvent", [scrap], biz_location=R, transformation_id=run),
        event(
            "TransformationEvent",
            [
                item("output", "cathode", "1296", cu="99.99", product_class="cathode"),
                item("output", "slag", "2150", cu="0.68", product_class="slag", loss_class="slag"),
                item("output", "slimes", "6.0", cu="18", product_class="slime", loss_class="residue"),
                held("output", "bleed", "TNE", {"Cu": "1.900"}, loss_class="effluent"),
            ],
            biz_location=R,
            transformation_id=run,
            process_emissions_g_co2e=1_450_000_000,
        ),
        event(
            "TransformationEvent",
            [held("wip_close", "wip-close", "TNE", {"Cu": "412"})],
            biz_location=R,
            transformation_id=run,
            campaign_close=True,
        ),
        transform(R, [("cathode", "1296", {})], [("L1", "500", {}), ("L2", "796", {})]),
    ]


def s2() -> list[Event]:
    """Cobalt hydroxides and MHP to cobalt sulphate, one event; masses in kg."""
    run = "urn:campaign:s2"
    feed = {
        "H1": ("200000", {"moisture": "55", "co": "30.00", "country_of_origin": "CD", "site_of_origin": "X"}),
        "H2": ("80000", {"moisture": "50", "co": "28.00", "country_of_origin": "CD", "site_of_origin": "Y"}),
        "M3": ("50000", {"moisture": "40", "co": "3.00", "ni": "38.00", "country_of_origin": "ID", "site_of_origin": "Z"}),
    }
    opening = held("wip_open", "wip2-open", "KGM", {"Co": "5000"})
    opening[1].origins.extend([part("4000", "CD", "X"), part("1000", "CD", "Y")])
    outputs = [
        item("output", "CoSO4", "175000", "KGM", co="20.50", product_class="sulphate"),
        held("output", "NiSO4", "KGM", {"Co": "30"}),
        item("output", "leach residue", "60000", "KGM", co="0.90", loss_class="residue"),
        held("output", "raffinate", "KGM", {"Co": "60"}, loss_class="effluent"),
        held("wip_close", "wip2-close", "KGM", {"Co": "7300"}),
    ]
    return [
        *(add(lot, mass, S, uom="KGM", source_class="mine", **more) for lot, (mass, more) in feed.items()),
        event(
            "TransformationEvent",
            [opening, *(item("input", lot, mass, "KGM", mass_basis="wet") for lot, (mass, _) in feed.items()), *outputs],
            biz_location=S,
            transformation_id=run,
            campaign_close=True,
        ),
    ]


def s4() -> list[Event]:
    """Black mass and primary MHP to NMC811 precursor; masses in kg."""
    black = {"moisture": "2.00", "ni": "18.00", "co": "6.00", "source_class": "end_of_life"}
    made = add("black mass", "100000", P, uom="KGM", **black)
    made.materials[0].origins.extend(
        [part("70", "DE", "urn:collector", "end_of_life"), part("30", "DE", "urn:cells", "manufacturing_waste")]
    )
    return [
        made,
        add("MHP", "150000", P, uom="KGM", moisture="45", ni="39.00", co="3.00", source_class="mine", country_of_origin="ID"),
        event(
            "TransformationEvent",
            [
                item("input", "black mass", "100000", "KGM", mass_basis="wet"),
                item("input", "MHP", "150000", "KGM", mass_basis="wet"),
                item("output", "pCAM", "92000", "KGM", ni="50.80", co="6.38", product_class="precursor"),
                item("output", "CoSO4", "10600", "KGM", co="20.60", product_class="sulphate"),
                item("output", "residue", "30000", "KGM", ni="1.20", co="0.25", loss_class="residue"),
                held("wip_close", "wip4-close", "KGM", {"Ni": "2450", "Co": "160"}),
            ],
            biz_location=P,
            transformation_id="urn:campaign:s4",
            campaign_close=True,
        ),
    ]
