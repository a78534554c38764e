//! Labels of our own that change what scanning does, or say where. Owns their texts.
//!
//! `-S/` and a command, `-L/` and the code of a place, each with a check character (ISO/IEC 7064 MOD 37,36) at its end:
//! digits, capitals and signs that every keyboard layout can bring back.

use stocksync_gs1::OwnCode;

use super::state::Mode;

/// What a label or a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Change what scanning does.
    Mode(Mode),
    /// The next scan counts so many times.
    Times(u32),
    /// The last scan was so many packs.
    Quantity(u32),
    /// Take the last scan back.
    Undo,
    /// The count is done.
    Finish,
    /// The count is done, and every cell of its places was looked at.
    Complete,
}

/// What a scanned text is, if it begins like one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    Command(Command),
    /// The code of a place.
    Place(String),
    /// Misread, or of a later version.
    Bad,
}

/// The text of a command's label.
#[must_use]
pub fn command_label(command: Command) -> String {
    let code = match command {
        Command::Mode(mode) => {
            Mode::ALL.iter().find(|(it, _)| *it == mode).map_or("LOOKUP", |(_, word)| word).to_owned()
        }
        Command::Times(times) => format!("X{times}"),
        Command::Quantity(packs) => format!("N{packs}"),
        Command::Undo => "UNDO".to_owned(),
        Command::Finish => "FINISH".to_owned(),
        Command::Complete => "COMPLETE".to_owned(),
    };
    OwnCode::Command(&code).encode().unwrap_or_default()
}

/// The text of a place's label; none if its code holds neither digit nor capital.
#[must_use]
pub fn place_label(code: &str) -> Option<String> {
    OwnCode::Location(code).encode()
}

pub(super) fn parse(text: &str) -> Option<Label> {
    Some(match OwnCode::decode(text)? {
        Ok(OwnCode::Location(code)) => Label::Place(code.to_owned()),
        Ok(OwnCode::Command(word)) => command(word).map_or(Label::Bad, Label::Command),
        Err(_) => Label::Bad,
    })
}

fn command(code: &str) -> Option<Command> {
    let number = |prefix: char| code.strip_prefix(prefix)?.parse::<u32>().ok();
    Some(match code {
        "UNDO" => Command::Undo,
        "FINISH" => Command::Finish,
        "COMPLETE" => Command::Complete,
        _ => match Mode::ALL.iter().find(|(_, word)| *word == code) {
            Some((mode, _)) => Command::Mode(*mode),
            None => number('X').map(Command::Times).or_else(|| number('N').map(Command::Quantity))?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back_and_misreads_are_told() {
        let mut commands = vec![Command::Undo, Command::Finish, Command::Complete];
        commands.extend(Mode::ALL.iter().map(|(mode, _)| Command::Mode(*mode)));
        commands.extend([1, 12, 100_000].into_iter().flat_map(|n| [Command::Times(n), Command::Quantity(n)]));
        for command in commands {
            let text = command_label(command);
            assert_eq!(parse(&text), Some(Label::Command(command)), "{text}");
            let swapped: String = text.chars().rev().collect();
            assert_ne!(parse(&swapped), Some(Label::Command(command)));
        }
        assert_eq!(parse(&place_label("A-01-3").unwrap()), Some(Label::Place("A-01-3".to_owned())));
        assert_eq!(parse("-S/RECEIVE0"), Some(Label::Bad));
        assert_eq!(parse("-S/"), Some(Label::Bad));
        assert_eq!(parse(&OwnCode::Command("TELEPORT").encode().unwrap()), Some(Label::Bad));
        assert_eq!(parse("4006381333931"), None);
        assert_eq!(place_label("--"), None);
    }
}
