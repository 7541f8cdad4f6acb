"""What two sites tell each other of a credit or certificate, message by message: each once, in its order or not (R102, R103)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from lodestream.claims.certificate import Certificate
from lodestream.claims.values import Credits
from lodestream.epcis.event import CertificateItem, CreditItem, Event
from lodestream.ledger.book import BookFile, SiteBook
from lodestream.ledger.claimed import Acts, Handed
from lodestream.ledger.fold import Fold
from lodestream.ledger.records import Entry, Handover, Outcome
from tests.claims.making import KG
from tests.claims.test_covering import at
from tests.claims.test_handing import (
    F5,
    A,
    B,
    C,
    black_mass,
    booked,
    handing,
    issue,
    known,
    level,
    mine,
    moved,
    nickel,
    pass_on,
    retire,
    sites,
    sold,
    told,
)
from tests.ledger.making import add, codes, declared, entry, ship

DOWN = CreditItem("irma-coc", "Cu", "scheme:irma-75", Decimal(1), "TNE", to_attribute="scheme:irma-50")


def fold(**books: SiteBook) -> Fold:
    """Three sites that claim by ISCC PLUS; A has 9,600 kg of credits."""
    made = Fold(BookFile(sites={site: books.get(site[-1], booked("iscc-plus")) for site in (A, B, C)}))
    made.submit(entry(black_mass(A, "10000")))
    return made


def send(sites_: Fold, one: Event | Entry) -> tuple[list[Outcome], list[Entry]]:
    """One entry, whose messages are given and not delivered."""
    return sites_.apply(one if isinstance(one, Entry) else entry(one))


def asks(entries: list[Entry]) -> Handover:
    [one] = entries
    assert one.handover is not None
    return one.handover


def open_moved(sites_: Fold, site: str) -> list[int]:
    return [one.moved_mg for at_site, _, credits_ in sites_.every(Credits) if at_site == site for one in credits_.open]


def test_what_is_told_of_a_handover() -> None:
    books = sites(a=booked("iscc-plus", "irma-coc"))
    books(black_mass(A, "10000"), level("x", "irma-75"), ship("x", "10", A, "urn:buyer", event_time_us=at(1)))
    reasons = [o.reason for o in books(handing(B, nickel("3385.6")))]
    said = "3,385.6 kg Ni recycled by iscc-plus, urn:site:a to urn:site:b: "
    assert reasons == [said + "offered", said + "taken", said + "taken"]
    said = "1,000 kg Cu scheme:irma-50 by irma-coc, urn:site:a to urn:site:a: "
    assert [o.reason for o in books(handing(A, DOWN))] == [said + "offered", said + "taken", said + "taken"]
    said = "60,000 kg Cu country:ZM certificate C1, urn:site:a to urn:site:b: "
    books = mine(b=booked("credit-strict"))
    assert [o.reason for o in books(issue("C1", "60"), pass_on("C1", B))] == [
        "",
        said + "offered",
        said + "refused",
        said + "refused",
    ]


def test_each_item_of_an_event_has_its_place() -> None:
    """Two credits and two certificates: the second of each is not there, and the finding names its place."""
    books = mine(a=booked("iscc-plus", "book-and-claim"))
    books(black_mass(A, "10000"), issue("C1", "60"))
    items = [nickel("1"), nickel("999999"), CertificateItem("C1"), CertificateItem("C9")]
    made = handing(C, *items, event_id="an event")
    assert sorted(f.inputs for o in books(made) for f in o.findings) == [["an event", "0"], ["an event", "1"], ["an event", "3"]]
    assert [ref for _, ref, _ in books.fold.every(Handed)] == ["an event 0", "an event 2"]
    assert known(books, "C1")[A] == (C, "")
    assert [ref for _, ref, _ in books.fold.every(Acts)].count("an event") == 1
    outcomes = books(declared(made))
    assert [ref for _, ref, _ in books.fold.every(Acts)].count("an event") == 0
    assert sorted(codes(outcomes, "superseded")) == ["CREDIT_OVERDRAWN", F5, F5]
    assert known(books, "C1")[A] == (A, "")


def test_what_cannot_be_given_back_is_named() -> None:
    """Handed on by B: B keeps it. Issued, handed on and void: the certificate stays, and its credits are used."""
    books = mine()
    made, passed = issue("C1", "60"), pass_on("C1", B)
    books(made, passed, pass_on("C1", C, B, day=8))
    told_ = books(declared(passed))
    assert [o.reason.rpartition(": ")[2] for o in told_ if o.kind == "handover"] == ["kept", "kept"]
    books(declared(made))
    found = [f.inputs for site, f in books.fold.open_findings() if (site, f.code) == (A, "ALREADY_RESOLVED")]
    assert sorted(found) == sorted([[str(passed.event_id), "0"], [str(made.event_id), "C1"]])


@pytest.mark.parametrize(
    ("item", "because"),
    [
        (
            replace(nickel("1"), profile="no-such"),
            "a transfer to urn:site:b by no-such: urn:site:a claims by iscc-plus, and it takes one of model mass_balance_credit",
        ),
        (
            nickel("1", certificate="C1"),
            "certificate C1 by iscc-plus: urn:site:a claims by iscc-plus, and it takes one of model book_and_claim",
        ),
        (nickel("1", to_attribute="country:ZM"), "iscc-plus certifies recycled, scheme:iscc-plus, not country:ZM"),
    ],
)
def test_what_a_profile_does_not_do(item: CreditItem, because: str) -> None:
    books = sites()
    books(black_mass(A, "10000"), handing(B, item))
    assert told(books, A) == [(F5, because)]


def test_two_sites_of_no_group_are_not_of_one() -> None:
    books = sites(a=booked("iscc-plus", group=""), b=booked("iscc-plus", group=""))
    books(black_mass(A, "10000"), handing(B, nickel("1")))
    assert "moves credits same group" in told(books, A)[0][1]


def test_a_handover_that_states_no_factor_is_of_an_account_that_has_none() -> None:
    made = fold(b=booked("iscc-plus", conversion_factors=[]))
    _, offers = send(made, handing(B, nickel("1")))
    _, answers = send(made, replace(offers[0], handover=replace(asks(offers), factor=None)))
    assert asks(answers).state == "taken"


def test_what_shares_claimed_is_not_handed_on() -> None:
    books = sites(a=booked("iscc-plus", "controlled-blending"))
    books(black_mass(A, "10000"), sold("bm-urn:site:a-10000-0", "1", A, "controlled-blending", 1), handing(B, nickel("1000")))
    said = "controlled-blending already claims 1,000 kg Ni by recycled in 2026-03; iscc-plus would claim 1,000 kg more "
    assert told(books, A) == [
        (
            "DOUBLE_CLAIM",
            said + "of the same input by recycled: one method per product group and period",
        )
    ]


def test_of_what_never_came_there_is_nothing_to_hand_on() -> None:
    books = sites()
    books(handing(B, replace(nickel("1"), element="Co")))
    assert [code for code, _ in told(books, A)] == ["CREDIT_OVERDRAWN"]


def test_a_certificate_over_lots_without_a_product_class() -> None:
    books = mine()
    books(add("plain", "50", A, cu="100", country_of_origin="ZM", event_time_us=at(0)))
    books(handing(None, CreditItem("book-and-claim", "Cu", "country:ZM", Decimal(50), "TNE", certificate="C1")))
    assert known(books, "C1") == {A: (A, "")}


# -- message by message ------------------------------------------------------------------------------------------------


def test_a_declaration_may_overtake_what_it_asks_back() -> None:
    """The offer is on its way still: B never takes it, and gives back what it never had."""
    made = fold()
    event_ = handing(B, nickel("600"))
    _, offers = send(made, event_)
    _, withdrawals = send(made, declared(event_))
    first, second = asks(offers), asks(withdrawals)
    assert (first.version, first.state) == (1, "offered")
    assert second == replace(first, version=2, state="withdrawn")
    _, answers = send(made, withdrawals[0])
    assert asks(answers) == replace(second, state="returned")
    [ignored], nothing = send(made, offers[0])
    assert (ignored.reason, nothing) == ("an older version of the handover: ignored", [])
    send(made, answers[0])
    assert open_moved(made, A) == [0]
    assert open_moved(made, B) == []


def test_answers_may_come_in_any_order_and_each_counts_once() -> None:
    made = fold()
    event_ = handing(B, nickel("600"))
    _, offers = send(made, event_)
    _, taken = send(made, offers[0])
    [again], nothing = send(made, replace(offers[0], entry_id="again"))
    assert (again.reason, nothing) == ("an older version of the handover: ignored", [])
    assert open_moved(made, B) == [600 * KG]
    _, withdrawals = send(made, declared(event_))
    send(made, replace(taken[0], entry_id="taken late"))  # it is asked back by now, and that is not answered
    _, returned = send(made, withdrawals[0])
    send(made, returned[0])
    assert (open_moved(made, A), open_moved(made, B)) == ([0], [0])
    for late in (taken[0], replace(returned[0], entry_id="returned again"), replace(taken[0], entry_id="taken again")):
        [outcome], _ = send(made, late)
        assert outcome.reason == "an answer to an older version of the handover: ignored"
    assert open_moved(made, A) == [0]
    [outcome], _ = send(fold(), replace(taken[0], site=A))
    assert outcome.reason == "an answer to an older version of the handover: ignored"


def test_what_was_refused_is_not_given_back() -> None:
    """B claims by another profile: it refused, and when it is asked back it gives nothing."""
    made = fold(b=booked("iscc-eu"))
    event_ = handing(B, nickel("600"))
    _, offers = send(made, event_)
    _, refused = send(made, offers[0])
    assert (asks(refused).state, asks(refused).code) == ("refused", F5)
    _, withdrawals = send(made, declared(event_))  # before the answer
    _, returned = send(made, withdrawals[0])
    assert asks(returned).state == "returned"
    assert asks(returned).reason == ""
    for answer in (refused[0], returned[0]):
        send(made, answer)
    assert open_moved(made, A) == [0]


def test_what_is_asked_back_after_it_was_taken_is_told_as_it_was() -> None:
    made = fold()
    event_ = handing(B, nickel("600"))
    _, offers = send(made, event_)
    _, taken = send(made, offers[0])
    send(made, taken[0])
    _, withdrawals = send(made, declared(event_))
    assert asks(withdrawals) == replace(asks(offers), version=2, state="withdrawn")


def test_a_certificate_is_offered_as_version_one() -> None:
    books = mine()
    books(issue("C1", "60"))
    _, offers = send(books.fold, pass_on("C1", B))
    assert (asks(offers).version, asks(offers).mg, asks(offers).backing) == (1, 60_000 * KG, f"{A} 2026-01 to 2026-12")


def test_two_givers_may_name_their_events_alike() -> None:
    books = sites()
    books(black_mass(A, "10000"), black_mass(C, "10000"))
    books(handing(B, nickel("1"), event_id="same"), handing(B, nickel("2"), at_site=C, event_id="same", day=6))
    assert moved(books, B) == 3 * KG


def test_a_certificate_that_was_retired_is_not_taken_again() -> None:
    books = mine()
    books(issue("C1", "60"))
    _, offers = send(books.fold, pass_on("C1", B))
    send(books.fold, offers[0])
    books(retire("C1", "report 2026", B))
    _, answers = send(books.fold, replace(offers[0], entry_id="other", handover=replace(asks(offers), ref="other 0")))
    assert (asks(answers).state, asks(answers).code) == ("refused", "DOUBLE_CLAIM")
    assert [one.retired_for for site, _, one in books.fold.every(Certificate) if site == B] == ["report 2026"]


# -- when it counts ----------------------------------------------------------------------------------------------------


def months(sites_: Fold, site: str) -> dict[int, int]:
    """By first month of an open period what moved, as months after January 2026."""
    return {
        one.period.first_month - 2026 * 12: one.moved_mg
        for at_site, _, credits_ in sites_.every(Credits)
        if at_site == site
        for one in credits_.open
        if one.moved_mg
    }


@pytest.mark.parametrize(("event_day", "record_day", "month"), [(5, 50, 0), (50, 50, 3), (50, 5, 0)])
def test_it_counts_in_the_month_of_the_event_never_later_than_its_record(event_day: int, record_day: int, month: int) -> None:
    """And it is given back there, however much later."""
    made = fold()
    event_ = handing(B, nickel("600"), day=event_day)
    _, offers = send(made, entry(event_, record_time_us=at(record_day)))
    _, taken = send(made, offers[0])
    assert months(made, B) == {month: 600 * KG}
    send(made, taken[0])
    _, withdrawals = send(made, entry(declared(event_), record_time_us=at(200)))
    send(made, withdrawals[0])
    assert months(made, B) == {}


# -- what claims that wait are told ------------------------------------------------------------------------------------


def test_what_comes_and_is_too_little_says_nothing_new() -> None:
    """y needs 10 t of the lower level and has none; 4 t come."""
    books = sites(a=booked("irma-coc"))
    wrong = level("y", "irma-50")
    books(level("x", "irma-75"), wrong, ship("x", "10", A, "urn:buyer", consignment_id="x", event_time_us=at(1)))
    books(sold("y", "10", A, "irma-coc", 3, "Cu", "scheme:irma-50"), declared(wrong), level("y"))
    before = told(books, A)
    assert [code for code, _ in before] == ["CREDIT_OVERDRAWN"]
    books(handing(A, replace(DOWN, mass=Decimal(4)), day=7))
    assert told(books, A) == before


def test_what_returns_and_is_too_little_says_nothing_new() -> None:
    """Twice 2 t of 20 t are handed down and 10 t claimed; then 10 t are not certified; 2 t return of the 4 t that lack."""
    books = sites(a=booked("irma-coc"))
    wrong, first = level("z", "irma-75"), handing(A, replace(DOWN, mass=Decimal(2)), day=4)
    books(level("x", "irma-75"), wrong, ship("z", "10", A, "urn:buyer", consignment_id="z", event_time_us=at(1)))
    books(sold("x", "10", A, "irma-coc", 2, "Cu", "scheme:irma-75"), first, handing(A, replace(DOWN, mass=Decimal(2)), day=5))
    books(declared(wrong), level("z"))
    before = told(books, A)
    assert [code for code, _ in before] == ["CREDIT_OVERDRAWN"]
    books(declared(first))
    assert told(books, A) == before
