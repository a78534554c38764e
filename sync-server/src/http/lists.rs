//! What back offices and the console read: balances, open exceptions, devices, movements. Pages follow a key, so that
//! rows which arrive meanwhile are neither missed nor repeated.

use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use stocksync_schemas::{Body, Code, Kind, Location, limits};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{ApiError, AppState, Caller, Success};
use crate::database::{Database, DatabaseError};

const PAGE_DEFAULT: u32 = 50;

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
pub const EXCEPTIONS: &str = "SELECT exception_id, kind, location_id, variant_id, lot, opened_ms FROM app.exceptions \
     WHERE tenant_id = $1 AND closed_ms IS NULL AND (opened_ms, exception_id) > ($2, $3) \
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

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    limit: Option<u32>,
    after: Option<String>,
    location: Option<Uuid>,
}

impl Page {
    fn limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(PAGE_DEFAULT) {
            limit @ 1..=limits::PAGE_ROWS => Ok(i64::from(limit)),
            _ => Err(wrong("limit", format!("1 to {}", limits::PAGE_ROWS))),
        }
    }

    /// The parts of `after`, or `start` on the first page.
    fn after<T>(&self, start: T, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, ApiError> {
        match self.after.as_deref() {
            None => Ok(start),
            Some(text) => parse(text).ok_or_else(|| wrong("after", "a value of meta.next".to_owned())),
        }
    }
}

fn wrong(field: &str, expected: String) -> ApiError {
    ApiError::new(Code::InvalidRequest).detail(field, "out_of_range", expected)
}

/// A balance.
#[derive(Debug, Serialize)]
pub struct Balance {
    location: Uuid,
    /// Name of a virtual location.
    #[serde(rename = "virtual", skip_serializing_if = "Option::is_none")]
    virtual_name: Option<&'static str>,
    variant: Uuid,
    lot: String,
    on_hand: i64,
    overflow: bool,
    count_overlap: bool,
    count_conflict: bool,
    count_open: bool,
    changed_ms: i64,
}

type PageQuery = Result<Query<Page>, axum::extract::rejection::QueryRejection>;

fn page_of(page: PageQuery) -> Result<Page, ApiError> {
    page.map(|Query(page)| page).map_err(|error| wrong("query", error.body_text()))
}

/// Balances by location, variant and lot.
pub async fn balances(
    State(state): State<AppState>,
    caller: Caller,
    page: PageQuery,
) -> Result<Success<Vec<Balance>>, ApiError> {
    let page = page_of(page)?;
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
    let rows = if page.location == Some(loss) {
        let parameters: [&(dyn ToSql + Sync); 6] = [&location, &variant, &lot, &loss, &last_virtual, &limit];
        query(&state, caller, LOSSES, &parameters).await?
    } else {
        let parameters: [&(dyn ToSql + Sync); 6] = [&location, &variant, &lot, &loss, &page.location, &limit];
        query(&state, caller, BALANCES, &parameters).await?
    };
    let rows = rows.iter().map(balance).collect::<Result<Vec<_>, _>>()?;
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
        variant: row.try_get("variant_id")?,
        lot: row.try_get("lot")?,
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
    location: Uuid,
    variant: Uuid,
    lot: String,
    opened_ms: i64,
}

/// Open exceptions, oldest first.
pub async fn exceptions(
    State(state): State<AppState>,
    caller: Caller,
    page: PageQuery,
) -> Result<Success<Vec<OpenException>>, ApiError> {
    let page = page_of(page)?;
    let limit = page.limit()?;
    let (opened, id) = page.after((i64::MIN, Vec::new()), |text| {
        let (opened, id) = text.split_once('.')?;
        Some((opened.parse().ok()?, stocksync_schemas::ids::bytes_from_hex(id)?))
    })?;
    let rows = query(&state, caller, EXCEPTIONS, &[&opened, &id, &limit]).await?;
    let rows = rows.iter().map(exception).collect::<Result<Vec<_>, _>>()?;
    let next = full(&rows, limit).map(|it| format!("{}.{}", it.opened_ms, it.id));
    Ok(Success::page(rows, next))
}

fn exception(row: &Row) -> Result<OpenException, DatabaseError> {
    Ok(OpenException {
        id: stocksync_schemas::ids::to_hex(row.try_get("exception_id")?),
        kind: row.try_get("kind")?,
        location: row.try_get("location_id")?,
        variant: row.try_get("variant_id")?,
        lot: row.try_get("lot")?,
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
    page: PageQuery,
) -> Result<Success<Vec<Device>>, ApiError> {
    let page = page_of(page)?;
    let limit = page.limit()?;
    let after = page.after(Uuid::nil(), |text| Uuid::try_parse(text).ok())?;
    let rows = query(&state, caller, DEVICES, &[&after, &limit]).await?;
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
    #[serde(flatten)]
    body: stocksync_schemas::Move,
}

/// Movements, newest first.
pub async fn movements(
    State(state): State<AppState>,
    caller: Caller,
    page: PageQuery,
) -> Result<Success<Vec<Movement>>, ApiError> {
    let page = page_of(page)?;
    let limit = page.limit()?;
    let before = page.after(i64::MAX, |text| text.parse().ok())?;
    let rows = query(&state, caller, MOVEMENTS, &[&before, &limit]).await?;
    let rows = rows.iter().map(movement).collect::<Result<Vec<_>, _>>()?;
    let next = full(&rows, limit).map(|it| it.position.to_string());
    Ok(Success::page(rows, next))
}

fn movement(row: &Row) -> Result<Movement, ApiError> {
    let get = |error: tokio_postgres::Error| ApiError::from(DatabaseError::from(error));
    let version = u32::try_from(row.try_get::<_, i64>("version").map_err(get)?).unwrap_or(0);
    let body = Body::decode(Kind::MOVE, version, row.try_get("body").map_err(get)?);
    let Ok(Body::Move(body)) = body else { return Err(ApiError::new(Code::Internal)) };
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
        body,
    })
}

/// The last row of a full page: more may follow.
fn full<T>(rows: &[T], limit: i64) -> Option<&T> {
    rows.last().filter(|_| i64::try_from(rows.len()) == Ok(limit))
}

/// Runs a statement whose first parameter is the caller's tenant.
async fn query(
    state: &AppState,
    caller: Caller,
    sql: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, DatabaseError> {
    let tenant = Uuid::from_bytes(caller.tenant.0);
    let mut connection = state.database().connection().await?;
    let transaction = Database::begin(&mut connection, tenant).await?;
    let statement = transaction.prepare_cached(sql).await?;
    let mut all: Vec<&(dyn ToSql + Sync)> = vec![&tenant];
    all.extend_from_slice(parameters);
    Ok(transaction.query(&statement, &all).await?)
}
