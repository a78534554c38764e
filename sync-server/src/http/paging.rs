//! What all lists share: how long a page is and where it begins.
//!
//! Pages follow a key, so that rows which arrive meanwhile are neither missed nor repeated.

use serde::Deserialize;
use stocksync_schemas::limits;
use utoipa::IntoParams;

use super::error::ApiError;
use super::params::invalid_param;

/// Rows of a page where the caller names no limit.
pub const PAGE_DEFAULT: u32 = 50;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageParams {
    /// Most rows
    #[param(minimum = 1, maximum = 500, default = 50, nullable = false)]
    pub limit: Option<u32>,
    /// `meta.next` of the page before
    #[param(nullable = false)]
    pub after: Option<String>,
}

impl PageParams {
    /// The number of rows.
    ///
    /// # Errors
    /// `invalid_request` outside 1 to [`limits::PAGE_ROWS`].
    pub fn row_limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(PAGE_DEFAULT) {
            limit @ 1..=limits::PAGE_ROWS => Ok(i64::from(limit)),
            _ => Err(invalid_param("limit", format!("1 to {}", limits::PAGE_ROWS))),
        }
    }

    /// The key after which the page begins, or `start` on the first page.
    ///
    /// # Errors
    /// `invalid_request` where `parse` gives nothing.
    pub fn start_key<T>(&self, start: T, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, ApiError> {
        match self.after.as_deref() {
            None => Ok(start),
            // Postgres has no text with a zero byte.
            Some(text) => Some(text)
                .filter(|text| !text.contains('\0'))
                .and_then(parse)
                .ok_or_else(|| invalid_param("after", "a value of meta.next".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_limits_are_the_real_ones() {
        assert_eq!((PAGE_DEFAULT, limits::PAGE_ROWS), (50, 500), "change the attributes of `limit` too");
    }
}
