"""The mass balance of a UNTP MakeEvent, recomputed by whoever reads it (UNTP trust graphs, step 6; its page on mass balance).

For total mass and for each element that is spoken of: can what came out have come from what went in? Exact, and as a
question of bounds: what is not stated lies between nothing and all of the mass, so a verdict stands whatever it is.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct

from lodestream.credentials.walk.grades import (
    Amount,
    Grades,
    as_list,
    as_object,
    dry_mass_of,
    kilograms,
    mass_of,
    percentage,
)
from lodestream.epcis.identifiers import canonical_id

Verdict = Literal["consistent", "inconsistent", "not computable"]
TOTAL = "total mass"
PARTS_SHOWN = 12


class Tolerance(Struct, frozen=True):
    """How far a balance may be off: `percent` more out than in (UNTP's sample criterion: 2 P1), beside the stated tolerances.

    `least_recovery_percent`: less than this coming out is inconsistent too. None: losses are no contradiction.
    """

    percent: Decimal = Decimal(2)
    least_recovery_percent: Decimal | None = None


DEFAULT_TOLERANCE = Tolerance()


class Key(Struct, frozen=True, order=True):
    """What a batch is known by. A product's id alone may be that of a model, shared by all its batches."""

    product: str
    batch: str = ""
    item: str = ""

    def __str__(self) -> str:
        return self.product + (f" batch {self.batch}" if self.batch else "") + (f" item {self.item}" if self.item else "")


class Part(Struct, frozen=True):
    """One product's part in a balance. `amount` None: neither the event nor a passport says how much."""

    key: Key
    name: str
    amount: Amount | None
    at_most: Fraction | None = None


class Balance(Struct, frozen=True):
    """One balance of one event. `of` is an element or TOTAL; `recovery` is out over in where both are stated.

    `sentence` is the arithmetic, to be redone by a reader; `missing` says what would have to be known.
    """

    event: str
    of: str
    verdict: Verdict
    inputs: list[Part]
    outputs: list[Part]
    recovery: Fraction | None
    missing: list[str]
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """For programs: masses as exact strings of kg, the recovery in percent of two digits."""
        return {
            "event": self.event,
            "of": self.of,
            "verdict": self.verdict,
            "recovery_percent": None if self.recovery is None else percentage(self.recovery, 2).removesuffix(" %"),
            "inputs": [_part_json(part) for part in self.inputs],
            "outputs": [_part_json(part) for part in self.outputs],
            "missing": self.missing,
            "sentence": self.sentence,
        }


def key_of(product: dict[str, Any]) -> Key:
    """The key of a product in an event or passport, of any UNTP version; GS1 identifiers in their canonical spelling."""
    stated = (product.get("id"), product.get("batchNumber"), product.get("itemNumber", product.get("serialNumber")))
    name, batch, item = (text if isinstance(text, str) else "" for text in stated)
    return Key(canonical_id(name), batch, item)


def passport_for(key: Key, passports: Mapping[Key, dict[str, Any]]) -> dict[str, Any] | None:
    """The passport of exactly that item or batch; else of its batch; else of its model."""
    for wanted in (key, Key(key.product, key.batch), Key(key.product)):
        if wanted in passports:
            return passports[wanted]
    return None


def make_balances(
    event: dict[str, Any], passports: Mapping[Key, dict[str, Any]] | None = None, tolerance: Tolerance = DEFAULT_TOLERANCE
) -> list[Balance]:
    """The balances of one MakeEvent: total mass first, then each element that any of its products speaks of, by symbol.

    `passports` are the credentialSubjects of the products' passports, for grades that the event does not repeat. Primary
    production (no inputs) has none. Takes any value that a JSON reader gives, numbers as int and Decimal; raises nothing.
    """
    entries = [[as_object(entry) for entry in as_list(event.get(side))] for side in ("inputProduct", "outputProduct")]
    if not entries[0] and isinstance(event.get("inputProduct"), list) and not event["inputProduct"]:
        return []
    known = [[(entry, passport_for(_key(entry), passports or {})) for entry in side] for side in entries]
    everything = [each for side in known for each in side]
    grades = Grades()
    elements = grades.elements(
        *(source for entry, passport in everything for source in (as_object(entry.get("product")), passport))
    )
    name = event.get("id")
    judged = [_total(known)] + [
        [[_content(grades, *each, element) for each in side] for side in known] for element in sorted(elements)
    ]
    return [
        _judge(name if isinstance(name, str) else "", of, inputs, outputs, tolerance)
        for of, (inputs, outputs) in zip([TOTAL, *sorted(elements)], judged, strict=True)
    ]


_Known = list[list[tuple[dict[str, Any], dict[str, Any] | None]]]


def _total(known: _Known) -> list[list[Part]]:
    """All dry masses where every product states its own, else the quantities as they were weighed."""
    weighed = [[mass_of(*each) for each in side] for side in known]
    dry = [
        [dry_mass_of(entry, mass) for (entry, _), mass in zip(*pair, strict=True)] for pair in zip(known, weighed, strict=True)
    ]
    chosen = dry if all(mass is not None for side in dry for mass in side) else weighed
    return [
        [_part(entry, mass, None) for (entry, _), mass in zip(*pair, strict=True)] for pair in zip(known, chosen, strict=True)
    ]


def _content(grades: Grades, entry: dict[str, Any], passport: dict[str, Any] | None, element: str) -> Part:
    mass = mass_of(entry, passport)
    return _part(entry, grades.content(entry, passport, element), None if mass is None else mass.high)


def _part(entry: dict[str, Any], amount: Amount | None, at_most: Fraction | None) -> Part:
    name = as_object(entry.get("product")).get("name")
    return Part(_key(entry), name if isinstance(name, str) else "", amount, at_most)


def _key(entry: dict[str, Any]) -> Key:
    return key_of(as_object(entry.get("product")))


def _judge(event: str, of: str, inputs: list[Part], outputs: list[Part], tolerance: Tolerance) -> Balance:
    (least_in, most_in), (least_out, most_out) = _bounds(inputs), _bounds(outputs)
    allowed = 1 + Fraction(tolerance.percent) / 100
    least = Fraction(tolerance.least_recovery_percent or 0) / 100
    missing = [f"{part.key}" for part in (*inputs, *outputs) if part.amount is None or part.amount.mg is None]
    stated = [sum((part.amount.mg or Fraction(0) for part in side if part.amount), Fraction(0)) for side in (inputs, outputs)]
    recovery = stated[1] / stated[0] if not missing and stated[0] > 0 else None
    if not inputs or not outputs:
        verdict: Verdict = "not computable"
        missing = ["an inputProduct" if not inputs else "an outputProduct"]
    elif (most_in is not None and least_out > most_in * allowed) or (most_out is not None and most_out < least_in * least):
        verdict = "inconsistent"
    elif most_out is not None and most_out <= least_in * allowed and (not least or least_out >= (most_in or 0) * least):
        verdict = "consistent"
    else:  # within the stated tolerances it may be either; where nothing is missing that is no contradiction
        verdict = "not computable" if missing else "consistent"
    sentence = _sentence(of, verdict, inputs, outputs, stated, recovery, missing, tolerance)
    return Balance(event, of, verdict, inputs, outputs, recovery, missing, sentence)


def _bounds(parts: list[Part]) -> tuple[Fraction, Fraction | None]:
    """The least and the most that a side can hold; None where nothing bounds it."""
    least = sum((part.amount.low for part in parts if part.amount), Fraction(0))
    highs = [part.amount.high if part.amount else part.at_most for part in parts]
    return least, None if None in highs else sum((high for high in highs if high is not None), Fraction(0))


def _sentence(
    of: str,
    verdict: Verdict,
    inputs: list[Part],
    outputs: list[Part],
    stated: list[Fraction],
    recovery: Fraction | None,
    missing: list[str],
    tolerance: Tolerance,
) -> str:
    sides = f"in {_side(inputs, stated[0])}; out {_side(outputs, stated[1])}"
    if verdict == "not computable":
        return f"{of}: not computable, since nobody states it of {', '.join(missing[:PARTS_SHOWN])}: {sides}."
    if recovery is not None:
        found = f"recovery {percentage(recovery, 2)}"
    else:
        found = "so whatever the others hold, more came out than went in" if verdict == "inconsistent" else "no more came out"
    band = "" if tolerance.least_recovery_percent is None else f" and at least {tolerance.least_recovery_percent} %"
    return f"{of}: {sides}; {found} (consistent is at most {100 + tolerance.percent} %{band}, beside stated tolerances)."


def _side(parts: list[Part], stated: Fraction) -> str:
    shown = [_told(part) for part in parts[:PARTS_SHOWN]] + ([f"{len(parts) - PARTS_SHOWN} more"] if parts[PARTS_SHOWN:] else [])
    if len(parts) == 1 and (parts[0].amount is None or " x " not in parts[0].amount.told):
        return shown[0]
    return f"{' + '.join(shown) or 'nothing'} = {kilograms(stated)}"


def _told(part: Part) -> str:
    if part.amount is not None:
        return part.amount.told
    return "an unknown amount" if part.at_most is None else f"an unknown part of {kilograms(part.at_most)}"


def _part_json(part: Part) -> dict[str, Any]:
    stated = part.amount.mg if part.amount else None
    return {
        "product": part.key.product,
        "batch": part.key.batch,
        "item": part.key.item,
        "name": part.name,
        "kg": None if stated is None else kilograms(stated).replace(",", "").removesuffix(" kg"),
    }
