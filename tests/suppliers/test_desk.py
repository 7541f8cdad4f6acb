"""The desk: what is kept of every file, what is sent when, and what happens when statuses change or the process dies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.credentials.store import Refusal, Store
from runtime.errors import LockedError, StateError
from tests.suppliers.desks import DAY_US, Room, at_index
from tests.suppliers.supplying import CAB, CATHODE, WORKS, dcc, dpp, dte, make, move, passport, product, signed

KG = 10**6


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "suppliers")
    yield made
    made.store.close()


def kept(room: Room, name: str) -> list[str]:
    return sorted(path.name for path in (room.folder / name).iterdir())


def test_an_accepted_file_is_kept_as_it_came_and_opens_its_lot(room: Room) -> None:
    data = signed(dte(make()))
    answer = room.desk.take(data, "a test")
    assert (answer.accepted, answer.sent, answer.again) == (True, True, False)
    assert kept(room, "accepted") == [answer.file, f"{answer.file}.json"]
    assert (room.folder / "accepted" / answer.file).read_bytes() == data
    assert room.line.office.lot(WORKS).dry_mg == 10_000 * KG


def test_once_more_is_once(room: Room) -> None:
    data = signed(dte(make()))
    room.desk.take(data, "a test")
    again = room.desk.take(data, "a test")
    assert (again.accepted, again.again, again.opened) == (True, True, [])
    assert len(room.line.sent) == 1


CAB_ISSUES = {"type": ["CredentialIssuer"], "id": CAB, "name": "An assessor that is no supplier"}
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("ISSUER", dte(make(), issuer=CAB_ISSUES)),
    ("FACILITY", dte(make(madeAtFacility={"type": ["Facility"], "id": "https://other.example/f", "name": "Other"}))),
    ("FACILITY", dpp(passport(producedAtFacility={"type": ["Facility"], "id": "https://other.example/f", "name": "Other"}))),
    ("EXPIRED", dte(make(), validUntil="2025-03-06T00:00:00Z")),
    ("NOT_YET_VALID", dte(make(), validFrom="2025-04-01T00:00:00Z")),
    ("STRUCTURE", dte(make(eventDate="yesterday"))),
    ("STATUS_RETRIEVAL_ERROR", dte(make(), **at_index(7))),
    ("SCHEME", dcc({**dcc()["credentialSubject"], "referenceScheme": {"id": "https://other.example", "name": "Other"}})),
]


@pytest.mark.parametrize(("code", "made"), REFUSED)
def test_what_is_refused_is_kept_with_its_reason_and_opens_nothing(room: Room, code: str, made: dict[str, Any]) -> None:
    data = signed(made)
    answer = room.desk.take(data, "mine")
    assert (answer.accepted, answer.code) == (False, code), answer.sentence
    (refusal,) = room.store.refusals()
    assert refusal == Refusal(answer.file, code, answer.sentence, "mine", room.now_us)
    assert (room.folder / "refused" / answer.file).read_bytes() == data
    assert room.line.sent == []


@pytest.mark.parametrize("data", [b"", b"{}", b"a.b.c", b'{"@context":1}', b"\xff" * 100])
def test_what_is_no_credential_is_refused(room: Room, data: bytes) -> None:
    assert not room.desk.take(data, "anybody").accepted
    assert len(room.store.refusals()) == 1


def test_a_changed_byte_is_refused(room: Room) -> None:
    data = signed(dte(make()))
    at = len(data) - 60
    answer = room.desk.take(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], "mine")
    assert not answer.accepted
    assert room.line.sent == []


def test_what_was_refused_may_be_accepted_later(room: Room) -> None:
    data = signed(dte(make(), **at_index(7)))
    assert not room.desk.take(data, "mine").accepted
    room.web.list_status()
    assert room.desk.take(data, "mine").accepted
    assert room.store.refusals() == []


def test_a_revoked_credential_is_not_accepted(room: Room) -> None:
    room.web.list_status(7)
    assert room.desk.take(signed(dte(make(), **at_index(7))), "mine").code == "REVOKED"
    assert room.desk.take(signed(dte(make(), **at_index(8))), "mine").accepted


def test_a_status_list_of_another_issuer_does_not_count(room: Room) -> None:
    room.web.list_status(issuer=CAB)
    assert room.desk.take(signed(dte(make(), **at_index(7))), "mine").code == "STATUS_VERIFICATION_ERROR"


def test_a_broker_that_is_down_loses_nothing(room: Room) -> None:
    room.line.up = False
    answer = room.desk.take(signed(dte(make())), "mine")
    assert (answer.accepted, answer.sent) == (True, False)
    room.again()
    assert not room.desk.send()
    room.line.up = True
    assert room.desk.send()
    assert room.line.office.lot(WORKS).dry_mg == 10_000 * KG
    room.again()
    assert room.desk.send()
    assert len(room.line.sent) == 1


def test_a_crash_between_sending_and_marking_sends_again_and_the_ledger_says_duplicate(room: Room) -> None:
    room.desk.take(signed(dte(make())), "mine")
    (sent,) = room.store.opened()
    room.store.keep_opened(replace(sent, documents=[room.line.sent[0].decode()]))  # as before the mark was written
    room.again()
    assert room.desk.send()
    assert len(room.line.sent) == 2
    assert room.line.office.lot(WORKS).dry_mg == 10_000 * KG


def test_a_crash_before_the_credential_is_kept_opens_once_when_it_comes_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise StateError("the disk is full", damaged=False)

    data = signed(dte(make()))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep_standing", crash)
        with pytest.raises(StateError):
            room.desk.take(data, "mine")
    room.again()
    assert room.desk.send()
    assert room.line.sent == [], "its credential is not kept"
    assert room.desk.take(data, "mine").accepted
    assert len(room.line.sent) == 1


def test_revocation_comes_with_the_next_look_and_goes_down_to_what_we_received(room: Room) -> None:
    room.web.list_status()
    for made in (dte(make(), **at_index(7)), dte(move(), name="2", **at_index(8))):
        assert room.desk.take(signed(made), "mine").accepted
    assert room.desk.review(DAY_US) == []
    room.web.list_status(7)
    (changed,) = room.desk.review(DAY_US)
    assert (changed.standing, changed.id) == ("revoked", dte()["id"])
    assert room.line.office.open() == {"VC_REVOKED"}
    assert room.desk.review(DAY_US) == [], "it is final, and told once"
    assert len(room.line.told) == 1
    room.again()
    room.web.list_status()
    assert room.desk.review(DAY_US) == []
    assert room.line.office.open() == {"VC_REVOKED"}
    again = dte(make(), name="1-2", validFrom="2025-03-08T00:00:00Z", **at_index(9))
    assert room.desk.take(signed(again), "mine").accepted
    assert room.line.office.open() == set()
    assert len(room.line.sent) == 2, "nothing is opened anew"


def test_each_list_is_asked_for_once_a_look(room: Room) -> None:
    room.web.list_status()
    for n in range(3):
        event = make(id=f"https://refinery.example.com/events/{n}", outputProduct=[batch(n)])
        assert room.desk.take(signed(dte(event, name=str(n), **at_index(n))), "mine").accepted
    room.web.asked.clear()
    room.desk.review(DAY_US)
    assert room.web.asked.count(at_index(0)["credentialStatus"]["statusListCredential"]) == 1


def batch(n: int) -> dict[str, Any]:
    return product(f"B{n}", characteristics=CATHODE)


def test_one_that_cannot_be_verified_stands_for_a_while(room: Room) -> None:
    room.web.list_status()
    room.desk.take(signed(dte(make(), **at_index(7))), "mine")
    pages = dict(room.web.pages)
    room.web.pages.clear()
    room.now_us += DAY_US
    assert room.desk.review(2 * DAY_US) == []
    room.now_us += 2 * DAY_US
    (changed,) = room.desk.review(2 * DAY_US)
    assert changed.standing == "unverifiable"
    assert room.line.office.open() == {"VC_REVOKED"}
    room.web.pages.update(pages)
    (changed,) = room.desk.review(2 * DAY_US)
    assert changed.standing == "good"
    assert room.line.office.open() == set()


def test_an_expired_one_does_not_stand(room: Room) -> None:
    room.desk.take(signed(dte(make(), validUntil="2025-03-11T00:00:00Z")), "mine")
    room.now_us += DAY_US
    (changed,) = room.desk.review(DAY_US)
    assert changed.standing == "expired"
    assert room.line.office.open() == {"VC_REVOKED"}


def test_a_finding_waits_for_the_broker(room: Room) -> None:
    room.web.list_status()
    room.desk.take(signed(dte(make(), **at_index(7))), "mine")
    room.web.list_status(7)
    room.line.up = False
    room.desk.review(DAY_US)
    room.again()
    room.line.up = True
    assert room.desk.send()
    assert room.line.office.open() == {"VC_REVOKED"}
    assert room.desk.send()
    assert len(room.line.told) == 1


def test_two_processes_do_not_work_in_one_folder(room: Room) -> None:
    with pytest.raises(LockedError, match="another process works in"):
        Store(room.folder)


def test_a_file_that_somebody_changed_is_named(room: Room) -> None:
    answer = room.desk.take(signed(dte(make())), "mine")
    (room.folder / "accepted" / f"{answer.file}.json").write_text("{")
    room.store.close()
    with pytest.raises(StateError, match=answer.file):
        room.open()
