"""Claims by credits follow what a correction, a later assay or a close does to the account, through the whole ledger."""

from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from lodestream.claims.settling import balance, credited_mg, missing
from lodestream.claims.values import Credits
from lodestream.epcis.event import Claim, Event, OriginPart
from lodestream.ledger.book import SiteBook
from lodestream.ledger.claimed import ClaimedOf, FlowIndex, Taken
from lodestream.ledger.state import Held
from tests.claims.making import T, profile
from tests.ledger.making import HOUR, START, Books, add, assay, declared, event, hashed, item, ship, transform
from tests.ledger.page import says

R = "urn:smelter"
ZAMBIAN = "country:ZM"
DAY = 24 * HOUR
PROFILE = profile("credit-strict")
ACCOUNT = "credit-strict Cu cathode country:ZM"


def at(day: int, hour: int = 0) -> int:
    """A time in March 2026, or so many days after its first."""
    return START + day * DAY + hour * HOUR


def cathode(lot: str, tonnes: str, zambian: str, day: int = 0, **more: Any) -> Event:
    """Pure copper cathode that comes in, so many parts of ten of it from Zambia, the others from Chile."""
    parts = [OriginPart(Decimal(zambian), country="ZM"), OriginPart(10 - Decimal(zambian), country="CL")]
    more.setdefault("cu", "100")
    more.setdefault("event_id", f"in {lot} {tonnes} {zambian} {more['cu']}")
    origins = [part for part in parts if part.parts]
    return add(lot, tonnes, R, origins=origins, product_class="cathode", event_time_us=at(day), **more)


def sold(lot: str, tonnes: str, day: int, profile_: str = "credit-strict", percent: str = "100") -> Event:
    claims = [Claim(profile_, "Cu", ZAMBIAN, Decimal(percent))]
    to = f"{lot}-{tonnes}-{day}"
    return ship(lot, tonnes, R, "urn:buyer", consignment_id=to, event_id=f"sale {to}", claims=claims, event_time_us=at(day))


def smelter(*profiles: str) -> Books:
    return Books(**{R: SiteBook(elements=["Cu"], profiles=list(profiles or ["credit-strict"]))})


def account(books: Books) -> Credits:
    return next(value for site, ref, value in books.fold.every(Credits) if (site, ref) == (R, ACCOUNT))


def told(books: Books, code: str = "CREDIT_OVERDRAWN") -> dict[str, str]:
    """The arithmetic of the open findings of a code at the smelter, by the event that they are about."""
    return {f.inputs[0]: f.arithmetic for site, f in books.fold.open_findings() if (site, f.code) == (R, code)}


def corrected(books: Books, wrong: Event, right: Event) -> None:
    """A declaration, and the corrective that stands in its place."""
    books(declared(wrong, correctives=(str(right.event_id),)), right)


def test_r101_the_newest_claims_give_back_what_a_correction_takes() -> None:
    """The worked line of R101: 60 t are Zambian, 30, 20 and 10 t are claimed; then 40 t are."""
    books = smelter()
    wrong = cathode("L", "60", "10")
    sales = [sold("L", tonnes, day) for day, tonnes in ((1, "30"), (2, "20"), (3, "10"))]
    books(wrong, *sales)
    assert not told(books)
    assert account(books).open[0].claimed_mg == 60 * T
    origins = [OriginPart(Decimal(2), country="ZM"), OriginPart(Decimal(1), country="CL")]
    corrected(books, wrong, add("L", "60", R, cu="100", origins=origins, product_class="cathode", event_time_us=at(0)))
    said = "100 % country:ZM of 20,000 kg Cu needs 20,000 kg, have 10,000 kg in 2026-01 to 2026-03, short 10,000 kg"
    assert told(books) == {"sale L-20-2": said}
    assert len(books.lot(R, "L").findings) == 1
    assert (account(books).open[0].sums.certified_output_mg, account(books).open[0].claimed_mg) == (40 * T, 40 * T)
    says("R101", "60 t", "30, 20 and 10 t", "40 t", "10,000 kg")
    books(cathode("M", "9", "10", day=4))
    assert told(books) == {"sale L-20-2": said}  # 19 t are left of 20
    books(cathode("N", "1", "10", day=5))  # it was claimed before the 10 t
    assert list(told(books)) == ["sale L-10-3"]
    books(cathode("O", "10", "10", day=6))
    assert not told(books)
    assert account(books).open[0].claimed_mg == 60 * T
    assert books.lot(R, "L").findings == []


