"""What our own issuer tells of a worked smelter, walked by a stranger: the books of the ledger close again, run by run."""

from typing import Any

from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.content.facility import facility_record
from lodestream.credentials.content.passport import passport
from lodestream.credentials.did import Published, document_of, web_url
from lodestream.credentials.errors import CredentialError
from lodestream.credentials.jsontext import write
from lodestream.credentials.linkset import FILE, Link, anchor_path, linkset, to_bytes
from lodestream.credentials.profile import Issue
from lodestream.credentials.securing import secure
from lodestream.credentials.walk import Trust, walk
from lodestream.credentials.walk.ports import Answer
from tests.credentials.content.worked import PROFILE, vouched, worked
from tests.walk.chain import World, found, signer

ISSUED_US = 1_790_000_000_000_000
RESOLVER = "https://resolver.example"


class Desk:
    """Credentials at their ids, and linksets of what they are about."""

    def __init__(self) -> None:
        made = signer(PROFILE.did)
        self.signer, self.about = made, dict[str, list[tuple[str, Link]]]()
        keys = [Published(made.kid, made.public_jwk())]
        self.places: dict[str, Answer] = {web_url(PROFILE.did): write(document_of(PROFILE.did, keys, RESOLVER))}

    def put(self, credential: dict[str, Any], kind: str, *identifiers: str) -> str:
        name: str = credential["id"]
        self.places[name] = secure(credential, self.signer, "vc+jwt", ISSUED_US)
        for identifier in identifiers:
            self.about.setdefault(identifier, []).append((kind, Link(name, credential["name"])))
        return name

    def world(self) -> World:
        linksets = {f"{RESOLVER}{anchor_path(name)}/{FILE}": to_bytes(linkset(name, links)) for name, links in self.about.items()}
        return World(self.places | linksets)


def test_the_smelter_of_the_examples() -> None:
    told, published = worked("10-copper-smelter"), Desk()
    places = set()
    for outcome in told.outcomes:
        try:
            credential = traceability_event(outcome, PROFILE)
        except CredentialError:
            continue  # no event that a credential tells
        event = credential["credentialSubject"][0]
        sides = ("outputProduct", "movedProduct", "modifiedProduct")
        published.put(credential, "dte", *{entry["product"]["id"]: 0 for side in sides for entry in event.get(side, [])})
        if "madeAtFacility" in event:
            places.add((event["madeAtFacility"]["id"], outcome.site))
    for number, (place, site) in enumerate(sorted(places)):
        issue = Issue(PROFILE.credential_id("dfr", str(number)), ISSUED_US)
        published.put(facility_record(place, site, PROFILE, issue), "dfr", place)
    starts = [
        published.put(
            passport(vouched(lot), PROFILE, Issue(PROFILE.credential_id("dpp", str(number)), ISSUED_US)), "dpp", lot.lot
        )
        for number, lot in enumerate(told.lots)
    ]
    world = published.world()
    reports = [walk(start, world, Trust(parties=[PROFILE.did]), None, ISSUED_US + 10**13) for start in starts]
    assert {each for report in reports for each in found(report)} == {
        ("missing upstream", "MAKING"),  # the opening balance of the campaign, which nobody made
        ("unverified claim", "CLAIM"),  # nobody assessed the lots
    }
    judged = [balance for report in reports for balance in report.balances]
    assert {balance.verdict for balance in judged} == {"consistent"}
    assert {balance.of for balance in judged} >= {"total mass", "Cu"}
