//! What no input may do: each module is one way in, with a `check` that takes any bytes and fails where a promise is broken.
//!
//! Owns: those promises and the seeds a fuzzer starts from, made of the fixtures. Must never: know how a fuzzer is run; that
//! is `cargo xtask fuzz` with libFuzzer, and a short seeded run of `tests/it`.

pub mod frame;
pub mod text;
pub mod wire;

use std::io;
use std::path::PathBuf;

/// A way in.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// [`frame::check`].
    Frame,
    /// [`text::check`].
    Text,
    /// [`wire::check`].
    Wire,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Frame, Self::Text, Self::Wire];

    /// The target of a name: `frame`, `text` or `wire`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| format!("{target:?}").eq_ignore_ascii_case(name))
    }

    /// Inputs that are right, or nearly so.
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

    /// Fails if the input breaks a promise.
    pub fn check(self, data: &[u8]) {
        match self {
            Self::Frame => frame::check(data),
            Self::Text => text::check(data),
            Self::Wire => wire::check(data),
        }
    }
}

/// A path of the workspace.
fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}
