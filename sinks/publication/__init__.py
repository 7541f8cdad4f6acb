"""Credentials, status lists and linksets as a folder that any static host can serve."""
