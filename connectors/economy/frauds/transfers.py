"""Frauds between sites: received twice, from nobody, too early, too far away, on the wrong basis or in the wrong unit."""

from math import isqrt

from connectors.economy import events as e
from connectors.economy.facts import Fact, Line
from connectors.economy.frauds.scene import Planted, Scene, again, faked, fresh_tickets, item_of, label, renamed, reweigh

SHORT_TONS = (1_102_311, 1_000_000)  # in a tonne
NEXT_DAY = 1440
FLYING_MINUTES = 10
FAR = "geo:-33.05,-71.61"
FARTHER = "geo:35.10,129.04"


def f4(scene: Scene, fact: Fact) -> Planted | None:
    """A consignment that has come in full comes again."""
    if fact.kind != "receive" or fact.event["crm:receipt"] != "final":
        return None
    fake = again(scene, fact, NEXT_DAY)
    fresh_tickets(fake.event, fact.site)
    line = fact.outputs[0]
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([faked(fact), fake], label("F4", fake, "received again", [line.lot], mg, element))


def f8(scene: Scene, fact: Fact) -> Planted | None:
    """Received before it was shipped."""
    shipped = scene.shipped.get(fact.consignment)
    if fact.kind != "receive" or shipped is None:
        return None
    fake = faked(fact)
    fake.event["eventTime"] = e.clock(shipped - 300, fact.site.offset)
    return Planted([fake], label("F8", fake, "received five hours before it was shipped", [fact.outputs[0].lot]))


def f9(scene: Scene, fact: Fact) -> Planted | None:
    """A consignment that is there ten minutes after it left; or that its carrier sees on two continents within an hour."""
    shipped = scene.shipped.get(fact.consignment)
    if fact.kind == "receive" and shipped is not None and scene.memory.get("next", "received") == "received":
        scene.memory["next"] = "seen"
        fake, line = faked(fact), fact.outputs[0]
        fake.event["eventTime"] = e.clock(shipped + FLYING_MINUTES, fact.site.offset)
        return Planted([fake], label("F9", fake, "there ten minutes after it left", [line.lot], variant="received"))
    if fact.event["bizStep"] != "transporting" or scene.memory.get("next") != "seen":
        return None
    scene.memory["next"] = "received"
    lot = fact.event["quantityList"][0]["epcClass"]
    fakes = []
    for minutes, place in ((0, FAR), (60, FARTHER)):
        fake = again(scene, fact, minutes)
        fake.event["readPoint"] = {"id": place}
        fakes.append(fake)
    made = label("F9", fakes[0], "seen on two continents within an hour", [lot], variant="seen")
    made.event_ids.append(fakes[1].event["eventID"])
    return Planted(fakes, made)


def f14(_: Scene, fact: Fact) -> Planted | None:
    """A wet mass received as if it were dry."""
    line = fact.outputs[0] if fact.kind == "receive" else None
    if line is None or (line.readings[-1].moisture or 0) < 500:
        return None
    fake = faked(fact)
    item = item_of(fake.event, line.lot)
    item["crm:massBasis"] = "dry"
    del item["crm:moisturePercent"]
    moisture = line.readings[-1].moisture or 0
    element, mg = next(iter(line.contained_mg.items()))
    extra = mg * moisture // (10_000 - moisture)
    size = extra * 1000 // _u_of_both(line, element)
    return Planted([fake], label("F14", fake, "wet mass booked as dry", [line.lot], extra, element, size=size))


def f15(_: Scene, fact: Fact) -> Planted | None:
    """Short tons written as tonnes."""
    line = fact.outputs[0] if fact.kind == "receive" else None
    if line is None or line.material.step_kg == 1 or fact.event["crm:receipt"] != "final":
        return None
    fake = faked(fact)
    n, d = SHORT_TONS
    reweigh(fake.event, line, line.kg * n // d)
    element, mg = next(iter(line.contained_mg.items()))
    extra = mg * (n - d) // d
    size = extra * 1000 // _u_of_both(line, element)
    return Planted([fake], label("F15", fake, "short tons booked as tonnes", [line.lot], extra, element, size=size))


def _u_of_both(line: Line, element: str) -> int:
    """u of a transfer in mg: both sides weigh and assay alike."""
    return isqrt(2 * line.u_mg[element] ** 2)


def f20(scene: Scene, fact: Fact) -> Planted | None:
    """Metal put in on the way: `size` u (of both sides together) more is received than came."""
    line = fact.outputs[0] if fact.kind == "receive" else None
    if line is None or not line.material.resampled or fact.event["crm:receipt"] != "final":
        return None
    element, mg = next(iter(line.contained_mg.items()))
    extra = _u_of_both(line, element) * scene.size // 1000
    fake = faked(fact)
    reweigh(fake.event, line, line.kg + line.kg * extra // mg)
    return Planted([fake], label("F20", fake, "more received than came", [line.lot], extra, element, size=scene.size))


def f25(scene: Scene, fact: Fact) -> Planted | None:
    """One credential behind two lots: it states the mass of the first."""
    if fact.kind not in {"receive", "buy"} or scene.memory.setdefault("site", fact.site.name) != fact.site.name:
        return None
    line = fact.outputs[0]
    fake = faked(fact)
    item = item_of(fake.event, line.lot)
    known = scene.memory.pop("label", None)
    if known is None:
        stated = e.quantity(line)
        scene.memory["stated"] = {
            "crm:credential": f"https://{fact.site.name}.example.com/vc/{fact.site.number('credential')}",
            "crm:credentialMass": str(stated["quantity"]),
            "crm:uom": stated["uom"],
        }
        item |= scene.memory["stated"]
        made = label("F25", fake, "one credential behind two lots", [line.lot])
        scene.memory["label"] = made
        return Planted([fake], None)
    item |= scene.memory["stated"]
    known.event_ids.append(fake.event["eventID"])
    known.lots.append(line.lot)
    known.element, mg = next(iter(line.contained_mg.items()))
    known.magnitude_kg = str(e.decimal(mg // 1000, 3))
    del scene.memory["site"]
    return Planted([fake], known)


def f27(scene: Scene, fact: Fact) -> Planted | None:
    """A receipt of what nobody shipped."""
    if fact.kind != "receive" or not fact.outputs[0].material.resampled:
        return None
    line = fact.outputs[0]
    fake = again(scene, fact, 5)
    lot = line.lot.rsplit(".", 1)[0] + f".X{fact.site.number('phantom'):05d}"
    renamed(fake.event, line.lot, lot)
    fake.event["crm:consignmentId"] = f"https://{fact.site.name}.example.com/consignment/{lot[-6:]}"
    fake.event["bizTransactionList"] = [{"type": "bol", "bizTransaction": f"https://{fact.site.name}.example.com/bol/{lot[-6:]}"}]
    fake.event["crm:receipt"] = "final"
    fresh_tickets(fake.event, fact.site)
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([fact, fake], label("F27", fake, "received, and never shipped", [lot], mg, element))
