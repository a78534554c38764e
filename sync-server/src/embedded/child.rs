//! One foreground Postgres process: started, watched and stopped by a thread of its own.
//!
//! The thread matters: on Linux the child is told to end when the *thread* that spawned it ends, so it must be one
//! that lives as long as the child should.

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
#[cfg(target_os = "linux")]
use nix::{errno::Errno, sys::prctl};
use tokio::sync::watch;

/// How long a fast shutdown may take before the process is ended the hard way (its log is replayed at the next start).
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// A running child. Dropping it stops it and waits.
#[derive(Debug)]
pub struct PostgresChild {
    /// Dropped to ask the thread to stop the process.
    keep_running: Option<Sender<()>>,
    ended: watch::Receiver<bool>,
    thread: Option<JoinHandle<()>>,
}

impl PostgresChild {
    /// Starts the command with its output in a file.
    ///
    /// # Errors
    /// What the system answered.
    pub fn spawn(command: Command, output: File) -> io::Result<Self> {
        let (keep_running, stop) = mpsc::channel::<()>();
        let (started, start) = mpsc::channel();
        let (end, ended) = watch::channel(false);
        let thread = std::thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            match spawn_here(command, output) {
                Ok(child) => {
                    let _ = started.send(Ok(()));
                    watch(child, &stop);
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            }
            let _ = end.send(true);
        })?;
        start.recv().unwrap_or_else(|_| Err(io::Error::other("the thread of Postgres ended")))?;
        Ok(Self { keep_running: Some(keep_running), ended, thread: Some(thread) })
    }

    /// Whether the process has ended.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Completes when the process has ended, even after this value is gone.
    pub fn end(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// Stops the process and waits for its end without blocking the runtime.
    pub async fn stop(mut self) {
        self.keep_running = None;
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for PostgresChild {
    fn drop(&mut self) {
        self.keep_running = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "a child that outlives a killed parent can only be prevented between fork and exec")
)]
fn spawn_here(mut command: Command, output: File) -> io::Result<process::Child> {
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    // A group of its own: Ctrl-C in a terminal must reach this process alone, which then stops Postgres in order.
    command.process_group(0);
    #[cfg(target_os = "linux")]
    {
        let parent = Pid::this();
        // SAFETY: only async-signal-safe calls (prctl, getppid), no allocation; std runs this after the user changed,
        // which would have cleared the setting.
        unsafe {
            command.pre_exec(move || {
                prctl::set_pdeathsig(Signal::SIGINT)?;
                if Pid::parent() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
            });
        }
    }
    command.spawn()
}

/// Waits until the process ends or the channel's other end is dropped; then ends it.
fn watch(mut child: process::Child, stop: &mpsc::Receiver<()>) {
    while stop.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            return;
        }
    }
    interrupt(&child);
    let deadline = Instant::now() + STOP_LIMIT;
    while Instant::now() < deadline {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// SIGINT: fast shutdown, transactions are rolled back and the log is flushed. The process is a child that was not waited
/// for yet, so its id cannot name another one.
fn interrupt(child: &process::Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(id), Signal::SIGINT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_is_stopped_and_waited_for() {
        let mut command = Command::new("sleep");
        command.arg("60");
        let child = PostgresChild::spawn(command, tempfile::tempfile().unwrap()).unwrap();
        assert!(!child.has_ended());
        let begin = Instant::now();
        child.stop().await;
        assert!(begin.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn an_end_of_its_own_is_noticed() {
        let child = PostgresChild::spawn(Command::new("true"), tempfile::tempfile().unwrap()).unwrap();
        let mut ended = child.ended.clone();
        tokio::time::timeout(Duration::from_secs(5), ended.wait_for(|ended| *ended)).await.unwrap().unwrap();
        assert!(child.has_ended());
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let made = PostgresChild::spawn(Command::new("/no/such/program"), tempfile::tempfile().unwrap());
        assert!(made.is_err());
    }
}
