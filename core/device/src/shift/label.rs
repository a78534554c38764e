//! Printed labels that a shift reads: commands, and locations.
//!
//! Owns the words of commands; prefix and check character are [`OwnCode`]'s. Must never change a text that was printed before.

use stocksync_gs1::OwnCode;

use super::state::ShiftMode;

/// What a command label or a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShiftCommand {
    /// Change what scanning does.
    Mode(ShiftMode),
    /// The next scan counts this many times.
    Times(u32),
    /// The last scan was this many packs.
    Quantity(u32),
    /// Take the last scan back.
    Undo,
    /// Finish the count.
    Finish,
    /// Finish the count; every cell of its locations was looked at.
    Complete,
}

/// A scanned text that begins like a label of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnLabel {
    Command(ShiftCommand),
    /// The code of a location.
    Location(String),
    /// It does not verify, or is of a later version.
    Invalid,
}

/// The text of a command's label.
#[must_use]
pub fn command_label(command: ShiftCommand) -> String {
    let code = match command {
        ShiftCommand::Mode(mode) => {
            let word = ShiftMode::ALL.iter().find(|(listed, _)| *listed == mode).map(|(_, word)| *word);
            word.unwrap_or("LOOKUP").to_owned()
        }
        ShiftCommand::Times(times) => format!("X{times}"),
        ShiftCommand::Quantity(packs) => format!("N{packs}"),
        ShiftCommand::Undo => "UNDO".to_owned(),
        ShiftCommand::Finish => "FINISH".to_owned(),
        ShiftCommand::Complete => "COMPLETE".to_owned(),
    };
    OwnCode::Command(&code).encode().unwrap_or_default()
}

/// The text of a location's label; none if its code holds neither digit nor capital.
#[must_use]
pub fn location_label(code: &str) -> Option<String> {
    OwnCode::Location(code).encode()
}

/// None for a text that does not begin like a label of ours.
pub(super) fn parse(text: &str) -> Option<OwnLabel> {
    Some(match OwnCode::decode(text)? {
        Ok(OwnCode::Location(code)) => OwnLabel::Location(code.to_owned()),
        Ok(OwnCode::Command(word)) => parse_command(word).map_or(OwnLabel::Invalid, OwnLabel::Command),
        Err(_) => OwnLabel::Invalid,
    })
}

fn parse_command(code: &str) -> Option<ShiftCommand> {
    let number = |prefix: char| code.strip_prefix(prefix)?.parse::<u32>().ok();
    Some(match code {
        "UNDO" => ShiftCommand::Undo,
        "FINISH" => ShiftCommand::Finish,
        "COMPLETE" => ShiftCommand::Complete,
        _ => match ShiftMode::ALL.iter().find(|(_, word)| *word == code) {
            Some((mode, _)) => ShiftCommand::Mode(*mode),
            None => number('X').map(ShiftCommand::Times).or_else(|| number('N').map(ShiftCommand::Quantity))?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back_and_misreads_are_reported() {
        let mut commands = vec![ShiftCommand::Undo, ShiftCommand::Finish, ShiftCommand::Complete];
        commands.extend(ShiftMode::ALL.iter().map(|(mode, _)| ShiftCommand::Mode(*mode)));
        commands.extend([1, 12, 100_000].into_iter().flat_map(|n| [ShiftCommand::Times(n), ShiftCommand::Quantity(n)]));
        for command in commands {
            let text = command_label(command);
            assert_eq!(parse(&text), Some(OwnLabel::Command(command)), "{text}");
            let swapped: String = text.chars().rev().collect();
            assert_ne!(parse(&swapped), Some(OwnLabel::Command(command)));
        }
        assert_eq!(parse(&location_label("A-01-3").unwrap()), Some(OwnLabel::Location("A-01-3".to_owned())));
        assert_eq!(parse("-S/RECEIVE0"), Some(OwnLabel::Invalid));
        assert_eq!(parse("-S/"), Some(OwnLabel::Invalid));
        assert_eq!(parse(&OwnCode::Command("TELEPORT").encode().unwrap()), Some(OwnLabel::Invalid));
        assert_eq!(parse("4006381333931"), None);
        assert_eq!(location_label("--"), None);
    }

    /// Labels hang on walls for years: their texts are the same in every version.
    #[test]
    fn printed_texts_never_change() {
        for (command, text) in [
            (ShiftCommand::Mode(ShiftMode::Receive), "-S/RECEIVE"),
            (ShiftCommand::Mode(ShiftMode::LookUp), "-S/LOOKUP"),
            (ShiftCommand::Mode(ShiftMode::SupplierReturn), "-S/SUPPLIER-RETURN"),
            (ShiftCommand::Mode(ShiftMode::DamagedReturn), "-S/DAMAGED-RETURN"),
            (ShiftCommand::Times(12), "-S/X12"),
            (ShiftCommand::Quantity(24), "-S/N24"),
            (ShiftCommand::Undo, "-S/UNDO"),
            (ShiftCommand::Finish, "-S/FINISH"),
            (ShiftCommand::Complete, "-S/COMPLETE"),
        ] {
            let printed = command_label(command);
            assert_eq!(printed.get(..printed.len() - 1), Some(text));
        }
        assert!(location_label("A-01-3").unwrap().starts_with("-L/A-01-3"));
    }
}
