"""Frauds of records: sent again, changed, backdated, copied, corrected after the sale, and stocks and origins from nowhere."""

from copy import deepcopy
from dataclasses import replace

from connectors.economy import events as e
from connectors.economy.book import EXCLUDED, licensed_kg
from connectors.economy.clerks import declared
from connectors.economy.facts import Fact
from connectors.economy.frauds.scene import (
    Planted,
    Scene,
    added,
    again,
    faked,
    fresh_tickets,
    item_of,
    kilograms,
    label,
    product_of,
    reweigh,
)
from connectors.economy.measuring import MG_PER_KG

DAY = 1440
BACKDATED_DAYS = 75
CLONES = 3
SUBSTANCES = 3  # with four digits each: what nobody hits twice
CORRECTIONS = 6
RAISED_PERCENT = 102


def f5(_: Scene, fact: Fact) -> Planted | None:
    """Sold as all from a country in which nothing of it was won."""
    if fact.kind != "ship" or fact.site.kind.wins is not None:
        return None
    line = fact.inputs[0]
    element, mg = next(iter(line.contained_mg.items()))
    claim = {"crm:profile": "copper-mark", "crm:element": element, "crm:attribute": "country:CA", "crm:percent": "100"}
    fake = faked(fact)
    item_of(fake.event, line.lot)["crm:claims"] = [claim]
    return Planted([fake], label("F5", fake, "claimed to be all from CA", [line.lot], mg, element))


