"""Tier 5: where the credential's status is to be looked up, and what the list of the set says."""

RULES = ()
