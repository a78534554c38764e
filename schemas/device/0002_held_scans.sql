-- Scans of codes that nobody knew, kept until somebody says what they were.

CREATE TABLE held_scans (
    number INTEGER NOT NULL PRIMARY KEY,
    text TEXT NOT NULL, -- exactly as identifiers are stored and looked up
    gtin TEXT NOT NULL, -- 14 digits, empty where the code carries none
    wall_ms INTEGER NOT NULL,
    scan TEXT NOT NULL -- what to record once the variant is known, JSON
) STRICT;
CREATE INDEX held_scans_text ON held_scans (text);
