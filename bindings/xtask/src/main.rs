//! The project's own commands: `cargo xtask …`. Each is one module; this file only chooses.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command talks to its user

mod bench;
mod bindings;
mod demo;
mod fuzz;
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
    /// Checks the house rules.
    Tidy,
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
    /// Measures speed and size beside their floors.
    Bench {
        /// Only this one.
        what: Option<bench::What>,
        /// Pictures for `scanning`, with a manifest.tsv.
        #[arg(long)]
        images: Option<PathBuf>,
    },
    /// Fuzzes what reads bytes from outside.
    Fuzz {
        /// Which way in.
        target: fuzz::Target,
        /// For how long.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Generates code for a language from the compiled library; alone, the Python package of this workspace.
    Bindings {
        /// For which language.
        #[arg(long, default_value = "python")]
        language: bindings::Language,
        /// Where to; only Python has a place of its own.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Writes the text of what apps see to bindings/surface.txt instead.
        #[arg(long, conflicts_with_all = ["language", "out"])]
        surface: bool,
        /// Compares it instead of writing.
        #[arg(long, requires = "surface")]
        check: bool,
    },
}

fn main() -> ExitCode {
    let root = process::root();
    let done = match Arguments::parse().command {
        Command::Demo { rest } => demo::run(&root, &rest),
        Command::Test | Command::Ci => test::run(&root).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::run(&root).map(|()| ExitCode::SUCCESS),
        Command::Simulate { rest } => fixture(&root, "simulate", &rest),
        Command::Fold { rest } => fixture(&root, "fold", &rest),
        Command::Bench { what, images } => bench::run(&root, what, images.as_deref()).map(|()| ExitCode::SUCCESS),
        Command::Fuzz { target, seconds } => fuzz::run(&root, target, seconds).map(|()| ExitCode::SUCCESS),
        Command::Bindings { surface: true, check, .. } => bindings::surface(&root, check).map(|()| ExitCode::SUCCESS),
        Command::Bindings { language, out, .. } => {
            bindings::generate(&root, language, out.as_deref()).map(|()| ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|reason| {
        eprintln!("{reason}");
        ExitCode::FAILURE
    })
}

/// Becomes a command of the fixtures crate.
fn fixture(root: &Path, name: &str, rest: &[String]) -> Result<ExitCode, String> {
    let mut command = process::cargo(root);
    command.args(["run", "--quiet", "--package", "stocksync-fixtures", "--bin", name, "--"]).args(rest);
    // Paths are meant from where the person is.
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    process::hand_over(&mut command)
}
