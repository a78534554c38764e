//! The console: one static page that reads the same lists as any back office.
//!
//! Owns the page and the policy that keeps it from loading or running anything else. Must never read the database.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, ResponseBuilder};

use crate::http::{Access, ApiError, AppState, DescribeOutput, Description, Operation, Route, RouteClass};

const STYLE: &str = include_str!("console.css");
const SCRIPT: &str = include_str!("console.js");

/// The page with its style and script inside: one request, and nothing else to load.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    include_str!("console.html").replacen("<style></style>", &format!("<style>\n{STYLE}</style>"), 1).replacen(
        "<script></script>",
        &format!("<script>\n{SCRIPT}</script>"),
        1,
    )
});

/// The page may run its own script and style, known by their hashes, talk to this server, and load nothing from anywhere.
/// Script that somebody puts into a name has no such hash and does not run.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash_source(STYLE),
        hash_source(SCRIPT),
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page's route.
pub fn routes() -> Vec<Route> {
    let page = Operation {
        id: "console".into(),
        summary: "The console: live stock and devices in a browser".into(),
        access: Access::Public,
        class: RouteClass::Public,
        errors: &[],
    };
    vec![Route::get("/", page, get_page)]
}

/// The page. It asks for a device's credential and stores it for the life of the tab alone.
async fn get_page(_: State<AppState>) -> Result<ConsolePage, ApiError> {
    Ok(ConsolePage)
}

/// The page with its headers.
pub struct ConsolePage;

impl IntoResponse for ConsolePage {
    fn into_response(self) -> Response {
        let fixed = |text| HeaderValue::from_static(text);
        let headers = [
            (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
            (CACHE_CONTROL, fixed("no-cache")),
            (CONTENT_SECURITY_POLICY, POLICY.clone()),
        ];
        (headers, PAGE.as_str()).into_response()
    }
}

impl DescribeOutput for ConsolePage {
    fn describe_output(description: &mut Description) {
        let html = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
        description.set_other_answer(ResponseBuilder::new().description("A page").content("text/html", html).build());
    }
}

/// `sha256-…` of an element's text, which begins with a line feed.
fn hash_source(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(format!("\n{text}"))))
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |three: &[u8]| {
        let number = three.iter().chain(&[0, 0]).take(3).fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let six = |shift: u32| LETTERS.get((number >> shift & 63) as usize).map_or('=', |letter| char::from(*letter));
        let at = |n: usize, shift| if n <= three.len() { six(shift) } else { '=' };
        [at(0, 18), at(1, 12), at(2, 6), at(3, 0)]
    };
    bytes.chunks(3).flat_map(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
