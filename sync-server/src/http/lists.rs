//! What back offices and the console read: balances, open exceptions, devices, movements, and ops that were refused.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use stocksync_schemas::{Body, Code, Kind, Location, Move, MovementLine};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::names::{LocationName, Names, VariantName, expiries};
use super::page::{Page, QueryParams, Reading, asked, connection, full};
use super::{ApiError, AppState, Caller, Success};
use crate::database::DatabaseError;

/// Cells in key order; the loss location is derived and has its own statement.
pub const BALANCES: &str = "SELECT location_id, variant_id, lot, on_hand, flags, changed_ms FROM app.cells \
     WHERE tenant_id = $1 AND (location_id, variant_id, lot) > ($2, $3, $4) \
         AND location_id <> $5 AND ($6::uuid IS NULL OR location_id = $6) \
     ORDER BY location_id, variant_id, lot LIMIT $7";

/// The loss location: what was moved there, and the other end of what counts revealed at real locations.
pub const LOSSES: &str = "SELECT $5::uuid AS location_id, variant_id, lot, \
         sum(CASE WHEN location_id = $5 THEN moved ELSE moved - on_hand END)::bigint AS on_hand, \
         0::smallint AS flags, max(changed_ms) AS changed_ms \
     FROM app.cells WHERE tenant_id = $1 AND ($2::uuid, variant_id, lot) > ($2, $3, $4) \
         AND (location_id = $5 OR location_id > $6) GROUP BY variant_id, lot \
     HAVING sum(CASE WHEN location_id = $5 THEN moved ELSE moved - on_hand END) <> 0 \
     ORDER BY variant_id, lot LIMIT $7";

/// Open exceptions, oldest first.
pub const EXCEPTIONS: &str = "SELECT exception_id, kind, location_id, variant_id, lot, collection, subject, opened_ms \
     FROM app.exceptions WHERE tenant_id = $1 AND closed_ms IS NULL AND (opened_ms, exception_id) > ($2, $3) \
     ORDER BY opened_ms, exception_id LIMIT $4";

/// Devices by id, with how many ops each has still to apply.
pub const DEVICES: &str = "SELECT d.device_id, d.name, d.enrolled_ms, d.revoked_ms, d.seen_ms, \
         greatest(k.position - d.cursor_position, 0) AS behind \
     FROM app.devices d JOIN app.tenant_clock k ON k.tenant_id = d.tenant_id \
     WHERE d.tenant_id = $1 AND d.device_id > $2 ORDER BY d.device_id LIMIT $3";

/// Movements, newest first; `live` is false for those that were voided.
pub const MOVEMENTS: &str = "SELECT o.position, o.replica, o.seq, o.device_id, o.user_id, o.version, o.body, \
         o.began, o.ended, o.server_ms, \
         NOT EXISTS (SELECT 1 FROM app.op_cells c \
             WHERE c.tenant_id = $1 AND c.position = o.position AND NOT c.live) AS live \
     FROM app.ops o WHERE o.tenant_id = $1 AND o.kind = 1 AND o.position < $2 ORDER BY o.position DESC LIMIT $3";

/// Which balances.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceQuery {
    limit: Option<u32>,
    after: Option<String>,
    location: Option<Uuid>,
}

/// A balance.
#[derive(Debug, Serialize)]
pub struct Balance {
    location: Uuid,
    /// Name of a virtual location.
    #[serde(rename = "virtual", skip_serializing_if = "Option::is_none")]
    virtual_name: Option<&'static str>,
    #[serde(flatten)]
    location_name: LocationName,
    variant: Uuid,
    #[serde(flatten)]
    variant_name: VariantName,
    lot: String,
    /// Of the lot, `YYYY-MM-DD`.
    expiry: Option<String>,
    on_hand: i64,
    overflow: bool,
    count_overlap: bool,
    count_conflict: bool,
    count_open: bool,
    changed_ms: i64,
}

