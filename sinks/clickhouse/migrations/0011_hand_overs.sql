-- What is handed on and what is issued has entries and transactions of its own kinds (rulebook R102, R103).
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: kinds of entries
ALTER TABLE lodestream_raw.entries COMMENT COLUMN IF EXISTS kind 'EVENT, OFFER, ANSWER, BOOK, TICK, FINDING, CONTINUE or HANDOVER.'

-- statement: kinds of transactions
ALTER TABLE lodestream_raw.transactions COMMENT COLUMN IF EXISTS kind 'create, transform, campaign, split, ship, offer, receive, answer, destroy, assay, contain, count, correct, restate, void, finding, tick, close, book, handover, link or refuse.'
