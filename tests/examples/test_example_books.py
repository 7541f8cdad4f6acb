"""The examples through gate and ledger under the default book: what each README promises."""

from collections import Counter

import pytest

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import admit
from lodestream.ledger.book import BookFile
from lodestream.ledger.bookfile import read_book
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Outcome
from tests.examples.test_example_documents import DOCUMENTS, EXAMPLES, name

SCENARIOS = sorted({name(path).split("/")[0] for path in DOCUMENTS})
PROMISED = {
    "01-copper": [],
    "02-untp-copper": [("IMPOSSIBLE", "hard", "open"), ("LOSS_UNEXPLAINED", "warn", "open")],
    "03-double-spend": [("DOUBLE_SPEND", "hold", "open")],
    "04-duplicate": [],
    "05-mutated": [("MUTATED_EVENT", "hard", "open")],
    "06-receipt-first": [("UNMATCHED", "hold", "open"), ("UNMATCHED", "hold", "resolved")],
    "07-late-assay": [("UNASSAYED", "info", "open")] * 2 + [("UNASSAYED", "info", "resolved")] * 2,
    "08-correction": [],
    "10-copper-smelter": [],
    "11-cobalt-sulphate": [],
    "12-precursor": [],
    "13-corrected-after-shipment": [
        ("RETRO_OVERDRAFT", "hold", "open"),
        ("RETRO_OVERDRAFT", "hold", "resolved"),
        ("LOSS_UNEXPLAINED", "warn", "open"),
    ],
    "14-copper-frauds": [
        ("TRANSIT_GAIN", "hold", "open"),
        ("UNIT_BASIS", "hold", "open"),
        ("LOSS_UNEXPLAINED", "warn", "open"),
        ("DOUBLE_SPEND", "hold", "open"),
        ("ORIGIN_UNSUPPORTED", "hold", "open"),
        ("CREDIT_OVERDRAWN", "hold", "open"),
    ],
    "15-cobalt-frauds": [
        ("IMPOSSIBLE", "hard", "open"),
        ("DOUBLE_SPEND", "hold", "open"),
        ("GRADE_IMPOSSIBLE", "hold", "open"),
        ("IMPOSSIBLE", "hard", "open"),
    ],
    "16-recycled-frauds": [("RUN_AROUND", "info", "open"), ("CREDIT_OVERDRAWN", "hold", "open")],
    "09-errors": [("UNIT_REFUSED", "hold", "open"), ("GRADE_IMPOSSIBLE", "hold", "open")],
}


class Books:
    """The books after some documents, and every outcome on the way."""

    def __init__(self, *documents: str, book: BookFile | None = None) -> None:
        self.fold = Fold(book)
        self.register = (book or BookFile()).register
        self.outcomes: list[Outcome] = []
        self.send(*documents)

    def send(self, *documents: str) -> None:
        for document in documents:
            for item in intake((EXAMPLES / document).read_bytes()):
                if isinstance(item, Accepted):
                    entry = admit(item, self.register, "local", item.event.event_time_us, None)
                    assert isinstance(entry, Entry), entry
                    self.outcomes.extend(self.fold.submit(entry))

    def findings(self) -> list[tuple[str, str, str]]:
        return [(f.code, f.severity, f.state) for one in self.outcomes for f in one.findings if f.code != "NO_BOOK"]

    def balances(self) -> dict[tuple[str, str], int]:
        """By kind of account and element, over all sites."""
        total: Counter[tuple[str, str]] = Counter()
        for _, element, account, mg in self.fold.accounts():
            total[account.split("(")[0], element] += mg
        return {key: mg for key, mg in total.items() if mg}

    def state(self) -> tuple[object, ...]:
        open_findings = sorted((site, finding.id, finding.state) for site, finding in self.fold.open_findings())
        return self.fold.accounts(), self.fold.lots(), open_findings


def with_its_book(scenario: str) -> Books:
    """The books after a scenario, kept by the book file that lies beside its documents, if one does."""
    path = EXAMPLES / scenario / "book.toml"
    return Books(*of(scenario), book=read_book(path.read_text()) if path.exists() else None)


