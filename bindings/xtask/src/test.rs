//! `cargo xtask test`: every suite that exists, one after another, and a table at the end.
//!
//! A suite that cannot run here says why and counts as skipped; unattended (CI), that is a failure.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{bindings, demo, process, tidy, tools};

/// How a suite ended.
enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Runs all suites, goes on after a failure, and fails at the end if any did.
pub fn run(root: &Path) -> Result<(), String> {
    type Suite = (&'static str, fn(&Path) -> End);
    let suites: [Suite; 7] = [
        ("format", format),
        ("tidy", tidy),
        ("rust", rust),
        ("lints", lints),
        ("surface", surface),
        ("python", python),
        ("demo", demonstration),
    ];
    let mut table = Vec::new();
    // The Rust suite's tests on Postgres skip themselves where there is none: that is a line of its own.
    match tools::postgres(root) {
        Ok(folder) => println!("Postgres: {}", folder.display()),
        Err(reason) => table.push(("postgres", missing(reason), 0)),
    }
    for (name, suite) in suites {
        println!("\n== {name}");
        let began = Instant::now();
        let end = suite(root);
        if let End::Failed(reason) = &end {
            println!("{reason}");
        }
        table.push((name, end, began.elapsed().as_secs()));
    }
    println!("\n{:<10} {:>6}  end", "suite", "s");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, end, seconds) in table {
        let said = match end {
            End::Passed => {
                passed += 1;
                "passed".to_owned()
            }
            End::Failed(reason) => {
                failed += 1;
                format!("FAILED: {}", first(&reason))
            }
            End::Skipped(reason) => {
                skipped += 1;
                format!("skipped: {}", first(&reason))
            }
        };
        println!("{name:<10} {seconds:>6}  {said}");
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err("not all suites passed".to_owned()) }
}

/// The table has a line a suite; the rest stands where it happened.
fn first(reason: &str) -> &str {
    reason.lines().next().unwrap_or_default()
}

fn ended(done: Result<(), String>) -> End {
    match done {
        Ok(()) => End::Passed,
        Err(reason) => End::Failed(reason),
    }
}

/// What is missing skips a suite, and fails it where nobody is there to install it.
fn missing(reason: String) -> End {
    println!("{reason}");
    if process::in_ci() { End::Failed(reason) } else { End::Skipped(reason) }
}

fn format(root: &Path) -> End {
    ended(process::run(process::cargo(root).args(["fmt", "--all", "--check"])))
}

fn tidy(root: &Path) -> End {
    ended(tidy::run(root))
}

fn lints(root: &Path) -> End {
    let words = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    ended(process::run(process::cargo(root).args(words)))
}

fn rust(root: &Path) -> End {
    let mut command = process::cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if let Ok(folder) = tools::postgres(root) {
        command.env("STOCKSYNC_PG_BIN", folder);
    }
    ended(process::run(&mut command))
}

/// What apps see is what was written down.
fn surface(root: &Path) -> End {
    if let Err(reason) = tools::python(root) {
        return missing(reason);
    }
    ended(bindings::surface(root, true))
}

fn python(root: &Path) -> End {
    if let Err(reason) = tools::python(root) {
        return missing(reason);
    }
    let built = match bindings::python(root) {
        Ok(built) => built,
        Err(reason) => return End::Failed(reason),
    };
    // Its tests of sync start a server of their own, and skip themselves without one.
    let server = match bindings::server(root) {
        Ok(server) => server,
        Err(reason) => return End::Failed(reason),
    };
    let mut command = Command::new(built.python);
    if let Ok(folder) = tools::postgres(root) {
        command.env("STOCKSYNC_PG_BIN", folder).env("STOCKSYNC_SERVER_BIN", server);
    }
    command
        .args(["-m", "unittest", "discover", "-s", "tests", "-t", "."])
        .env("PYTHONPATH", built.path)
        .current_dir(root.join("bindings/python"));
    ended(process::run(&mut command))
}

fn demonstration(root: &Path) -> End {
    if let Err(reason) = tools::python(root).and_then(|_| tools::postgres(root)) {
        return missing(reason);
    }
    let words = ["--headless", "--seed", "1", "--port", "0"].map(str::to_owned);
    ended(demo::driver(root, &words).and_then(|mut driver| process::run(&mut driver)))
}
