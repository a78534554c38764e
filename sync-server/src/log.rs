//! Structured logs: one JSON object a line on stdout, for whatever ships them.
//!
//! Owns the shape of a line and the last filter against secrets in it. Must never write a body, a token, a password or an
//! e-mail address: what other modules log by mistake is removed here, by field name and by form.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock;

/// Field names whose values are never written.
const SECRET_FIELDS: &[&str] =
    &["authorization", "body", "code", "cookie", "credential", "database_url", "email", "password", "secret", "token"];
const REDACTED: &str = "[redacted]";

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTarget {
    /// For `serve`: stdout is the log.
    Stdout,
    /// For commands whose answer is on stdout.
    Stderr,
}

/// Installs the log for this process. Panics are logged with their source location alone, because their text may hold what
/// a device sent. A second call changes nothing.
pub fn init(level: LevelFilter, target: LogTarget) {
    // Only a warning: hostile changes of records make a library panic behind the guard that expects it. A panic in a
    // handler is logged as an error where it is caught.
    std::panic::set_hook(Box::new(|panic| {
        tracing::warn!(location = panic.location().map(tracing::field::display), "panic");
    }));
    let lines = tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(JsonLines);
    // This crate logs at the level that was asked for, libraries warnings and errors alone.
    let libraries = level.min(LevelFilter::WARN);
    let filter =
        tracing_subscriber::filter::Targets::new().with_default(libraries).with_target(env!("CARGO_CRATE_NAME"), level);
    let registry = tracing_subscriber::registry().with(filter);
    let _ = match target {
        LogTarget::Stdout => registry.with(lines.with_writer(std::io::stdout)).try_init(),
        LogTarget::Stderr => registry.with(lines.with_writer(std::io::stderr)).try_init(),
    };
}

/// The shape of a line: timestamp, level, service, message, requestId, tenantId, deviceId, metadata.
#[derive(Debug)]
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = LineFields::default();
        // Outer spans first, so that the fields of inner ones win.
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(text) = span.extensions().get::<FormattedFields<N>>() {
                fields.add_span(text);
            }
        }
        event.record(&mut fields);
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), json!(clock::rfc3339(clock::now_ms())));
        line.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        line.insert("service".to_owned(), json!("stocksync-server"));
        line.insert("message".to_owned(), fields.message);
        line.append(&mut fields.request);
        line.insert("metadata".to_owned(), Value::Object(fields.metadata));
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Fields of a request's span that stand at the top of a line, and their names there.
const REQUEST_FIELDS: [(&str, &str); 3] =
    [("request_id", "requestId"), ("tenant_id", "tenantId"), ("device_id", "deviceId")];

#[derive(Default)]
struct LineFields {
    message: Value,
    request: Map<String, Value>,
    metadata: Map<String, Value>,
}

impl LineFields {
    /// Adds a span's fields, which [`JsonFields`] has written as one JSON object.
    fn add_span(&mut self, text: &str) {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return };
        for (name, value) in fields {
            match REQUEST_FIELDS.iter().find(|(field, _)| *field == name) {
                Some((_, key)) => self.request.insert((*key).to_owned(), value),
                None => self.metadata.insert(name, value),
            };
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = value;
        } else if SECRET_FIELDS.contains(&field.name()) {
            self.metadata.insert(field.name().to_owned(), json!(REDACTED));
        } else {
            self.metadata.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for LineFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(scrub(&format!("{value:?}"))));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(scrub(value)));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.put(field, json!(scrub(&text)));
    }
}

/// Removes what looks like an e-mail address, a database address with a password, or a credential.
fn scrub(text: &str) -> Cow<'_, str> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | ',' | ';' | '=');
    if !text.split(is_end).any(is_secret) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        if is_secret(word) {
            clean.push_str(REDACTED);
            clean.push_str(piece.strip_prefix(word).unwrap_or_default());
        } else {
            clean.push_str(piece);
        }
    }
    Cow::Owned(clean)
}

fn is_secret(word: &str) -> bool {
    let address = word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    // tenant.device.secret and tenant.code both begin with the tenant's id and a full stop.
    let credential =
        word.split_once('.').is_some_and(|(id, rest)| !rest.is_empty() && uuid::Uuid::parse_str(id).is_ok());
    address || credential
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object() {
        let text = written(|| tracing::info!(ops = 3_u64, "exchange \"done\"\nnext"));
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert_eq!(line["message"], "exchange \"done\"\nnext");
        assert_eq!(line["metadata"]["ops"], 3);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn secrets_do_not_reach_a_line() {
        let credential = "018f3b1e-0000-7000-8000-000000000001.018f3b1e-0000-7000-8000-000000000002.S3CR3T";
        let text = written(|| {
            tracing::warn!(token = "t0ken", address = "ann@example.org", "refused {credential} of ann@example.org");
            tracing::warn!(url = "postgres://u:hunter2@db/x", header = format!("Bearer {credential}"), "x");
        });
        for secret in ["t0ken", "ann@example.org", "S3CR3T", "hunter2"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains("refused [redacted] of [redacted]"), "{text}");
    }

    #[test]
    fn a_line_carries_the_fields_of_its_request() {
        let text = written(|| {
            let span =
                tracing::error_span!("request", request_id = "r", route = "/x", device_id = tracing::field::Empty);
            span.in_scope(|| tracing::info!("before"));
            span.record("device_id", "d");
            span.in_scope(|| tracing::info!(status = 200_u64, "after"));
        });
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["requestId"], &lines[0]["deviceId"]), (&json!("r"), &Value::Null));
        assert_eq!(
            (&lines[1]["deviceId"], &lines[1]["metadata"]),
            (&json!("d"), &json!({"route": "/x", "status": 200}))
        );
    }

    #[test]
    fn harmless_text_is_left_alone() {
        for text in ["p95 is 12.5 ms @ noon", "a@", "v1.2.3", "018f3b1e-0000-7000-8000-000000000001"] {
            assert_eq!(scrub(text), text);
        }
    }
}
