"""What a lot has in containers while the stock under it changes: drawn, corrected, given back (rulebook R64, R66, R67)."""

from lodestream.epcis.event import Event
from lodestream.ledger.held import Arranged, Container, Nesting, Owed, Pack
from lodestream.ledger.state import Lot
from tests.ledger.making import Books, T, add, declared, ship
from tests.ledger.test_containment import A, B, P, Q, R, aggregation, held, out, packed, stocked

S = f"https://id.gs1.org/00/{4:018d}"


def chain(books: Books) -> list[tuple[str, int]]:
    """The containers of x, the one packed first at the front, with dry masses in mg; each knows its neighbours."""
    packs = {ref: pack for site, ref, pack in books.fold.every(Pack) if site == A}
    (lot,) = [one for site, ref, one in books.fold.every(Lot) if (site, ref) == (A, "x")]
    found, before, name = [], "", lot.packed.oldest
    while name:
        pack = packs.pop(f"{name} x")
        assert pack.older == before
        found.append((name, pack.dry_mg))
        before, name = name, pack.newer
    assert (lot.packed.newest, packs) == (before, {})
    assert lot.packed.dry_mg == sum(mg for _, mg in found)
    return found


def container(books: Books, name: str) -> Container | None:
    return next((one for site, ref, one in books.fold.every(Container) if (site, ref) == (A, name)), None)


