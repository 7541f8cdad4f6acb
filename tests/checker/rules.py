"""What each event posts (ledger-rules 5), on a world that is made anew after every change."""

from fractions import Fraction

from lodestream.epcis.event import Event
from tests.checker.draw import TOLERANCE, draw, part
from tests.checker.shares import declared, plus, portion
from tests.checker.stated import Stated, lots
from tests.checker.world import (
    Lot,
    Made,
    Offered,
    Parcel,
    Pool,
    Settled,
    Step,
    Waiting,
    World,
    allocate,
    masses,
    stock,
)

SOURCES = {"mine", "scrap", "end_of_life", "manufacturing_waste", "run_around", "opening"}
OUT = {"shipping", "departing", "consigning"}
IN = {"receiving", "accepting"}


def post(world: World, step: Step, basis: str | None) -> None:
    """Post a step, or raise WaitsError."""
    event = step.event
    if event.type == "TransformationEvent":
        transform(world, step, basis)
    elif event.type != "ObjectEvent":
        return
    elif event.action == "ADD":
        create(world, step, basis)
    elif event.action == "DELETE":
        destroy(world, step, basis)
    elif event.biz_step in OUT:
        ship(world, step, basis)
    elif event.biz_step in IN:
        receive(world, step, basis)
    else:
        assay(world, step, basis)


def create(world: World, step: Step, basis: str | None) -> None:
    """SOURCE -> STOCK; without an assay the mass only."""
    for made in lots(step.event, "object", basis):
        wet, dry = masses(made)
        said = made.item.source_class if made.item else None
        account = f"SOURCE({'opening' if step.event.opening else said if said in SOURCES else 'undeclared'})"
        carbon = (made.item.embodied_g_co2e if made.item else None) or 0
        later = world.assays.get((step.site, step.event.identity, made.lot)) if step.site in world.grades else None
        contained = world.tracked(step.site, (later or made).contents(wet, dry))
        parcel = Parcel(round(wet), round(dry), contained, declared(made.item, contained), carbon)
        for e, mg in contained.items():
            world.post(step.site, e, account, -mg)
        world.receive_into(step.site, made.lot, parcel)
        if not made.assayed:
            lot = world.lot(step.site, made.lot)
            parcels = lot.waiting if later is None else lot.assumed
            parcels.append(Waiting(wet, dry, account, made.item, event=step.event.identity))


def destroy(world: World, step: Step, basis: str | None) -> None:
    """STOCK -> LOSS, or STOCK_ADJ when decommissioned."""
    for gone in lots(step.event, "object", basis):
        parcel = draw(world, step, gone)
        class_ = (gone.item.loss_class if gone.item else None) or "other"
        retired = step.event.biz_step == "decommissioning"
        account = "STOCK_ADJ" if retired else f"LOSS({class_} {gone.lot} destroyed)"
        for e, mg in parcel.contained.items():
            world.post(step.site, e, account, mg)


def assay(world: World, step: Step, basis: str | None) -> None:
    """The first assay of a lot posts what waited for it; what was drawn before it is told anew in the next pass."""
    if step.event.action != "OBSERVE" or step.event.biz_step not in {"inspecting", "sampling"}:
        return
    for found in lots(step.event, "object", basis):
        lot = world.lots.get((step.site, found.lot))
        if lot is None or not found.assayed:
            continue
        for parcel in [*lot.waiting, *lot.assumed]:
            world.assayed.setdefault((step.site, parcel.event, found.lot), found)
        for parcel in lot.waiting:
            contained = world.tracked(step.site, found.contents(parcel.wet, parcel.dry))
            pool = parcel.vectors_from
            vectors = pool.share(pool.remaining, contained) if pool else declared(parcel.item, contained)
            for e, mg in contained.items():
                world.post(step.site, e, parcel.account, -mg)
                world.post(step.site, e, stock(found.lot, lot), mg)
            lot.fill(contained, vectors)
        lot.waiting = []


# -- runs -----------------------------------------------------------------------------------------------------------


def is_half(event: Event) -> bool:
    """A part of a campaign: work in process, or only one side of a run."""
    wip = any(m.role in {"wip_open", "wip_close"} for m in event.materials)
    one_sided = not (event.input_quantities and event.output_quantities)
    return event.transformation_id is not None and (wip or one_sided or event.campaign_close)


