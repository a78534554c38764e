//! Running other programs. Owns how a failure is told: the command, and nothing hidden.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The workspace's folder.
pub fn root() -> PathBuf {
    // Cargo says where the package is now: a binary in a shared target folder may have been built from another clone.
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// This cargo, in the workspace.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs to the end; an unsuccessful one is an error that names it.
pub fn run(command: &mut Command) -> Result<(), String> {
    let shown = show(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status}): {shown}")),
        Err(error) => Err(format!("cannot start ({error}): {shown}")),
    }
}

/// Ends this program with that one: its exit status is the answer, and Ctrl-C reaches it alone.
pub fn hand_over(command: &mut Command) -> Result<ExitCode, String> {
    let shown = show(command);
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(format!("cannot start ({error}): {shown}"))
    }
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) => Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
        Err(error) => Err(format!("cannot start ({error}): {shown}")),
    }
}

/// Runs to the end and answers what it printed.
pub fn output(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    match command.output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("failed ({}): {shown}\n{}", output.status, String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("cannot start ({error}): {shown}")),
    }
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Whether this runs unattended, where a missing tool is a failure.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