def owed(books: Books) -> dict[str, int]:
    """What a correction took out of the containers of x and is to go back, in t; the lot knows the sum."""
    found = {p.parent: p.dry_mg // T for _, _, one in books.fold.every(Owed) for p in one.packings}
    (lot,) = [one for site, ref, one in books.fold.every(Lot) if (site, ref) == (A, "x")]
    assert lot.packed.owed_mg == T * sum(found.values())
    return found


def tonnes(books: Books, *names: str) -> list[int]:
    return [held(books, A, name) // T for name in names]


def of(mass: str, name: str) -> tuple[Event, Event, Event]:
    """A parcel of x that was an error, its declaration and its corrective, which brings the same again."""
    wrong, right = (add("x", mass, A, cu="10", event_id=f"urn:{one}:{name}") for one in ("wrong", "right"))
    return wrong, declared(wrong, 1, (f"urn:right:{name}",)), right


# -- chains and pallets ---------------------------------------------------------------------------------------------


def test_a_milligram_can_be_packed_and_drawn() -> None:
    """1 mg into P; all the rest into Q; then 1 mg is drawn, and 1 mg more."""
    books = Books()
    books(add("x", "1000", A, uom="MGM", cu="10"), aggregation("ADD", P, ("x", "1", {"uom": "MGM"})))
    books(aggregation("ADD", Q, ("x", "999", {"uom": "MGM"})))
    assert chain(books) == [(P, 1), (Q, 999)]
    books(ship("x", "1", A, B, uom="MGM", consignment_id="c"))
    assert chain(books) == [(Q, 999)]
    books(ship("x", "1", A, B, uom="MGM", consignment_id="d"))
    assert chain(books) == [(Q, 998)]


def test_the_order_of_packing_stands_whichever_container_is_emptied() -> None:
    """Of P, Q, R, S the one in the middle, the last, the first; what is packed again is the last."""
    books = stocked()
    for name in (P, Q, R, S):
        books(aggregation("ADD", name, ("x", "10")))
    books(aggregation("DELETE", Q))
    assert chain(books) == [(P, 10 * T), (R, 10 * T), (S, 10 * T)]
    books(aggregation("DELETE", S), aggregation("ADD", Q, ("x", "5")))
    assert chain(books) == [(P, 10 * T), (R, 10 * T), (Q, 5 * T)]
    books(aggregation("DELETE", P), aggregation("ADD", R, ("x", "1")))
    assert chain(books) == [(R, 11 * T), (Q, 5 * T)]
    books(aggregation("DELETE", R), aggregation("DELETE", Q))
    assert chain(books) == []


def test_what_a_container_holds_is_kept_in_order_of_names() -> None:
    """So that emptying it tells its lots in that order."""
    names = [f"lot{n}" for n in range(12)]
    bags = [f"https://id.gs1.org/00/{n:018d}" for n in range(10, 22)]
    books = stocked(*names)
    for name in reversed(names):
        books(aggregation("ADD", P, (name, "1")))
    for bag in reversed(bags):
        books(aggregation("ADD", P, bag))
    found = container(books, P)
    assert found is not None
    assert (found.lots, found.children) == (sorted(names), bags)
    (emptied,) = books(aggregation("DELETE", P))
    assert [one.lot for one in emptied.lots] == sorted(names)


def test_a_bag_is_on_one_pallet() -> None:
    """P on R, then on S, which takes it off R. Void, it is on R again; taken off, it is on none."""
    books = stocked()
    first, second = aggregation("ADD", R, P), aggregation("ADD", S, P)
    books(first)
    (arranged,) = [one for _, ref, one in books.fold.every(Arranged) if ref == first.identity]
    assert (arranged.packings, arranged.nestings) == ([], [Nesting(R, P, True)])
    assert container(books, "") is None
    books(second)
    assert (container(books, R), container(books, S)) == (Container(known=True), Container(children=[P], known=True))
    books(declared(second))
    assert (container(books, R), container(books, P)) == (Container(children=[P], known=True), Container(within=R))
    books(aggregation("DELETE", R, P))
    assert (container(books, R), container(books, P)) == (Container(known=True), Container())


def test_a_void_packing_takes_its_bag_off_the_pallet() -> None:
    books = stocked()
    wrong = aggregation("ADD", R, P)
    books(wrong, declared(wrong))
    assert (container(books, R), container(books, P)) == (Container(), Container())


# -- stock that was an error ------------------------------------------------------------------------------------------


def test_nothing_is_packed_of_a_lot_that_is_short() -> None:
    """100 t: 20 t in P, 70 t left. They were 60 t, so 10 t are missing and P is empty; 50 t more, and 20 t are in it."""
    books = Books()
    wrong = add("x", "100", A, cu="10", event_id="urn:wrong")
    books(wrong, aggregation("ADD", P, ("x", "20")), ship("x", "70", A, B, consignment_id="c"))
    books(declared(wrong, 1, ("urn:right",)), add("x", "60", A, cu="10", event_id="urn:right"))
    assert (books.lot(A, "x").dry_mg, packed(books), chain(books), owed(books)) == (-10 * T, 0, [], {P: 20})
    books(add("x", "50", A, cu="10"))
    assert (books.lot(A, "x").dry_mg, chain(books), owed(books)) == (40 * T, [(P, 20 * T)], {})


def test_what_two_corrections_took_comes_back_with_each_stock() -> None:
    """40 + 30 + 30 t: 60 in P, 40 in Q. 40 t, then 30 t of it were errors; they come again, and then 10 t more."""
    books = Books()
    forty, thirty = of("40", "forty"), of("30", "thirty")
    books(forty[0], thirty[0], add("x", "30", A, cu="10"))
    books(aggregation("ADD", P, ("x", "60")), aggregation("ADD", Q, ("x", "40")))
    books(forty[1])
    assert (tonnes(books, P, Q), owed(books)) == ([20, 40], {P: 40})
    books(thirty[1])
    assert (tonnes(books, P, Q), owed(books)) == ([0, 30], {P: 60, Q: 10})
    books(thirty[2])
    assert (tonnes(books, P, Q), owed(books)) == ([30, 30], {P: 30, Q: 10})
    books(forty[2])
    assert (tonnes(books, P, Q), owed(books), books.fold.every(Owed)) == ([60, 40], {}, [])
    books(add("x", "10", A, cu="10"))
    assert tonnes(books, P, Q) == [60, 40]


def test_the_first_packed_is_filled_first_as_far_as_the_stock_goes() -> None:
    """P and Q had 30 t each of 60 t that were an error. 40 t come: 30 in P, 10 in Q; 25 more: 20 in Q, 5 loose."""
    books = Books()
    wrong = add("x", "60", A, cu="10", event_id="urn:wrong")
    books(wrong, aggregation("ADD", P, ("x", "30")), aggregation("ADD", Q, ("x", "30")), declared(wrong))
    assert (tonnes(books, P, Q), owed(books)) == ([0, 0], {P: 30, Q: 30})
    books(add("x", "40", A, cu="10"))
    assert (tonnes(books, P, Q), owed(books)) == ([30, 10], {Q: 20})
    books(add("x", "25", A, cu="10"))
    assert (tonnes(books, P, Q), owed(books), packed(books)) == ([30, 30], {}, 60 * T)


def test_a_shipment_taken_back_does_not_fill_what_another_correction_emptied() -> None:
    """50 + 50 t, 10 t left, 80 t in P. 50 t were an error: 40 t in P. The 10 t had not left: they are loose."""
    books = Books()
    fifty, sent = of("50", "fifty"), ship("x", "10", A, B, consignment_id="c")
    books(fifty[0], add("x", "50", A, cu="10"), sent, aggregation("ADD", P, ("x", "80")))
    books(fifty[1])
    assert (tonnes(books, P), owed(books)) == ([40], {P: 40})
    books(declared(sent))
    assert (tonnes(books, P), owed(books), books.lot(A, "x").dry_mg) == ([40], {P: 40}, 50 * T)
    books(fifty[2])
    assert (tonnes(books, P), owed(books)) == ([80], {})


# -- packings that were an error --------------------------------------------------------------------------------------


def test_a_void_packing_is_not_owed_any_more() -> None:
    """60 + 60 t, 60 in P and 60 in Q, 30 t drawn out of P. 60 t were an error: P is empty, 30 in Q, 30 owed to each.

    That P was packed was an error too: nothing is owed to it, not even as much as was drawn.
    """
    books = Books()
    sixty, packing = of("60", "sixty"), aggregation("ADD", P, ("x", "60"))
    books(sixty[0], add("x", "60", A, cu="10"), packing, aggregation("ADD", Q, ("x", "60")))
    books(ship("x", "30", A, B, consignment_id="c"), sixty[1])
    assert (tonnes(books, P, Q), owed(books)) == ([0, 30], {P: 30, Q: 30})
    books(declared(packing))
    assert (tonnes(books, P, Q), owed(books)) == ([0, 30], {Q: 30})
    books(sixty[2])
    assert (held(books, A, P), held(books, A, Q), books.fold.every(Owed)) == (0, 60 * T, [])


def test_of_a_void_packing_what_is_in_comes_out_and_the_rest_is_not_owed() -> None:
    """30 and 30 t were packed in P. Of 120 t 60 were an error, Q has 40: P has 20, and 40 are owed to it.

    The second packing is void: 20 t of it come out, 10 are not owed. So with the corrective P has the first 30 t.
    """
    books = Books()
    sixty, second = of("60", "sixty"), aggregation("ADD", P, ("x", "30"))
    books(sixty[0], add("x", "60", A, cu="10"), aggregation("ADD", P, ("x", "30")), second)
    books(aggregation("ADD", Q, ("x", "40")), sixty[1])
    assert (tonnes(books, P, Q), owed(books)) == ([20, 40], {P: 40})
    books(declared(second))
    assert (tonnes(books, P, Q), owed(books)) == ([0, 40], {P: 30})
    books(sixty[2])
    assert (tonnes(books, P, Q), owed(books)) == ([30, 40], {})
    assert books(out(P, consignment_id="c"))[0].kind == "ship", "what P holds is known again"


def test_a_void_unpacking_puts_back_what_is_loose() -> None:
    """40 t came out of P and 80 of 100 t went into Q: void, 20 t are left for P."""
    books = stocked()
    emptied = aggregation("DELETE", P)
    books(aggregation("ADD", P, ("x", "40")), emptied, aggregation("ADD", Q, ("x", "80")), declared(emptied))
    assert (tonnes(books, P, Q), owed(books), chain(books)) == ([20, 80], {}, [(Q, 80 * T), (P, 20 * T)])


def test_a_shipment_of_a_lot_that_is_short_brings_nothing_back_into_its_bag() -> None:
    """P left with 20 t, 70 t left loose, of 60 t. P had not left: 10 t are missing still, and no milligram is in P."""
    books = Books()
    wrong, sent = add("x", "100", A, cu="10", event_id="urn:wrong"), out(P, consignment_id="c")
    books(wrong, aggregation("ADD", P, ("x", "20")), sent, ship("x", "70", A, B, consignment_id="d"))
    books(declared(wrong, 1, ("urn:right",)), add("x", "60", A, cu="10", event_id="urn:right"), declared(sent))
    assert (books.lot(A, "x").dry_mg, held(books, A, P), books.fold.every(Owed)) == (-10 * T, 0, [])
    books(add("x", "60", A, cu="10"))
    assert (books.lot(A, "x").dry_mg, held(books, A, P)) == (50 * T, 0)


def test_a_void_packing_of_which_nothing_is_in_any_more_touches_no_lot() -> None:
    books = stocked()
    first = aggregation("ADD", P, ("x", "20"))
    books(first, aggregation("DELETE", P))
    (void,) = books(declared(first))
    assert (void.kind, void.lots, packed(books)) == ("correct", [], 0)
