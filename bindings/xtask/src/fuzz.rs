//! `cargo xtask fuzz`: libFuzzer over the parts that read bytes from outside, for as long as it is let.
//!
//! Owns the flags that make the compiler count branches (they work on the stable compiler) and where inputs are kept:
//! `target/tools/fuzz`. What may not happen is `core/fuzz`'s to say.

use std::path::Path;
use std::process::Command;

use crate::process;

/// Ways in that can be fuzzed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// A camera frame.
    Frame,
    /// The text of a scan.
    Text,
    /// A message of a peer.
    Wire,
}

/// Counters at branches and the values of comparisons, as libFuzzer wants them.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// One input may take this long and the process this much memory; beyond it is a finding.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"];

/// Runs one target for `seconds`.
pub fn run(root: &Path, target: Target, seconds: u32) -> Result<(), String> {
    let name = format!("{target:?}").to_lowercase();
    let home = root.join("target/tools/fuzz").join(&name);
    let (corpus, seeds) = (home.join("corpus"), home.join("seeds"));
    std::fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let mut write = process::cargo(root);
    write.args(["run", "--quiet", "--package", "stocksync-fuzz", "--bin", "seeds", "--", &name]).arg(&seeds);
    process::run(&mut write)?;
    // A target of its own keeps these flags away from build scripts and from everything else that is built.
    let host = host()?;
    let mut build = process::cargo(root);
    build.args(["build", "--quiet", "--profile", "fuzz", "--package", "stocksync-fuzz", "--features", "fuzzer"]);
    process::run(build.args(["--bin", &name, "--target", &host]).env("RUSTFLAGS", FLAGS))?;
    let mut fuzzer = Command::new(crate::bindings::target(root).join(&host).join("fuzz").join(&name));
    fuzzer.arg(&corpus).arg(&seeds).args(LIMITS).arg(format!("-max_total_time={seconds}"));
    // Up to the pixels of a whole seed picture.
    fuzzer.arg("-max_len=50000").arg(format!("-artifact_prefix={}/", home.display()));
    process::run(&mut fuzzer).map_err(|error| format!("{error}\nthe input is in {}", home.display()))
}

fn host() -> Result<String, String> {
    let about = process::output(Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say what it compiles for".to_owned())
}
