-- Two databases: raw tables for the sink, views for readers.
-- Released: never edit this file, add another. Each section that begins with "-- statement:" is one statement, safe to repeat.

-- statement: the sink's tables
CREATE DATABASE IF NOT EXISTS lodestream_raw COMMENT 'Tables that the sink writes. Rows may stand twice until they merge: read the views of lodestream.'

-- statement: the readers' views
CREATE DATABASE IF NOT EXISTS lodestream COMMENT 'Views for analysts: each row once, whatever stands twice in the raw tables.'
