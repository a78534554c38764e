//! The project's own commands: `cargo xtask …`.
//!
//! Owns the command line; each command is a module. Must never hold the work of a command itself.
#![allow(clippy::print_stdout, clippy::print_stderr)] // output of a command

mod bench;
mod bindings;
mod demo;
mod deny;
mod fuzz;
mod kotlin;
mod process;
mod scanning;
mod test;
mod tidy;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Stocksync's own commands")]
struct XtaskArguments {
    #[command(subcommand)]
    command: XtaskCommand,
}

#[derive(Subcommand)]
enum XtaskCommand {
    /// Shows the whole product at work: a server, five phones, real pictures, a bad network, convergence, a console.
    Demo {
        /// Passed on to the demo: --seed N, --headless, --json FILE, --devices N, --port N.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Runs all test suites and prints a table.
    Test,
    /// The same as `test`; the name that CI runners use.
    Ci,
    /// Checks the house rules.
    Tidy,
    /// Runs seeded schedules: --seeds A..B --steps N.
    Simulate {
        /// Passed on to the simulation.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Folds histories and prints differences: --cases FILE.
    Fold {
        /// Passed on to the command.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Measures speed and size and compares them with their floors.
    Bench {
        /// Run only this bench.
        bench: Option<bench::Bench>,
        /// A folder of pictures with a manifest.tsv, for `scanning`.
        #[arg(long)]
        images: Option<PathBuf>,
    },
    /// Fuzzes code that reads untrusted bytes.
    Fuzz {
        /// The target of core/fuzz.
        target: fuzz::FuzzTargetName,
        /// For how many seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Generates code for a language from the compiled library; without options, the Python package of this workspace.
    Bindings {
        /// The language.
        #[arg(long, default_value = "python")]
        language: bindings::Language,
        /// Output folder; only Python has a default.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Writes the text snapshot of the exported surface to bindings/surface.txt instead.
        #[arg(long, conflicts_with_all = ["language", "out"])]
        surface: bool,
        /// Compares the snapshot instead of writing it.
        #[arg(long, requires = "surface")]
        check: bool,
    },
}

fn main() -> ExitCode {
    let root = process::root();
    let result = match XtaskArguments::parse().command {
        XtaskCommand::Demo { rest } => demo::run(&root, &rest),
        XtaskCommand::Test | XtaskCommand::Ci => test::run(&root).map(|()| ExitCode::SUCCESS),
        XtaskCommand::Tidy => tidy::run(&root).map(|()| ExitCode::SUCCESS),
        XtaskCommand::Simulate { rest } => run_fixture(&root, "simulate", &rest),
        XtaskCommand::Fold { rest } => run_fixture(&root, "fold", &rest),
        XtaskCommand::Bench { bench, images } => {
            bench::run(&root, bench, images.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        XtaskCommand::Fuzz { target, seconds } => fuzz::run(&root, target, seconds).map(|()| ExitCode::SUCCESS),
        XtaskCommand::Bindings { surface: true, check, .. } => {
            bindings::surface(&root, check).map(|()| ExitCode::SUCCESS)
        }
        XtaskCommand::Bindings { language, out, .. } => {
            bindings::generate(&root, language, out.as_deref()).map(|()| ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|reason| {
        eprintln!("{reason}");
        ExitCode::FAILURE
    })
}

/// Replaces this process by a binary of the fixtures crate.
fn run_fixture(root: &Path, name: &str, arguments: &[String]) -> Result<ExitCode, String> {
    let mut command = process::cargo(root);
    command.args(["run", "--quiet", "--package", "stocksync-fixtures", "--bin", name, "--"]).args(arguments);
    // Relative paths are relative to the caller's folder.
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    process::replace_with(&mut command)
}
