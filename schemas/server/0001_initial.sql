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
    cursor_position bigint NOT NULL DEFAULT 0, -- up to which it said that it has applied the log
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
