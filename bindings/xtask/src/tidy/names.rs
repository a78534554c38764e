//! The `type-names` rule: a type name is defined once in the workspace.
//!
//! Owns which definitions count. Must never need the code to compile.

use std::collections::BTreeMap;

use super::lexer::is_part;
use super::{File, Finding};

/// Names that each crate may define, as Rust libraries do.
const IDIOMS: [&str; 2] = ["Error", "Result"];
/// Mirrors of core types in the bindings share their names.
const MIRRORS: &str = "bindings/src/";

/// Checks all files together.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut definitions = BTreeMap::<String, Vec<(&str, usize)>>::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (line, name) in types(&file.code) {
            definitions.entry(name).or_default().push((&file.path, line));
        }
    }
    let mut findings = Vec::new();
    for (name, sites) in definitions.iter().filter(|(name, _)| !IDIOMS.contains(&name.as_str())) {
        for (path, line) in sites {
            let is_mirror = path.starts_with(MIRRORS);
            let other =
                sites.iter().find(|other| **other != (*path, *line) && other.0.starts_with(MIRRORS) == is_mirror);
            if let Some((other_path, other_line)) = other {
                let what = format!("{name} is also defined at {other_path}:{other_line}");
                findings.push(Finding::new("type-names", path, *line, what));
            }
        }
    }
    findings
}

/// The types, traits and aliases that code defines, with their lines. Associated types are none of them.
fn types(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // For each open brace, whether it is the body of an `impl` or a trait.
    let mut associated = Vec::new();
    let mut head = String::new();
    let (mut word, mut keyword) = (String::new(), String::new());
    for (number, line) in code.lines().enumerate() {
        for letter in line.chars().chain(['\n']) {
            if is_part(letter) {
                word.push(letter);
                continue;
            }
            if !word.is_empty() {
                let inside = associated.last().copied().unwrap_or(false);
                let defines = matches!(keyword.as_str(), "struct" | "enum" | "trait") || (keyword == "type" && !inside);
                if defines && word.starts_with(char::is_uppercase) {
                    found.push((number + 1, word.clone()));
                }
                head.push(' ');
                head.push_str(&word);
                keyword = std::mem::take(&mut word);
            }
            match letter {
                '{' => {
                    let has = |wanted: &str| head.split(' ').any(|word| word == wanted);
                    associated.push((has("impl") || has("trait")) && !has("fn"));
                    head.clear();
                }
                '}' => {
                    associated.pop();
                    head.clear();
                }
                ';' => head.clear(),
                // A raw name: r#type.
                '#' => keyword.clear(),
                _ => {}
            }
            if !letter.is_whitespace() {
                keyword.clear();
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::test(path, text)).collect();
        check(&files).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn definitions_are_found_and_associated_types_are_not() {
        let text = "pub struct Row(u8);\nenum Kind {\n}\nimpl Iterator for Row {\n type Item = u8;\n fn a() -> impl Fn() {\n  \
                    type Local = u8;\n }\n}\ntrait Store {\n type Row;\n}\ntype Alias<T> = Vec<T>;\n";
        let names: Vec<_> = types(text).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
        assert_eq!(names, ["1 Row", "2 Kind", "7 Local", "10 Store", "13 Alias"]);
    }

    #[test]
    fn a_name_is_defined_once() {
        let (a, b) = (("core/a.rs", "struct Line;"), ("core/b.rs", "\nenum Line {}"));
        assert_eq!(found(&[a, b]), ["Line is also defined at core/b.rs:2", "Line is also defined at core/a.rs:1"]);
        assert_eq!(found(&[a, ("bindings/src/b.rs", "struct Line;")]), [""; 0], "a mirror");
        assert_eq!(found(&[("core/a.rs", "enum Error {}"), ("core/b.rs", "enum Error {}")]), [""; 0]);
    }
}
