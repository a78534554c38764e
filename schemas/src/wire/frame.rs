//! The frame of a message: one byte that says how the rest is packed.
//!
//! Owns compression. Must never trust a size that the peer states: the output is bounded while it is produced.

use std::io::Read;

use super::WireError;
use crate::limits::{MESSAGE_BYTES, MESSAGE_PLAIN_BYTES};

/// The message follows as it is.
pub const PLAIN: u8 = 0;
/// The message follows as one zstd frame.
pub const ZSTD: u8 = 1;

/// Messages below this stay plain: some 30 movements, where a zstd frame begins to pay.
const COMPRESS_FROM_BYTES: usize = 400;
/// Columns are mostly packed already; higher levels gain under 1 % on them.
const LEVEL: i32 = 3;
/// Largest window a peer's frame may ask for: 8 MiB.
const WINDOW_LOG: u32 = 23;

/// A message with its frame, compressed if that is shorter.
pub(super) fn wrap(message: &[u8]) -> Vec<u8> {
    let packed = (message.len() >= COMPRESS_FROM_BYTES)
        .then(|| zstd::bulk::compress(message, LEVEL).ok())
        .flatten()
        .filter(|packed| packed.len() < message.len());
    let (form, payload) = match &packed {
        Some(packed) => (ZSTD, packed.as_slice()),
        None => (PLAIN, message),
    };
    let mut frame = Vec::with_capacity(payload.len() + 1);
    frame.push(form);
    frame.extend_from_slice(payload);
    frame
}

/// The message in a frame.
pub(super) fn unwrap(frame: &[u8]) -> Result<Vec<u8>, WireError> {
    if frame.len() > MESSAGE_BYTES {
        return Err(WireError::TooLarge { limit: MESSAGE_BYTES });
    }
    match frame.split_first() {
        Some((&PLAIN, message)) => Ok(message.to_vec()),
        Some((&ZSTD, packed)) => decompress(packed),
        Some(_) => Err(WireError::Undecodable("the frame is of an unknown form".into())),
        None => Err(WireError::Undecodable("the message is empty".into())),
    }
}

/// The content of one zstd frame, at most [`MESSAGE_PLAIN_BYTES`] bytes.
fn decompress(packed: &[u8]) -> Result<Vec<u8>, WireError> {
    let failed = |error: std::io::Error| WireError::Undecodable(error.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(failed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG).map_err(failed)?;
    let mut message = Vec::new();
    let limit = MESSAGE_PLAIN_BYTES as u64 + 1;
    (&mut decoder).take(limit).read_to_end(&mut message).map_err(failed)?;
    if message.len() > MESSAGE_PLAIN_BYTES {
        return Err(WireError::TooLarge { limit: MESSAGE_PLAIN_BYTES });
    }
    if decoder.finish().is_empty() {
        Ok(message)
    } else {
        Err(WireError::Undecodable("bytes follow the compressed frame".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_give_back_the_message() {
        for length in [0, 1, 399, 400, 5_000, 100_000] {
            let message: Vec<u8> = (0..length).map(|at| (at % 7) as u8).collect();
            let frame = wrap(&message);
            assert_eq!(unwrap(&frame).unwrap(), message);
            assert_eq!(frame[0], if length < COMPRESS_FROM_BYTES { PLAIN } else { ZSTD });
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let mut frame = vec![ZSTD];
        frame.extend(zstd::bulk::compress(&vec![0; MESSAGE_PLAIN_BYTES + 1], 1).unwrap());
        assert!(frame.len() < 10_000);
        assert_eq!(unwrap(&frame), Err(WireError::TooLarge { limit: MESSAGE_PLAIN_BYTES }));
        assert_eq!(unwrap(&vec![PLAIN; MESSAGE_BYTES + 1]), Err(WireError::TooLarge { limit: MESSAGE_BYTES }));
    }

    #[test]
    fn broken_frames_are_refused() {
        assert!(unwrap(&[]).is_err());
        assert!(unwrap(&[2, 0]).is_err());
        let mut frame = wrap(&[7; 4_000]);
        frame.push(0);
        assert!(unwrap(&frame).is_err(), "trailing bytes");
        frame.truncate(frame.len() - 3);
        assert!(unwrap(&frame).is_err(), "cut");
    }
}
