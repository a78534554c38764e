//! The UniFFI surface: the only place that knows UniFFI.
