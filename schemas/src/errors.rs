//! The registry of error codes: one file, `errors.json`, read by Rust, bindings and documentation alike.
//!
//! Owns code, HTTP status, whether to retry, and a default text. A code that is not registered here must never be sent.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A registered error code. Codes are stable for ever; their default texts may change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code of this build.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is written on the wire.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The code written as `text`, if this build knows it.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

codes! {
    /// The request has a missing, unknown or wrong parameter.
    InvalidRequest = "invalid_request";
    /// The message cannot be decoded.
    Undecodable = "undecodable";
    /// Columns do not decode: send the ops as rows.
    ColumnsInvalid = "columns_invalid";
    /// The message is larger than allowed.
    TooLarge = "too_large";
    /// More ops than one exchange carries.
    TooManyOps = "too_many_ops";
    /// No credential, or one that does not match.
    Unauthenticated = "unauthenticated";
    /// The credential may not do this.
    Forbidden = "forbidden";
    /// The enrolment code is unknown, used or expired.
    EnrolmentCodeInvalid = "enrolment_code_invalid";
    /// The device has been revoked.
    DeviceRevoked = "device_revoked";
    /// Not found.
    NotFound = "not_found";
    /// The path exists and does not take this method.
    MethodNotAllowed = "method_not_allowed";
    /// The protocol version is newer than the server's.
    UpgradeServer = "upgrade_server";
    /// The protocol version is no longer accepted.
    UpgradeClient = "upgrade_client";
    /// Too many requests.
    RateLimited = "rate_limited";
    /// The server cannot answer now.
    Unavailable = "unavailable";
    /// The answer took too long.
    Timeout = "timeout";
    /// A defect of the server.
    Internal = "internal";
    /// The op's bytes are not one canonical op.
    InvalidOp = "invalid_op";
    /// The op breaks a rule of its kind.
    InvalidBody = "invalid_body";
    /// A quantity is out of range.
    QuantityOutOfRange = "quantity_out_of_range";
    /// The op is of another replica than the request.
    WrongLane = "wrong_lane";
    /// The lane belongs to another device.
    LaneTaken = "lane_taken";
    /// The lane and seq are taken by another op.
    Fork = "fork";
    /// The guard of the records module refused a change.
    RecordChangeInvalid = "record_change_invalid";
    /// A record change builds on one that has not arrived.
    RecordChangeWaits = "record_change_waits";
    /// A label's payload would be scanned as something else.
    LabelPayloadInvalid = "label_payload_invalid";
    /// A label's text has a character that the font lacks.
    LabelTextUnprintable = "label_text_unprintable";
    /// Symbol and text do not fit a label in readable size.
    LabelDoesNotFit = "label_does_not_fit";
    /// The record has as many changes as one may have.
    RecordTooLarge = "record_too_large";
}

/// One entry of `errors.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryEntry {
    /// The code.
    pub code: String,
    /// HTTP status where it answers a whole request.
    pub status: u16,
    /// Whether the same request or op may succeed later.
    pub retryable: bool,
    /// Default text for a person.
    pub text: String,
}

/// The content of `errors.json`.
pub const REGISTRY: &str = include_str!("../errors.json");

impl Code {
    /// HTTP status, whether to retry, default text.
    #[must_use]
    pub fn facts(&self) -> (u16, bool, &'static str) {
        match self {
            Self::InvalidRequest => (400, false, "The request is not valid."),
            Self::Undecodable => (400, false, "The message cannot be decoded."),
            Self::ColumnsInvalid => (422, true, "The columns do not decode; send the operations as rows."),
            Self::TooLarge => (413, false, "The message is too large."),
            Self::TooManyOps => (413, false, "Too many operations in one exchange."),
            Self::Unauthenticated => (401, true, "The credential is missing or wrong."),
            Self::Forbidden => (403, false, "This credential may not do that."),
            Self::EnrolmentCodeInvalid => (403, false, "The enrolment code is unknown, used or expired."),
            Self::DeviceRevoked => (403, false, "This device has been revoked."),
            Self::NotFound => (404, false, "There is nothing here by that name."),
            Self::MethodNotAllowed => (405, false, "This path does not take that method."),
            Self::UpgradeServer => {
                (501, true, "The server does not know this yet; it applies after the server's upgrade.")
            }
            Self::UpgradeClient => (426, true, "This app is too old for the server; upgrade the app."),
            Self::RateLimited => (429, true, "Too many requests; try again later."),
            Self::Unavailable => (503, true, "The server cannot answer now; try again later."),
            Self::Timeout => (504, true, "The answer took too long; try again."),
            Self::Internal => (500, true, "The server failed; the operation is kept and sent again."),
            Self::InvalidOp => (422, false, "The operation's bytes are not valid."),
            Self::InvalidBody => (422, false, "The operation breaks a rule of its kind."),
            Self::QuantityOutOfRange => (422, false, "A quantity is out of range."),
            Self::WrongLane => (422, false, "The operation belongs to another replica."),
            Self::LaneTaken => (409, false, "The lane belongs to another device."),
            Self::Fork => (409, true, "Another operation has this place; this database is a copy."),
            Self::RecordChangeInvalid => (422, false, "The change to the record is not valid."),
            Self::RecordChangeWaits => (409, true, "The change waits for an earlier one."),
            Self::LabelPayloadInvalid => (422, false, "The label's payload would not be read as it is meant."),
            Self::LabelTextUnprintable => (422, false, "The label's text has a character that cannot be printed."),
            Self::LabelDoesNotFit => (422, false, "Symbol and text do not fit the label in readable size."),
            Self::RecordTooLarge => (413, false, "The record was changed as often as a record can be; make a new one."),
        }
    }

    /// Whether the same request or op may succeed later.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.facts().1
    }

    /// The code's registry entry.
    #[must_use]
    pub fn registry_entry(&self) -> RegistryEntry {
        let (status, retryable, text) = self.facts();
        RegistryEntry { code: self.as_str().into(), status, retryable, text: text.into() }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F02: each code has its entry in the file, and the file has no other.
    #[test]
    fn f02_registry_file_and_codes_agree() {
        let file: Vec<RegistryEntry> = serde_json::from_str(REGISTRY).unwrap();
        let built: Vec<RegistryEntry> = Code::ALL.iter().map(Code::registry_entry).collect();
        assert_eq!(file, built, "errors.json should read:\n{}", serde_json::to_string_pretty(&built).unwrap());
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
    }
}