def transform(world: World, step: Step, basis: str | None) -> None:
    """Inputs into the run's work in process, outputs and losses out of it; a run of one event is closed by it."""
    event = step.event
    inputs, outputs = list(lots(event, "input", basis)), list(lots(event, "output", basis))
    run = event.transformation_id or event.identity
    opened = world.pools.get((step.site, run))
    campaign = is_half(event) or (opened is not None and not opened.closed and event.transformation_id is not None)
    one_parcel = len(inputs) == 1 or (inputs and event.biz_step == "repackaging")
    if not campaign and one_parcel and outputs and not any(o.assayed for o in outputs):
        split(world, step, inputs, outputs)
        return
    pool = world.pools.setdefault((step.site, run), Pool()) if campaign else Pool()
    for asked in inputs:
        pool.pour(draw(world, step, asked))
    open_wip(world, step, pool, basis)
    pool.emissions += event.process_emissions_g_co2e or 0
    come_out(world, step, pool, run, outputs, whole=not campaign)
    for item in lots(event, "wip_close", basis):
        wet, dry = masses(item)
        for e, mg in world.tracked(step.site, item.contents(wet, dry)).items():
            pool.closing[e] = pool.closing.get(e, 0) + mg
            pool.came_out.add(e)
    if not campaign or event.campaign_close:
        close(world, step, pool, run)
    else:
        wip(world, step.site, run, pool)


def open_wip(world: World, step: Step, pool: Pool, basis: str | None) -> None:
    """Work in process that a campaign opens with: of the run before, or an opening balance."""
    for item in lots(step.event, "wip_open", basis):
        wet, dry = masses(item)
        contained = world.tracked(step.site, item.contents(wet, dry))
        before = world.pools.get((step.site, item.lot))
        if before is not None and before.closed:
            vectors, carbon = before.closing_vectors, before.closing_carbon
            before.closing, before.closing_vectors, before.closing_carbon = {}, {}, 0
            account = f"WIP({item.lot})"
        else:
            vectors = declared(item.item, contained)
            carbon = (item.item.embodied_g_co2e if item.item else None) or 0
            account = "SOURCE(opening)"
        for e, mg in contained.items():
            world.post(step.site, e, account, -mg)
        pool.pour(Parcel(0, 0, contained, vectors, carbon))


def come_out(world: World, step: Step, pool: Pool, run: str, outputs: list[Stated], *, whole: bool) -> None:
    """Outputs and losses into their lots. `whole`: nothing else will enter or leave, so the shares are final."""
    measured = []
    for made in outputs:
        wet, dry = masses(made)
        contained = world.tracked(step.site, made.contents(wet, dry))
        loss_class = made.item.loss_class if made.item else None
        pool.made.append(Made((step.event.identity, made.lot), contained, loss_class is not None, round(dry)))
        pool.came_out |= set(contained)
        measured.append((made, wet, dry, contained, loss_class))
    known = (
        world.runs.get((step.site, run))
        if not whole
        else allocate(pool, main_element(world, step.site, pool), world.keys.get(step.site))
    )
    for made, wet, dry, contained, loss_class in measured:
        ref = (step.event.identity, made.lot)
        running = pool.share(pool.remaining, contained)
        vectors = known.vectors[ref] if known and ref in known.vectors else running
        carbon = (
            known.carbon.get(ref, 0)
            if known and ref in known.vectors
            else running_carbon(world, step.site, pool, contained, loss_class)
        )
        parcel = Parcel(round(wet), round(dry), contained, vectors, carbon, set(pool.touched))
        world.receive_into(step.site, made.lot, parcel, loss_class)
        for e, mg in contained.items():
            pool.out[e] = pool.out.get(e, 0) + mg
        if not made.assayed:
            world.lot(step.site, made.lot).waiting.append(Waiting(wet, dry, "UNACCOUNTED", made.item, pool))


def running_carbon(world: World, site: str, pool: Pool, contained: dict[str, int], loss_class: str | None) -> int:
    """What a product of an open campaign takes, until the close, of what is there now; a loss takes none."""
    main = main_element(world, site, pool) or ""
    there = pool.contained.get(main, 0) - pool.out.get(main, 0)
    if loss_class is not None or there <= 0:
        return 0
    taken = round(Fraction(pool.carbon_left * min(contained.get(main, 0), there), there))
    pool.carbon_left -= taken
    return taken


