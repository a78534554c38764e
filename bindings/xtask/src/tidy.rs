//! `cargo xtask tidy`: the house rules that a machine can check, each with its reason.
//!
//! Owns the list of rules, the allow list and how findings are shown. Must never change a file. The checkers are below: `source`
//! and `words` for code, `names` for types, `walls` for modules, `exports` for the UniFFI surface, `references` for documents,
//! `layout` for files and folders.

mod exports;
mod layout;
mod lexer;
mod names;
mod references;
mod source;
mod walls;
mod words;

use std::path::Path;
use std::process::Command;

use crate::process;

/// Each rule and why it exists; the reason is printed with every finding.
const RULES: [(&str, &str); 19] = [
    ("file-length", "a file over 500 lines holds two subjects; split it"),
    ("function-length", "a function over 70 lines does not fit a screen; name its parts"),
    ("library-place", "each of these libraries is replaceable only while one module knows it"),
    ("left-over", "unfinished work belongs to the issue tracker, not into a release"),
    ("clock", "time enters through the clocks, so that a simulation can set them and a test can be repeated"),
    (
        "migrations",
        "databases apply migrations by number: a gap or a duplicate gives databases that cannot be reproduced",
    ),
    ("fixture-unread", "a fixture that no test reads goes out of date unnoticed"),
    ("size", "a file over 1 MiB stays in every clone for ever; generate it or fetch it"),
    ("link", "a broken link leads to no document"),
    ("machine-path", "paths and mirrors of one machine do not exist on another"),
    ("top-level", "the top level shows the parts of the project and nothing else"),
    ("words", "one word has one meaning, and it is the word of the field (core/docs/design.md 2)"),
    ("type-names", "a type name says which type is meant only while one type has it"),
    ("store-imports", "the store is below all features: what it imports would have to know it in turn"),
    ("sql", "a schema can change only while all statements on it are in stores"),
    ("design-reference", "a reference that leads nowhere explains nothing"),
    ("export-docs", "these words are what Kotlin, Swift and Python authors read"),
    ("export-types", "Kotlin and Swift have no natural narrow or machine-sized integers: use i32, i64, u32 or u64"),
    ("allow-list", "an exception that covers nothing hides the next finding"),
];

/// The exceptions, each with its reason.
const ALLOW: &str = "bindings/xtask/tidy-allow.txt";

/// One violation of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    rule: &'static str,
    path: String,
    /// From 1; 0 for the whole file.
    line: usize,
    what: String,
}

impl Finding {
    fn new(rule: &'static str, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line, what: what.into() }
    }
}

/// A tracked file.
struct File {
    /// From the workspace's folder, with `/`.
    path: String,
    bytes: u64,
    /// Empty if the file is not text.
    text: String,
    /// Rust and Python: the code alone, line by line; else empty.
    code: String,
}

impl File {
    fn new(path: String, content: Vec<u8>) -> Self {
        let bytes = content.len() as u64;
        let text = String::from_utf8(content).unwrap_or_default();
        let code = match path.rsplit_once('.') {
            Some((_, "rs")) => lexer::code(&text),
            Some((_, "py")) => lexer::python_code(&text),
            _ => String::new(),
        };
        Self { path, bytes, text, code }
    }

    #[cfg(test)]
    fn test(path: &str, text: &str) -> Self {
        Self::new(path.to_owned(), text.as_bytes().to_vec())
    }

    /// The line, from 1, on which the module of unit tests begins, which house style puts last; the line after the end if
    /// there is none.
    fn first_line_of_tests(&self) -> usize {
        let lines: Vec<&str> = self.code.lines().collect();
        let starts = |pair: &[&str]| matches!(pair, [before, line] if before.trim() == "#[cfg(test)]" && line.trim_start().starts_with("mod "));
        lines.windows(2).position(starts).map_or(lines.len() + 1, |index| index + 1)
    }

    fn is_rust(&self) -> bool {
        has_ending(&self.path, &["rs"])
    }

    /// Whether the file is test material or a tool rather than code that ships.
    fn is_test(&self) -> bool {
        let inside = |folder: &str| self.path.split('/').any(|part| part == folder);
        ["tests", "examples", "benches", "xtask"].into_iter().any(inside)
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/build.rs")
    }
}

