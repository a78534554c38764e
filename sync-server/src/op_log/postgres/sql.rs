//! Every statement of the op log. Each names its tenant itself; row-level security is the net beneath.
//!
//! Batches come in as arrays and join the tenant's clock row, so that a database distributed by tenant sends each
//! statement to one shard. Sets of keys are looked up by LATERAL, key by key: without it a planner that has no statistics yet
//! joins in the other order, reads a tenant's whole table, and the cost of a push grows with the log (measured).

/// Lets a transaction return before it is on disk.
pub const DO_NOT_WAIT: &str = "SET LOCAL synchronous_commit = off";

/// For an operator's command: a whole log takes longer than a request may.
pub const TAKE_YOUR_TIME: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'";

/// Moves the clock and locks it until the end of the transaction.
pub const CLOCK: &str = "UPDATE app.tenant_clock SET now_ms = greatest(now_ms, $2) WHERE tenant_id = $1 \
     RETURNING position, head, now_ms";

/// The clock after a batch.
pub const ADVANCE: &str = "UPDATE app.tenant_clock SET position = $2, head = $3 \
     WHERE tenant_id = $1 AND position = $4 RETURNING position";

/// A lane.
pub const LANE: &str = "SELECT device_id, max_seq FROM app.lanes WHERE tenant_id = $1 AND replica = $2";

/// Opens a lane.
pub const OPEN_LANE: &str = "INSERT INTO app.lanes (tenant_id, replica, device_id, max_seq, opened_ms) \
     VALUES ($1, $2, $3, 0, $4)";

/// Raises a lane's highest seq.
pub const RAISE_LANE: &str = "UPDATE app.lanes SET max_seq = greatest(max_seq, $3) \
     WHERE tenant_id = $1 AND replica = $2";

/// Heads and times of positions.
pub const ISSUED: &str = "SELECT o.position, o.head, o.server_ms FROM unnest($2::bigint[]) AS u (position) \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = u.position LIMIT 1) o";

/// Accepted ops of a lane.
pub const KNOWN: &str = "SELECT o.seq, o.hash, o.position, o.began, o.ended, o.uncertainty, o.past, o.own_past \
     FROM unnest($3::bigint[]) AS u (seq) \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.replica = $2 AND o.seq = u.seq LIMIT 1) o";

/// Refused ops of a lane.
pub const KNOWN_REJECTED: &str = "SELECT o.seq, o.hash, o.code, o.reason FROM unnest($3::bigint[]) AS u (seq) \
     CROSS JOIN LATERAL (SELECT * FROM app.rejected_ops o \
         WHERE o.tenant_id = $1 AND o.replica = $2 AND o.seq = u.seq LIMIT 1) o";

/// The log after a position.
pub const PAGE: &str = "SELECT position, replica, seq, hash, head, wall_ms, boot_ms, boot, took_ms, user_id, \
     kind, version, body, began, ended, uncertainty, past, own_past FROM app.ops \
     WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3";

/// Voids in lanes, or naming something in them.
pub const VOIDS: &str = "SELECT v.target_replica, v.target_seq, v.target_hash, v.replica, v.seq, v.hash \
     FROM unnest($2::uuid[], $3::bigint[]) AS u (replica, seq) \
     CROSS JOIN LATERAL (SELECT * FROM app.voids v \
         WHERE v.tenant_id = $1 AND v.target_replica = u.replica AND v.target_seq = u.seq OFFSET 0) v \
     UNION \
     SELECT v.target_replica, v.target_seq, v.target_hash, v.replica, v.seq, v.hash \
     FROM unnest($2::uuid[], $3::bigint[]) AS u (replica, seq) \
     CROSS JOIN LATERAL (SELECT * FROM app.voids v \
         WHERE v.tenant_id = $1 AND v.replica = u.replica AND v.seq = u.seq OFFSET 0) v";

