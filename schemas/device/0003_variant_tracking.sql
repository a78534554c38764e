-- Tracking (none, lot, serial) beside the other columns that a scan reads, so that no scan loads a variant's document.

ALTER TABLE variants ADD COLUMN tracking TEXT; -- NULL: not read from the document yet
-- Set while there are such variants: the device reads them when it opens the database, and removes it.
INSERT INTO meta (key, value) SELECT 'backfill_tracking', x'' WHERE EXISTS (SELECT 1 FROM variants);

CREATE INDEX locations_code ON locations (code);
CREATE INDEX held_scans_gtin ON held_scans (gtin);
