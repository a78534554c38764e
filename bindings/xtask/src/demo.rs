//! `cargo xtask demo`: builds what the driver needs, finds Postgres, and hands over to it.

use std::path::Path;
use std::process::Command;

use crate::{bindings, process, tools};

/// Runs the demonstration; its exit status is the answer.
pub fn run(root: &Path, rest: &[String]) -> Result<(), String> {
    let postgres = tools::postgres()?;
    println!("Postgres: {}", postgres.display());
    let mut build = process::cargo(root);
    build.args(["build", "--package", "stocksync-server"]);
    process::run(&mut build)?;
    let built = bindings::python(root)?;
    let mut driver = Command::new(&built.python);
    driver
        .args(["-m", "stocksync_demo"])
        .args(rest)
        .env("PYTHONPATH", &built.path)
        .env("STOCKSYNC_PG_BIN", postgres)
        .env("STOCKSYNC_SERVER_BIN", bindings::target(root).join("debug/stocksync-server"))
        .current_dir(root);
    process::run(&mut driver)
}
