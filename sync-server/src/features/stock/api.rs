//! `GET /api/v1/balances` and `GET /api/v1/movements`.

use axum::extract::State;
use serde::Deserialize;
use stocksync_schemas::Code;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{BalanceFilter, BalanceKey, BalanceRow, LoggedMovement, StockError};
use crate::auth::{Permission, Principal};
use crate::http::{
    Access, ApiError, AppState, Operation, PageOf, PageParams, QueryParams, Route, RouteClass, invalid_param,
};

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let operation = |id, summary| {
        let (access, class) = (Access::Requires(Permission::ReadStock), RouteClass::Read);
        Operation { id, summary, access, class, errors: &[] }
    };
    let balances = "Balances by location, variant and lot, real locations before virtual ones; the loss location only \
                    where it is named";
    let balances = operation("list_balances".into(), balances.into());
    let movements = operation("list_movements".into(), "Movements of the log, newest first".into());
    vec![
        Route::get("/api/v1/balances", balances, list_balances),
        Route::get("/api/v1/movements", movements, list_movements),
    ]
}

/// Which balances.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct BalanceQuery {
    /// Most rows
    #[param(minimum = 1, maximum = 500, default = 50, nullable = false)]
    limit: Option<u32>,
    /// `meta.next` of the page before
    #[param(nullable = false)]
    after: Option<String>,
    /// this location alone
    #[param(nullable = false)]
    location: Option<Uuid>,
    /// false: real locations alone; true: virtual ones alone; left out: both, real ones first
    #[serde(rename = "virtual")]
    #[param(nullable = false)]
    only_virtual: Option<bool>,
}

async fn list_balances(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(query): QueryParams<BalanceQuery>,
) -> Result<PageOf<BalanceRow>, ApiError> {
    let BalanceQuery { limit, after, location, only_virtual } = query;
    let page = PageParams { limit, after };
    let limit = page.row_limit()?;
    let after = page.start_key(None, |text| parse_key(text).map(Some))?;
    let filter = match (location, only_virtual) {
        (Some(location), None) => BalanceFilter::At(location),
        (None, None) => BalanceFilter::All,
        (None, Some(true)) => BalanceFilter::Virtual,
        (None, Some(false)) => BalanceFilter::Real,
        (Some(_), Some(_)) => return Err(invalid_param("query", "one of location, virtual".to_owned())),
    };
    let rows = super::list_balances(state.database(), principal.tenant, filter, after, limit).await?;
    Ok(PageOf::new(rows, limit, |last| format!("{}.{}.{}", last.location, last.variant, last.lot)))
}

fn parse_key(text: &str) -> Option<BalanceKey> {
    let mut parts = text.splitn(3, '.');
    let mut id = || parts.next().and_then(|part| Uuid::try_parse(part).ok());
    let (location, variant) = (id()?, id()?);
    Some(BalanceKey { location, variant, lot: parts.next()?.to_owned() })
}

async fn list_movements(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(page): QueryParams<PageParams>,
) -> Result<PageOf<LoggedMovement>, ApiError> {
    let limit = page.row_limit()?;
    let before = page.start_key(i64::MAX, |text| text.parse().ok())?;
    let rows = super::list_movements(state.database(), principal.tenant, before, limit).await?;
    Ok(PageOf::new(rows, limit, |last| last.position.to_string()))
}

impl From<StockError> for ApiError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Database(error) => error.into(),
            StockError::Damaged(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the op log is damaged");
                Self::new(Code::Internal)
            }
        }
    }
}
