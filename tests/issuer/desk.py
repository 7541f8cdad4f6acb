"""An issuer with its state, fed with outcomes as the runtime would, for the tests."""

from collections.abc import Iterable
from itertools import count, takewhile

from lodestream.credentials.record import CredentialRecord, StatusRecord
from lodestream.ledger.records import Outcome
from runtime.processor import Output, Record
from schemas.codec import decode, encode
from schemas.topics import CREDENTIALS, TRANSACTIONS
from streams.issuer.office import Office
from streams.issuer.processor import IssuerProcessor
from tests.credentials.telling import PROFILE, signer

OFFICE = Office(signer(), PROFILE, bytes(range(32)))


class Desk:
    """Keeps the state and everything published; `status` is the latest status of every credential."""

    def __init__(self, office: Office = OFFICE) -> None:
        self.processor = IssuerProcessor(office)
        self.state: dict[bytes, bytes] = {}
        self.outputs: list[Output] = []
        self.offset = 0

    def __call__(self, *outcomes: Outcome) -> list[CredentialRecord | StatusRecord]:
        """One batch: what it published."""
        records = []
        for one in outcomes:
            records.append(Record(TRANSACTIONS, 0, self.offset, 0, one.site.encode(), encode(one)))
            self.offset += 1
        effects = self.processor.process(records, self.state)
        for key, value in effects.writes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.outputs += effects.outputs
        return list(read(effects.outputs))

    @property
    def status(self) -> dict[str, StatusRecord]:
        return {one.credential_id: one for one in read(self.outputs) if isinstance(one, StatusRecord)}

    @property
    def issued(self) -> list[CredentialRecord]:
        return [one for one in read(self.outputs) if isinstance(one, CredentialRecord)]

    def versions(self, outcome: Outcome) -> list[StatusRecord]:
        """The latest status of each credential for a transaction, in the order in which they were issued."""
        known, ids = self.status, (PROFILE.credential_id("dte", outcome.txn_id, version) for version in count(1))
        return [known[one] for one in takewhile(known.__contains__, ids)]

    def of(self, outcome: Outcome) -> str:
        """The status of the last credential for a transaction; empty where there is none."""
        made = self.versions(outcome)
        return made[-1].status if made else ""

    def reason(self, outcome: Outcome) -> str:
        """Why that credential has its status."""
        return self.versions(outcome)[-1].reason


def read(outputs: Iterable[Output]) -> Iterable[CredentialRecord | StatusRecord]:
    """What was published, as values."""
    for output in outputs:
        assert output.value is not None
        yield decode(output.value, CredentialRecord if output.topic == CREDENTIALS else StatusRecord)
