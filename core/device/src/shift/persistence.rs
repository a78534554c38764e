//! The stored form of a shift's state and settings: JSON among the single values of the database.
//!
//! Owns decoding what any version wrote. What does not decode is set aside with the reason, byte for byte, and the shift
//! starts anew: it must never be deleted unseen, and never keep a user from working.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stocksync_schemas::SessionId;

use super::settings::ShiftSettings;
use super::state::ShiftState;
use crate::store::{Reader, Writer};
use crate::{Error, Inventory};

/// Keys among the single values.
const STATE: &str = "shift";
const SETTINGS: &str = "shift_settings";
/// Followed by the number of a value that was set aside.
const SET_ASIDE: &str = "shift_aside_";
/// The lowest number that [`Inventory::shift_view`] has not reported yet.
const UNREPORTED: &str = "shift_untold";
/// Values set aside at a time; beyond, the oldest is deleted.
const MAX_SET_ASIDE: usize = 16;

/// A stored value of a shift that did not decode. No op is in it: ops are stored by themselves. What it may hold is the count
/// line in progress and the undo list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideValue {
    /// Its number.
    pub number: u64,
    /// `shift` or `shift_settings`.
    pub what: String,
    /// Why it did not decode.
    pub reason: String,
    /// Wall clock when it was found, ms.
    pub wall_ms: i64,
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

/// Stored before the bytes, in a line of its own.
#[derive(Serialize, Deserialize)]
struct SetAsideHeader {
    what: String,
    reason: String,
    wall_ms: i64,
}

impl Inventory {
    /// Sets up the shift on this device; durable when it returns, and kept when a shift starts anew.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting and its limits; [`Error::StorageFull`]. The previous settings stay.
    pub fn set_shift_settings(&self, settings: &ShiftSettings) -> Result<(), Error> {
        settings.validate()?;
        let _lock = self.lock_shift();
        self.load_shift()?; // settings that do not decode are set aside, not overwritten
        self.store().write(|writer| store_json(writer, SETTINGS, settings))
    }

    /// The settings of the shift on this device; the defaults where they do not decode.
    pub(crate) fn shift_settings(&self) -> Result<ShiftSettings, Error> {
        self.store().read(|reader| Ok(load_json(reader, SETTINGS)?.unwrap_or_default()))
    }

    /// What of shifts did not decode, oldest first, at most 16.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn set_aside(&self) -> Result<Vec<SetAsideValue>, Error> {
        self.store().read(load_set_aside)
    }

    /// Deletes a value that was set aside; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::StorageFull`].
    pub fn delete_set_aside(&self, number: u64) -> Result<(), Error> {
        self.store().write(|writer| writer.delete_meta(&set_aside_key(number)))
    }

    /// Count sessions that were opened here and not closed, the shift's own included. One that a shift no longer knows is
    /// closed by [`close_session`](Inventory::close_session), or stays open for a person to look at.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn open_sessions(&self) -> Result<Vec<SessionId>, Error> {
        self.store().read(|reader| reader.open_sessions())
    }

    /// State and settings of the shift. What does not decode is durably set aside before this returns.
    pub(super) fn load_shift(&self) -> Result<(ShiftState, ShiftSettings), Error> {
        if let Some(loaded) = self.store().read(decode_shift)? {
            return Ok(loaded);
        }
        let wall_ms = self.clock().read().wall_ms;
        self.store().write(|writer| {
            Ok((load_or_set_aside(writer, STATE, wall_ms)?, load_or_set_aside(writer, SETTINGS, wall_ms)?))
        })
    }

    /// What was set aside and not reported yet; each value is reported once.
    pub(super) fn report_set_aside(&self) -> Result<Vec<SetAsideValue>, Error> {
        if self.store().read(|reader| reader.meta(UNREPORTED))?.is_none() {
            return Ok(Vec::new());
        }
        self.store().write(|writer| {
            let number = writer.read().meta(UNREPORTED)?.and_then(|bytes| String::from_utf8(bytes).ok());
            let first: u64 = number.and_then(|number| number.parse().ok()).unwrap_or_default();
            writer.delete_meta(UNREPORTED)?;
            Ok(load_set_aside(&writer.read())?.into_iter().filter(|value| value.number >= first).collect())
        })
    }
}