/// Ops by lane.
pub const ENTRIES: &str = "SELECT o.position, o.replica, o.seq, o.hash, o.head, o.wall_ms, o.boot_ms, o.boot, \
     o.took_ms, o.user_id, o.kind, o.version, o.body, o.began, o.ended, o.uncertainty, o.past, o.own_past \
     FROM unnest($2::uuid[], $3::bigint[]) AS u (replica, seq) \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o \
         WHERE o.tenant_id = $1 AND o.replica = u.replica AND o.seq = u.seq LIMIT 1) o";

/// States of cells.
pub const CELLS: &str = "SELECT c.variant_id, c.location_id, c.lot, c.state \
     FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS u (variant_id, location_id, lot) \
     CROSS JOIN LATERAL (SELECT * FROM app.cells c WHERE c.tenant_id = $1 AND c.location_id = u.location_id \
         AND c.variant_id = u.variant_id AND c.lot = u.lot LIMIT 1) c";

/// States of all cells of locations.
pub const LOCATION_CELLS: &str = "SELECT variant_id, location_id, lot, state FROM app.cells \
     WHERE tenant_id = $1 AND location_id = ANY($2::uuid[])";

/// Highest seq of lanes.
pub const LANE_HEADS: &str = "SELECT l.replica, l.max_seq FROM unnest($2::uuid[]) AS u (replica) \
     CROSS JOIN LATERAL (SELECT * FROM app.lanes l WHERE l.tenant_id = $1 AND l.replica = u.replica LIMIT 1) l";

/// Live complete closes of each location past a position, without their bodies.
pub const COMPLETE_CLOSES: &str = "SELECT x.location_id, o.position, o.replica, o.seq, o.began, o.ended, \
     o.uncertainty, o.past, o.own_past FROM unnest($2::uuid[], $3::bigint[]) AS u (location_id, past) \
     CROSS JOIN LATERAL (SELECT * FROM app.complete_closes x WHERE x.tenant_id = $1 \
         AND x.location_id = u.location_id AND x.position > u.past AND x.live OFFSET 0) x \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = x.position LIMIT 1) o \
     ORDER BY o.position";

/// Live closes that cover locations completely, with their bodies.
pub const LOCATION_CLOSES: &str = "SELECT x.location_id, o.position, o.replica, o.seq, o.hash, o.kind, \
     o.version, o.body, o.began, o.ended, o.uncertainty, o.past, o.own_past \
     FROM unnest($2::uuid[]) AS u (location_id) \
     CROSS JOIN LATERAL (SELECT * FROM app.complete_closes x \
         WHERE x.tenant_id = $1 AND x.location_id = u.location_id AND x.live OFFSET 0) x \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = x.position LIMIT 1) o \
     ORDER BY o.position";

/// Sessions that have a live close.
pub const CLOSED_SESSIONS: &str = "SELECT DISTINCT session_id FROM app.closes \
     WHERE tenant_id = $1 AND session_id = ANY($2::uuid[]) AND live";

/// Live closes of sessions.
pub const SESSION_CLOSES: &str = "SELECT x.session_id, o.position, o.replica, o.seq, o.hash, o.kind, \
     o.version, o.body, o.began, o.ended, o.uncertainty, o.past, o.own_past \
     FROM unnest($2::uuid[]) AS u (session_id) \
     CROSS JOIN LATERAL (SELECT * FROM app.closes x \
         WHERE x.tenant_id = $1 AND x.session_id = u.session_id AND x.live OFFSET 0) x \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = x.position LIMIT 1) o \
     ORDER BY o.position";

/// Live history of cells past a position each; of movements (kind 1) alone where `whole` is false.
pub const HISTORY: &str = "SELECT u.n, c.delta, o.position, o.replica, o.seq, o.hash, o.kind, o.version, \
     CASE WHEN o.kind = 1 THEN ''::bytea ELSE o.body END AS body, \
     o.began, o.ended, o.uncertainty, o.past, o.own_past \
     FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::boolean[]) WITH ORDINALITY \
         AS u (variant_id, location_id, lot, past, whole, n) \
     CROSS JOIN LATERAL (SELECT * FROM app.op_cells c WHERE c.tenant_id = $1 AND c.variant_id = u.variant_id \
         AND c.location_id = u.location_id AND c.lot = u.lot AND c.position > u.past AND c.live OFFSET 0) c \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = c.position LIMIT 1) o \
     WHERE u.whole OR o.kind = 1 ORDER BY u.n, o.position";

