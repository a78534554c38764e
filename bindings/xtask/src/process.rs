//! Runs other programs.
//!
//! Owns the error text of a failed program, which names the whole command line. Must never run a command through a shell.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The workspace's folder.
pub fn root() -> PathBuf {
    // Cargo sets the variable at run time; the compiled-in path may be that of another clone with the same target folder.
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// A command that runs the cargo that started this process, in the workspace's folder.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs a program to its end; a failure is an error that names the command.
pub fn run(command: &mut Command) -> Result<(), String> {
    let command_line = command_line(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status}): {command_line}")),
        Err(error) => Err(format!("cannot start ({error}): {command_line}")),
    }
}

/// Replaces this process by that program, so that its exit status is ours and only it receives Ctrl-C. Where processes cannot
/// be replaced, runs it and answers its exit status.
pub fn replace_with(command: &mut Command) -> Result<ExitCode, String> {
    let command_line = command_line(command);
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(format!("cannot start ({error}): {command_line}"))
    }
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) => Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
        Err(error) => Err(format!("cannot start ({error}): {command_line}")),
    }
}

/// Runs a program to its end and answers its standard output.
pub fn output(command: &mut Command) -> Result<String, String> {
    let command_line = command_line(command);
    match command.output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => {
            Err(format!("failed ({}): {command_line}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
        }
        Err(error) => Err(format!("cannot start ({error}): {command_line}")),
    }
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Whether this runs in CI, where a missing tool is a failure.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
