//! Any bytes as a message of a peer.
//!
//! Owns the guarantees of the wire format. Must never check what a message says.

use std::fs;
use std::io;

use stocksync_schemas::wire::{self, json};

use crate::workspace;

/// A message is refused with a registered code, or decodes; a response that decodes is equal after another round trip.
pub fn check(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 4 {
        0 => {
            if let Err(error) = wire::decode_request(bytes) {
                assert!(!error.code().as_str().is_empty());
            }
        }
        1 => match wire::decode_response(bytes) {
            Ok(response) => {
                let decoded = wire::decode_response(&wire::encode_response(&response));
                assert_eq!(decoded.as_ref().ok(), Some(&response), "encoding and decoding changed a response");
            }
            Err(error) => assert!(!error.code().as_str().is_empty()),
        },
        2 => {
            if let Err(error) = json::decode_request(bytes) {
                assert!(!error.code().as_str().is_empty());
            }
        }
        _ => {
            if let Err(error) = json::decode_response(bytes) {
                assert!(!error.code().as_str().is_empty());
            }
        }
    }
}

/// The golden messages.
pub(crate) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> =
        fs::read_dir(workspace("fixtures/wire/good"))?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut seeds = Vec::new();
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kind = u8::from(name.contains("response")) + 2 * u8::from(name.ends_with("json"));
        seeds.push(std::iter::once(kind).chain(fs::read(&path)?).collect());
    }
    Ok(seeds)
}
