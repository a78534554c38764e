//! Looking after the database file: checks, copies, and what tests do to it.

use std::path::Path;

use crate::{Error, Inventory};

impl Inventory {
    /// Has every page of the database checked; takes as long as reading all of it.
    ///
    /// # Errors
    /// [`Error::StorageCorrupt`] says what is damaged: keep the file, it may hold ops that were not sent.
    pub fn check(&self) -> Result<(), Error> {
        self.store.read(|reader| reader.check())
    }

    /// Writes a compact copy of the database, for support or before an update. `path` must not exist.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Database`].
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        self.store.copy_to(path)
    }

    /// Has the process die after so many steps of SQLite or so many commits, or lets it live: then every write fails
    /// until the file is opened anew.
    ///
    /// # Errors
    /// [`Error::Database`].
    #[doc(hidden)]
    pub fn die_after(&self, when: Option<(u64, u64)>) -> Result<(), Error> {
        self.store.die_after(when)
    }

    /// Whether the process has died by [`die_after`](Inventory::die_after).
    #[doc(hidden)]
    pub fn has_died(&self) -> bool {
        self.store.has_died()
    }

    /// Steps of SQLite's machine since [`die_after`](Inventory::die_after), inside writes: they grow with the rows read.
    #[doc(hidden)]
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.store.steps()
    }

    /// Limits the database to `pages`, as a full disk does.
    ///
    /// # Errors
    /// [`Error::Database`].
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) -> Result<(), Error> {
        self.store.limit_pages(pages)
    }
}