def main_element(world: World, site: str, pool: Pool) -> str | None:
    """What carbon goes by: of the elements that are balanced, the one of which most went in."""
    listed = world.elements.get(site)
    balanced = set(listed) if listed else pool.stated & pool.came_out
    return max(sorted(balanced), key=lambda e: pool.contained.get(e, 0), default=None)


def wip(world: World, site: str, run: str, pool: Pool) -> None:
    """What a run that is open holds: all that came in less all that went out."""
    for e in pool.contained.keys() | pool.out.keys():
        account = (site, e, f"WIP({run})")
        world.accounts[account] = pool.contained.get(e, 0) - pool.out.get(e, 0)


def close(world: World, step: Step, pool: Pool, run: str) -> None:
    """The balance: what is neither product, loss nor closing work in process is unaccounted, or untracked."""
    found = allocate(pool, main_element(world, step.site, pool), world.keys.get(step.site))
    world.allocated[step.site, run] = found
    pool.closing_vectors, pool.closing_carbon, pool.closed = found.closing, found.closing_carbon, True
    listed = world.elements.get(step.site)
    for e in pool.contained.keys() | pool.out.keys() | pool.closing.keys():
        world.accounts[step.site, e, f"WIP({run})"] = pool.closing.get(e, 0)
        rest = pool.contained.get(e, 0) - pool.out.get(e, 0) - pool.closing.get(e, 0)
        if listed or (e in pool.stated and e in pool.came_out):
            world.post(step.site, e, "UNACCOUNTED", rest)
        else:
            world.post(step.site, e, "SINK(untracked)" if e in pool.stated else "SOURCE(untracked)", rest)


def split(world: World, step: Step, inputs: list[Stated], outputs: list[Stated]) -> None:
    """One input, or several that are repackaged, and outputs without assays: draws in listed order from what went in."""
    source = world.lots.get((step.site, inputs[0].lot), Lot())
    moist = step.moist.setdefault(inputs[0].lot, (Fraction(source.wet), Fraction(source.dry)))
    whole = Parcel(0, 0, {}, {})
    for parcel in [draw(world, step, asked) for asked in inputs]:
        whole.add(parcel)
    if len(inputs) > 1:
        moist = Fraction(whole.wet), Fraction(whole.dry)
    lot = Lot(whole.wet, whole.dry, dict(whole.contained), dict(whole.vectors), dict(whole.vectors))
    lot.carbon, lot.touched = whole.carbon, whole.touched
    pool = Pool()
    pool.pour(whole)
    parts = [part(whole, moist, lot, made) for made in outputs]
    for made, parcel in zip(outputs, parts, strict=True):
        lost = made.item is not None and made.item.loss_class is not None
        pool.made.append(Made((step.event.identity, made.lot), parcel.contained, lost, parcel.dry))
        pool.came_out |= set(parcel.contained)
    pool.emissions = step.event.process_emissions_g_co2e or 0
    carbon = allocate(pool, main_element(world, step.site, pool)).carbon
    for made, parcel in zip(outputs, parts, strict=True):
        parcel.carbon = carbon.get((step.event.identity, made.lot), 0)
        world.receive_into(step.site, made.lot, parcel, made.item.loss_class if made.item else None)
    for e, mg in lot.contained.items():
        world.post(step.site, e, "UNACCOUNTED", mg)


# -- moves ----------------------------------------------------------------------------------------------------------


def ship(world: World, step: Step, basis: str | None) -> None:
    """STOCK -> TRANSIT(consignment lot), and an offer to the receiver."""
    event = step.event
    to = next((d.id for d in event.destinations if d.type == "location"), None)
    for sent in lots(event, "object", basis):
        parcel = draw(world, step, sent)
        for e, mg in parcel.contained.items():
            world.post(step.site, e, f"TRANSIT({event.consignment_id} {sent.lot})", mg)
        if to is not None:
            key = (to, event.consignment_id or "", sent.lot)
            world.shipped.setdefault(key, Offered(0, 0, {}, {}, origin=step.site)).add(parcel)


def receive(world: World, step: Step, basis: str | None) -> None:
    """What came, judged against all that is offered, whenever the offer came."""
    for got in lots(step.event, "object", basis):
        key = (step.site, step.event.consignment_id or "", got.lot)
        offer = world.offers.get(key)
        if offer is None or offer.dry == 0:
            unmatched(world, step, got)
        else:
            matched(world, step, got, key, offer)