/// State and settings, the defaults where there are none; none where one of them does not decode.
pub(super) fn decode_shift(reader: &Reader<'_>) -> Result<Option<(ShiftState, ShiftSettings)>, Error> {
    let (state, settings) = (load_json(reader, STATE)?, load_json(reader, SETTINGS)?);
    Ok(state.ok().zip(settings.ok()))
}

pub(super) fn store_state(writer: &Writer<'_>, state: &ShiftState) -> Result<(), Error> {
    store_json(writer, STATE, state)
}

/// Changes the stored state. A state that does not decode is left for the next event, which sets it aside.
pub(super) fn update_state(writer: &Writer<'_>, update: impl FnOnce(&mut ShiftState)) -> Result<(), Error> {
    let Ok(mut state) = load_json::<ShiftState>(&writer.read(), STATE)? else { return Ok(()) };
    update(&mut state);
    store_state(writer, &state)
}

/// The value stored under `key`; one that does not decode is set aside and the default returned.
fn load_or_set_aside<T: DeserializeOwned + Default>(writer: &Writer<'_>, key: &str, wall_ms: i64) -> Result<T, Error> {
    let reason = match load_json(&writer.read(), key)? {
        Ok(value) => return Ok(value),
        Err(reason) => reason,
    };
    let bytes = writer.read().meta(key)?.unwrap_or_default();
    let older = load_set_aside(&writer.read())?;
    if let Some(oldest) = older.first().filter(|_| older.len() >= MAX_SET_ASIDE) {
        writer.delete_meta(&set_aside_key(oldest.number))?;
    }
    let number = older.last().map_or(0, |newest| newest.number) + 1;
    let mut stored = encode(&SetAsideHeader { what: key.to_owned(), reason, wall_ms })?;
    stored.push(b'\n');
    stored.extend(bytes);
    writer.set_meta(&set_aside_key(number), &stored)?;
    if writer.read().meta(UNREPORTED)?.is_none() {
        writer.set_meta(UNREPORTED, number.to_string().as_bytes())?;
    }
    writer.delete_meta(key)?;
    Ok(T::default())
}

/// The value stored under `key`, the default where there is none, or why it does not decode.
fn load_json<T: DeserializeOwned + Default>(reader: &Reader<'_>, key: &str) -> Result<Result<T, String>, Error> {
    let Some(bytes) = reader.meta(key)? else { return Ok(Ok(T::default())) };
    Ok(serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
}

fn store_json(writer: &Writer<'_>, key: &str, value: &impl Serialize) -> Result<(), Error> {
    writer.set_meta(key, &encode(value)?)
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| Error::Internal("a shift's state does not encode"))
}

fn set_aside_key(number: u64) -> String {
    format!("{SET_ASIDE}{number:020}")
}

fn load_set_aside(reader: &Reader<'_>) -> Result<Vec<SetAsideValue>, Error> {
    let decode = |(key, stored): (String, Vec<u8>)| {
        let number = key.strip_prefix(SET_ASIDE).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        let end = stored.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (header, bytes) = stored.split_at_checked(end).unwrap_or_default();
        match serde_json::from_slice(header) {
            Ok(SetAsideHeader { what, reason, wall_ms }) => {
                let bytes = bytes.get(1..).unwrap_or_default().to_vec();
                SetAsideValue { number, what, reason, wall_ms, bytes }
            }
            Err(error) => {
                SetAsideValue { number, what: String::new(), reason: error.to_string(), wall_ms: 0, bytes: stored }
            }
        }
    };
    Ok(reader.meta_by_prefix(SET_ASIDE)?.into_iter().map(decode).collect())
}
