-- The server's tables. One schema for a single Postgres and for one distributed by tenant: tenant_id comes first in every
-- key, no trigger, no sequence as an order, no unique key across tenants. Run by the owner (BYPASSRLS), served by
-- stocksync_app, which owns nothing and sees the tenant of its transaction alone.
--
-- Ids are uuid, hashes bytea, times bigint in ms since 1970, quantities in thousandths of the base unit.

CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO stocksync_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;

-- The tenant of the transaction. SET LOCAL reaches the nodes of a distributed database; set_config does not.
CREATE FUNCTION app.set_tenant(tenant uuid) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN EXECUTE format('SET LOCAL app.tenant = %L', tenant); END $$;

-- Places a new table beside its tenant's other rows where the database is distributed; does nothing on plain Postgres.
CREATE FUNCTION app.distribute(name text) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') THEN
        EXECUTE format(
            'SELECT create_distributed_table(%L, ''tenant_id'', colocate_with => ''app.tenants'') '
            'WHERE EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = ''app.tenants''::regclass)', name);
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION app.distribute(text) FROM PUBLIC;

-- Forces row-level security. nullif: after COMMIT the setting is empty, not absent.
CREATE FUNCTION app.protect(name regclass) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY tenant_only ON %s '
        'USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid) '
        'WITH CHECK (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', name);
END $$;
REVOKE EXECUTE ON FUNCTION app.protect(regclass) FROM PUBLIC;

-- Customer organisations. Made by the owner.
CREATE TABLE app.tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_ms bigint NOT NULL,
    CONSTRAINT tenants_pk PRIMARY KEY (tenant_id)
);
SELECT app.distribute('app.tenants');
SELECT app.protect('app.tenants');
GRANT SELECT ON app.tenants TO stocksync_app;

-- One row a tenant, locked by every push: gives the next position and a time that never goes back.
CREATE TABLE app.tenant_clock (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL, -- of the newest op; 0 before the first
    head bytea NOT NULL, -- running hash of the log up to position
    now_ms bigint NOT NULL, -- newest time given out
    CONSTRAINT tenant_clock_pk PRIMARY KEY (tenant_id)
);
SELECT app.distribute('app.tenant_clock');
ALTER TABLE app.tenant_clock ADD CONSTRAINT tenant_clock_tenant_fk
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
SELECT app.protect('app.tenant_clock');
GRANT SELECT, UPDATE ON app.tenant_clock TO stocksync_app;

-- Enrolled installations.
CREATE TABLE app.devices (
    tenant_id uuid NOT NULL,
    device_id uuid NOT NULL,
    name text NOT NULL,
    enrolled_ms bigint NOT NULL,
    revoked_ms bigint, -- null while it may exchange
    seen_ms bigint, -- newest exchange; null before the first
    cursor_position bigint NOT NULL DEFAULT 0, -- up to which the log was sent to it
    CONSTRAINT devices_pk PRIMARY KEY (tenant_id, device_id)
);
SELECT app.distribute('app.devices');
ALTER TABLE app.devices ADD CONSTRAINT devices_tenant_fk FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
SELECT app.protect('app.devices');
GRANT SELECT, INSERT, UPDATE ON app.devices TO stocksync_app;

-- What a device proves itself with: tenant.device.secret. Only the secret's hash rests here.
CREATE TABLE app.credentials (
    tenant_id uuid NOT NULL,
    device_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_ms bigint NOT NULL,
    CONSTRAINT credentials_pk PRIMARY KEY (tenant_id, device_id, secret_hash)
);
SELECT app.distribute('app.credentials');
ALTER TABLE app.credentials ADD CONSTRAINT credentials_device_fk
    FOREIGN KEY (tenant_id, device_id) REFERENCES app.devices (tenant_id, device_id);
SELECT app.protect('app.credentials');
GRANT SELECT, INSERT, DELETE ON app.credentials TO stocksync_app;

-- One-time codes: tenant.code. A used one stays, so that it can be told who used it.
CREATE TABLE app.enrolment_codes (
    tenant_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    used_ms bigint,
    used_by uuid, -- the device it enrolled
    CONSTRAINT enrolment_codes_pk PRIMARY KEY (tenant_id, code_hash)
);
SELECT app.distribute('app.enrolment_codes');
ALTER TABLE app.enrolment_codes ADD CONSTRAINT enrolment_codes_tenant_fk
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
SELECT app.protect('app.enrolment_codes');
GRANT SELECT, UPDATE ON app.enrolment_codes TO stocksync_app;

-- Lives of devices' local databases. A lane belongs to the device that opened it.
CREATE TABLE app.lanes (
    tenant_id uuid NOT NULL,
    replica uuid NOT NULL,
    device_id uuid NOT NULL,
    max_seq bigint NOT NULL, -- highest seq accepted; 0 before the first
    opened_ms bigint NOT NULL,
    CONSTRAINT lanes_pk PRIMARY KEY (tenant_id, replica)
);
SELECT app.distribute('app.lanes');
SELECT app.protect('app.lanes');
GRANT SELECT, INSERT, UPDATE ON app.lanes TO stocksync_app;