/// Checks all rules and prints the findings; an error if there are any.
pub fn run(root: &Path) -> Result<(), String> {
    let files = tracked(root)?;
    let allow_list = std::fs::read_to_string(root.join(ALLOW)).unwrap_or_default();
    let mut findings = check(&files);
    findings.extend(layout::links(&files, |path| root.join(path).exists()));
    let mut left = remove_allowed(findings, &allow_list);
    left.sort_by(|a, b| (a.rule, &a.path, a.line).cmp(&(b.rule, &b.path, b.line)));
    for (rule, why) in RULES {
        let violations: Vec<&Finding> = left.iter().filter(|finding| finding.rule == rule).collect();
        if !violations.is_empty() {
            println!("{rule}: {why}");
        }
        for finding in violations {
            println!("  {}:{} {}", finding.path, finding.line, finding.what);
        }
    }
    println!("{} files checked, {} findings", files.len(), left.len());
    if left.is_empty() { Ok(()) } else { Err(format!("{} violations of house rules", left.len())) }
}

fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(source::check(file));
        findings.extend(words::check(file));
        findings.extend(walls::check(file));
        findings.extend(exports::check(file));
    }
    findings.extend(names::check(files));
    findings.extend(references::check(files));
    findings.extend(layout::check(files));
    findings
}

/// Removes the findings that the allow list covers; an entry that covers none is a finding itself.
fn remove_allowed(findings: Vec<Finding>, allow_list: &str) -> Vec<Finding> {
    let mut left = findings;
    for (number, line) in allow_list.lines().enumerate() {
        let mut words = line.split_whitespace();
        let (Some(rule), Some(path)) = (words.next(), words.next()) else { continue };
        if rule.starts_with('#') {
            continue;
        }
        let before = left.len();
        left.retain(|finding| finding.rule != rule || !finding.path.starts_with(path));
        if words.next().is_none() {
            left.push(Finding::new("allow-list", ALLOW, number + 1, "no reason is given"));
        } else if left.len() == before {
            left.push(Finding::new("allow-list", ALLOW, number + 1, format!("{rule} {path} covers no finding")));
        }
    }
    left
}

/// The files that git tracks; without git (an unpacked archive), all files except build products and hidden folders.
fn tracked(root: &Path) -> Result<Vec<File>, String> {
    let listed = process::output(Command::new("git").args(["ls-files", "-z"]).current_dir(root));
    let paths: Vec<String> = match listed {
        Ok(list) => list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect(),
        Err(_) => walk(root, root)?,
    };
    let mut files = Vec::new();
    for path in paths {
        // A deleted file is tracked until the deletion is staged.
        let Ok(content) = std::fs::read(root.join(&path)) else { continue };
        files.push(File::new(path, content));
    }
    Ok(files)
}

fn walk(root: &Path, folder: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules" | "__pycache__" | "_generated")
        {
            found.extend(walk(root, &path)?);
        } else if path.is_file() {
            found.extend(path.strip_prefix(root).map(|path| path.to_string_lossy().replace('\\', "/")));
        }
    }
    Ok(found)
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allow_list_covers_the_files_that_it_names() {
        let findings = || vec![Finding::new("clock", "server/child.rs", 3, "Instant::now")];
        assert!(remove_allowed(findings(), "# reasons\nclock server/ deadlines of a child process\n").is_empty());
        assert_eq!(
            remove_allowed(findings(), "clock other/ deadlines\n").len(),
            2,
            "and entries that cover nothing are findings"
        );
        assert_eq!(remove_allowed(findings(), "clock server/\n")[0].what, "no reason is given");
    }

    #[test]
    fn every_finding_is_of_a_known_rule() {
        let file = File::test("odd/x.rs", &"let a = dbg!(SystemTime::now());\n".repeat(501));
        let findings = check(&[file]);
        assert!(findings.len() > 3);
        assert!(findings.iter().all(|finding| RULES.iter().any(|(rule, _)| *rule == finding.rule)));
    }
}