def test_a_claim_that_was_refused_stays_refused_until_it_is_said_again() -> None:
    books = smelter()
    first = sold("L", "50", 1)
    books(cathode("L", "60", "5"), first, cathode("M", "60", "10", day=2))
    assert told(books) == {
        "sale L-50-1": "100 % country:ZM of 50,000 kg Cu needs 50,000 kg, have 30,000 kg in 2026-01 to 2026-03, short 20,000 kg"
    }
    again = replace(first, event_id="again")
    corrected(books, first, hashed(again))
    assert not told(books)
    assert account(books).open[0].claimed_mg == 50 * T


def test_a_void_claim_makes_room_for_those_that_wait() -> None:
    books = smelter()
    wrong, first, second = cathode("M", "30", "10"), sold("L", "30", 1), sold("L", "20", 2)
    books(cathode("L", "50", "6"), wrong, first, second)
    assert not told(books)
    books(declared(wrong))
    assert list(told(books)) == ["sale L-20-2"]
    books(declared(first))
    assert not told(books)
    books(declared(second))
    assert account(books).open[0].claimed_mg == 0
    assert not books.fold.every(Taken)


def test_a_void_claim_that_moved_nothing_makes_room_too() -> None:
    books = smelter()
    wrong = cathode("M", "30", "10")
    claims = [Claim("credit-strict", "Cu", ZAMBIAN, Decimal(50))]
    seen = event("ObjectEvent", [item("object", "L", None, claims=claims)], action="OBSERVE", biz_location=R, event_time_us=at(1))
    books(cathode("L", "60", "5"), wrong, seen, sold("L", "30", 2))
    assert not told(books)
    books(declared(wrong))
    assert list(told(books)) == ["sale L-30-2"]
    books(declared(seen))
    assert not told(books)


def test_what_another_method_claimed_meanwhile_is_not_claimed_again() -> None:
    """The claim waits for its credits; when they are back, shares of the same copper are claimed."""
    books = smelter("credit-strict", "controlled-blending")
    wrong = cathode("L", "60", "10")
    books(wrong, cathode("M", "60", "1"), sold("L", "60", 1))
    books(declared(wrong))
    books(sold("M", "60", 2, "controlled-blending", "10"))
    assert list(told(books)) == ["sale L-60-1"]
    books(cathode("N", "60", "10", day=3))
    assert not told(books)
    [said] = [arithmetic for of, arithmetic in told(books, "DOUBLE_CLAIM").items() if of == "sale L-60-1"]
    assert said.startswith("controlled-blending already claims 6,000 kg Cu by country in 2026-03")
    assert account(books).open[0].claimed_mg == 0


def test_a_claim_follows_its_parcel() -> None:
    """A later assay: the 30 t that were sold hold 27 t of copper; the claim needs 27 t, and 3 t are there for the next."""
    books = smelter()
    books(cathode("L", "60", "10"), sold("L", "30", 1))
    assert account(books).open[0].claimed_mg == 30 * T
    books(replace(assay("L", R, cu="90"), event_time_us=at(2)))
    assert account(books).open[0].sums.certified_output_mg == 54 * T
    assert account(books).open[0].claimed_mg == 27 * T
    assert {ref: one.claimed_mg for _, ref, one in books.fold.every(ClaimedOf)} == {"L": {"Cu country": 27 * T}}
    books(sold("L", "30", 3))
    assert not told(books)
    wrong = cathode("M", "40", "10", day=4)
    books(wrong, sold("M", "40", 5))
    corrected(books, wrong, cathode("M", "40", "10", day=4, cu="95"))
    assert account(books).open[0].claimed_mg == (54 + 38) * T
    assert not told(books)


