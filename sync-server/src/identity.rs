//! The one place where the server makes ids and secrets. They come from the system's generator; the exchange logic is
//! given them, so that a simulation can seed them.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The system's random generator gave nothing: the machine is not fit to hand out secrets.
#[derive(Debug, thiserror::Error)]
#[error("the system's random generator failed")]
pub struct NoRandomness;

/// Crockford's base 32: no letter that is read or heard as another one.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// An id that sorts by the time it was made (UUID version 7).
///
/// # Errors
/// [`NoRandomness`]: answer 500 and do not retry.
pub fn new_id(now_ms: i64) -> Result<Uuid, NoRandomness> {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(ms, &random::<10>()?).into_uuid())
}

/// A secret of 160 bits as 32 characters: for device credentials.
///
/// # Errors
/// [`NoRandomness`]: answer 500 and do not retry.
pub fn new_secret() -> Result<String, NoRandomness> {
    Ok(letters(&random::<32>()?))
}

/// A one-time code of 80 bits as 16 characters: short enough to be typed, used up by its first use.
///
/// # Errors
/// [`NoRandomness`]: answer 500 and do not retry.
pub fn new_code() -> Result<String, NoRandomness> {
    Ok(letters(&random::<16>()?))
}

/// Five bits of each byte; every character is equally likely.
fn letters(bytes: &[u8]) -> String {
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).collect()
}

/// What the database keeps of a secret. The secrets are random and long, so a plain hash cannot be searched.
#[must_use]
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_length_and_differ() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
        assert_eq!(new_code().unwrap().len(), 16);
    }

    #[test]
    fn every_letter_can_occur() {
        let all: Vec<u8> = (0..=255).collect();
        let text = letters(&all);
        assert_eq!(text.len(), 256);
        assert!(ALPHABET.iter().all(|letter| text.matches(*letter).count() == 8));
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(new_id(1_000).unwrap() < new_id(2_000).unwrap());
        assert_eq!(new_id(1_000).unwrap().get_version_num(), 7);
    }
}
