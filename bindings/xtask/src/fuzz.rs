//! `cargo xtask fuzz`: runs libFuzzer on a target of `core/fuzz` for a given time.
//!
//! Owns the compiler flags for coverage (they work on the stable compiler) and the folder of inputs, `target/tools/fuzz`. Must
//! never decide what a failure is: that is the check in `core/fuzz`.

use std::path::Path;
use std::process::Command;

use crate::process;

/// The targets of `core/fuzz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FuzzTargetName {
    /// A camera frame.
    Frame,
    /// The text of a scan.
    Text,
    /// A message of a peer.
    Wire,
}

/// Instrumentation for libFuzzer: branch counters and the operands of comparisons.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// Limits of one input, in seconds and of the process, in MiB; exceeding one is a failure.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"];

/// Runs one target for `seconds`.
pub fn run(root: &Path, target: FuzzTargetName, seconds: u32) -> Result<(), String> {
    let name = format!("{target:?}").to_lowercase();
    let home = root.join("target/tools/fuzz").join(&name);
    let (corpus, seeds) = (home.join("corpus"), home.join("seeds"));
    std::fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let mut write = process::cargo(root);
    write.args(["run", "--quiet", "--package", "stocksync-fuzz", "--bin", "seeds", "--", &name]).arg(&seeds);
    process::run(&mut write)?;
    // With an explicit --target the flags do not apply to build scripts, and other build products stay valid.
    let host = host()?;
    let mut build = process::cargo(root);
    build.args(["build", "--quiet", "--profile", "fuzz", "--package", "stocksync-fuzz", "--features", "fuzzer"]);
    process::run(build.args(["--bin", &name, "--target", &host]).env("RUSTFLAGS", FLAGS))?;
    let mut fuzzer = Command::new(crate::bindings::target_folder(root).join(&host).join("fuzz").join(&name));
    fuzzer.arg(&corpus).arg(&seeds).args(LIMITS).arg(format!("-max_total_time={seconds}"));
    // At least the size of the largest seed picture.
    fuzzer.arg("-max_len=50000").arg(format!("-artifact_prefix={}/", home.display()));
    process::run(&mut fuzzer).map_err(|error| format!("{error}\nthe input is in {}", home.display()))
}

fn host() -> Result<String, String> {
    let about = process::output(Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` prints no host".to_owned())
}
