//! What a shift keeps between two scans and between two lives of the app: its memory and its settings, as JSON among the
//! single values.
//!
//! Owns reading them back, whoever wrote them. What cannot be read is moved aside with its reason, byte for byte, and the
//! shift starts anew: it must never be lost, and never keep a person from working.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stocksync_schemas::SessionId;

use super::settings::Settings;
use super::state::State;
use crate::store::{Reader, Writer};
use crate::{Error, Inventory};

/// Under which keys they rest among the single values.
const STATE: &str = "shift";
const SETTINGS: &str = "shift_settings";
/// What was moved aside, followed by its number.
const ASIDE: &str = "shift_aside_";
/// Number of the first that the view has not told of.
const UNTOLD: &str = "shift_untold";
/// Most that are kept; then the oldest goes.
const MAX_ASIDE: usize = 16;

/// Something of a shift that could not be read. No act is in it: acts are operations, each durable by itself. A line that
/// was being counted, and what could be taken back, are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its number.
    pub number: u64,
    /// `shift` or `shift_settings`.
    pub what: String,
    /// Why it could not be read.
    pub reason: String,
    /// Wall clock when it was found, ms.
    pub wall_ms: i64,
    /// As it was.
    pub bytes: Vec<u8>,
}

/// What is written before the bytes, in a line of its own.
#[derive(Serialize, Deserialize)]
struct Note {
    what: String,
    reason: String,
    wall_ms: i64,
}

impl Inventory {
    /// Sets up the shift on this device; durable when it returns, and kept when a shift starts anew.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting and its limits; [`Error::StorageFull`]. The old ones stay then.
    pub fn set_shift_settings(&self, settings: &Settings) -> Result<(), Error> {
        settings.check()?;
        let _one = self.camera();
        self.memory()?; // what could not be read is not overwritten
        self.store().write(|writer| put(writer, SETTINGS, settings))
    }

    /// How the shift on this device is set up; as nobody chose anything where that cannot be read.
    pub(crate) fn shift_settings(&self) -> Result<Settings, Error> {
        self.store().read(|reader| Ok(get(reader, SETTINGS)?.unwrap_or_default()))
    }

    /// What of shifts could not be read, oldest first, at most 16.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn set_aside(&self) -> Result<Vec<SetAside>, Error> {
        self.store().read(asides)
    }

    /// Drops what was set aside under a number: nobody needs it any more.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::StorageFull`].
    pub fn drop_set_aside(&self, number: u64) -> Result<(), Error> {
        self.store().write(|writer| writer.remove_meta(&aside_key(number)))
    }

    /// Sessions of counts that were opened here and not closed, the shift's own included. One that a shift forgot is closed
    /// by [`close_session`](Inventory::close_session), or stays open for a person to look at.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn open_sessions(&self) -> Result<Vec<SessionId>, Error> {
        self.store().read(|reader| reader.open_sessions())
    }

    /// The memory of the shift and its settings. What cannot be read is durably set aside before this returns.
    pub(super) fn memory(&self) -> Result<(State, Settings), Error> {
        let read =
            self.store().read(|reader| Ok((get::<State>(reader, STATE)?, get::<Settings>(reader, SETTINGS)?)))?;
        if let (Ok(state), Ok(settings)) = read {
            return Ok((state, settings));
        }
        self.store().write(|writer| Ok((self.woken(writer, STATE)?, self.woken(writer, SETTINGS)?)))
    }

    /// What was set aside and not told yet; it is told once.
    pub(super) fn untold(&self) -> Result<Vec<SetAside>, Error> {
        if self.store().read(|reader| reader.meta(UNTOLD))?.is_none() {
            return Ok(Vec::new());
        }
        self.store().write(|writer| {
            let text = writer.read().meta(UNTOLD)?.unwrap_or_default();
            let first: u64 = String::from_utf8(text).ok().and_then(|it| it.parse().ok()).unwrap_or_default();
            writer.remove_meta(UNTOLD)?;
            Ok(asides(&writer.read())?.into_iter().filter(|it| it.number >= first).collect())
        })
    }

    fn woken<T: DeserializeOwned + Default>(&self, writer: &Writer<'_>, key: &str) -> Result<T, Error> {
        let reason = match get(&writer.read(), key)? {
            Ok(value) => return Ok(value),
            Err(reason) => reason,
        };
        let bytes = writer.read().meta(key)?.unwrap_or_default();
        let older = asides(&writer.read())?;
        if let Some(oldest) = older.first().filter(|_| older.len() >= MAX_ASIDE) {
            writer.remove_meta(&aside_key(oldest.number))?;
        }
        let number = older.last().map_or(0, |it| it.number) + 1;
        let note = Note { what: key.to_owned(), reason, wall_ms: self.clock().read().wall_ms };
        let mut kept = json(&note)?;
        kept.push(b'\n');
        kept.extend(bytes);
        writer.set_meta(&aside_key(number), &kept)?;
        if writer.read().meta(UNTOLD)?.is_none() {
            writer.set_meta(UNTOLD, number.to_string().as_bytes())?;
        }
        writer.remove_meta(key)?;
        Ok(T::default())
    }
}

/// Keeps the memory of the shift.
pub(super) fn save(writer: &Writer<'_>, state: &State) -> Result<(), Error> {
    put(writer, STATE, state)
}

/// Changes the memory of the shift where it can be read; else it is found, and set aside, by the next event.
pub(super) fn change(writer: &Writer<'_>, change: impl FnOnce(&mut State)) -> Result<(), Error> {
    let Ok(mut state) = get::<State>(&writer.read(), STATE)? else { return Ok(()) };
    change(&mut state);
    save(writer, &state)
}

/// A value as it rests, the default where there is none, or why it cannot be read.
fn get<T: DeserializeOwned + Default>(reader: &Reader<'_>, key: &str) -> Result<Result<T, String>, Error> {
    let Some(bytes) = reader.meta(key)? else { return Ok(Ok(T::default())) };
    Ok(serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
}

fn put(writer: &Writer<'_>, key: &str, value: &impl Serialize) -> Result<(), Error> {
    writer.set_meta(key, &json(value)?)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| Error::Internal("a shift cannot be written"))
}

fn aside_key(number: u64) -> String {
    format!("{ASIDE}{number:020}")
}

fn asides(reader: &Reader<'_>) -> Result<Vec<SetAside>, Error> {
    let read = |(key, kept): (String, Vec<u8>)| {
        let number = key.strip_prefix(ASIDE).and_then(|it| it.parse().ok()).unwrap_or_default();
        let end = kept.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (note, bytes) = kept.split_at_checked(end).unwrap_or_default();
        match serde_json::from_slice(note) {
            Ok(Note { what, reason, wall_ms }) => {
                SetAside { number, what, reason, wall_ms, bytes: bytes.get(1..).unwrap_or_default().to_vec() }
            }
            Err(error) => SetAside { number, what: String::new(), reason: error.to_string(), wall_ms: 0, bytes: kept },
        }
    };
    Ok(reader.metas(ASIDE)?.into_iter().map(read).collect())
}