def test_a_close_of_a_campaign_takes_what_its_first_half_had_promised() -> None:
    """Zambian copper had gone in and 20 t came out; by the close 20 t of Chilean had, and 20 t of slag came out."""
    half = {"transformation_id": "urn:campaign", "biz_step": "commissioning"}
    books = smelter()
    for country in ("ZM", "CL"):
        books(add(country, "20", R, cu="100", country_of_origin=country, event_time_us=at(0)))
    books(transform(R, [("ZM", "20", {})], [], event_time_us=at(1), **half))
    books(transform(R, [], [("L", "20", {"cu": "100", "product_class": "cathode"})], event_time_us=at(2), **half))
    books(sold("L", "15", 3), sold("L", "5", 4))
    assert not told(books)
    slag = [("S", "20", {"cu": "100", "loss_class": "slag"})]
    books(transform(R, [("CL", "20", {})], slag, event_time_us=at(5), campaign_close=True, **half))
    assert account(books).open[0].sums.certified_output_mg == 10 * T
    assert told(books) == {
        "sale L-15-3": "100 % country:ZM of 15,000 kg Cu needs 15,000 kg, have 10,000 kg in 2026-01 to 2026-03, short 5,000 kg",
    }
    assert account(books).open[0].claimed_mg == 5 * T


def closing(month: str, day: int) -> Event:
    return replace(assay("nothing", R), event_id=f"close {month}", period_close=month, event_time_us=at(day), materials=[])


def test_a_closed_period_stays_and_the_open_one_bears_the_difference() -> None:
    """60 t claimed of 60 t in the first quarter, 15 t of 20 t in the second; then 30 t of the first were not Zambian."""
    books = smelter()
    wrong = cathode("L", "60", "10")
    books(wrong, sold("L", "60", 1), closing("2026-03", 40))
    books(cathode("M", "20", "10", day=41), sold("M", "15", 42))
    assert [one.version for one in account(books).closed] == [1]
    corrected(books, wrong, cathode("L", "60", "5"))
    one, two, three = account(books).closed  # the declaration restates it, and so does the corrective
    assert (one.credited_mg, two.credited_mg, three.credited_mg) == (60 * T, 0, 30 * T)
    assert (one.claimed_mg, three.claimed_mg) == (60 * T, 60 * T)
    assert account(books).open[0].restated_mg == -30 * T + 60 * T  # less credited, and the claim of the first quarter given back
    assert told(books) == {
        "sale L-60-1": "100 % country:ZM of 60,000 kg Cu needs 60,000 kg, have 50,000 kg in 2026-04 to 2026-06, short 10,000 kg"
    }
    assert account(books).open[0].claimed_mg == 15 * T
    books(cathode("N", "25", "10", day=43))
    assert not told(books)
    assert account(books).open[0].restated_mg == -30 * T
    books(closing("2026-06", 130))
    assert not told(books, "NEGATIVE_AT_CLOSE")


def test_where_the_balance_may_be_below_zero_until_the_close_the_close_says_so() -> None:
    scheme = "scheme:iscc-plus"
    claims = [Claim("iscc-plus", "Cu", scheme, Decimal(100))]
    books = smelter("iscc-plus")
    wrong = add("L", "60", R, cu="100", schemes=["iscc-plus"], event_time_us=at(0))
    books(wrong, ship("L", "60", R, "urn:buyer", consignment_id="C", claims=claims, event_time_us=at(1)))
    corrected(books, wrong, add("L", "60", R, cu="100", event_time_us=at(0), event_id="right"))
    assert not told(books)
    books(closing("2026-03", 40))
    assert len(told(books, "NEGATIVE_AT_CLOSE")) == 1


