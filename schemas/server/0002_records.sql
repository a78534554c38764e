-- Records: one compacted document each, what lists and lookups read of it, and the ops that could not be decoded.
--
-- A record's rows are a function of the op log and can be made again from it (`stocksync-server rebuild`). Deleted records
-- stay as tombstones. No key of people's making is unique here: phones that are offline cannot see each other, so two
-- records with the same code are kept and open an exception.

-- Documents, and what is the same for every collection.
CREATE TABLE app.records (
    tenant_id uuid NOT NULL,
    collection text NOT NULL,
    record_id uuid NOT NULL,
    document bytea NOT NULL, -- compacted
    change_bytes bigint NOT NULL, -- of the changes in it, together
    position bigint NOT NULL, -- of the op that changed it last
    changed_ms bigint NOT NULL, -- tenant clock of that op
    deleted_ms bigint, -- null while it is not deleted
    complete boolean NOT NULL, -- whether it has every field that its collection requires
    code text, -- what people look it up by: SKU, value of an identifier, code of a location or lot
    parent_id uuid, -- product of a variant, variant of an identifier or lot, parent of a location
    unique_key text, -- what at most one live record of the collection should have
    lost jsonb NOT NULL, -- values of concurrent edits that lost, by field
    CONSTRAINT records_pk PRIMARY KEY (tenant_id, collection, record_id)
);
SELECT app.distribute('app.records');
-- Every position is above 0. Saying so keeps this index from being taken for lookups by id, which do not say it, while a
-- table is new and has no statistics.
CREATE INDEX records_position ON app.records (tenant_id, collection, position, record_id) WHERE position > 0;
CREATE INDEX records_code ON app.records (tenant_id, collection, code, record_id) WHERE code IS NOT NULL;
CREATE INDEX records_parent ON app.records (tenant_id, collection, parent_id, record_id) WHERE parent_id IS NOT NULL;
CREATE INDEX records_unique_key ON app.records (tenant_id, collection, unique_key) WHERE unique_key IS NOT NULL;
SELECT app.protect('app.records');
GRANT SELECT, INSERT, UPDATE ON app.records TO stocksync_app;

-- Changes on the log that are not in their document: they build on one that has not arrived, or could not be applied
-- when it had.
CREATE TABLE app.record_waits (
    tenant_id uuid NOT NULL,
    collection text NOT NULL,
    record_id uuid NOT NULL,
    position bigint NOT NULL,
    refused boolean NOT NULL,
    CONSTRAINT record_waits_pk PRIMARY KEY (tenant_id, collection, record_id, position)
);
SELECT app.distribute('app.record_waits');
SELECT app.protect('app.record_waits');
GRANT SELECT, INSERT, UPDATE, DELETE ON app.record_waits TO stocksync_app;

CREATE TABLE app.products (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    name text,
    sku text,
    status text,
    description text,
    brand text,
    category text,
    notes text,
    CONSTRAINT products_pk PRIMARY KEY (tenant_id, record_id)
);
SELECT app.distribute('app.products');
SELECT app.protect('app.products');
GRANT SELECT, INSERT, UPDATE ON app.products TO stocksync_app;

CREATE TABLE app.variants (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    product uuid,
    name text,
    sku text,
    status text,
    unit text,
    decimals bigint,
    tracking text,
    currency text,
    price bigint, -- minor units of the currency, for one base unit
    cost bigint, -- 1/10 000 of the major unit
    notes text,
    CONSTRAINT variants_pk PRIMARY KEY (tenant_id, record_id)
);
SELECT app.distribute('app.variants');
SELECT app.protect('app.variants');
GRANT SELECT, INSERT, UPDATE ON app.variants TO stocksync_app;

CREATE TABLE app.identifiers (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    variant uuid,
    scheme text,
    value text,
    pack_numerator bigint,
    pack_denominator bigint,
    pack_name text,
    CONSTRAINT identifiers_pk PRIMARY KEY (tenant_id, record_id)
);
SELECT app.distribute('app.identifiers');
SELECT app.protect('app.identifiers');
GRANT SELECT, INSERT, UPDATE ON app.identifiers TO stocksync_app;

CREATE TABLE app.locations (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    name text,
    kind text,
    parent uuid,
    code text,
    address text,
    notes text,
    CONSTRAINT locations_pk PRIMARY KEY (tenant_id, record_id)
);
SELECT app.distribute('app.locations');
SELECT app.protect('app.locations');
GRANT SELECT, INSERT, UPDATE ON app.locations TO stocksync_app;

CREATE TABLE app.lots (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    variant uuid,
    code text,
    expiry date,
    best_before date,
    produced date,
    notes text,
    CONSTRAINT lots_pk PRIMARY KEY (tenant_id, record_id)
);
SELECT app.distribute('app.lots');
SELECT app.protect('app.lots');
GRANT SELECT, INSERT, UPDATE ON app.lots TO stocksync_app;

-- Exceptions about records have no cell: a collection and its record's id, or the key that several claim.
ALTER TABLE app.exceptions ALTER COLUMN location_id DROP NOT NULL;
ALTER TABLE app.exceptions ALTER COLUMN variant_id DROP NOT NULL;
ALTER TABLE app.exceptions ALTER COLUMN lot DROP NOT NULL;
ALTER TABLE app.exceptions ADD COLUMN collection text;
ALTER TABLE app.exceptions ADD COLUMN subject text;

-- Ops of which no op could be made, kept for a person with what was sent. They take no place: another op of the same seq
-- is judged as if they had not come.
CREATE TABLE app.undecodable_ops (
    tenant_id uuid NOT NULL,
    replica uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL, -- SHA-256 of what was sent
    device_id uuid NOT NULL,
    code text NOT NULL, -- registered code
    reason text NOT NULL, -- for a person
    size bigint NOT NULL, -- bytes sent
    bytes bytea NOT NULL, -- the first of them
    server_ms bigint NOT NULL,
    CONSTRAINT undecodable_ops_pk PRIMARY KEY (tenant_id, replica, seq, hash)
);
SELECT app.distribute('app.undecodable_ops');
SELECT app.protect('app.undecodable_ops');
GRANT SELECT, INSERT ON app.undecodable_ops TO stocksync_app;
