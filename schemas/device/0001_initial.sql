-- Tables of a device. Ids are 16 bytes, hashes 32; times are ms; quantities are thousandths.
-- A position of 9223372036854775807 is that of an op which the server has not accepted yet.

CREATE TABLE meta (
    -- Single values: replica, tenant, device, credential, server, user, cursor, acknowledged…
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ops (
    -- Every op held here, own and others', as captured, with its acceptance (or the provisional one).
    replica BLOB NOT NULL CHECK (length(replica) = 16),
    seq INTEGER NOT NULL CHECK (seq > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    position INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    boot_ms INTEGER NOT NULL,
    boot BLOB NOT NULL CHECK (length(boot) = 16),
    took_ms INTEGER NOT NULL,
    user BLOB NOT NULL CHECK (length(user) = 16),
    kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    uncertainty INTEGER NOT NULL,
    past INTEGER NOT NULL,
    own_past INTEGER NOT NULL,
    live INTEGER NOT NULL, -- 0: voided or rejected
    PRIMARY KEY (replica, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ops_position ON ops (position) WHERE position < 9223372036854775807;

CREATE TABLE own_ops (
    -- What this phone knows about its own ops, for as long as they may have to be sent again.
    seq INTEGER NOT NULL PRIMARY KEY,
    state INTEGER NOT NULL, -- 0 waits in the outbox, 1 accepted, 2 rejected
    seen_position INTEGER NOT NULL,
    seen_head BLOB NOT NULL CHECK (length(seen_head) = 32),
    own_seen INTEGER NOT NULL,
    after_exchange INTEGER NOT NULL, -- newest row of exchanges when it was captured
    sent_began INTEGER, -- the estimate as sent; kept and sent again
    sent_ended INTEGER,
    sent_uncertainty INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX own_ops_outbox ON own_ops (seq) WHERE state = 0;
CREATE INDEX own_ops_rejected ON own_ops (seq) WHERE state = 2;

CREATE TABLE op_cells (
    -- History by cell: movements with what they change, counts and closes that name the cell.
    variant BLOB NOT NULL,
    location BLOB NOT NULL,
    lot TEXT NOT NULL,
    position INTEGER NOT NULL,
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    PRIMARY KEY (variant, location, lot, position, replica, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_ops (
    -- Counts and closes of a session.
    session BLOB NOT NULL,
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    PRIMARY KEY (session, replica, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE complete_closes (
    -- Closes by the locations that they covered completely.
    location BLOB NOT NULL,
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (location, replica, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE voids (
    -- Who voids whom; the target may not have arrived.
    target_replica BLOB NOT NULL,
    target_seq INTEGER NOT NULL,
    target_hash BLOB NOT NULL,
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (target_replica, target_seq, replica, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX voids_op ON voids (replica, seq);

CREATE TABLE cells (
    -- What each cell shows, and the fold's state from which it goes on.
    variant BLOB NOT NULL,
    location BLOB NOT NULL,
    lot TEXT NOT NULL,
    on_hand INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    flags INTEGER NOT NULL, -- 1 overflow, 2 count_overlap, 4 count_conflict, 8 count_open
    state BLOB NOT NULL,
    PRIMARY KEY (variant, location, lot)
) STRICT, WITHOUT ROWID;
CREATE INDEX cells_location ON cells (location, variant, lot);
CREATE INDEX cells_open ON cells (variant, location, lot)
    WHERE flags <> 0 OR (on_hand < 0 AND location > x'000000000000000000000000000000ff');

CREATE TABLE log_points (
    -- Points of the server's log that this phone has stood at.
    position INTEGER NOT NULL PRIMARY KEY,
    head BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;

CREATE TABLE lost_tails (
    -- Each time the server was found without the end of its log: the newest point both shared.
    number INTEGER NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;

CREATE TABLE exchanges (
    -- When exchanges were, by the boot clock and by the server's: what times are reckoned from.
    number INTEGER NOT NULL PRIMARY KEY,
    boot BLOB NOT NULL CHECK (length(boot) = 16),
    sent_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    server_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX exchanges_boot ON exchanges (boot, received_ms);

CREATE TABLE sessions (
    -- Counting sessions opened here and not closed: what was known when each opened.
    session BLOB NOT NULL PRIMARY KEY,
    act TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
    -- One Automerge document a record.
    collection TEXT NOT NULL,
    record BLOB NOT NULL CHECK (length(record) = 16),
    document BLOB NOT NULL,
    PRIMARY KEY (collection, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_waits (
    -- Changes whose predecessors have not arrived.
    replica BLOB NOT NULL,
    seq INTEGER NOT NULL,
    collection TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (replica, seq)
) STRICT, WITHOUT ROWID;

-- Rows of records, for lists and search. All can be made again from records.
CREATE TABLE products (
    record BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    sku TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE variants (
    record BLOB NOT NULL PRIMARY KEY,
    product BLOB NOT NULL,
    name TEXT NOT NULL,
    sku TEXT NOT NULL,
    unit TEXT NOT NULL,
    decimals INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX variants_product ON variants (product);

CREATE TABLE identifiers (
    record BLOB NOT NULL PRIMARY KEY,
    variant BLOB NOT NULL,
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    pack_numerator INTEGER NOT NULL,
    pack_denominator INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_value ON identifiers (value, scheme);

CREATE TABLE locations (
    record BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
    record BLOB NOT NULL PRIMARY KEY,
    variant BLOB NOT NULL,
    code TEXT NOT NULL,
    expiry TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lots_variant ON lots (variant, code);