def unmatched(world: World, step: Step, got: Stated) -> None:
    """STOCK +r, CUSTODY -r; without a dry mass nothing yet."""
    if got.dry is None:
        world.lot(step.site, got.lot).waiting.append(Waiting(got.wet or Fraction(0), Fraction(0), "", got.item))
        return
    wet, dry = masses(got)
    contained = world.tracked(step.site, got.contents(wet, dry))
    account = f"CUSTODY({step.event.consignment_id} {got.lot})"
    for e, mg in contained.items():
        world.post(step.site, e, account, -mg)
    carbon = (got.item.embodied_g_co2e if got.item else None) or 0
    parcel = Parcel(round(wet), round(dry), contained, declared(got.item, contained), carbon)
    world.receive_into(step.site, got.lot, parcel)
    if not got.assayed:
        world.lot(step.site, got.lot).waiting.append(Waiting(wet, dry, account, got.item))


def matched(world: World, step: Step, got: Stated, key: tuple[str, str, str], offer: Offered) -> None:
    """Final or partial, what of the offer it settles, and the variance."""
    settled = world.settled.setdefault(key, Settled())
    if settled.final:
        return
    wet, dry = received_masses(got, offer)
    pending_dry = offer.dry - settled.dry - round(dry)
    final = step.event.receipt == "final" or pending_dry <= TOLERANCE * offer.dry
    if got.assayed:
        came = world.tracked(step.site, got.contents(wet, dry))
    else:
        came = {e: round(Fraction(mg) * dry / offer.dry) for e, mg in offer.contained.items()}
        came = world.tracked(step.site, came)
    pending = {e: mg - settled.contained.get(e, 0) for e, mg in offer.contained.items()}
    settles = {e: came.get(e, round(Fraction(mg) * dry / offer.dry)) for e, mg in offer.contained.items()}
    taken = pending if final else {e: min(settles[e], max(mg, 0)) for e, mg in pending.items()}  # TRANSIT is never negative
    custody(world, step, key, offer, taken, came)
    left = {e: plus(v, settled.vectors.get(e, {}), -1) for e, v in offer.vectors.items()}
    vectors = {
        e: portion(mg, left.get(e, {}), offer.vectors.get(e, {})) if e in offer.vectors else declared(got.item, came)[e]
        for e, mg in came.items()
    }
    stated_carbon = got.item.embodied_g_co2e if got.item else None
    of_offer = offer.carbon - settled.carbon if final else round(Fraction(offer.carbon) * dry / offer.dry)
    carbon = of_offer if stated_carbon is None else stated_carbon
    world.receive_into(step.site, key[2], Parcel(round(wet), round(dry), came, vectors, carbon, set(offer.touched)))
    settled.dry += round(dry)
    settled.carbon += of_offer
    settled.final = final
    for e in pending:
        settled.contained[e] = settled.contained.get(e, 0) + taken[e]
        settled.vectors[e] = plus(settled.vectors.get(e, {}), vectors.get(e, {}))


def received_masses(got: Stated, offer: Offered) -> tuple[Fraction, Fraction]:
    """Wet and dry; the moisture that a receipt does not state is the offer's."""
    if got.dry is not None:
        wet = got.wet if got.wet is not None else got.dry * Fraction(offer.wet, offer.dry)
        return wet, got.dry
    assert got.wet is not None
    return got.wet, got.wet * Fraction(offer.dry, offer.wet)


def custody(
    world: World, step: Step, key: tuple[str, str, str], offer: Offered, taken: dict[str, int], came: dict[str, int]
) -> None:
    """The receiver's variance and custody, and the sender's answer."""
    name = f"{key[1]} {key[2]}"
    for e, q in taken.items():
        tracked = e in came
        world.post(step.site, e, "TRANSIT_VAR" if tracked else "SINK(untracked)", q - came.get(e, 0))
        world.post(step.site, e, f"CUSTODY({name})", -q)
        world.post(offer.origin, e, f"TRANSIT({name})", -q)
        world.post(offer.origin, e, f"CUSTODY({name})", q)
    for e in came.keys() - taken.keys():
        world.post(step.site, e, "SOURCE(untracked)", -came[e])
