//! ISO/IEC 15434 messages as distributors print them (ECIA, EIGP 114). Owns the envelope and its data identifiers; values
//! are kept as printed.

use alloc::string::String;
use alloc::vec::Vec;

use crate::MAX_ELEMENTS;
use crate::element::GS;
use crate::fault::Fault;
use crate::meaning::DistributorField;

const RECORD: char = '\u{1e}';
const END: char = '\u{4}';

/// The content of the envelope.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// Format 05: an element string.
    Elements(&'a str),
    /// Format 06: fields with data identifiers. `complete` is false if the header's separator or the trailer is missing.
    Fields { fields: Vec<DistributorField>, complete: bool },
}

/// Whether the text begins like a message. Some old labels begin with an additional `>`.
pub(crate) fn is_message(text: &str) -> bool {
    text.starts_with("[)>") || text.starts_with(">[)>")
}

/// Parses the envelope.
pub(crate) fn parse(text: &str) -> Result<Message<'_>, Fault> {
    let body = text.strip_prefix('>').unwrap_or(text).strip_prefix("[)>").ok_or(Fault::Envelope)?;
    let (body, header) = body.strip_prefix(RECORD).map_or((body, false), |rest| (rest, true));
    let (format, body) = body.split_at_checked(2).ok_or(Fault::Envelope)?;
    let ended = body.strip_suffix(END).unwrap_or(body);
    let content = ended.strip_suffix(RECORD).unwrap_or(ended);
    let trailer = content.len() + 2 == body.len();
    let content = content.strip_prefix(GS).ok_or(Fault::Envelope)?;
    match format {
        "05" => Ok(Message::Elements(content)),
        "06" => Ok(Message::Fields { fields: fields(content)?, complete: header && trailer }),
        _ => Err(Fault::Envelope),
    }
}

/// Parses the fields of format 06.
fn fields(content: &str) -> Result<Vec<DistributorField>, Fault> {
    let mut fields = Vec::new();
    for field in content.split([GS, RECORD]).filter(|field| !field.is_empty()) {
        if fields.len() == MAX_ELEMENTS {
            return Err(Fault::TooManyElements);
        }
        // A data identifier is up to three digits and one capital letter.
        let digits = field.bytes().take_while(u8::is_ascii_digit).count();
        let letter = field.as_bytes().get(digits).is_some_and(u8::is_ascii_uppercase);
        let (identifier, value) = field.split_at_checked(digits + 1).ok_or(Fault::Envelope)?;
        if digits > 3 || !letter {
            return Err(Fault::Envelope);
        }
        fields.push(DistributorField { identifier: String::from(identifier), value: String::from(value) });
    }
    if fields.is_empty() { Err(Fault::Empty) } else { Ok(fields) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, bool)> {
        match parse(&text.replace("{GS}", "\u{1d}").replace("{RS}", "\u{1e}").replace("{EOT}", "\u{4}")) {
            Ok(Message::Fields { fields, complete }) => {
                Some((fields.iter().map(|f| alloc::format!("{}={} ", f.identifier, f.value)).collect(), complete))
            }
            _ => None,
        }
    }

    #[test]
    fn tolerated_envelopes() {
        for (text, complete) in [
            ("[)>{RS}06{GS}PA-1{GS}Q3{RS}{EOT}", true),
            ("[)>06{GS}PA-1{GS}Q3{RS}{EOT}", false),
            ("[)>{RS}06{GS}PA-1{GS}Q3", false),
            (">[)>06{GS}PA-1{GS}Q3", false),
            ("[)>{RS}06{GS}PA-1{GS}{GS}Q3{GS}{RS}{EOT}", true),
        ] {
            assert_eq!(read(text), Some((String::from("P=A-1 Q=3 "), complete)), "{text}");
        }
        for text in [
            "[)>",
            "[)>{RS}06",
            "[)>{RS}06PA",
            "[)>{RS}06{GS}{RS}{EOT}",
            "[)>{RS}12{GS}PA",
            "[)>{RS}06{GS}1234PA",
            "[)>{RS}06{GS}pA",
            "[)>{RS}06{GS}1é",
            "[)>é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