/// Balances by location, variant and lot.
pub async fn balances(
    State(state): State<AppState>,
    caller: Caller,
    query: QueryParams<BalanceQuery>,
) -> Result<Success<Vec<Balance>>, ApiError> {
    let BalanceQuery { limit, after, location: only } = asked(query)?;
    let page = Page { limit, after };
    let limit = page.limit()?;
    let start = (Uuid::nil(), Uuid::nil(), String::new());
    let (location, variant, lot) = page.after(start, |text| {
        let mut parts = text.splitn(3, '.');
        let mut id = || parts.next().and_then(|part| Uuid::try_parse(part).ok());
        let (location, variant) = (id()?, id()?);
        Some((location, variant, parts.next()?.to_owned()))
    })?;
    let loss = Uuid::from_bytes(Location::LOSS.0);
    let last_virtual = Uuid::from_u128(0xff);
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let rows = if only == Some(loss) {
        let parameters: [&(dyn ToSql + Sync); 6] = [&location, &variant, &lot, &loss, &last_virtual, &limit];
        reading.query(LOSSES, &parameters).await?
    } else {
        let parameters: [&(dyn ToSql + Sync); 6] = [&location, &variant, &lot, &loss, &only, &limit];
        reading.query(BALANCES, &parameters).await?
    };
    let mut rows = rows.iter().map(balance).collect::<Result<Vec<_>, _>>()?;
    let (variants, locations) = (rows.iter().map(|it| it.variant), rows.iter().map(|it| it.location));
    let names = Names::read(&reading, variants, locations).await?;
    let expiries = expiries(&reading, rows.iter().map(|it| (it.variant, it.lot.clone()))).await?;
    for it in &mut rows {
        it.expiry = expiries.get(&(it.variant, it.lot.clone())).cloned();
        (it.location_name, it.variant_name) = (names.location(it.location), names.variant(it.variant));
    }
    let next = full(&rows, limit).map(|it| format!("{}.{}.{}", it.location, it.variant, it.lot));
    Ok(Success::page(rows, next))
}

fn balance(row: &Row) -> Result<Balance, DatabaseError> {
    let location: Uuid = row.try_get("location_id")?;
    let flags: i16 = row.try_get("flags")?;
    let names = Location::VIRTUAL.iter();
    Ok(Balance {
        virtual_name: names.into_iter().find(|(it, _)| it.0 == *location.as_bytes()).map(|(_, name)| *name),
        location,
        location_name: LocationName::default(),
        variant: row.try_get("variant_id")?,
        variant_name: VariantName::default(),
        lot: row.try_get("lot")?,
        expiry: None,
        on_hand: row.try_get("on_hand")?,
        overflow: flags & 1 != 0,
        count_overlap: flags & 2 != 0,
        count_conflict: flags & 4 != 0,
        count_open: flags & 8 != 0,
        changed_ms: row.try_get("changed_ms")?,
    })
}

/// An open exception.
#[derive(Debug, Serialize)]
pub struct OpenException {
    id: String,
    kind: String,
    /// Of a cell: where, what, and of which lot.
    location: Option<Uuid>,
    #[serde(flatten)]
    location_name: LocationName,
    variant: Option<Uuid>,
    #[serde(flatten)]
    variant_name: VariantName,
    lot: Option<String>,
    /// Of records: the collection, and a record's id or the key that several claim.
    collection: Option<String>,
    subject: Option<String>,
    opened_ms: i64,
}

/// Open exceptions, oldest first.
pub async fn exceptions(
    State(state): State<AppState>,
    caller: Caller,
    page: QueryParams<Page>,
) -> Result<Success<Vec<OpenException>>, ApiError> {
    let page = asked(page)?;
    let limit = page.limit()?;
    let (opened, id) = page.after((i64::MIN, Vec::new()), |text| {
        let (opened, id) = text.split_once('.')?;
        Some((opened.parse().ok()?, stocksync_schemas::ids::bytes_from_hex(id)?))
    })?;
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let rows = reading.query(EXCEPTIONS, &[&opened, &id, &limit]).await?;
    let mut rows = rows.iter().map(exception).collect::<Result<Vec<_>, _>>()?;
    let (variants, locations) = (rows.iter().filter_map(|it| it.variant), rows.iter().filter_map(|it| it.location));
    let names = Names::read(&reading, variants, locations).await?;
    for it in &mut rows {
        it.location_name = it.location.map(|id| names.location(id)).unwrap_or_default();
        it.variant_name = it.variant.map(|id| names.variant(id)).unwrap_or_default();
    }
    let next = full(&rows, limit).map(|it| format!("{}.{}", it.opened_ms, it.id));
    Ok(Success::page(rows, next))
}