/// New ops.
pub const INSERT_OPS: &str = "INSERT INTO app.ops (tenant_id, replica, device_id, server_ms, position, seq, hash, \
         head, wall_ms, boot_ms, boot, took_ms, user_id, kind, version, body, began, ended, uncertainty, past, own_past) \
     SELECT k.tenant_id, $2, $3, $4, u.position, u.seq, u.hash, u.head, u.wall_ms, u.boot_ms, u.boot, u.took_ms, \
         u.user_id, u.kind, u.version, u.body, u.began, u.ended, u.uncertainty, u.past, u.own_past \
     FROM app.tenant_clock k, unnest($5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], \
         $10::bigint[], $11::uuid[], $12::bigint[], $13::uuid[], $14::bigint[], $15::bigint[], $16::bytea[], \
         $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[]) \
         AS u (position, seq, hash, head, wall_ms, boot_ms, boot, took_ms, user_id, kind, version, body, began, \
               ended, uncertainty, past, own_past) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING RETURNING position";

/// Which cells the new ops concern.
pub const INSERT_OP_CELLS: &str = "INSERT INTO app.op_cells \
         (tenant_id, variant_id, location_id, lot, position, delta, live) \
     SELECT k.tenant_id, u.variant_id, u.location_id, u.lot, u.position, u.delta, u.live \
     FROM app.tenant_clock k, unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[]) \
         AS u (variant_id, location_id, lot, position, delta, live) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING";

/// New voids.
pub const INSERT_VOIDS: &str = "INSERT INTO app.voids \
         (tenant_id, target_replica, target_seq, target_hash, replica, seq, hash) \
     SELECT k.tenant_id, u.target_replica, u.target_seq, u.target_hash, u.replica, u.seq, u.hash \
     FROM app.tenant_clock k, unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::uuid[], $6::bigint[], $7::bytea[]) \
         AS u (target_replica, target_seq, target_hash, replica, seq, hash) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING";

/// New closes by session.
pub const INSERT_CLOSES: &str = "INSERT INTO app.closes (tenant_id, session_id, position, live) \
     SELECT k.tenant_id, u.session_id, u.position, u.live \
     FROM app.tenant_clock k, unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS u (session_id, position, live) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING";

/// New closes by location.
pub const INSERT_COMPLETE_CLOSES: &str = "INSERT INTO app.complete_closes (tenant_id, location_id, position, live) \
     SELECT k.tenant_id, u.location_id, u.position, u.live \
     FROM app.tenant_clock k, unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS u (location_id, position, live) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING";

/// New refused ops.
pub const INSERT_REJECTED: &str = "INSERT INTO app.rejected_ops \
         (tenant_id, replica, device_id, server_ms, seq, hash, code, reason, op) \
     SELECT k.tenant_id, $2, $3, $4, u.seq, u.hash, u.code, u.reason, u.op \
     FROM app.tenant_clock k, unnest($5::bigint[], $6::bytea[], $7::text[], $8::text[], $9::bytea[]) \
         AS u (seq, hash, code, reason, op) \
     WHERE k.tenant_id = $1 ON CONFLICT DO NOTHING";

/// Ops that count now and did not, or did and no longer do.
pub const SET_LIVE: &str = "UPDATE app.op_cells c SET live = u.live \
     FROM unnest($2::bigint[], $3::boolean[]) AS u (position, live) \
     WHERE c.tenant_id = $1 AND c.position = u.position";

/// The same for closes by session.
pub const SET_LIVE_CLOSES: &str = "UPDATE app.closes c SET live = u.live \
     FROM unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS u (session_id, position, live) \
     WHERE c.tenant_id = $1 AND c.session_id = u.session_id AND c.position = u.position";

/// The same for closes by location.
pub const SET_LIVE_COMPLETE_CLOSES: &str = "UPDATE app.complete_closes c SET live = u.live \
     FROM unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS u (location_id, position, live) \
     WHERE c.tenant_id = $1 AND c.location_id = u.location_id AND c.position = u.position";

