//! The Kotlin package on a plain JVM: generates its code from the compiled library, compiles it and runs its tests.
//!
//! Must never write outside the build folder.

use std::path::Path;
use std::process::Command;

use crate::bindings::{self, Language};
use crate::process;

const MISSING: &str = "missing: Java 17 or newer and Maven";

/// Whether Java and Maven are there.
pub fn check() -> Result<(), String> {
    let version =
        process::output(Command::new("mvn").arg("--version")).map_err(|error| format!("{MISSING} ({error})"))?;
    let java = version.lines().find_map(|line| line.strip_prefix("Java version: ")).unwrap_or_default();
    let major: u32 =
        java.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(0);
    if major >= 17 { Ok(()) } else { Err(format!("{MISSING} (Maven runs on Java {java:?})")) }
}

/// Generates, compiles and tests.
pub fn test(root: &Path) -> Result<(), String> {
    let folder = bindings::target_folder(root).join("kotlin");
    let generated = folder.join("generated");
    let _ = std::fs::remove_dir_all(&generated); // what an older library had
    std::fs::create_dir_all(&generated).map_err(|error| format!("{}: {error}", generated.display()))?;
    let config = folder.join("uniffi.toml");
    write_config(&root.join("bindings/uniffi.toml"), &config)?;
    bindings::generate_with(root, Language::Kotlin, &generated, Some(&config))?;
    let mut maven = Command::new("mvn");
    maven.args(["-B", "-ntp", "-Dstyle.color=never"]).arg("-f").arg(root.join("bindings/kotlin/pom.xml"));
    for (name, path) in [
        ("generated", &generated),
        ("library", &bindings::target_folder(root).join("debug")),
        ("build", &folder.join("maven")),
    ] {
        maven.arg(format!("-Dstocksync.{name}={}", path.display()));
    }
    process::run(maven.arg("test"))
}

/// The configuration without Android, whose cleaner needs Android's classes.
fn write_config(from: &Path, to: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(from).map_err(|error| format!("{}: {error}", from.display()))?;
    let lines: Vec<&str> = text.lines().filter(|line| line.trim() != "android = true").collect();
    std::fs::write(to, lines.join("\n")).map_err(|error| format!("{}: {error}", to.display()))
}
