//! The project's own commands: `cargo xtask …`. Each is one module; this file only chooses.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command talks to its user

mod bindings;
mod demo;
mod process;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Stocksync's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the main job: a server, five phones, real pictures, a bad network, a merge, a console.
    Demo {
        /// Handed to the driver: --seed N, --headless, --json FILE, --devices N, --port N.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Runs everything that can be tested here.
    Test,
    /// The same as `test`: what a runner calls.
    Ci,
    /// Runs seeded schedules: --seeds A..B --steps N.
    Simulate {
        /// Handed to the simulation.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Folds histories and prints differences: --cases FILE.
    Fold {
        /// Handed to the command.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Builds the library and generates the Python package's module.
    Bindings,
}

fn main() -> ExitCode {
    let root = process::root();
    let done = match Arguments::parse().command {
        Command::Demo { rest } => demo::run(&root, &rest),
        Command::Test | Command::Ci => test::run(&root),
        Command::Simulate { rest } => fixture(&root, "simulate", &rest),
        Command::Fold { rest } => fixture(&root, "fold", &rest),
        Command::Bindings => bindings::python(&root).map(|_| ()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command of the fixtures crate.
fn fixture(root: &std::path::Path, name: &str, rest: &[String]) -> Result<(), String> {
    let mut command = process::cargo(root);
    command.args(["run", "--quiet", "--package", "stocksync-fixtures", "--bin", name, "--"]).args(rest);
    process::run(&mut command)
}
