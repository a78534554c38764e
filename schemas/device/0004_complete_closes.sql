-- Complete closes by location and position: a movement reads those that it did not know, and no others.

CREATE TABLE complete_closes_by_position (
    -- Closes by the locations that they covered completely.
    location BLOB NOT NULL,
    position INTEGER NOT NULL,
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (location, position, replica, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO complete_closes_by_position (location, position, replica, seq)
    SELECT c.location, o.position, c.replica, c.seq
    FROM complete_closes c JOIN ops o ON o.replica = c.replica AND o.seq = c.seq;
DROP TABLE complete_closes;
ALTER TABLE complete_closes_by_position RENAME TO complete_closes;
-- An op that is accepted moves to its position.
CREATE INDEX complete_closes_op ON complete_closes (replica, seq);
