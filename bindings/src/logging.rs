//! From the library's log events to the app's sink.
//!
//! Owns the process-wide subscriber and the thread that calls the sink. Must never call the sink on the thread that logs: it may
//! hold a lock.

use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::{LogLevel, LogSink};

/// Lines that wait for the sink; more are dropped.
const MAX_WAITING: usize = 256;
const THREAD: &str = "stocksync-log";

static SINK: RwLock<Option<Arc<dyn LogSink>>> = RwLock::new(None);
static LINES: OnceLock<Option<SyncSender<LogLine>>> = OnceLock::new();

struct LogLine {
    level: LogLevel,
    target: &'static str,
    message: String,
}

/// Has `sink` receive the lines of the whole process from now on. A subscriber that the host has installed itself stays, and
/// receives them in its place.
pub(crate) fn install(sink: Arc<dyn LogSink>) {
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = Some(sink);
    LINES.get_or_init(|| {
        let (sender, lines) = sync_channel(MAX_WAITING);
        std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || deliver(&lines)).ok()?;
        tracing::subscriber::set_global_default(Forwarder).ok()?;
        Some(sender)
    });
}

fn deliver(lines: &Receiver<LogLine>) {
    for LogLine { level, target, message } in lines {
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(sink) = sink {
            let _ = sink.log(level, target.to_owned(), message);
        }
    }
}

/// Forwards events of this library; spans are not used by it.
struct Forwarder;

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("stocksync")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            _ => LogLevel::Info,
        };
        let mut text = LogText::default();
        event.record(&mut text);
        if let Some(Some(lines)) = LINES.get() {
            let _ = lines.try_send(LogLine { level, target: metadata.target(), message: text.0 });
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, then the other fields as `name=value`.
#[derive(Default)]
struct LogText(String);

impl Visit for LogText {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        let _ = match field.name() {
            "message" => write!(self.0, "{separator}{value:?}"),
            name => write!(self.0, "{separator}{name}={value:?}"),
        };
    }
}
