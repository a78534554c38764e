//! The console: one static page that reads the same lists as any back office.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("console.html");

/// The page may run its own script and style, known by their hashes, talk to this server, and load nothing from anywhere.
/// What a name that people typed might smuggle in has no hash and would not run.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        source("style"),
        source("script"),
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page. It asks for a device's credential and keeps it for the tab's life alone.
pub async fn page() -> impl IntoResponse {
    let fixed = |text| HeaderValue::from_static(text);
    let headers = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CACHE_CONTROL, fixed("no-cache")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
    ];
    (headers, PAGE)
}

/// `sha256-…` of what stands in the page's element of this name.
fn source(tag: &str) -> String {
    let rest = PAGE.split_once(&format!("<{tag}>")).map_or("", |it| it.1);
    let inside = rest.split_once(&format!("</{tag}>")).map_or("", |it| it.0);
    format!("sha256-{}", base64(&Sha256::digest(inside.as_bytes())))
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |three: &[u8]| {
        let number = three.iter().chain(&[0, 0]).take(3).fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let six = |shift: u32| LETTERS.get((number >> shift & 63) as usize).map_or('=', |it| char::from(*it));
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
