"""Prints one digest of every outcome of some traffic, encoded as it would be written."""

import sys
from hashlib import sha256

from lodestream.epcis.intake import Accepted, intake
from lodestream.epcis.routing import entry_for, route
from lodestream.ledger.book import Register
from lodestream.ledger.fold import Fold
from schemas.codec import encode
from tests.way.traffic import traffic

fold, digest = Fold(), sha256()
for document in traffic(2, 60):
    for item in intake(document):
        assert isinstance(item, Accepted)
        entry = entry_for(item.event, route(item.event, Register()), "here", item.event.event_time_us, None)
        for outcome in fold.submit(entry):
            digest.update(encode(outcome))
sys.stdout.write(digest.hexdigest())