/// States of cells; the arrays are in the order of the key.
pub const UPSERT_CELLS: &str = "INSERT INTO app.cells \
         (tenant_id, location_id, variant_id, lot, state, on_hand, moved, flags, changed_ms) \
     SELECT k.tenant_id, u.location_id, u.variant_id, u.lot, u.state, u.on_hand, u.moved, u.flags, $2 \
     FROM app.tenant_clock k, unnest($3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::bigint[], $8::bigint[], \
         $9::smallint[]) AS u (location_id, variant_id, lot, state, on_hand, moved, flags) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, location_id, variant_id, lot) DO UPDATE SET state = excluded.state, \
         on_hand = excluded.on_hand, moved = excluded.moved, flags = excluded.flags, changed_ms = excluded.changed_ms";

/// Closes exceptions. Written so that the planner looks each up by its key and does not read the index of open ones.
pub const CLOSE_EXCEPTIONS: &str = "UPDATE app.exceptions SET closed_ms = $2 \
     WHERE tenant_id = $1 AND exception_id = ANY($3::bytea[]) AND coalesce(closed_ms, 0) = 0";

/// Opens exceptions, or opens them again; those that are open stay as they are.
pub const OPEN_EXCEPTIONS: &str = "INSERT INTO app.exceptions \
         (tenant_id, exception_id, kind, location_id, variant_id, lot, opened_ms) \
     SELECT k.tenant_id, u.exception_id, u.kind, u.location_id, u.variant_id, u.lot, $2 \
     FROM app.tenant_clock k, unnest($3::bytea[], $4::text[], $5::uuid[], $6::uuid[], $7::text[]) \
         AS u (exception_id, kind, location_id, variant_id, lot) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, exception_id) DO UPDATE SET opened_ms = excluded.opened_ms, closed_ms = NULL \
     WHERE app.exceptions.closed_ms IS NOT NULL";

/// A device's newest exchange.
pub const TOUCH_DEVICE: &str = "UPDATE app.devices SET seen_ms = $3, cursor_position = $4 \
     WHERE tenant_id = $1 AND device_id = $2";

/// New undecodable ops, as long as there are fewer than `$5` of the lane.
pub const INSERT_UNDECODABLE: &str = "INSERT INTO app.undecodable_ops \
         (tenant_id, replica, device_id, server_ms, seq, hash, code, reason, size, bytes) \
     SELECT k.tenant_id, $2, $3, $4, u.seq, u.hash, u.code, u.reason, u.size, u.bytes \
     FROM app.tenant_clock k, unnest($6::bigint[], $7::bytea[], $8::text[], $9::text[], $10::bigint[], $11::bytea[]) \
         WITH ORDINALITY AS u (seq, hash, code, reason, size, bytes, n) \
     WHERE k.tenant_id = $1 AND u.n <= $5 - ( \
         SELECT count(*) FROM app.undecodable_ops o WHERE o.tenant_id = $1 AND o.replica = $2) \
     ON CONFLICT DO NOTHING";

/// Records as they are kept.
pub const RECORDS: &str = "SELECT r.collection, r.record_id, r.document, r.change_bytes, r.position, r.changed_ms, \
     r.deleted_ms, r.unique_key FROM unnest($2::text[], $3::uuid[]) AS u (collection, record_id) \
     CROSS JOIN LATERAL (SELECT * FROM app.records r WHERE r.tenant_id = $1 AND r.collection = u.collection \
         AND r.record_id = u.record_id LIMIT 1) r";

/// Changes of records that are not in their documents.
pub const RECORD_WAITS: &str = "SELECT w.collection, w.record_id, w.position, w.refused, o.replica, o.kind, o.version, \
     o.body FROM unnest($2::text[], $3::uuid[]) AS u (collection, record_id) \
     CROSS JOIN LATERAL (SELECT * FROM app.record_waits w WHERE w.tenant_id = $1 AND w.collection = u.collection \
         AND w.record_id = u.record_id OFFSET 0) w \
     CROSS JOIN LATERAL (SELECT * FROM app.ops o WHERE o.tenant_id = $1 AND o.position = w.position LIMIT 1) o \
     ORDER BY w.position";

