"""The book file of an economy: its register, and what each site tracks and can do."""

import json
from decimal import Decimal

from connectors.economy.plants import OPENING_KG, USUAL_KG
from connectors.economy.processes import Kind, Process
from connectors.economy.sites import MARKET, Site
from lodestream.epcis.identifiers import canonical_id

EXCLUDED = "KP"
NAMEPLATE_OF_DAY = 3  # a plant can make in a day three times what its largest usual batches need
MILLION = 10**6


def book_text(sites: list[Site]) -> str:
    """The book file, TOML. Who carries is not in it: the register is open, and a carrier's hubs open no book."""
    parts = ["[register]", "open = true", f"external_parties = [{_text(canonical_id(MARKET))}]", "", "[coordinates]"]
    parts += [f"{_text(canonical_id(site.id))} = [{', '.join(site.coordinates)}]" for site in sites] + [""]
    for site in sites:
        parts += [f"[sites.{_text(canonical_id(site.id))}]", f"name = {_text(site.name)}"]
        parts += [f"elements = {json.dumps(list(site.kind.elements))}", f"main_element = {_text(site.kind.elements[0])}"]
        parts += [f"declared_loss_percent = {declared_loss_percent(site.kind)}", ""]
        for process in site.kind.processes:
            parts += _processes(site, process)
        if site.kind.wins is not None and site.kind.source_class == "mine":
            parts += _licences(site)
        parts += [f"[[sites.{_text(canonical_id(site.id))}.exclusions]]", f"id = {_text(EXCLUDED)}", ""]
    return "\n".join(parts)


def declared_loss_percent(kind: Kind) -> Decimal:
    """What a site says that it loses unseen: the middle of what its processes never measure."""
    ends = [share for process in kind.processes for share in process.unmeasured]
    return (Decimal(sum(ends)) / (100 * max(1, len(ends)))).quantize(Decimal("0.01"))


def licensed_kg(kind: Kind, element: str) -> int:
    """What a mine may bring out in a year: a tenth more than its largest lots at their richest."""
    assert kind.wins is not None  # noqa: S101
    return kind.kg[1] * kind.lots * 366 * kind.wins.natural[element][1] // MILLION * 11 // 10


def nameplate_kg_per_hour(process: Process, element: str) -> int:
    """Contained kg of an element that a process can make in an hour."""
    feed = next((m for m in process.feeds if element in m.natural), process.feeds[0])
    largest = max(OPENING_KG.get(m.product_class, USUAL_KG) for m in process.feeds) * 3
    richest = feed.natural.get(element, (0, 100_000))[1]
    return max(1, largest * process.lots * richest // MILLION * NAMEPLATE_OF_DAY // 24)


def _processes(site: Site, process: Process) -> list[str]:
    parts = []
    limits = {element: (least, most) for element, least, most in process.envelope}
    for element in sorted({el for p in process.products for el in p.shares}):
        parts += [f"[[sites.{_text(canonical_id(site.id))}.processes]]", f"name = {_text(process.name)}"]
        parts += [f"element = {_text(element)}"]
        if element in limits:
            parts += [f"min_yield_percent = {limits[element][0]}", f"max_yield_percent = {limits[element][1]}"]
        parts += [f"nameplate_kg_per_hour = {nameplate_kg_per_hour(process, element)}", ""]
    return parts


def _licences(site: Site) -> list[str]:
    parts = []
    for element in site.kind.elements:
        parts += [f"[[sites.{_text(canonical_id(site.id))}.licences]]", f"element = {_text(element)}"]
        parts += [f"kg_per_year = {licensed_kg(site.kind, element)}", ""]
    return parts


def _text(value: str) -> str:
    return json.dumps(value)