-- The op log: append-only. Position is dense in commit order; head is the running hash up to it.
CREATE TABLE app.ops (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL,
    replica uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    head bytea NOT NULL,
    device_id uuid NOT NULL,
    wall_ms bigint NOT NULL,
    boot_ms bigint NOT NULL,
    boot uuid NOT NULL,
    took_ms bigint NOT NULL,
    user_id uuid NOT NULL,
    kind bigint NOT NULL,
    version bigint NOT NULL,
    body bytea NOT NULL, -- canonical bytes
    began bigint NOT NULL, -- acceptance, to own_past
    ended bigint NOT NULL,
    uncertainty bigint NOT NULL,
    past bigint NOT NULL,
    own_past bigint NOT NULL,
    server_ms bigint NOT NULL, -- tenant clock at acceptance
    CONSTRAINT ops_pk PRIMARY KEY (tenant_id, position),
    CONSTRAINT ops_lane_uk UNIQUE (tenant_id, replica, seq)
);
SELECT app.distribute('app.ops');
SELECT app.protect('app.ops');
GRANT SELECT, INSERT ON app.ops TO stocksync_app;
REVOKE UPDATE, DELETE, TRUNCATE ON app.ops FROM stocksync_app;

-- Ops that were refused for good, kept until a person decides. They have no position and count nowhere.
CREATE TABLE app.rejected_ops (
    tenant_id uuid NOT NULL,
    replica uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    device_id uuid NOT NULL,
    code text NOT NULL, -- registered code
    reason text NOT NULL, -- for a person
    op bytea NOT NULL, -- canonical bytes
    server_ms bigint NOT NULL,
    CONSTRAINT rejected_ops_pk PRIMARY KEY (tenant_id, replica, seq)
);
SELECT app.distribute('app.rejected_ops');
SELECT app.protect('app.rejected_ops');
GRANT SELECT, INSERT ON app.rejected_ops TO stocksync_app;

-- Which ops concern which cell: movements with what arrives minus what leaves; counts and closes that name it with 0.
CREATE TABLE app.op_cells (
    tenant_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    lot text NOT NULL,
    position bigint NOT NULL,
    delta bigint NOT NULL,
    live boolean NOT NULL, -- false while a live void names the op
    CONSTRAINT op_cells_pk PRIMARY KEY (tenant_id, variant_id, location_id, lot, position)
);
SELECT app.distribute('app.op_cells');
CREATE INDEX op_cells_position ON app.op_cells (tenant_id, position);
SELECT app.protect('app.op_cells');
GRANT SELECT, INSERT, UPDATE ON app.op_cells TO stocksync_app;

-- Void ops and what they name; the target may not have arrived.
CREATE TABLE app.voids (
    tenant_id uuid NOT NULL,
    target_replica uuid NOT NULL,
    target_seq bigint NOT NULL,
    target_hash bytea NOT NULL,
    replica uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT voids_pk PRIMARY KEY (tenant_id, target_replica, target_seq, replica, seq)
);
SELECT app.distribute('app.voids');
CREATE INDEX voids_lane ON app.voids (tenant_id, replica, seq);
SELECT app.protect('app.voids');
GRANT SELECT, INSERT ON app.voids TO stocksync_app;

-- Closes by session.
CREATE TABLE app.closes (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    position bigint NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT closes_pk PRIMARY KEY (tenant_id, session_id, position)
);
SELECT app.distribute('app.closes');
SELECT app.protect('app.closes');
GRANT SELECT, INSERT, UPDATE ON app.closes TO stocksync_app;

-- Closes by location that they covered completely.
CREATE TABLE app.complete_closes (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    position bigint NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT complete_closes_pk PRIMARY KEY (tenant_id, location_id, position)
);
SELECT app.distribute('app.complete_closes');
SELECT app.protect('app.complete_closes');
GRANT SELECT, INSERT, UPDATE ON app.complete_closes TO stocksync_app;

-- Balances: what the fold keeps of each cell, and what is read off it.
CREATE TABLE app.cells (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    lot text NOT NULL,
    state bytea NOT NULL,
    on_hand bigint NOT NULL,
    moved bigint NOT NULL, -- sum of live movements; on_hand - moved is what counts revealed
    flags smallint NOT NULL, -- 1 overflow, 2 count_overlap, 4 count_conflict, 8 count_open
    changed_ms bigint NOT NULL,
    CONSTRAINT cells_pk PRIMARY KEY (tenant_id, location_id, variant_id, lot)
);
SELECT app.distribute('app.cells');
SELECT app.protect('app.cells');
GRANT SELECT, INSERT, UPDATE ON app.cells TO stocksync_app;

-- Merged facts that need a person. Closed ones stay.
CREATE TABLE app.exceptions (
    tenant_id uuid NOT NULL,
    exception_id bytea NOT NULL,
    kind text NOT NULL,
    location_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    lot text NOT NULL,
    opened_ms bigint NOT NULL,
    closed_ms bigint, -- null while open
    CONSTRAINT exceptions_pk PRIMARY KEY (tenant_id, exception_id)
);
SELECT app.distribute('app.exceptions');
CREATE INDEX exceptions_open ON app.exceptions (tenant_id, opened_ms, exception_id) WHERE closed_ms IS NULL;
SELECT app.protect('app.exceptions');
GRANT SELECT, INSERT, UPDATE ON app.exceptions TO stocksync_app;