/// Inserts or updates records; the arrays are in the order of the key.
pub const UPSERT_RECORDS: &str = "INSERT INTO app.records (tenant_id, collection, record_id, document, change_bytes, \
         position, changed_ms, deleted_ms, complete, code, parent_id, unique_key, lost) \
     SELECT k.tenant_id, u.collection, u.record_id, u.document, u.change_bytes, u.position, u.changed_ms, \
         u.deleted_ms, u.complete, u.code, u.parent_id, u.unique_key, u.lost::jsonb \
     FROM app.tenant_clock k, unnest($2::text[], $3::uuid[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::boolean[], $10::text[], $11::uuid[], $12::text[], $13::text[]) AS u (collection, record_id, \
         document, change_bytes, position, changed_ms, deleted_ms, complete, code, parent_id, unique_key, lost) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, collection, record_id) DO UPDATE SET document = excluded.document, \
         change_bytes = excluded.change_bytes, position = excluded.position, changed_ms = excluded.changed_ms, \
         deleted_ms = excluded.deleted_ms, complete = excluded.complete, code = excluded.code, \
         parent_id = excluded.parent_id, unique_key = excluded.unique_key, lost = excluded.lost";

/// Inserts or updates products: the fields of the collection by their names.
pub const UPSERT_PRODUCTS: &str = "INSERT INTO app.products \
         (tenant_id, record_id, name, sku, status, description, brand, category, notes) \
     SELECT k.tenant_id, u.record_id, u.name, u.sku, u.status, u.description, u.brand, u.category, u.notes \
     FROM app.tenant_clock k, jsonb_to_recordset($2::jsonb) AS u (record_id uuid, name text, sku text, status text, \
         description text, brand text, category text, notes text) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, record_id) DO UPDATE SET name = excluded.name, sku = excluded.sku, \
         status = excluded.status, description = excluded.description, brand = excluded.brand, \
         category = excluded.category, notes = excluded.notes";

/// Inserts or updates variants.
pub const UPSERT_VARIANTS: &str = "INSERT INTO app.variants (tenant_id, record_id, product, name, sku, status, unit, \
         decimals, tracking, currency, price, cost, notes) \
     SELECT k.tenant_id, u.record_id, u.product, u.name, u.sku, u.status, u.unit, u.decimals, u.tracking, u.currency, \
         u.price, u.cost, u.notes \
     FROM app.tenant_clock k, jsonb_to_recordset($2::jsonb) AS u (record_id uuid, product uuid, name text, sku text, \
         status text, unit text, decimals bigint, tracking text, currency text, price bigint, cost bigint, notes text) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, record_id) DO UPDATE SET product = excluded.product, name = excluded.name, \
         sku = excluded.sku, status = excluded.status, unit = excluded.unit, decimals = excluded.decimals, \
         tracking = excluded.tracking, currency = excluded.currency, price = excluded.price, cost = excluded.cost, \
         notes = excluded.notes";

/// Inserts or updates identifiers.
pub const UPSERT_IDENTIFIERS: &str = "INSERT INTO app.identifiers \
         (tenant_id, record_id, variant, scheme, value, pack_numerator, pack_denominator, pack_name) \
     SELECT k.tenant_id, u.record_id, u.variant, u.scheme, u.value, u.pack_numerator, u.pack_denominator, u.pack_name \
     FROM app.tenant_clock k, jsonb_to_recordset($2::jsonb) AS u (record_id uuid, variant uuid, scheme text, value text, \
         pack_numerator bigint, pack_denominator bigint, pack_name text) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, record_id) DO UPDATE SET variant = excluded.variant, scheme = excluded.scheme, \
         value = excluded.value, pack_numerator = excluded.pack_numerator, \
         pack_denominator = excluded.pack_denominator, pack_name = excluded.pack_name";

