//! `cargo xtask demo`: builds server and Python package, finds Postgres, and starts the demo's driver.
//!
//! Owns the environment of the driver. Must never know its scenes.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::{bindings, process, tools};

/// Replaces this process by the demo's driver, so that Ctrl-C ends it and all processes that it started.
pub fn run(root: &Path, arguments: &[String]) -> Result<ExitCode, String> {
    process::replace_with(
        driver(root, arguments)?.current_dir(std::env::current_dir().unwrap_or_else(|_| root.to_owned())),
    )
}

/// Builds what the demo needs and answers the command that runs its driver.
pub fn driver(root: &Path, arguments: &[String]) -> Result<Command, String> {
    let postgres = tools::postgres(root)?;
    println!("Postgres: {}", postgres.display());
    let server = bindings::server(root)?;
    let package = bindings::python(root)?;
    let mut driver = Command::new(&package.python);
    driver
        .args(["-m", "stocksync_demo"])
        .args(arguments)
        .env("PYTHONPATH", &package.path)
        .env("STOCKSYNC_PG_BIN", postgres)
        .env("STOCKSYNC_SERVER_BIN", server)
        .current_dir(root);
    Ok(driver)
}
