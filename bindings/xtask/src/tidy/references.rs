//! The `design-reference` rule: each "design n.m" in code and documents is a section of `core/docs/design.md`.
//!
//! Owns the spelling of a reference. Must never check what a section says.

use std::collections::BTreeSet;

use super::lexer::comments;
use super::{File, Finding, has_ending};

const DESIGN: &str = "core/docs/design.md";

/// Checks all files together.
pub fn check(files: &[File]) -> Vec<Finding> {
    let sections = files.iter().find(|file| file.path == DESIGN).map(|file| sections(&file.text));
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| has_ending(&file.path, &["rs", "sql", "proto", "md", "py", "toml"])) {
        let text = if file.is_rust() { comments(&file.text) } else { file.text.clone() };
        for (number, line) in text.lines().enumerate() {
            for (word, section) in references(line) {
                let known = sections.as_ref().is_some_and(|sections| sections.contains(section));
                let what = if word != "design" && word != "Design" {
                    format!("{word} {section}: write \"design {section}\"")
                } else if known {
                    continue;
                } else {
                    format!("{DESIGN} has no section {section}")
                };
                findings.push(Finding::new("design-reference", &file.path, number + 1, what));
            }
        }
    }
    findings
}

/// The references of a line: the word as written, and the section's number.
fn references(line: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = line.split(|letter: char| letter.is_whitespace() || "()[],;`\"*".contains(letter)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_design = |word: &str| {
        matches!(word, "design" | "Design" | "DESIGN" | "DESIGN.md" | "design.md") || word.ends_with("/design.md")
    };
    let pairs = words.iter().zip(words.iter().skip(1)).filter(|(word, _)| is_design(word));
    pairs
        .filter_map(|(word, next)| {
            let digits = |letter: char| letter.is_ascii_digit() || letter == '.';
            let section = next.trim_start_matches('§').split(|letter| !digits(letter)).next()?.trim_end_matches('.');
            let word = if word.ends_with("design.md") { "design" } else { word };
            section.starts_with(|letter: char| letter.is_ascii_digit()).then_some((word, section))
        })
        .collect()
}

/// The numbers of the sections: `## 5. The fold`, `### 5.3 Anchor`, or the third item of the list in section 5.
fn sections(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut chapter = String::new();
    for line in text.lines() {
        let heading = line.starts_with('#');
        let number: String = line
            .trim_start_matches(['#', ' '])
            .chars()
            .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
            .collect();
        let number = number.trim_end_matches('.');
        if number.is_empty() {
            continue;
        }
        if heading {
            found.insert(number.to_owned());
            chapter = number.split('.').next().unwrap_or_default().to_owned();
        } else if line.starts_with(&format!("{number}. ")) && !chapter.is_empty() {
            found.insert(format!("{chapter}.{number}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve() {
        let design =
            File::test(DESIGN, "# Design\n\n## 5. The fold\n\n1. Live\n2. **before**\n\n### 5.11 Exceptions\n");
        let code = "// see design 5, design 5.2 and (design 5.11).\n// design 6 and DESIGN 5\nlet x = \"design 9\";\n";
        let found = check(&[design, File::test("core/a.rs", code)]);
        let found: Vec<_> = found.iter().map(|finding| (finding.line, finding.what.as_str())).collect();
        assert_eq!(found, [(2, "core/docs/design.md has no section 6"), (2, "DESIGN 5: write \"design 5\"")]);
    }

    #[test]
    fn the_document_can_be_named_by_its_path() {
        assert_eq!(references("see `core/docs/design.md` 5.3: anchors"), [("design", "5.3")]);
        assert_eq!(references("by design 100 rows"), [("design", "100")]);
        assert_eq!(references("design of 3 parts"), []);
    }
}
