"""The gate: from what arrives in an inbox to entries of a site's book, or to a rejection that says why not."""
