//! The server's binary: settings from flags and environment, signals, exit codes. Everything else is in the library.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use stocksync_server::config::Cli;
use stocksync_server::run;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run::run(cli, stop_signal()).await {
        Ok(answer) => {
            if let Some(answer) = answer {
                let _ = writeln!(std::io::stdout(), "{answer}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "stocksync-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Completes on SIGTERM or SIGINT. Where no handler can be installed, the signals end the process at once.
async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
