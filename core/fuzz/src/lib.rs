//! Fuzz targets for the code that reads untrusted bytes. Each module has a `check` that accepts any bytes and panics if the
//! code under test breaks one of its guarantees.
//!
//! Owns those checks and the seed inputs, which are made from the fixtures. Must never depend on a fuzzer: `cargo xtask fuzz`
//! runs libFuzzer, and `tests/it` runs a short seeded selection.

pub mod frame;
pub mod text;
pub mod wire;

use std::io;
use std::path::PathBuf;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub enum FuzzTarget {
    /// [`frame::check`].
    Frame,
    /// [`text::check`].
    Text,
    /// [`wire::check`].
    Wire,
}

impl FuzzTarget {
    /// All targets.
    pub const ALL: [Self; 3] = [Self::Frame, Self::Text, Self::Wire];

    /// Finds a target by its name: `frame`, `text` or `wire`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| format!("{target:?}").eq_ignore_ascii_case(name))
    }

    /// Seed inputs: valid, or nearly valid.
    ///
    /// # Errors
    /// The fixtures of the workspace cannot be read.
    pub fn seeds(self) -> io::Result<Vec<Vec<u8>>> {
        match self {
            Self::Frame => frame::seeds(),
            Self::Text => text::seeds(),
            Self::Wire => wire::seeds(),
        }
    }

    /// Checks one input; panics if a guarantee is broken.
    pub fn check(self, data: &[u8]) {
        match self {
            Self::Frame => frame::check(data),
            Self::Text => text::check(data),
            Self::Wire => wire::check(data),
        }
    }
}

/// Absolute path of a path in the workspace.
fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}
