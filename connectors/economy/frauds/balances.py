"""Frauds of a balance: metal that was never there, metal that goes missing, yields and grades that cannot be."""

from connectors.economy import events as e
from connectors.economy.facts import Fact, Line
from connectors.economy.frauds.scene import (
    Planted,
    Scene,
    added,
    again,
    balance,
    faked,
    fresh_tickets,
    item_of,
    kilograms,
    label,
    product_of,
    renamed,
    reweigh,
)
from connectors.economy.measuring import dry_mg, factor
from lodestream.measures.stoichiometry import upper_bound

SKIM = 1200  # thousandths of u that a slow skimmer takes from each batch
STREAK = 15
LATER_MINUTES = 61


def f1(scene: Scene, fact: Fact) -> Planted | None:
    """Metal that was never there: the product is stated `size` u heavier than it is."""
    if fact.kind != "transform":
        return None
    line, element = product_of(fact)
    *_, u = balance(fact, element)
    extra = u * scene.size // 1000
    fake = faked(fact)
    reweigh(fake.event, line, line.kg + extra * line.kg // line.contained_mg[element])
    return Planted([fake], label("F1", fake, "product overstated", [line.lot], extra, element, size=scene.size))


def f2(scene: Scene, fact: Fact) -> Planted | None:
    """A yield above the envelope: what was in the residue is said to be in the product, and the balance closes."""
    if fact.kind != "transform":
        return None
    line, element = product_of(fact)
    limit = _limit(fact, element)
    loss = fact.outputs[-1]
    into, _, u = balance(fact, element)
    short = into * limit // 1000 - line.contained_mg[element]
    wanted = min(short + u * scene.size // 1000, loss.contained_mg[element] * 95 // 100)
    if not limit or wanted <= short:
        return None
    size = (wanted - short) * 1000 // u
    fake = faked(fact)
    reweigh(fake.event, line, line.kg + wanted * line.kg // line.contained_mg[element])
    _poorer(fake, loss, element, wanted)
    return Planted([fake], label("F2", fake, "residue booked as product", [line.lot], wanted, element, size=size))


def _limit(fact: Fact, element: str) -> int:
    """The largest yield that the book allows, in thousandths; 0: none is stated."""
    for process in fact.site.kind.processes:
        if fact.outputs[0].material in [p.material for p in process.products]:
            for name, _, most in process.envelope:
                if name == element:
                    return int(most.replace(".", "")) * (1 if "." in most else 10)
    return 0


def _poorer(fake: Fact, loss: Line, element: str, mg: int) -> None:
    """The grade of a loss lowered by so much metal (raised, if it is negative)."""
    n, at = next((n, a) for n, a in enumerate(loss.material.assays) if a.element == element)
    numerator, denominator = factor(at)
    units = mg * denominator * 10 ** (at.decimals + 2) // (numerator * dry_mg(loss.readings[0]))
    printed = max(0, loss.readings[0].grades[n] - units)
    item_of(fake.event, loss.lot, "output")["crm:assays"][n]["crm:value"] = str(e.decimal(printed, at.decimals))


def f3(scene: Scene, fact: Fact) -> Planted | None:
    """The same lots are used up a second time, for products of another name."""
    if fact.kind != "transform":
        return None
    fake = again(scene, fact, 7)
    for line in fact.outputs:
        renamed(fake.event, line.lot, fact.site.lot(line.material))
    fresh_tickets(fake.event, fact.site)
    line = fact.inputs[0]
    element = line.material.assays[0].element
    mg = sum(x.contained_mg.get(element, 0) for x in fact.inputs)
    return Planted([fact, fake], label("F3", fake, "inputs spent twice", [x.lot for x in fact.inputs], mg, element))


def f13(_: Scene, fact: Fact) -> Planted | None:
    """A grade that the declared compound cannot have."""
    line = fact.outputs[0] if fact.kind == "transform" else None
    bound = upper_bound(line.material.form or "", line.material.assays[0].element) if line else None
    if line is None or bound is None or line.material.assays[0].substance == line.material.form:
        return None
    assay = line.material.assays[0]
    n, d = factor(assay)
    printed = bound[0] * d * 10 ** (assay.decimals + 2) * 104 // (bound[1] * n * 100)
    fake = faked(fact)
    item_of(fake.event, line.lot, "output")["crm:assays"][0]["crm:value"] = str(e.decimal(printed, assay.decimals))
    extra = line.contained_mg[assay.element] * (printed - line.readings[0].grades[0]) // line.readings[0].grades[0]
    return Planted([fake], label("F13", fake, "grade above the compound's", [line.lot], extra, assay.element))


def f21(scene: Scene, fact: Fact) -> Planted | None:
    """A slow skim: at every site from every batch a little, which the loss is said to have held less by."""
    if fact.kind != "transform":
        return None
    loss, element = fact.outputs[-1], product_of(fact)[1]
    size = scene.size if scene.size < 3 * SKIM else SKIM
    skim = min(balance(fact, element)[2] * size // 1000, loss.contained_mg[element])
    fake = faked(fact)
    _poorer(fake, loss, element, skim)
    return _streak(scene, fake, "F21", "losses understated, batch by batch", fact.outputs[0].lot, skim, element, size)


def f22(scene: Scene, fact: Fact) -> Planted | None:
    """Balances that close too well: the loss is what is left, whatever was assayed."""
    if fact.kind != "transform":
        return None
    loss, element = fact.outputs[-1], product_of(fact)[1]
    into, out, _ = balance(fact, element)
    if loss.contained_mg[element] < out // 25 or loss.contained_mg[element] + into - out < 0:
        return None  # too small a loss to hide in
    fake = faked(fact)
    _poorer(fake, loss, element, out - into)
    return _streak(scene, fake, "F22", "losses derived from the balance", fact.outputs[0].lot, abs(into - out), element, 0)


def _streak(scene: Scene, fake: Fact, kind: str, done: str, lot: str, mg: int, element: str, size: int) -> Planted:
    """One label for each site and element; `label` in the memory says that it has begun."""
    of = f"{fake.site.name} {element}"
    known = scene.memory.get(of)
    total = scene.memory[f"mg {of}"] = scene.memory.get(f"mg {of}", 0) + mg
    if known is None:
        known = scene.memory[of] = scene.memory["label"] = label(kind, fake, done, [lot], mg, element, size=size)
        return Planted([fake], known)
    known.event_ids.append(fake.event["eventID"])
    known.lots.append(lot)
    known.magnitude_kg = kilograms(total)
    return Planted([fake], None)


def f26(scene: Scene, fact: Fact) -> Planted | None:
    """More than the plant can make: an hour later a batch is reported again and again, each with feed from nowhere."""
    if fact.kind != "transform" or len({x.material.name for x in fact.inputs}) > 1:
        return None
    line, element = product_of(fact)
    facts, ids = [fact], []
    for _ in range(STREAK):
        batch = again(scene, fact, LATER_MINUTES)
        for x in fact.inputs:
            feed = x._replace(lot=fact.site.lot(x.material), kg=sum(r.kg for r in x.readings))
            facts.append(added(scene, fact, feed))
            renamed(batch.event, x.lot, feed.lot)
        for x in fact.outputs:
            renamed(batch.event, x.lot, fact.site.lot(x.material))
        fresh_tickets(batch.event, fact.site)
        facts.append(batch)
        ids.append(batch.event["eventID"])
    made = label("F26", fact, "more than the nameplate in an hour", [line.lot], line.contained_mg[element] * STREAK, element)
    made.event_ids = ids
    return Planted(facts, made)


def f28(scene: Scene, fact: Fact) -> Planted | None:
    """Metal that goes missing: a batch of which `size` u are on no paper."""
    if fact.kind != "transform":
        return None
    loss, element = fact.outputs[-1], product_of(fact)[1]
    skim = balance(fact, element)[2] * scene.size // 1000
    if skim > loss.contained_mg[element]:
        return None
    fake = faked(fact)
    _poorer(fake, loss, element, skim)
    return Planted([fake], label("F28", fake, "loss understated", [fact.outputs[0].lot], skim, element, size=scene.size))
