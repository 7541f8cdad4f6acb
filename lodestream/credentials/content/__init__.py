"""What the credentials that Lodestream issues say: builders of the five kinds of UNTP 0.7.0 (docs/content.md)."""

from lodestream.credentials.content.conformity import conformity
from lodestream.credentials.content.event import traceability_event
from lodestream.credentials.content.facility import facility_record
from lodestream.credentials.content.identity import identity_anchor
from lodestream.credentials.content.lint import Fault, lint
from lodestream.credentials.content.passport import passport
from lodestream.credentials.content.v061 import as_061
from lodestream.credentials.content.values import Assessor, Registration

__all__ = [
    "Assessor",
    "Fault",
    "Registration",
    "as_061",
    "conformity",
    "facility_record",
    "identity_anchor",
    "lint",
    "passport",
    "traceability_event",
]