def test_ordinary_flows_take_back_no_claim() -> None:
    """A percentage of input falls as other input comes, until its metal has left too: nobody is told of that."""
    books = smelter("credit-strict-input")
    claims = [Claim("credit-strict-input", "Cu", "recycled", Decimal(100))]
    books(add("L", "60", R, cu="100", source_class="end_of_life", event_time_us=at(0)))
    books(ship("L", "60", R, "urn:buyer", consignment_id="C", claims=claims, event_time_us=at(1)))
    books(add("M", "60", R, cu="100", source_class="mine", event_time_us=at(2)))
    assert not told(books)


# -- as if it had been right at once -----------------------------------------------------------------------------------


class Input(NamedTuple):
    tonnes: int
    right: int
    wrong: int


INPUTS = st.lists(st.builds(Input, st.integers(1, 9), st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=4)
SALES = st.lists(st.integers(1, 12), min_size=1, max_size=6)


def history(inputs: list[Input], sales: list[Event], order: list[int], *, right: bool) -> Books:
    """Cathode comes, is melted into one lot and sold; then what was told wrong is declared and corrected, in some order."""
    books = smelter()
    rights = [cathode(f"in{n}", str(one.tonnes), str(one.right), event_id=f"right {n}") for n, one in enumerate(inputs)]
    wrongs = [cathode(f"in{n}", str(one.tonnes), str(one.wrong), event_id=f"wrong {n}") for n, one in enumerate(inputs)]
    melted = [(f"in{n}", str(one.tonnes), {}) for n, one in enumerate(inputs)]
    whole = str(sum(one.tonnes for one in inputs))
    made = [("L", whole, {"cu": "100", "product_class": "cathode"})]
    books(*(rights if right else wrongs), transform(R, melted, made, event_id="melt", event_time_us=at(1)), *sales)
    for n in [] if right else order:
        corrected(books, wrongs[n], rights[n])
    return books


def stand(books: Books) -> list[object]:
    """All that the second ledger of the smelter says: accounts, methods, lots, findings and what they hold."""
    kinds: list[type[Struct]] = [Credits, FlowIndex, ClaimedOf, Held]
    found = sorted((f.code, f.inputs, f.arithmetic, f.lots) for _, f in books.fold.open_findings() if f.code not in {"NO_BOOK"})
    return [*(books.fold.every(kind) for kind in kinds), found]


@settings(max_examples=120, deadline=None)
@given(INPUTS, SALES, st.randoms(use_true_random=False))
def test_a_corrected_history_has_the_claims_of_one_that_was_right_at_once(
    inputs: list[Input], tonnes: list[int], random: Any
) -> None:
    """But for claims that were refused before the correction: these are said again (R101), so here nobody makes them."""
    sales = [sold("L", str(mass), 2 + n) for n, mass in enumerate(tonnes)]
    total, left = sum(one.tonnes for one in inputs), 0
    fitting = [sale for sale, mass in zip(sales, tonnes, strict=True) if (left := left + mass) <= total]
    order = list(range(len(inputs)))
    random.shuffle(order)
    refused = told(history(inputs, fitting, [], right=False))
    made = [sale for sale in fitting if sale.event_id not in refused]
    assert stand(history(inputs, made, order, right=False)) == stand(history(inputs, made, order, right=True))


@settings(max_examples=60, deadline=None)
@given(INPUTS, SALES, st.randoms(use_true_random=False))
def test_what_is_corrected_and_corrected_back_is_as_it_was(inputs: list[Input], tonnes: list[int], random: Any) -> None:
    """Claims that gave way stand again when the credit returns, and no account is ever below zero meanwhile."""
    sales = [sold("L", str(mass), 2 + n) for n, mass in enumerate(tonnes)]
    total, left = sum(one.tonnes for one in inputs), 0
    fitting = [sale for sale, mass in zip(sales, tonnes, strict=True) if (left := left + mass) <= total]
    books = history(inputs, fitting, [], right=True)
    before = stand(books)
    for n, one in enumerate(inputs):
        wrong = cathode(f"in{n}", str(one.tonnes), str(one.wrong), event_id=f"other {n}")
        first = cathode(f"in{n}", str(one.tonnes), str(one.right), event_id=f"right {n}")
        corrected(books, first, wrong)
        for _, _, known in books.fold.every(Credits):
            assert max(missing(PROFILE, known)) == 0
        corrected(books, wrong, cathode(f"in{n}", str(one.tonnes), str(one.right), event_id=f"again {n}"))
    assert stand(books) == before


@settings(max_examples=100, deadline=None)
@given(
    st.lists(INPUTS, min_size=2, max_size=2),
    st.lists(SALES, min_size=2, max_size=2),
    st.sampled_from(["2026-03", "2026-06", "2026-09"]),
    st.randoms(use_true_random=False),
)
def test_no_credit_is_made_or_lost_where_closed_periods_are_corrected(
    inputs: list[list[Input]], tonnes: list[list[int]], last: str, random: Any
) -> None:
    """Two quarters, closed up to a month: what all were credited, less what claims take and what expired, is the balance."""
    books = smelter()
    pairs: list[tuple[Event, Event]] = []
    for quarter, day in ((0, 0), (1, 40)):
        for n, one in enumerate(inputs[quarter]):
            lot = f"in{quarter}{n}"
            wrong, right = [
                cathode(lot, str(one.tonnes), str(part), day, event_id=f"{lot} {word}")
                for word, part in (("wrong", one.wrong), ("right", one.right))
            ]
            pairs.append((wrong, right))
            books(wrong)
        whole = str(sum(one.tonnes for one in inputs[quarter]))
        melted = [(f"in{quarter}{n}", str(one.tonnes), {}) for n, one in enumerate(inputs[quarter])]
        lot = f"L{quarter}"
        books(transform(R, melted, [(lot, whole, {"cu": "100", "product_class": "cathode"})], event_time_us=at(day + 1)))
        left = int(whole)
        for n, mass in enumerate(tonnes[quarter]):
            if mass <= left:
                left -= mass
                books(sold(lot, str(mass), day + 2 + n))
        if not quarter:
            books(closing("2026-03", 39))
    if last > "2026-03":
        books(closing(last, 300))
    random.shuffle(pairs)
    for wrong, right in pairs:
        corrected(books, wrong, right)
        for known in [account(books)] if books.fold.every(Credits) else []:
            credited = {one.period.number: one.credited_mg for one in known.closed}  # the newest version comes last
            came = sum(credited.values()) + sum(credited_mg(PROFILE, one.sums, known.factor) for one in known.open)
            taken = sum(one.mg for _, _, one in books.fold.every(Taken) if not one.waits)
            expired = sum(layer.mg for one in known.closed if one.version == 1 for layer in one.expired)
            expired -= sum({one.period.number: one.unexpired_mg for one in known.closed}.values())
            assert len(known.open) == 1
            assert balance(PROFILE, known) == came - taken - expired
            assert balance(PROFILE, known) >= 0, known


def test_what_a_period_never_had_did_not_expire() -> None:
    """60 t in the first quarter, 30 t claimed, 30 t expired with the second; that 20 t of it were Chilean takes nothing now."""
    books = smelter()
    wrong = cathode("L", "60", "10")
    books(wrong, sold("L", "30", 1), closing("2026-06", 130))
    books(cathode("M", "15", "10", day=131), sold("M", "15", 132))
    assert [layer.mg for one in account(books).closed for layer in one.expired] == [30 * T]
    origins = [OriginPart(Decimal(2), country="ZM"), OriginPart(Decimal(1), country="CL")]
    right = add("L", "60", R, cu="100", origins=origins, product_class="cathode", event_time_us=at(0))
    books(declared(wrong))
    assert list(told(books)) == ["sale L-30-1"]  # until the corrective comes the first quarter had nothing
    books(right)
    assert not told(books)
    last = account(books).closed[-1]
    assert (last.version, last.credited_mg, last.unexpired_mg) == (3, 40 * T, 20 * T)
    assert (account(books).open[0].restated_mg, account(books).open[0].claimed_mg) == (0, 15 * T)
