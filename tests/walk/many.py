"""A walk over many credentials: rows of runs, each with its passport and event, back to the mines; no more than it needs."""

from decimal import Decimal
from typing import Any

from tests.walk.chain import BATTERY, MINE, PARTIES, Chain, World, event, facility, material, passport, product


def lot(number: int) -> str:
    return f"https://id.gs1.org/01/09521234000013/10/L{number}"


def many(runs: int, wide: int = 4) -> tuple[World, str]:
    """An honest world of two credentials for each run, and the passport to start from. Each run draws of up to `wide` others."""
    chain = Chain()
    chain.subjects = {url: subject for url, subject in chain.subjects.items() if "/dfr" in url or "/dia-" in url}
    chain.about = {
        identifier: links for identifier, links in chain.about.items() if "/facility" in identifier or "did:" in identifier
    }
    draws = {run: [child for child in range(wide * run + 1, wide * run + 1 + wide) if child < runs] for run in range(runs)}
    for run in range(runs):
        who = "battery" if run == 0 else "smelter" if draws[run] else "mine"
        inputs = [part(child, 100, "consumed") for child in draws[run]]
        output = part(run, 100 * max(len(inputs), 1), "new")
        told = event(
            "MakeEvent", f"run-{run}", "2025-02-01T00:00:00Z", "commissioning", inputProduct=inputs, outputProduct=[output]
        )
        described = passport(who, lot(run), "0.5", [material("Copper", "ZM", "0.5")])
        described["batchNumber"] = f"L{run}"
        chain.subjects[f"https://{who}.example/dte-{run}"] = [told | {"madeAtFacility": facility(who)}]
        chain.subjects[f"https://{who}.example/dpp-{run}"] = described
        chain.about[lot(run)] = [(kind, f"https://{who}.example/{kind}-{run}") for kind in ("dpp", "dte")]
    assert BATTERY in PARTIES.values()
    assert MINE in PARTIES.values()
    return chain.publish(), "https://battery.example/dpp-0"


def part(number: int, kg: int, disposition: str) -> dict[str, Any]:
    entry = product(lot(number), kg, disposition, characteristics={"cuMassFraction": Decimal("0.5")})
    entry["product"]["batchNumber"] = f"L{number}"
    return entry
