//! Finds the programs of an installed Postgres. It must never download anything.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;

/// The oldest Postgres whose dialect the schema uses.
const OLDEST: u32 = 15;

/// A folder that holds `postgres` and `initdb`, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    /// Major version, 15 or newer.
    pub version: u32,
}

impl Binaries {
    /// The server program.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// The program that makes a cluster.
    #[must_use]
    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
}

/// Looks in the named folder alone, or else in PATH and in the places where packages put Postgres, newest first.
///
/// # Errors
/// [`EmbeddedError::BadBinaries`] for a named folder, [`EmbeddedError::NoBinaries`] for a search.
pub fn find(named: Option<&Path>) -> Result<Binaries, EmbeddedError> {
    if let Some(folder) = named {
        return probe(folder).ok_or_else(|| EmbeddedError::BadBinaries { path: folder.to_owned() });
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = candidates(&path);
    candidates.iter().find_map(|folder| probe(folder)).ok_or_else(|| EmbeddedError::NoBinaries {
        looked: "looked in PATH, /usr/lib/postgresql, /usr/pgsql-*, Homebrew and Postgres.app".to_owned(),
    })
}

fn candidates(path: &OsStr) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::env::split_paths(path).collect();
    all.extend(versions(Path::new("/usr/lib/postgresql"), ""));
    all.extend(versions(Path::new("/usr"), "pgsql-"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        all.extend(versions(Path::new(homebrew), "postgresql@"));
        all.push(Path::new(homebrew).join("postgresql/bin"));
    }
    all.push(PathBuf::from("/Applications/Postgres.app/Contents/Versions/latest/bin"));
    all
}

/// The `bin` folders of `<parent>/<prefix><number>`, the greatest number first.
fn versions(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, parent.join(&name).join("bin")))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Follows the link first: a folder such as /usr/local/bin may hold a link to `postgres` and not the programs and
/// libraries that belong to it.
fn probe(folder: &Path) -> Option<Binaries> {
    let postgres = folder.join("postgres").canonicalize().ok()?;
    let folder = postgres.parent()?.to_owned();
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(&postgres).arg("--version").output().ok()?;
    let version = major(&String::from_utf8_lossy(&output.stdout))?;
    (version >= OLDEST).then_some(Binaries { folder, version })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` gives 15; `17devel` gives 17.
fn major(text: &str) -> Option<u32> {
    let number = text.split(") ").nth(1)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn the_newest_version_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["9", "16", "15", "notes"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let names: Vec<PathBuf> = versions(dir.path(), "");
        assert_eq!(names, ["16", "15", "9"].map(|name| dir.path().join(name).join("bin")));
    }

    #[test]
    fn a_folder_without_postgres_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(find(Some(dir.path())), Err(EmbeddedError::BadBinaries { .. })));
    }
}