def of(scenario: str) -> list[str]:
    return [name(path) for path in DOCUMENTS if name(path).startswith(scenario)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_findings(scenario: str) -> None:
    assert Counter(with_its_book(scenario).findings()) == Counter(PROMISED[scenario])


def test_credits_are_overdrawn_by_so_much() -> None:
    """F1c and F4a of the mass-balance reference."""
    said = {
        finding.arithmetic.partition("short ")[2]
        for scenario in ("14-copper-frauds", "16-recycled-frauds")
        for one in with_its_book(scenario).outcomes
        for finding in one.findings
        if finding.code == "CREDIT_OVERDRAWN"
    }
    assert said == {"475,613.44885 kg", "3,385.6 kg"}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_all_of_it_sent_twice_changes_nothing(scenario: str) -> None:
    books = Books(*of(scenario))
    before = books.state()
    books.send(*of(scenario))
    assert books.state() == before


def test_copper() -> None:
    assert Books(*of("01-copper")).balances() == {
        ("SOURCE", "Cu"): -989_400_000_000,
        ("LOSS", "Cu"): 133_808_460_000,
        ("UNACCOUNTED", "Cu"): -263_460_000,
        ("TRANSIT_VAR", "Cu"): 1_195_882_400 + 623_192_440,
        ("STOCK", "Cu"): 517_504_117_600 + 336_531_807_560,
    }


def test_copper_with_its_book() -> None:
    book = read_book((EXAMPLES / "book.toml").read_text())
    books = Books(*of("01-copper"), book=book)
    assert books.balances() == Books(*of("01-copper")).balances()
    assert [finding for one in books.outcomes for finding in one.findings] == []


def test_untp_copper() -> None:
    arithmetic = [f.arithmetic for one in Books(*of("02-untp-copper")).outcomes for f in one.findings if f.code != "NO_BOOK"]
    assert "111.1 %" in arithmetic[0]
    assert "98.03 %" in arithmetic[1]


def test_the_second_heat_does_not_exist() -> None:
    books = Books(*of("03-double-spend"))
    assert [(one.outcome, one.reason) for one in books.outcomes if one.outcome != "TRANSACTION"] == [("PARKED", "DOUBLE_SPEND")]
    assert sorted(lot.lot.rsplit("/", 1)[1] for lot in books.fold.lots()) == ["ANODE-7A", "BLISTER-7"]


def test_the_duplicate() -> None:
    assert [one.outcome for one in Books(*of("04-duplicate")).outcomes] == ["TRANSACTION", "DUPLICATE"]


def test_the_receipt_may_come_first() -> None:
    receipt, shipment = of("06-receipt-first")
    first, second = Books(receipt, shipment), Books(shipment, receipt)
    assert first.balances() == second.balances()
    assert first.fold.accounts() == second.fold.accounts()
    assert ("UNMATCHED", "hold", "open") not in second.findings()


def test_the_leach_waits_for_the_assay() -> None:
    production, assay = of("07-late-assay")
    books = Books(production)
    assert [one.outcome for one in books.outcomes] == ["TRANSACTION", "PARKED"]
    assert books.balances() == {}
    books.send(assay)
    assert books.balances() == {
        ("SOURCE", "Co"): -6_660_000_000,
        ("STOCK", "Co"): 6_567_750_000,
        ("UNACCOUNTED", "Co"): 92_250_000,
    }


def test_the_correction_stands() -> None:
    wrong, declared = of("08-correction")
    assert Books(wrong).balances()["STOCK", "C"] == 24_987_500_000
    books = Books(wrong, declared)
    assert books.balances() == {("SOURCE", "C"): -24_487_750_000, ("STOCK", "C"): 24_487_750_000}
    assert [one.kind for one in books.outcomes] == ["create", "correct", "create"]


def test_the_good_events_of_a_bad_document_post() -> None:
    books = Books(*of("09-errors"))
    assert [one.kind for one in books.outcomes] == ["create", "refuse", "refuse", "create"]
    assert books.balances()["STOCK", "Nd"] == 2_985_742_270
