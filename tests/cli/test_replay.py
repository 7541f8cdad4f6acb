"""`lodestream replay`: whose outcome it is, and what is printed of it. Sums, chains and figures are the outside contract's."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from .conftest import EXAMPLES, Run

STATE_KEYS = {"kind", "accounts", "lots"}


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def test_the_last_line_is_the_state_with_amounts_as_digits(lodestream: Run) -> None:
    said = lodestream("replay", "--json", EXAMPLES / "01-copper")
    assert said.code == 0
    state = said.rows[-1]
    assert state.keys() == STATE_KEYS
    assert all(isinstance(account["balance_mg"], str) and int(account["balance_mg"]) for account in state["accounts"])
    for lot in state["lots"]:
        assert "seq" not in lot
        assert all(isinstance(lot[name], str) for name in ("wet_mg", "dry_mg"))
        assert all(isinstance(mg, str) for name in ("contained_mg", "u_mg") for mg in lot[name].values())


def test_an_entry_of_the_ledger_has_no_document(lodestream: Run) -> None:
    rows = of_kind(lodestream("replay", "--json", EXAMPLES / "06-receipt-first").rows, "transaction")
    assert [(Path(row["file"]).name, row["index"]) if row["file"] else None for row in rows] == [
        ("01-receipt.json", 0),
        ("02-shipment.json", 0),
        ("02-shipment.json", 1),
        None,
        None,
    ]


def test_a_parked_event_posts_later_as_the_same_event(lodestream: Run) -> None:
    rows = lodestream("replay", "--json", EXAMPLES / "07-late-assay").rows
    (parked,) = of_kind(rows, "parked")
    posted = [row for row in of_kind(rows, "transaction") if row["event_id"] == parked["event_id"]]
    assert [(row["file"], row["index"]) for row in posted] == [(parked["file"], parked["index"])]


def test_a_parked_event_sent_again_is_a_duplicate_and_posts_once_as_the_first(lodestream: Run) -> None:
    first, assay = EXAMPLES / "07-late-assay" / "01-production.json", EXAMPLES / "07-late-assay" / "02-assay.json"
    Path("again.json").write_bytes(first.read_bytes())
    rows = lodestream("replay", "--json", first, "again.json", assay).rows
    assert [(row["file"], row["index"]) for row in of_kind(rows, "duplicate")] == [("again.json", 0), ("again.json", 1)]
    transactions = Counter((row["file"], row["index"]) for row in of_kind(rows, "transaction"))
    assert transactions == Counter({(str(first), 0): 1, (str(first), 1): 1, (str(assay), 0): 1})


def test_a_refused_event_sent_again_is_judged_anew_where_it_was_sent(lodestream: Run) -> None:
    good, changed = EXAMPLES / "05-mutated" / "01-first.json", EXAMPLES / "05-mutated" / "02-changed.json"
    Path("again.json").write_bytes(changed.read_bytes())
    rows = lodestream("replay", "--json", good, changed, "again.json").rows
    fates = Counter(row["file"] for row in rows if row["kind"] in {"transaction", "duplicate", "rejection"})
    assert fates == Counter({str(good): 1, str(changed): 1, "again.json": 1})


def test_a_book_is_the_first_entry_of_its_sites(lodestream: Run) -> None:
    rows = of_kind(lodestream("replay", "--json", "--book", EXAMPLES / "book.toml", EXAMPLES / "01-copper").rows, "transaction")
    first = [row for row in rows if row["seq"] == 1]
    assert {row["site"] for row in rows} == {row["site"] for row in first}
    assert all(row["file"] is None and not row["postings"] for row in first)
    sites = Counter(row["site"] for row in rows)
    assert all(sorted(r["seq"] for r in rows if r["site"] == site) == list(range(1, n + 1)) for site, n in sites.items())
    assert "NO_BOOK" not in {finding["code"] for row in rows for finding in row["findings"]}


def test_the_exit_code_follows_what_stands_at_the_end(lodestream: Run) -> None:
    assert lodestream("replay", EXAMPLES / "06-receipt-first").code == 0  # a hold was open and is resolved
    assert lodestream("replay", EXAMPLES / "03-double-spend").code == 1
    assert lodestream("replay", EXAMPLES / "09-errors").code == 1


def test_people_see_what_moved_the_arithmetic_and_the_balances(lodestream: Run) -> None:
    out = lodestream("replay", EXAMPLES / "02-untp-copper").out
    assert "9,999 kg Cu → STOCK(refinery-one/…/CU-CATHODE)" in out
    assert "hard IMPOSSIBLE (F1)" in out
    assert "out 111.1 % of in" in out
    assert "UNACCOUNTED" in out
    assert "9,000 kg Cu → WIP" in next(line for line in out.splitlines() if "transform" in line)
    assert all(line.count(" kg Cu → ") <= 1 for line in out.splitlines())  # a posting a line


def test_information_is_shown_where_nothing_posted_and_counted_where_metal_moved(lodestream: Run) -> None:
    said = lodestream("replay", EXAMPLES / "07-late-assay")
    assert said.code == 0
    assert "no assay: it posts when that comes" in said.out
    assert "info NO_BOOK 1x" in said.out


def test_markup_in_a_document_is_printed_as_it_stands(lodestream: Run) -> None:
    document = json.loads((EXAMPLES / "02-untp-copper" / "01-as-published.json").read_text())
    text = json.dumps(document).replace("/class/lot/CU-CONC-30", "/class/lot/CU-[red]-:smile:")
    Path("markup.json").write_text(text)
    assert "CU-[red]-:smile:" in lodestream("replay", "markup.json").out
