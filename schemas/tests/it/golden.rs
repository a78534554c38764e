//! The golden messages of `fixtures/wire`: every one is decoded, for ever.

use std::path::{Path, PathBuf};

use stocksync_schemas::wire::{self, json};
use stocksync_schemas::{Code, ExchangeRequest, ExchangeResponse};

use crate::random;
use crate::samples::samples;

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Each message of `good/` decodes to what its JSON twin says, and what was decoded travels on in every form.
#[test]
fn golden_messages_say_what_their_json_says() {
    let files = files("good", "bin");
    assert!(files.len() >= 14, "only {} golden messages", files.len());
    for path in files {
        let name = stem(&path);
        let bytes = std::fs::read(&path).unwrap();
        let twin = std::fs::read(path.with_extension("json")).unwrap();
        if name.contains("request") {
            let decoded = wire::decode_request(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(decoded, json::decode_request(&twin).unwrap(), "{name}");
            assert_eq!(decoded.undecodable, [], "{name}");
            for again in [wire::encode_request(&decoded.request), wire::encode_request_as_rows(&decoded.request)] {
                assert_eq!(wire::decode_request(&again).unwrap(), decoded, "{name}");
            }
        } else {
            let decoded = wire::decode_response(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(decoded, json::decode_response(&twin).unwrap(), "{name}");
            assert_eq!(wire::decode_response(&wire::encode_response(&decoded)).unwrap(), decoded, "{name}");
        }
    }
}

/// The hand-made columns hold the same ops as the hand-made rows, hash for hash.
#[test]
fn hand_made_columns_and_rows_are_the_same_ops() {
    let read = |name: &str| {
        let path = files("good", "bin").into_iter().find(|path| stem(path) == name).unwrap();
        wire::decode_request(&std::fs::read(path).unwrap()).unwrap().request
    };
    let hashes = |request: ExchangeRequest| request.ops.iter().map(|pushed| pushed.op.hash()).collect::<Vec<_>>();
    assert_eq!(hashes(read("hand-request-columns")), hashes(read("hand-request-rows")));
}

/// Each message of `bad/` is answered with the code its name begins with.
#[test]
fn bad_messages_are_answered_with_the_code_in_their_name() {
    let files = files("bad", "bin");
    assert!(files.len() >= 29, "only {} bad messages", files.len());
    for path in files {
        let name = stem(&path);
        let (code, cause) = name.split_once("--").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let error = if cause.starts_with("response") {
            wire::decode_response(&bytes).expect_err(&name)
        } else {
            wire::decode_request(&bytes).expect_err(&name)
        };
        assert_eq!(Some(error.code()), Code::parse(code), "{name}: {error}");
    }
}

/// The messages whose bytes this build must be able to read for ever: written once by the encoder of protocol 1.
fn written() -> (Vec<ExchangeRequest>, Vec<ExchangeResponse>) {
    (samples(4, random::request()), samples(4, random::response()))
}

/// Writes the `v1-*` messages: `cargo test -p stocksync-schemas --test it write_golden -- --ignored`. Only for a new
/// protocol version, under new names; released files stay.
#[test]
#[ignore = "writes files"]
fn write_golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire/good");
    let (requests, responses) = written();
    for (number, request) in requests.iter().enumerate() {
        std::fs::write(folder.join(format!("v1-request-{number}.bin")), wire::encode_request(request)).unwrap();
        std::fs::write(folder.join(format!("v1-request-{number}.json")), json::encode_request(request).unwrap())
            .unwrap();
    }
    for (number, response) in responses.iter().enumerate() {
        std::fs::write(folder.join(format!("v1-response-{number}.bin")), wire::encode_response(response)).unwrap();
        std::fs::write(folder.join(format!("v1-response-{number}.json")), json::encode_response(response).unwrap())
            .unwrap();
    }
}