fn exception(row: &Row) -> Result<OpenException, DatabaseError> {
    Ok(OpenException {
        id: stocksync_schemas::ids::to_hex(row.try_get("exception_id")?),
        kind: row.try_get("kind")?,
        location: row.try_get("location_id")?,
        location_name: LocationName::default(),
        variant: row.try_get("variant_id")?,
        variant_name: VariantName::default(),
        lot: row.try_get("lot")?,
        collection: row.try_get("collection")?,
        subject: row.try_get("subject")?,
        opened_ms: row.try_get("opened_ms")?,
    })
}

/// An enrolled device.
#[derive(Debug, Serialize)]
pub struct Device {
    device: Uuid,
    name: String,
    enrolled_ms: i64,
    revoked_ms: Option<i64>,
    seen_ms: Option<i64>,
    behind: i64,
}

/// Enrolled devices by id, which is the order of enrolment.
pub async fn devices(
    State(state): State<AppState>,
    caller: Caller,
    page: QueryParams<Page>,
) -> Result<Success<Vec<Device>>, ApiError> {
    let page = asked(page)?;
    let limit = page.limit()?;
    let after = page.after(Uuid::nil(), |text| Uuid::try_parse(text).ok())?;
    let mut connection = connection(&state).await?;
    let rows = Reading::begin(&mut connection, caller).await?.query(DEVICES, &[&after, &limit]).await?;
    let rows = rows.iter().map(device).collect::<Result<Vec<_>, _>>()?;
    let next = full(&rows, limit).map(|it| it.device.to_string());
    Ok(Success::page(rows, next))
}

