"""Suppliers' credentials come in: which are accepted, what they become in our books, and what follows when one is revoked."""
