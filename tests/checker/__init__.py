"""The independent checker: the ledger rules once more, naively and in rational arithmetic, to hold the ledger against.

It is written from the rules and the vocabulary alone and shares no code with `lodestream/ledger` or `lodestream/measures`; only
the event, the records and the book's settings are the same, for they are what goes in and what comes out.
"""
