"""The custody site of an event (ledger-rules section 1) and its entry."""

import itertools
from typing import Any

import pytest

from lodestream.epcis.event import ErrorDeclaration, Event, TypedRef
from lodestream.epcis.intake import Accepted
from lodestream.epcis.rejection import Rejection
from lodestream.epcis.routing import Route, admit, entry_for, route, site_of
from lodestream.ids import derive
from lodestream.ledger.book import Register
from lodestream.ledger.records import Entry, Origin

GLN = "https://id.gs1.org/414/4012345000016"
READ, BIZ, FROM, TO = "https://a.example/read", "https://a.example/biz", "https://a.example/from", "https://a.example/to"
OPEN = Register()


def event(step: str | None = None, **places: str) -> Event:
    fields: dict[str, Any] = {key: value for key, value in places.items() if key in {"read_point", "biz_location"}}
    for key, field in (("source", "sources"), ("destination", "destinations")):
        if key in places:
            fields[field] = [TypedRef("https://party.example/owner", "owning_party"), TypedRef(places[key], "location")]
    return Event("ObjectEvent", "ni:///sha-256;00?ver=CBV2.0", "d" * 64, 1, "+00:00", biz_step=step, **fields)


EVERY = {"read_point": READ, "biz_location": BIZ, "source": FROM, "destination": TO}
LEAVING = ["shipping", "departing", "consigning", "void_shipping"]
ARRIVING = ["receiving", "accepting"]
OTHER = [None, "commissioning", "arriving", "transporting", "https://example.org/smelting"]
ORDER = {
    **dict.fromkeys(LEAVING, ("read_point", "source")),
    **dict.fromkeys(ARRIVING, ("biz_location", "destination", "read_point")),
    **dict.fromkeys(OTHER, ("biz_location", "read_point")),
}


@pytest.mark.parametrize("step", [*LEAVING, *ARRIVING, *OTHER])
def test_the_first_place_that_is_there(step: str | None) -> None:
    """Over every combination of places that an event can name."""
    for size in range(5):
        for names in itertools.combinations(EVERY, size):
            places = {name: EVERY[name] for name in names}
            expected = next((places[name] for name in ORDER[step] if name in places), None)
            found = route(event(step, **places), OPEN)
            assert found.site == expected
            assert found.locations == {place: place for place in places.values()}
            assert [warning.split(":")[0] for warning in found.warnings] == ([] if expected else ["NO_SITE"])


def test_a_location_to_its_site() -> None:
    register = Register(locations={GLN: "smelter", GLN + "/254/YARD": "yard", READ: "smelter"}, sites=["smelter", "yard"])
    assert site_of(READ, register) == "smelter"
    assert site_of(GLN + "/254/YARD", register) == "yard"
    assert site_of(GLN + "/254/OTHER", register) == "smelter"
    assert site_of(GLN + "/254/OTHER", OPEN) == GLN
    assert site_of(BIZ, register) == BIZ


def test_what_the_register_lists() -> None:
    register = Register(locations={READ: "one", BIZ: "two"}, sites=["one", "two"])
    found = route(event(None, read_point=READ, biz_location=BIZ), register)
    assert (found.site, found.listed, found.external) == ("two", ["one", "two"], [])
    assert route(event("shipping", read_point=READ, destination=TO), register).listed == ["one"]


def test_external_parties() -> None:
    register = Register(external_parties=[TO, "https://party.example/owner"])
    assert route(event("shipping", read_point=READ, destination=TO), register).external == [TO, "https://party.example/owner"]
    closed = Register(open=False, locations={READ: "one"}, sites=["one"])
    assert route(event("shipping", read_point=READ, destination=GLN + "/254/A"), closed).external == [GLN, GLN + "/254/A"]
    assert route(event("shipping", read_point=READ), closed).external == []


def test_the_entry() -> None:
    origin = Origin("epcis.inbox.v1", 1, 2, 3)
    given = event("shipping", read_point=READ, destination=TO)
    entry = admit(Accepted(3, given), OPEN, "mill", 77, origin)
    assert entry == Entry(
        entry_id=derive("entry", READ, given.event_hash, given.content_digest, ""),
        site=READ,
        kind="EVENT",
        record_time_us=77,
        source="mill",
        origin=origin,
        locations={READ: READ, TO: TO},
        event=given,
    )


def test_entry_ids_differ_by_what_makes_them() -> None:
    first = event(None, biz_location=BIZ)
    variants = [
        first,
        event(None, biz_location=READ),
        Event("ObjectEvent", "ni:x", "d" * 64, 1, "+00:00", biz_location=BIZ),
        Event("ObjectEvent", first.event_hash, "e" * 64, 1, "+00:00", biz_location=BIZ),
        Event("ObjectEvent", first.event_hash, "d" * 64, 1, "+00:00", biz_location=BIZ, event_id="urn:uuid:1"),
        Event("ObjectEvent", first.event_hash, "d" * 64, 1, "+00:00", biz_location=BIZ, error_declaration=ErrorDeclaration(5)),
        Event("ObjectEvent", first.event_hash, "d" * 64, 1, "+00:00", biz_location=BIZ, error_declaration=ErrorDeclaration(6)),
    ]
    entries = [entry_for(each, route(each, OPEN), "local", 1, None) for each in variants]
    assert len({entry.entry_id for entry in entries}) == len(variants)


def test_no_site() -> None:
    item = admit(Accepted(4, event("receiving", source=FROM), [], "/epcisBody/eventList/4"), OPEN, "mill", 77, None)
    assert isinstance(item, Rejection)
    assert (item.code, item.index, item.pointer, item.source) == ("NO_SITE", 4, "/epcisBody/eventList/4", "mill")
    with pytest.raises(ValueError, match="without a site"):
        entry_for(event(), Route(None), "mill", 1, None)
