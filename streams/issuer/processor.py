"""The issuer: signs what the ledger vouches for, revokes what it no longer does, and says it anew when it does again.

A statement gets its credential once every lot that it names is assayed and neither they nor anything upstream has an open hard or
hold finding (DESIGN.md section 6). Later findings revoke, downstream too; corrections revoke what they change; what stands again
is issued anew and names what it replaces. Pure and deterministic: the same transactions give the same bytes.
"""

from collections.abc import Sequence

from lodestream.ledger.records import Outcome
from runtime.headers import continued
from runtime.processor import Effects, Output, Record, RecordError, State
from schemas.codec import decode
from schemas.topics import ISSUER_CHANGELOG, TRANSACTIONS
from streams.issuer.desk import Desk
from streams.issuer.memory import Memory
from streams.issuer.office import Office
from streams.tallies import of_statuses


class IssuerProcessor:
    """From the ledger's transactions to credentials and their status."""

    name = "issuer"
    inputs = (TRANSACTIONS,)
    changelog = ISSUER_CHANGELOG

    def __init__(self, office: Office) -> None:
        self._office = office

    def process(self, records: Sequence[Record], state: State) -> Effects:
        """Take the outcomes of one partition in order."""
        memory = Memory(state)
        outputs: list[Output] = []
        statuses: list[str] = []
        for record in records:
            if record.value is not None:
                outcome = decode(record.value, Outcome)
                desk = Desk(self._office, memory, outcome, continued(record, self.name))
                try:
                    desk.take()
                except Exception as error:
                    about = {"txn_id": outcome.txn_id, "site": outcome.site, "event_id": outcome.event_id}
                    raise RecordError(f"transaction {outcome.txn_id} of {outcome.site}: {error!r}", **about) from error
                outputs += desk.outputs
                statuses += desk.statuses
        return Effects(outputs, memory.writes(), of_statuses(statuses))
