//! Rules of the UniFFI surface: every exported item is documented, and no signature has narrow integers.
//!
//! Owns what an export is. Must never need the code to compile.

use super::lexer::has_word;
use super::{File, Finding};

const NARROW: [&str; 5] = ["u8", "u16", "i8", "i16", "usize"];

/// Checks one file of the UniFFI surface.
pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.path.starts_with("bindings/src/") || !file.is_rust() {
        return findings;
    }
    let (raw, code): (Vec<&str>, Vec<&str>) = (file.text.lines().collect(), file.code.lines().collect());
    for start in (0..code.len()).filter(|line| code.get(*line).is_some_and(|line| is_export(line))) {
        for line in items(&code, start) {
            let text = code.get(line).copied().unwrap_or_default().trim();
            if !text.starts_with("impl") {
                findings.extend(documentation(file, &raw, line, text));
            }
            let signature = signature(&code, line).replace("Vec<u8>", "bytes");
            for narrow in NARROW.into_iter().filter(|narrow| has_word(&signature, narrow)) {
                findings.push(Finding::new("export-types", &file.path, line + 1, format!("{narrow} in {text}")));
            }
        }
    }
    findings
}

fn is_export(line: &str) -> bool {
    let kinds = ["uniffi::export", "uniffi::Record", "uniffi::Enum", "uniffi::Error", "uniffi::Object"];
    line.trim_start().starts_with("#[") && kinds.into_iter().any(|kind| line.contains(kind))
}

/// The lines of the item behind an attribute and of its exported members.
fn items(code: &[&str], attribute: usize) -> Vec<usize> {
    let object = code.get(attribute).is_some_and(|line| line.contains("uniffi::Object"));
    let is_item = |line: &&usize| code.get(**line).is_some_and(|line| starts_item(line));
    let lines: Vec<usize> = (attribute..code.len()).collect();
    let Some(item) = lines.iter().find(is_item).copied() else { return Vec::new() };
    let mut found = vec![item];
    let head = code.get(item).copied().unwrap_or_default().trim();
    let methods = head.starts_with("impl") || has_word(head, "trait");
    let members = methods || has_word(head, "struct") || has_word(head, "enum");
    // Fields of an object are not exported; a function has no members.
    if !members || object {
        return found;
    }
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for line in item..code.len() {
        let text = code.get(line).copied().unwrap_or_default();
        let begins = text.trim_start().chars().next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
        let exported = if methods { depth == 1 && has_word(text, "fn") } else { depth > 0 && brackets == 0 && begins };
        if line > item && exported && !text.trim_start().starts_with("where") {
            found.push(line);
        }
        for letter in text.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 && (text.contains('}') || text.contains(';')) {
            break;
        }
    }
    found
}

fn starts_item(line: &str) -> bool {
    let words = ["impl", "struct", "enum", "trait", "fn"];
    !line.trim_start().starts_with("#[") && words.into_iter().any(|word| has_word(line, word))
}

/// From the member's line to the end of its head.
fn signature(code: &[&str], from: usize) -> String {
    let mut text = String::new();
    let mut brackets = 0_usize;
    for line in code.iter().skip(from) {
        for letter in line.chars() {
            match letter {
                '{' | ';' => return text,
                ',' if brackets == 0 => return text,
                '(' | '[' | '<' => brackets += 1,
                ')' | ']' | '>' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            text.push(letter);
        }
    }
    text
}

fn documentation(file: &File, raw: &[&str], line: usize, text: &str) -> Vec<Finding> {
    let above = raw.get(..line).unwrap_or_default().iter().rev().map(|line| line.trim());
    let docs: Vec<&str> = above
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .filter(|line| line.starts_with("///"))
        .collect();
    let mut findings = Vec::new();
    if docs.is_empty() {
        findings.push(Finding::new("export-docs", &file.path, line + 1, format!("no docstring: {text}")));
    }
    if docs.iter().any(|line| line.contains("*/")) {
        findings.push(Finding::new("export-docs", &file.path, line + 1, "`*/` would end the comment in Kotlin"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        check(&File::test("bindings/src/x.rs", text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn documented_items_pass() {
        let text = "
/// A frame.
#[derive(Debug, uniffi::Record)]
pub struct Frame {
    /// Brightness.
    pub luma: Vec<u8>,
    /// Its name.
    #[uniffi(default)]
    pub name: String,
}
/// A scanner.
#[derive(uniffi::Object)]
pub struct Scanner {
    inner: [u8; 3],
}
#[uniffi::export]
impl Scanner {
    /// Runs.
    pub fn run(&self) -> u32 {
        let x: usize = 1;
    }
}
fn private(x: u8) {}
";
        assert_eq!(rules(text), [""; 0]);
    }

    #[test]
    fn undocumented_exports_are_found() {
        assert_eq!(rules("/// A.\n#[derive(uniffi::Record)]\npub struct A {\n    pub b: i64,\n}"), ["export-docs"]);
        let of = "/// A.\n#[derive(uniffi::Enum)]\npub enum A {\n    /// B.\n    B {\n        c: String,\n    },\n}";
        assert_eq!(rules(of), ["export-docs"]);
        assert_eq!(rules("#[uniffi::export]\npub fn a() {}"), ["export-docs"]);
        assert_eq!(rules("#[uniffi::export]\nimpl A {\n    pub async fn b(&self) {\n    }\n}"), ["export-docs"]);
        assert_eq!(rules("/// Ends */ here.\n#[uniffi::export]\npub fn a() {}"), ["export-docs"]);
    }

    #[test]
    fn narrow_integers_are_found() {
        assert_eq!(rules("/// A.\n#[uniffi::export]\npub fn a(\n    b: String,\n    c: u16,\n) {}"), ["export-types"]);
        assert_eq!(rules("/// A.\n#[uniffi::export]\npub fn a() -> Option<usize> {}"), ["export-types"]);
        let of = "/// A.\n#[derive(uniffi::Record)]\npub struct A {\n    /// B.\n    pub b: u8,\n}";
        assert_eq!(rules(of), ["export-types"]);
    }
}
