//! The `words` rule: identifiers that are out, each with the word that replaces it (`core/docs/design.md` 2).
//!
//! Owns the list. Must never look at literals or comments: stored and wire forms keep their names, and prose is for reviewers.

use super::lexer::identifiers;
use super::{File, Finding, has_ending};

/// Whole identifiers, in any case.
const WORDS: [(&str, &str); 34] = [
    ("it", "the name of what it is"),
    ("said", "the name of what was said: feedback, answer, output"),
    ("kept", "stored, saved, or what it is"),
    ("fate", "verdict"),
    ("spoilt", "DocumentCorrupted"),
    ("follows", "Projections"),
    ("around", "ClockBounds"),
    ("asked", "PendingQuestion, QueryParams, or what was asked"),
    ("judged", "verdict"),
    ("settled", "the name of the state"),
    ("settle", "what is updated: update_liveness, …"),
    ("tell", "notify"),
    ("quick", "what the function does"),
    ("plainly", "what the function does"),
    ("wrong", "what is wrong: invalid_param, …"),
    ("woken", "load_or_set_aside"),
    ("wake", "decode"),
    ("goods", "record_movement"),
    ("tally", "count_scan"),
    ("put_aside", "hold_pending_question"),
    ("give_back", "restore_expected"),
    ("let_go", "delete_held_scan"),
    ("let_act", "record_held_scans"),
    ("held_effect", "hold_scan_effect"),
    ("together", "merge_count_lines, or what is joined"),
    ("take_again", "replay"),
    ("prove", "verify"),
    ("merge_unproven", "merge_unchecked"),
    ("late", "out_of_order, or delayed"),
    ("provoke", "nothing: no panic on purpose in an API"),
    ("note", "what is written: insert_…, log"),
    ("keep", "what is done: store, insert, retain"),
    ("forget", "delete, drop_projections"),
    ("way", "FoldMode, mode"),
];

/// Words that are out as a part of an identifier too: `from_place`, `ThingRow`.
const PARTS: [(&str, &str); 6] = [
    ("place", "location"),
    ("places", "locations"),
    ("thing", "variant"),
    ("things", "variants"),
    ("beside", "context"),
    ("spoilt", "corrupted"),
];

/// Checks one file.
pub fn check(file: &File) -> Vec<Finding> {
    if !has_ending(&file.path, &["rs", "py"]) {
        return Vec::new();
    }
    let find = |(line, name): (usize, &str)| {
        let instead = replacement(name)?;
        Some(Finding::new("words", &file.path, line, format!("{name}: say {instead}")))
    };
    identifiers(&file.code).filter_map(find).collect()
}

fn replacement(name: &str) -> Option<&'static str> {
    match name {
        "camera" => return Some("shift_lock, or what it is: scanner, frame"),
        _ if name.starts_with("MOST_") => return Some("MAX_…"),
        _ => {}
    }
    let lower = name.to_lowercase();
    let whole = WORDS.iter().find(|(word, _)| lower == *word);
    // Done in place is another word.
    let parts = || parts(name).into_iter().find_map(|part| PARTS.iter().find(|(word, _)| part == *word));
    whole.or_else(|| if lower.contains("in_place") { None } else { parts() }).map(|(_, instead)| *instead)
}

/// The words of an identifier in lower case: `from_place`, `FromPlace` and `FROM_PLACE` have the same.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_upper = true;
    for letter in name.chars() {
        let upper = letter.is_uppercase();
        if letter == '_' || (upper && !before_upper) {
            parts.push(String::new());
        }
        before_upper = upper;
        if let Some(part) = parts.last_mut().filter(|_| letter != '_') {
            part.extend(letter.to_lowercase());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&File::test(path, text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn identifiers_are_found_and_prose_is_not() {
        assert_eq!(found("core/a.rs", "// it is a place\nlet it = \"thing\";\nrows.map(|it| it);\n"), [2, 3, 3]);
        assert_eq!(found("core/a.py", "# it\nit = 'place'\n"), [2]);
        assert_eq!(found("core/a.sql", "SELECT place"), [0; 0]);
    }

    #[test]
    fn parts_of_identifiers_are_found() {
        let text = "from_place\nThingRow\nMOST_ROWS\nreplaced\nin_place\nitem\nnothing\nBESIDE\n";
        assert_eq!(found("core/a.rs", text), [1, 2, 3, 8]);
    }
}
