"""Our own rules for credentials, which no schema and no JSON-LD processor enforces (docs/content.md lists them).

`ours` holds what we issue to all of them; `anyone` holds a stranger's credential to what UNTP and W3C say alone.
"""

from itertools import chain, islice
from typing import Any

from lodestream.credentials.content.lint.claims import claims
from lodestream.credentials.content.lint.faults import MOST_FAULTS, Fault, Scope, nodes, same_term
from lodestream.credentials.content.lint.forms import forms
from lodestream.credentials.content.lint.names import names
from lodestream.credentials.content.lint.products import products

__all__ = ["Fault", "Scope", "lint", "same_term"]

RULES = (forms, products, claims)


def lint(credential: dict[str, Any], scope: Scope = "ours") -> list[Fault]:
    """The faults of a credential as parsed (numbers int or Decimal), at most MOST_FAULTS. Raises nothing."""
    found = (fault for node in nodes(credential) for rule in RULES for fault in rule(node, scope))
    return list(islice(chain(names(credential, scope), found), MOST_FAULTS))
