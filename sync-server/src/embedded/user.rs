//! Which user Postgres runs as. Postgres refuses root, so a server that was started as root starts it as another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::{EmbeddedError, file_error};

/// The user that Postgres runs as where this process is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    /// Name in the user database.
    pub name: String,
    uid: u32,
    gid: u32,
}

/// `None` when this process is not root and Postgres can run as it does; else `postgres`, or `nobody`. The user must
/// exist: Postgres looks its own name up.
///
/// # Errors
/// [`EmbeddedError::NoUser`] when neither exists.
pub fn run_as() -> Result<Option<RunAs>, EmbeddedError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    ["postgres", "nobody"].into_iter().find_map(look_up).map(Some).ok_or(EmbeddedError::NoUser)
}

fn look_up(name: &str) -> Option<RunAs> {
    let user = User::from_name(name).ok()??;
    Some(RunAs { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() })
}

/// A command that runs as that user, with an environment that cannot redirect Postgres.
pub fn command(program: &Path, run_as: Option<&RunAs>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    // The current directory may be one that the other user cannot enter.
    command.current_dir("/").env("LC_ALL", "C");
    if let Some(user) = run_as {
        // std clears the supplementary groups when root changes its user.
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Hands a path to the user that Postgres runs as.
///
/// # Errors
/// [`EmbeddedError::File`].
pub fn give(path: &Path, run_as: Option<&RunAs>) -> Result<(), EmbeddedError> {
    let Some(user) = run_as else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(file_error("chown", path))
}

/// Sets the permission bits of a path.
///
/// # Errors
/// [`EmbeddedError::File`].
pub fn set_mode(path: &Path, mode: u32) -> Result<(), EmbeddedError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(file_error("chmod", path))
}

/// Whether a path is a real directory of this process's user or of the user that Postgres runs as.
///
/// # Errors
/// [`EmbeddedError::File`].
pub fn is_ours(path: &Path, run_as: Option<&RunAs>) -> Result<bool, EmbeddedError> {
    let meta = fs::symlink_metadata(path).map_err(file_error("read", path))?;
    let owner = meta.uid();
    Ok(meta.is_dir() && (owner == geteuid().as_raw() || run_as.is_some_and(|user| user.uid == owner)))
}

/// Postgres opens its files by absolute path: its user must be able to pass through every directory above them.
///
/// # Errors
/// [`EmbeddedError::Unreachable`] names the first directory that it may not pass.
pub fn check_reachable(data_dir: &Path, user: &RunAs) -> Result<(), EmbeddedError> {
    let mut above: Vec<&Path> = data_dir.ancestors().collect();
    above.reverse();
    for path in above {
        let meta = fs::metadata(path).map_err(file_error("read", path))?;
        if !may_pass(meta.mode(), meta.uid(), meta.gid(), user) {
            return Err(EmbeddedError::Unreachable { user: user.name.clone(), path: path.to_owned() });
        }
    }
    Ok(())
}

fn may_pass(mode: u32, owner: u32, group: u32, user: &RunAs) -> bool {
    let bit = if owner == user.uid {
        0o100
    } else if group == user.gid {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_a_directory_needs_the_bit_of_ones_own_class() {
        let user = RunAs { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert!(may_pass(0o755, 0, 0, &user));
        assert!(may_pass(0o711, 0, 0, &user));
        assert!(!may_pass(0o700, 0, 0, &user));
        assert!(may_pass(0o700, 101, 0, &user));
        assert!(may_pass(0o710, 0, 104, &user));
        assert!(!may_pass(0o701, 0, 104, &user), "the group's bits decide for a member of the group");
    }

    #[test]
    fn an_unreachable_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir(&closed).unwrap();
        set_mode(dir.path(), 0o755).unwrap();
        set_mode(&closed, 0o700).unwrap();
        let user = RunAs { name: "somebody".to_owned(), uid: 4_000_000, gid: 4_000_000 };
        let error = check_reachable(&closed.canonicalize().unwrap(), &user).unwrap_err();
        assert!(error.to_string().contains("somebody"), "{error}");
        assert!(error.to_string().contains("closed"), "{error}");
    }
}
