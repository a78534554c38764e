//! `cargo xtask demo`: builds what the driver needs, finds Postgres, and hands over to it.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::{bindings, process, tools};

/// Becomes the demonstration: its exit status is the answer, and Ctrl-C ends it and all it started.
pub fn run(root: &Path, rest: &[String]) -> Result<ExitCode, String> {
    process::hand_over(driver(root, rest)?.current_dir(std::env::current_dir().unwrap_or_else(|_| root.to_owned())))
}

/// Builds everything and answers the command that runs the demonstration.
pub fn driver(root: &Path, rest: &[String]) -> Result<Command, String> {
    let postgres = tools::postgres(root)?;
    println!("Postgres: {}", postgres.display());
    let server = bindings::server(root)?;
    let built = bindings::python(root)?;
    let mut driver = Command::new(&built.python);
    driver
        .args(["-m", "stocksync_demo"])
        .args(rest)
        .env("PYTHONPATH", &built.path)
        .env("STOCKSYNC_PG_BIN", postgres)
        .env("STOCKSYNC_SERVER_BIN", server)
        .current_dir(root);
    Ok(driver)
}