fn device(row: &Row) -> Result<Device, DatabaseError> {
    Ok(Device {
        device: row.try_get("device_id")?,
        name: row.try_get("name")?,
        enrolled_ms: row.try_get("enrolled_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
        seen_ms: row.try_get("seen_ms")?,
        behind: row.try_get("behind")?,
    })
}

/// A movement of the log.
#[derive(Debug, Serialize)]
pub struct Movement {
    position: i64,
    replica: Uuid,
    seq: i64,
    device: Uuid,
    user: Uuid,
    began: i64,
    ended: i64,
    server_ms: i64,
    live: bool,
    from: Uuid,
    from_name: Option<String>,
    to: Uuid,
    to_name: Option<String>,
    reason: String,
    reference: String,
    lines: Vec<NamedLine>,
}

/// What moved.
#[derive(Debug, Serialize)]
pub struct NamedLine {
    #[serde(flatten)]
    line: MovementLine,
    #[serde(flatten)]
    name: VariantName,
}

/// Movements, newest first.
pub async fn movements(
    State(state): State<AppState>,
    caller: Caller,
    page: QueryParams<Page>,
) -> Result<Success<Vec<Movement>>, ApiError> {
    let page = asked(page)?;
    let limit = page.limit()?;
    let before = page.after(i64::MAX, |text| text.parse().ok())?;
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let rows = reading.query(MOVEMENTS, &[&before, &limit]).await?;
    let mut rows = rows.iter().map(movement).collect::<Result<Vec<_>, _>>()?;
    let variants = rows.iter().flat_map(|it| &it.lines).map(|it| Uuid::from_bytes(it.line.variant.0));
    let names = Names::read(&reading, variants, rows.iter().flat_map(|it| [it.from, it.to])).await?;
    for it in &mut rows {
        (it.from_name, it.to_name) = (names.location(it.from).location_name, names.location(it.to).location_name);
        for named in &mut it.lines {
            named.name = names.variant(Uuid::from_bytes(named.line.variant.0));
        }
    }
    let next = full(&rows, limit).map(|it| it.position.to_string());
    Ok(Success::page(rows, next))
}

fn movement(row: &Row) -> Result<Movement, ApiError> {
    let get = |error: tokio_postgres::Error| ApiError::from(DatabaseError::from(error));
    let version = u32::try_from(row.try_get::<_, i64>("version").map_err(get)?).unwrap_or(0);
    let body = Body::decode(Kind::MOVE, version, row.try_get("body").map_err(get)?);
    let Ok(Body::Move(Move { from, to, lines, reason, reference })) = body else {
        return Err(ApiError::new(Code::Internal));
    };
    Ok(Movement {
        position: row.try_get("position").map_err(get)?,
        replica: row.try_get("replica").map_err(get)?,
        seq: row.try_get("seq").map_err(get)?,
        device: row.try_get("device_id").map_err(get)?,
        user: row.try_get("user_id").map_err(get)?,
        began: row.try_get("began").map_err(get)?,
        ended: row.try_get("ended").map_err(get)?,
        server_ms: row.try_get("server_ms").map_err(get)?,
        live: row.try_get("live").map_err(get)?,
        from: Uuid::from_bytes(from.0),
        from_name: None,
        to: Uuid::from_bytes(to.0),
        to_name: None,
        reason,
        reference,
        lines: lines.into_iter().map(|line| NamedLine { line, name: VariantName::default() }).collect(),
    })
}

/// Ops refused for good and ops that could not be decoded, by lane and seq.
pub const REJECTED: &str = "SELECT * FROM ( \
     (SELECT replica, seq, hash, device_id, code, reason, octet_length(op)::bigint AS size, \
         substr(op, 1, 4096) AS bytes, server_ms, true AS decoded FROM app.rejected_ops \
     WHERE tenant_id = $1 AND (replica, seq, hash) > ($2, $3, $4) ORDER BY replica, seq, hash LIMIT $5) \
     UNION ALL \
     (SELECT replica, seq, hash, device_id, code, reason, size, bytes, server_ms, false AS decoded FROM app.undecodable_ops \
     WHERE tenant_id = $1 AND (replica, seq, hash) > ($2, $3, $4) ORDER BY replica, seq, hash LIMIT $5)) r \
     ORDER BY replica, seq, hash LIMIT $5";

/// An op that counts nowhere.
#[derive(Debug, Serialize)]
pub struct Rejected {
    replica: Uuid,
    seq: i64,
    hash: String,
    device: Uuid,
    code: String,
    reason: String,
    /// False where no op could be made of what was sent.
    decoded: bool,
    size: i64,
    /// Hexadecimal, the first 4,096: the op's canonical bytes, or what was sent.
    bytes: String,
    server_ms: i64,
}

/// Ops that a person must look at: nobody's work is dropped unseen.
pub async fn rejected(
    State(state): State<AppState>,
    caller: Caller,
    page: QueryParams<Page>,
) -> Result<Success<Vec<Rejected>>, ApiError> {
    let page = asked(page)?;
    let limit = page.limit()?;
    let (replica, seq, hash) = page.after((Uuid::nil(), 0, Vec::new()), |text| {
        let mut parts = text.splitn(3, '.');
        let replica = Uuid::try_parse(parts.next()?).ok()?;
        let seq: i64 = parts.next()?.parse().ok()?;
        Some((replica, seq, stocksync_schemas::ids::bytes_from_hex(parts.next()?)?))
    })?;
    let mut connection = connection(&state).await?;
    let reading = Reading::begin(&mut connection, caller).await?;
    let rows = reading.query(REJECTED, &[&replica, &seq, &hash, &limit]).await?;
    let rows = rows.iter().map(refused).collect::<Result<Vec<_>, _>>()?;
    let next = full(&rows, limit).map(|it| format!("{}.{}.{}", it.replica, it.seq, it.hash));
    Ok(Success::page(rows, next))
}

fn refused(row: &Row) -> Result<Rejected, DatabaseError> {
    Ok(Rejected {
        replica: row.try_get("replica")?,
        seq: row.try_get("seq")?,
        hash: stocksync_schemas::ids::to_hex(row.try_get("hash")?),
        device: row.try_get("device_id")?,
        code: row.try_get("code")?,
        reason: row.try_get("reason")?,
        decoded: row.try_get("decoded")?,
        size: row.try_get("size")?,
        bytes: stocksync_schemas::ids::to_hex(row.try_get("bytes")?),
        server_ms: row.try_get("server_ms")?,
    })
}