def f6(scene: Scene, fact: Fact) -> Planted | None:
    """A mine brings out in a day more than its licence allows in a year."""
    wins = fact.site.kind.wins
    if fact.kind != "add" or wins is None or fact.site.kind.source_class != "mine":
        return None
    line = fact.outputs[0]
    element, mg = next(iter(line.contained_mg.items()))
    number = licensed_kg(fact.site.kind, element) * MG_PER_KG * 13 // 10 // mg
    number, factor = (number, 1) if number < 20 else (20, number // 20)
    facts, ids, lots = [fact], [], []
    for _ in range(number):
        kg = line.kg * factor
        big = line._replace(lot=fact.site.lot(wins), kg=kg, readings=(line.readings[0]._replace(kg=kg),))
        extra = added(scene, fact, big)
        item = item_of(extra.event, big.lot)
        item |= {"crm:sourceClass": "mine", "crm:siteOfOrigin": fact.site.id}
        facts.append(extra)
        ids.append(extra.event["eventID"])
        lots.append(big.lot)
    made = label("F6", fact, "a year's licence and more in a day", lots, mg * factor * number, element)
    made.event_ids = ids
    return Planted(facts, made)


def f7(_: Scene, fact: Fact) -> Planted | None:
    """Material from an excluded country enters, and what touches it downstream is touched."""
    if fact.kind != "buy" and not (fact.kind == "add" and fact.site.kind.wins is not None):
        return None
    line = fact.outputs[0]
    fake = faked(fact)
    item_of(fake.event, line.lot)["crm:countryOfOrigin"] = EXCLUDED
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([fake], label("F7", fake, f"from {EXCLUDED}, which every book excludes", [line.lot], mg, element))


def f10(_: Scene, fact: Fact) -> Planted | None:
    """The same event again: harmless, and counted."""
    if fact.kind not in {"add", "receive", "ship", "transform"}:
        return None
    copy = faked(fact, written=fact.written + 1)
    return Planted([faked(fact), copy], label("F10", copy, "sent again", [x.lot for x in (*fact.inputs, *fact.outputs)]))


def f11(scene: Scene, fact: Fact) -> Planted | None:
    """The same weighing under a new eventID, and every other time a day later: its ticket is the same."""
    if fact.kind != "add":
        return None
    later = scene.memory["later"] = not scene.memory.get("later", True)
    fake = again(scene, fact, DAY if later else 0)
    line = fact.outputs[0]
    element, mg = next(iter(line.contained_mg.items()))
    variant = "ticket" if later else "hash"
    made = label("F11", fake, f"one weighing twice, known by its {variant}", [line.lot], mg, element, variant=variant)
    return Planted([faked(fact), fake], made)


def f12(scene: Scene, fact: Fact) -> Planted | None:
    """An event of long ago, recorded now."""
    if fact.kind != "add" or fact.minute < 2 * DAY:
        return None
    line = fact.outputs[0]._replace(lot=fact.site.lot(fact.outputs[0].material))
    extra = added(scene, fact, line)
    item = item_of(extra.event, line.lot)
    item["crm:sourceClass"] = fact.site.kind.source_class
    extra.event["eventTime"] = e.clock(fact.minute - BACKDATED_DAYS * DAY, fact.site.offset)
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([fact, extra], label("F12", extra, f"dated {BACKDATED_DAYS} days back", [line.lot], mg, element))


def f16(scene: Scene, fact: Fact) -> Planted | None:
    """One analysis for several lots: the figures of the first stand on the certificates of the next, to the last digit."""
    line = fact.outputs[0] if fact.kind in {"transform", "add"} else None
    if line is None or "crm:assays" not in item_of(fact.event, line.lot):
        return None
    if "label" not in scene.memory and sum(g % 10 > 0 and g > 999 for g in line.readings[-1].grades) < SUBSTANCES:
        return None  # as long as its first figures could be hit by chance
    if scene.memory.setdefault("of", (fact.site.name, line.material)) != (fact.site.name, line.material):
        return None
    fake = faked(fact)
    item = item_of(fake.event, line.lot)
    known = scene.memory.get("label")
    if known is None:
        scene.memory["assays"] = item["crm:assays"]
        scene.memory["label"] = label("F16", fake, "one analysis for several lots", [line.lot])
        return Planted([fake], None)
    certificate = item["crm:assays"][0]["crm:certificate"]
    item["crm:assays"] = [assay | {"crm:certificate": certificate} for assay in deepcopy(scene.memory["assays"])]
    known.event_ids.append(fake.event["eventID"])
    known.lots.append(line.lot)
    if len(known.lots) <= CLONES:
        return Planted([fake], None)
    scene.memory.clear()
    return Planted([fake], known)


def f17(scene: Scene, fact: Fact) -> Planted | None:
    """A little of a product is merged back under the id of what it was made of."""
    if fact.kind != "transform":
        return None
    line, element = product_of(fact)
    ancestor = fact.inputs[0]
    crumb = line._replace(kg=line.material.step_kg)
    site, minute = fact.site, fact.minute + 1
    event = e.base("TransformationEvent", scene.world.identity(site), site, minute, "repackaging", disposition="active")
    event |= {"inputQuantityList": [e.quantity(crumb)], "outputQuantityList": [e.quantity(crumb._replace(lot=ancestor.lot))]}
    event["bizLocation"] = {"id": site.id}
    event["crm:materials"] = [e.drawn(crumb, "input"), e.drawn(crumb._replace(lot=ancestor.lot), "output")]
    fake = Fact("split", site, site.name, minute, event, [crumb], [crumb], written=fact.written, honest=False)
    mg = crumb.contained_mg[element]
    return Planted([faked(fact), fake], label("F17", fake, "a product becomes its own ancestor", [ancestor.lot], mg, element))


def f18(scene: Scene, fact: Fact) -> Planted | None:
    """The plant's own product comes back as end-of-life scrap: under the lot's own id, and every other time under a new one."""
    if fact.kind != "transform":
        return None
    renamed_too = scene.memory["new"] = not scene.memory.get("new", True)
    line, element = product_of(fact)
    scrap = line._replace(lot=fact.site.lot(line.material)) if renamed_too else line
    extra = added(scene, replace(fact, minute=fact.minute + 1), scrap)
    item = item_of(extra.event, scrap.lot)
    item |= {"crm:sourceClass": "end_of_life", "crm:siteOfOrigin": fact.site.id}
    mg, variant = scrap.contained_mg[element], "new lot" if renamed_too else "same lot"
    made = label("F18", extra, "own product relabelled as recycled", [scrap.lot], mg, element, variant=variant)
    return Planted([faked(fact), extra], made)


def f19(scene: Scene, fact: Fact) -> Planted | None:
    """A stock from before the books began that no stock-take knows."""
    if fact.kind not in {"receive", "add", "buy"}:
        return None
    line = fact.outputs[0]._replace(lot=fact.site.lot(fact.outputs[0].material))
    extra = added(scene, fact, line._replace(kg=sum(r.kg for r in line.readings)), **{"crm:openingBalance": True})
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([fact, extra], label("F19", extra, "an opening balance without evidence", [line.lot], mg, element))


def f23(scene: Scene, fact: Fact) -> Planted | None:
    """Batch after batch of one site is corrected upwards when it has been sold."""
    if fact.kind != "transform" or scene.memory.setdefault("site", fact.site.name) != fact.site.name:
        return None
    if scene.memory.get("number", 0) >= CORRECTIONS:
        return None
    scene.memory["number"] = scene.memory.get("number", 0) + 1
    line, element = product_of(fact)
    first = faked(fact)
    right = again(scene, fact)
    right.written = fact.written + 3
    reweigh(right.event, line, line.kg * RAISED_PERCENT // 100)
    correction = declared(first.event, fact, [right.event["eventID"]], fact.minute + 3 * DAY)
    facts = [first, faked(fact, event=correction, written=right.written), right]
    mg = line.contained_mg[element] * (RAISED_PERCENT - 100) // 100
    scene.memory["mg"] = scene.memory.get("mg", 0) + mg
    known = scene.memory.get("label")
    if known is None:
        made = scene.memory["label"] = label("F23", right, "corrected upwards after the sale", [line.lot], mg, element)
        return Planted(facts, made)
    known.event_ids.append(right.event["eventID"])
    known.lots.append(line.lot)
    known.magnitude_kg = kilograms(scene.memory["mg"])
    return Planted(facts, None)


def f24(_: Scene, fact: Fact) -> Planted | None:
    """An event is sent again with another mass, as if it had never been otherwise."""
    if fact.kind not in {"add", "receive"}:
        return None
    line = fact.outputs[0]
    changed = faked(fact, written=fact.written + 1)
    reweigh(changed.event, line, line.kg * 101 // 100 + line.material.step_kg)
    fresh_tickets(changed.event, fact.site)
    element, mg = next(iter(line.contained_mg.items()))
    return Planted([faked(fact), changed], label("F24", changed, "changed without a declaration", [line.lot], mg // 100, element))