/// Inserts or updates locations.
pub const UPSERT_LOCATIONS: &str = "INSERT INTO app.locations \
         (tenant_id, record_id, name, kind, parent, code, address, notes) \
     SELECT k.tenant_id, u.record_id, u.name, u.kind, u.parent, u.code, u.address, u.notes \
     FROM app.tenant_clock k, jsonb_to_recordset($2::jsonb) AS u (record_id uuid, name text, kind text, parent uuid, \
         code text, address text, notes text) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, record_id) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
         parent = excluded.parent, code = excluded.code, address = excluded.address, notes = excluded.notes";

/// Inserts or updates lots.
pub const UPSERT_LOTS: &str = "INSERT INTO app.lots \
         (tenant_id, record_id, variant, code, expiry, best_before, produced, notes) \
     SELECT k.tenant_id, u.record_id, u.variant, u.code, u.expiry, u.best_before, u.produced, u.notes \
     FROM app.tenant_clock k, jsonb_to_recordset($2::jsonb) AS u (record_id uuid, variant uuid, code text, expiry date, \
         best_before date, produced date, notes text) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, record_id) DO UPDATE SET variant = excluded.variant, code = excluded.code, \
         expiry = excluded.expiry, best_before = excluded.best_before, produced = excluded.produced, \
         notes = excluded.notes";

/// Changes that wait, or are refused.
pub const UPSERT_WAITS: &str = "INSERT INTO app.record_waits (tenant_id, collection, record_id, position, refused) \
     SELECT k.tenant_id, u.collection, u.record_id, u.position, u.refused \
     FROM app.tenant_clock k, unnest($2::text[], $3::uuid[], $4::bigint[], $5::boolean[]) \
         AS u (collection, record_id, position, refused) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, collection, record_id, position) DO UPDATE SET refused = excluded.refused";

/// Changes that wait no more.
pub const DELETE_WAITS: &str = "DELETE FROM app.record_waits w USING unnest($2::text[], $3::uuid[], $4::bigint[]) \
         AS u (collection, record_id, position) \
     WHERE w.tenant_id = $1 AND w.collection = u.collection AND w.record_id = u.record_id AND w.position = u.position";

/// Which keys more than one live record claims.
pub const CLAIMS: &str = "SELECT u.collection, u.key, (SELECT count(*) FROM (SELECT 1 FROM app.records r \
         WHERE r.tenant_id = $1 AND r.collection = u.collection AND r.unique_key = u.key LIMIT 2) c) > 1 AS several \
     FROM unnest($2::text[], $3::text[]) AS u (collection, key)";

/// Opens exceptions about records, or opens them again; those that are open stay as they are.
pub const OPEN_RECORD_EXCEPTIONS: &str = "INSERT INTO app.exceptions \
         (tenant_id, exception_id, kind, collection, subject, opened_ms) \
     SELECT k.tenant_id, u.exception_id, u.kind, u.collection, u.subject, $2 \
     FROM app.tenant_clock k, unnest($3::bytea[], $4::text[], $5::text[], $6::text[]) \
         AS u (exception_id, kind, collection, subject) \
     WHERE k.tenant_id = $1 \
     ON CONFLICT (tenant_id, exception_id) DO UPDATE SET opened_ms = excluded.opened_ms, closed_ms = NULL \
     WHERE app.exceptions.closed_ms IS NOT NULL";

/// Deletes every projection of a tenant's log; only the owner may.
pub const DROP_PROJECTIONS: [&str; 13] = [
    "DELETE FROM app.op_cells WHERE tenant_id = $1",
    "DELETE FROM app.voids WHERE tenant_id = $1",
    "DELETE FROM app.closes WHERE tenant_id = $1",
    "DELETE FROM app.complete_closes WHERE tenant_id = $1",
    "DELETE FROM app.cells WHERE tenant_id = $1",
    "DELETE FROM app.exceptions WHERE tenant_id = $1",
    "DELETE FROM app.records WHERE tenant_id = $1",
    "DELETE FROM app.record_waits WHERE tenant_id = $1",
    "DELETE FROM app.products WHERE tenant_id = $1",
    "DELETE FROM app.variants WHERE tenant_id = $1",
    "DELETE FROM app.identifiers WHERE tenant_id = $1",
    "DELETE FROM app.locations WHERE tenant_id = $1",
    "DELETE FROM app.lots WHERE tenant_id = $1",
];
