"""Verification by strangers: the walk from a credential to what it stands on, and the mass balance at every step."""
