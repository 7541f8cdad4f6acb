"""One small signed credential must not keep a verifier busy: what is stated is read once, not once a country and product."""

from collections import Counter
from typing import Any

import pytest

from lodestream.credentials.jsontext import write
from lodestream.credentials.securing import compact
from lodestream.credentials.walk import grades, make_balances, shares, walk
from lodestream.credentials.walk.balance import key_of
from tests.conformance.sets import credential, exact, make, product
from tests.credentials.telling import NOW_US
from tests.fuzz.corpus import SIGNER
from tests.fuzz.targets import LIMITS, TRUST, Chaos


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often materials were read, by the function that reads them."""
    counted: Counter[str] = Counter()
    for module, name in ((grades, "_statements"), (shares, "mentions"), (grades, "mentions")):
        original = getattr(module, name)

        def counting(value: Any, original: Any = original, name: str = name) -> Any:
            counted[name] += 1
            return original(value)

        monkeypatch.setattr(module, name, counting)
    return counted


def made(countries: int) -> dict[str, Any]:
    """A run of one input and one output, each of copper from so many countries."""
    parts = [product("conc", 10, 1), product("cathode", 10, 1)]
    for part in parts:
        part["product"]["materialProvenance"] = [
            {"name": "Copper", "massFraction": 0.0001, "originCountry": {"countryCode": f"C{number}"}}
            for number in range(countries)
        ]
    return credential(7, credentialSubject=[make(parts[0], outputs=[parts[1]])])


def test_walk_reads_each_product_a_few_times_whatever_the_number_of_countries(reads: Counter[str]) -> None:
    seen = []
    for countries in (20, 80):
        reads.clear()
        report = walk(compact(write(exact(made(countries))), SIGNER), Chaos(b"x"), TRUST, LIMITS, NOW_US)
        assert [str(visited.id) for visited in report.visited if visited.id] == ["https://refinery.example/dte/7"]
        seen.append(dict(reads))
    assert seen[0]["_statements"] == seen[1]["_statements"] <= 8  # two products, by the balance and by the shares
    assert seen[1]["mentions"] <= 4 * seen[0]["mentions"] + 8  # four times the countries, four times the work


def test_balance_reads_a_passport_once_whatever_the_number_of_entries(reads: Counter[str]) -> None:
    passport = {"id": "urn:p", "materialProvenance": [{"name": "Copper", "massFraction": 1}]}
    entries = [{"product": {"id": "urn:p"}, "quantity": {"value": 1, "unit": "KGM"}} for _ in range(50)]
    event = {"type": ["MakeEvent"], "inputProduct": entries, "outputProduct": entries}
    found = make_balances(exact(event), {key_of(passport): exact(passport)})
    assert [balance.of for balance in found] == ["total mass", "Cu"]
    assert reads["_statements"] <= 101  # each entry's product, and the passport
