"""What the sender's book makes of an answer: answers by hand, in whole milligrams."""

from typing import Any

from msgspec.structs import replace

from lodestream.epcis.event import Event
from lodestream.ledger.moving import Outbound
from lodestream.ledger.records import Answer, Entry, Outcome, SettledParcel
from lodestream.ledger.timed import Page
from tests.ledger.making import HOUR, START, Books, add, declared, entry, event, item, ship
from tests.ledger.test_containment import aggregation

A, B, C = "urn:site:a", "urn:site:b", "urn:site:c"
METALS = {"cu": "10", "ni": "20", "co": "5", "li": "1"}


def out(mg: int, to: str | None = B, **more: Any) -> Event:
    return ship("x", str(mg), A, to, uom="MGM", consignment_id="c", **more)


def sent(*masses: int, to: str | None = B) -> Books:
    """Of 10,000 mg with Co 5, Cu 10, Li 1 and Ni 20 %, these masses left; B's book is not asked."""
    books = Books()
    books(add("x", "10000", A, uom="MGM", event_time_us=START, **METALS))
    for mg in masses:
        books.fold.apply(entry(out(mg, to)))
    return books


def answer(books: Books, dry: int, contained: dict[str, int] | None = None, *, to: str = "c", **more: Any) -> Outcome:
    """B's answer to version 1 unless said: this dry mass is settled, with a tenth of it as copper unless said."""
    fields: dict[str, Any] = {"version": 1, "final": False, "receiver": B} | more
    receiver = fields.pop("receiver")
    parcel = SettledParcel("x", dry_mg=dry, contained_mg={"Cu": dry // 10} if contained is None else contained, **fields)
    number = len(books.outcomes)
    (told,) = books.fold.submit(Entry(f"answer {number}", A, "ANSWER", START + HOUR, answer=Answer(to, receiver, [parcel])))
    books.outcomes.append(told)
    return told


def posted(outcome: Outcome) -> list[tuple[str, str, int]]:
    return [(p.account, p.element, p.amount_mg) for p in outcome.postings]


def test_what_is_settled_leaves_transit_element_by_element() -> None:
    """And only what is more than before: 1,000 mg first, all 2,000 then; less again comes back."""
    books = sent(2000)
    first = {"Ni": 200, "Cu": 100, "Li": 10, "Co": 50}
    assert posted(answer(books, 1000, first)) == [
        (account, element, sign * first[element])
        for element in ("Co", "Cu", "Li", "Ni")
        for account, sign in (("TRANSIT(c x)", -1), ("CUSTODY(c x)", 1))
    ]
    answer(books, 2000, {e: 2 * mg for e, mg in first.items()}, final=True)
    assert [books.balance(A, "CUSTODY(c x)", e) for e in ("Co", "Cu", "Li", "Ni")] == [100, 200, 20, 400]
    assert posted(answer(books, 500, {"Cu": 150}))[2:4] == [("TRANSIT(c x)", "Cu", 50), ("CUSTODY(c x)", "Cu", -50)]
    assert [books.balance(A, "TRANSIT(c x)", e) for e in ("Co", "Cu", "Li", "Ni")] == [100, 50, 20, 400]


def test_an_answer_to_what_was_not_offered_is_ignored() -> None:
    """To another consignment, from another receiver, or to an offer of which there is a later version."""
    books = sent(1000, 500)
    assert posted(answer(books, 1500, version=2)) != []
    for told in (
        answer(books, 900, version=2, to="d"),
        answer(books, 900, version=2, receiver=C),
        answer(books, 900, version=1),
        answer(books, 900, version=3),
    ):
        assert (told.kind, told.postings) == ("answer", [])
        assert told.reason == "an answer to an older version of the offer: ignored"
    assert books.balance(A, "CUSTODY(c x)") == 150


def test_what_is_less_settled_than_before_has_the_grace_once_more() -> None:
    """A slip in the lane of shipments for each time that something is open anew: less mass, not final, not given back."""
    books = sent(1000)

    def slips() -> int:
        return sum(len(page.slips) for site, ref, page in books.fold.every(Page) if site == A and ref.startswith("transit "))

    seen = []
    for dry, final, returned in (
        (400, False, False),
        (600, False, False),
        (600, False, False),
        (500, False, False),
        (600, True, False),
        (600, False, False),
        (600, False, True),
        (600, False, False),
        (600, True, False),
        (500, True, False),
    ):
        answer(books, dry, final=final, returned=returned)
        seen.append(slips())
    assert seen == [1, 1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_what_comes_back_is_posted_by_element() -> None:
    """Asked back from nobody it is back at once."""
    books = sent(2000, to=None)
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": A, "action": "OBSERVE", "consignment_id": "c"}
    (told,) = books(event("ObjectEvent", [item("object", "x", None)], **fields))
    back = {"Co": 100, "Cu": 200, "Li": 20, "Ni": 400}
    assert posted(told) == [
        (account, e, sign * mg) for e, mg in back.items() for account, sign in (("TRANSIT(c x)", -1), ("STOCK(x)", 1))
    ]


def test_a_corrective_draw_is_taken_back_as_it_was_told_anew() -> None:
    """10 % Cu until 10,000 mg of 30 % came: 2,000 mg drawn before that hold 200, and void again they leave nothing behind."""
    books = sent()
    wrong = out(1000, to=None, event_id="urn:wrong")
    right = out(2000, to=None, event_id="urn:right")
    books(wrong, add("x", "10000", A, uom="MGM", cu="30", ni="20", co="5", li="1"))
    books(declared(wrong, correctives=("urn:right",)), replace(right, event_time_us=wrong.event_time_us))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (200, 3800)
    books(declared(replace(right, event_time_us=wrong.event_time_us)))
    assert (books.balance(A, "TRANSIT(c x)"), books.balance(A, "STOCK(x)")) == (0, 4000)


# -- what comes back ------------------------------------------------------------------------------------------------


def asked_back(**more: Any) -> Event:
    fields: dict[str, Any] = {"biz_step": "void_shipping", "read_point": A, "action": "OBSERVE", "consignment_id": "c"}
    return event("ObjectEvent", [item("object", "x", None)], **fields | more)


def test_what_is_not_settled_comes_back_with_its_masses_shares_and_carbon() -> None:
    """1,000 mg wet are 920 dry: 300 are settled, 620 come back, 620 / 920 of the water (674 wet) and of 100 g CO2e (67)."""
    books = Books()
    books(add("x", "10000", A, uom="MGM", moisture="8", cu="10", country_of_origin="CL", embodied_g_co2e=1000))
    books.fold.apply(entry(ship("x", "1000", A, B, uom="MGM", moisture="8", consignment_id="c")))
    books.fold.apply(entry(asked_back()))

    def x() -> tuple[int, int, dict[str, int], dict[str, dict[str, int]], int]:
        lot = books.lot(A, "x")
        return lot.wet_mg, lot.dry_mg, lot.contained_mg, lot.shares, lot.embodied_g_co2e

    assert x() == (9000, 8280, {"Cu": 828}, {"Cu": {"CL - - -": 828}}, 900)
    told = answer(books, 300, {"Cu": 30}, version=2, returned=True)
    assert posted(told) == [
        ("TRANSIT(c x)", "Cu", -30),
        ("CUSTODY(c x)", "Cu", 30),
        ("TRANSIT(c x)", "Cu", -62),
        ("STOCK(x)", "Cu", 62),
    ]
    assert x() == (9674, 8900, {"Cu": 890}, {"Cu": {"CL - - -": 890}}, 967)
    answer(books, 500, {"Cu": 45}, version=2, returned=True)
    assert x() == (9457, 8700, {"Cu": 875}, {"Cu": {"CL - - -": 875}}, 946)
    assert books.balance(A, "TRANSIT(c x)") == 0
    answer(books, 500, {"Cu": 45}, version=2)
    assert x() == (9000, 8280, {"Cu": 828}, {"Cu": {"CL - - -": 828}}, 900)
    assert books.balance(A, "TRANSIT(c x)") == 47
    answer(books, 1000, {"Cu": 92}, version=2, returned=True)
    assert x() == (9000, 8280, {"Cu": 828}, {"Cu": {"CL - - -": 828}}, 900), "more came than was sent: nothing is left"


def test_of_what_was_drawn_after_it_came_back_a_correction_is_told_anew() -> None:
    """It has a slot of its own: 1,000 mg back at 10 %, 1,000 drawn; with 20 % both are told anew."""
    books = Books()
    wrong = add("x", "2000", A, uom="MGM", cu="10")
    right = add("x", "2000", A, uom="MGM", cu="20", event_id="urn:right")
    books(wrong, out(1000, to=None), asked_back(), ship("x", "1000", A, None, uom="MGM", consignment_id="d"))
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "TRANSIT(d x)")) == (100, 100)
    books(declared(wrong, correctives=("urn:right",)), right)
    assert (books.balance(A, "STOCK(x)"), books.balance(A, "TRANSIT(d x)"), books.balance(A, "TRANSIT(c x)")) == (200, 200, 0)
    pairs = {pair.consignment: pair for _, _, pair in books.fold.every(Outbound)}
    assert [one.contained_mg for one in pairs["c"].shipments] == [{"Cu": 200}]
    books(declared(right))
    assert books.balance(A, "TRANSIT(c x)") == 0, "what came back is taken back by what it follows, and once"


def test_a_question_that_was_an_error_is_taken_back() -> None:
    """The offer stands again, as version 3; asked twice it is asked once."""
    books, question = sent(1000), asked_back()
    versions: list[tuple[int, bool]] = []
    for one in (question, asked_back(), declared(question)):
        parcels = [p for m in books.fold.apply(entry(one))[1] if m.offer is not None for p in m.offer.parcels]
        versions += [(p.version, p.void) for p in parcels]
    assert versions == [(2, True), (3, False)]
    books(asked_back())
    (again,) = books(asked_back())
    assert (again.kind, again.reason) == ("link", "nothing of consignment c is on its way from here with these lots: kept")
    versions += [
        (m.offer.parcels[0].version, m.offer.parcels[0].void) for m in books.fold.apply(entry(declared(question)))[1] if m.offer
    ]
    assert versions == [(2, True), (3, False)]
    (unknown,) = books(asked_back(consignment_id="d"))
    assert unknown.reason == "nothing of consignment d is on its way from here with these lots: kept"
    none = event("ObjectEvent", [], biz_step="void_shipping", read_point=A, action="OBSERVE")
    (unnamed,) = books(none)
    assert unnamed.reason == "nothing of consignment (none named) is on its way from here that could be asked back: kept"


def test_each_consignment_comes_back_by_itself() -> None:
    """1,000 mg under c and 500 under d, to nowhere: asked back one after the other, all 10,000 mg are here."""
    books = sent(1000, to=None)
    books(ship("x", "500", A, None, uom="MGM", consignment_id="d"))
    for consignment, dry in (("c", 9500), ("d", 10_000)):
        books(asked_back(consignment_id=consignment))
        assert (books.lot(A, "x").dry_mg, books.balance(A, "STOCK(x)")) == (dry, dry // 10)


def test_what_is_sent_elsewhere_after_that_can_be_asked_back_too() -> None:
    """To B, asked back; then to C, under the same consignment: what is void at B is not asked for again."""
    books = sent(1000)
    books.fold.apply(entry(asked_back()))
    books.fold.apply(entry(out(500, to=C)))
    _, entries = books.fold.apply(entry(asked_back()))
    asked = {m.site: [(p.version, p.void) for p in m.offer.parcels] for m in entries if m.offer is not None}
    assert asked == {B: [(3, True)], C: [(2, True)]}


def test_the_sites_of_a_consignment_are_asked_in_order_and_told_that_it_was_an_error() -> None:
    """Sent to C first, then to B. Withdrawn, each shipment has the grace once more."""
    books, question = sent(), asked_back()
    books.fold.apply(entry(out(500, to=C)))
    books.fold.apply(entry(out(500, to=B)))

    def slips() -> int:
        return sum(len(page.slips) for site, ref, page in books.fold.every(Page) if site == A and ref.startswith("transit "))

    seen = [slips()]
    for one in (question, declared(question)):
        assert [m.site for m in books.fold.apply(entry(one))[1] if m.offer is not None] == [B, C]
        seen.append(slips())
    assert seen == [2, 2, 4]


def test_a_container_that_left_under_another_consignment_is_not_asked_back() -> None:
    books = Books()
    books(add("x", "100", A, cu="10"), aggregation("ADD", "urn:pallet", ("x", "25")))
    fields: dict[str, Any] = {"read_point": A, "action": "OBSERVE", "epcs": ["urn:pallet"]}
    books(event("ObjectEvent", [], biz_step="shipping", consignment_id="c", **fields))
    for consignment, kind in (("d", "link"), (None, "void")):
        (told,) = books(event("ObjectEvent", [], biz_step="void_shipping", consignment_id=consignment, **fields))
        assert told.kind == kind
