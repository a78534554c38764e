//! `cargo xtask test`: runs every suite, one after another, and prints a table at the end.
//!
//! Owns the list of suites and how their results are shown. Must never stop at the first failure. A suite that cannot run here
//! prints the reason and is skipped; in CI that is a failure.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{bindings, demo, deny, kotlin as kotlin_package, process, tidy, tools};

/// Result of a suite.
pub enum SuiteResult {
    /// All its checks passed.
    Passed,
    /// A check failed; the first line of the text is shown in the table.
    Failed(String),
    /// A tool is missing and cannot be installed here.
    Skipped(String),
}

/// A suite: its name in the table and the function that runs it in the workspace's folder.
type Suite = (&'static str, fn(&Path) -> SuiteResult);

/// All suites, in the order in which they run. To add one, write `fn name(root: &Path) -> SuiteResult` and list it here.
const SUITES: [Suite; 9] = [
    ("format", format),
    ("tidy", tidy),
    ("deny", deny::suite),
    ("rust", rust),
    ("lints", lints),
    ("surface", surface),
    ("python", python),
    ("kotlin", kotlin),
    ("demo", demo),
];

/// Runs all suites; an error if any failed.
pub fn run(root: &Path) -> Result<(), String> {
    let mut table = Vec::new();
    // Without Postgres, tests of the Rust suite skip themselves: the table shows that as a row of its own.
    match tools::postgres(root) {
        Ok(folder) => println!("Postgres: {}", folder.display()),
        Err(reason) => table.push(("postgres", missing(reason), 0)),
    }
    for (name, suite) in SUITES {
        println!("\n== {name}");
        let start = Instant::now();
        let result = suite(root);
        if let SuiteResult::Failed(reason) = &result {
            println!("{reason}");
        }
        table.push((name, result, start.elapsed().as_secs()));
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("\n{:<10} {:>6}  result", "suite", "s");
    for (name, result, seconds) in table {
        let shown = match result {
            SuiteResult::Passed => {
                passed += 1;
                "passed".to_owned()
            }
            SuiteResult::Failed(reason) => {
                failed += 1;
                format!("FAILED: {}", first_line(&reason))
            }
            SuiteResult::Skipped(reason) => {
                skipped += 1;
                format!("skipped: {}", first_line(&reason))
            }
        };
        println!("{name:<10} {seconds:>6}  {shown}");
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err("not all suites passed".to_owned()) }
}

fn first_line(reason: &str) -> &str {
    reason.lines().next().unwrap_or_default()
}

/// The result of a suite whose tools exist.
pub fn outcome(result: Result<(), String>) -> SuiteResult {
    match result {
        Ok(()) => SuiteResult::Passed,
        Err(reason) => SuiteResult::Failed(reason),
    }
}

/// The result of a suite whose tool is missing: skipped, and failed in CI.
pub fn missing(reason: String) -> SuiteResult {
    println!("{reason}");
    if process::in_ci() { SuiteResult::Failed(reason) } else { SuiteResult::Skipped(reason) }
}

fn format(root: &Path) -> SuiteResult {
    outcome(process::run(process::cargo(root).args(["fmt", "--all", "--check"])))
}

fn tidy(root: &Path) -> SuiteResult {
    outcome(tidy::run(root))
}

fn lints(root: &Path) -> SuiteResult {
    let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    outcome(process::run(process::cargo(root).args(arguments)))
}

fn rust(root: &Path) -> SuiteResult {
    let mut command = process::cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if let Ok(folder) = tools::postgres(root) {
        command.env("STOCKSYNC_PG_BIN", folder);
    }
    outcome(process::run(&mut command))
}

/// The exported surface equals its committed snapshot.
fn surface(root: &Path) -> SuiteResult {
    if let Err(reason) = tools::python(root) {
        return missing(reason);
    }
    outcome(bindings::surface(root, true))
}

fn python(root: &Path) -> SuiteResult {
    if let Err(reason) = tools::python(root) {
        return missing(reason);
    }
    let package = match bindings::python(root) {
        Ok(package) => package,
        Err(reason) => return SuiteResult::Failed(reason),
    };
    // Its tests of sync start a server of their own, and skip themselves without one.
    let server = match bindings::server(root) {
        Ok(server) => server,
        Err(reason) => return SuiteResult::Failed(reason),
    };
    let mut command = Command::new(package.python);
    if let Ok(folder) = tools::postgres(root) {
        command.env("STOCKSYNC_PG_BIN", folder).env("STOCKSYNC_SERVER_BIN", server);
    }
    command
        .args(["-m", "unittest", "discover", "-s", "tests", "-t", "."])
        .env("PYTHONPATH", package.path)
        .current_dir(root.join("bindings/python"));
    outcome(process::run(&mut command))
}

fn kotlin(root: &Path) -> SuiteResult {
    match kotlin_package::check() {
        Ok(()) => outcome(kotlin_package::test(root)),
        Err(reason) => missing(reason),
    }
}

fn demo(root: &Path) -> SuiteResult {
    if let Err(reason) = tools::python(root).and_then(|_| tools::postgres(root)) {
        return missing(reason);
    }
    let arguments = ["--headless", "--seed", "1", "--port", "0"].map(str::to_owned);
    outcome(demo::driver(root, &arguments).and_then(|mut driver| process::run(&mut driver)))
}
