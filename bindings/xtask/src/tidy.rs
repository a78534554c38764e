//! `cargo xtask tidy`: the house rules that a machine can check, each with its reason.
//!
//! Owns the list of rules, the allow list and how findings are told. Must never change a file. The checkers are below:
//! `source` for code, `layout` for files and folders, `exports` for what apps see.

mod exports;
mod layout;
mod source;

use std::path::Path;
use std::process::Command;

use crate::process;

/// Each rule and why it exists; the reason is printed with every finding.
const RULES: [(&str, &str); 14] = [
    ("file-length", "a file is read as a whole: beyond 500 lines it holds two subjects; split it"),
    ("function-length", "a function over 70 lines cannot be seen at once; name its parts"),
    ("library-place", "each of these libraries is replaceable only while one module knows it"),
    ("left-over", "unfinished work belongs to the list of work, not into a release"),
    ("clock", "time enters through the clocks, so that a simulation can turn them and a test can repeat itself"),
    ("migrations", "databases apply migrations by number: a gap or a double is a database nobody can reproduce"),
    ("fixture-unread", "a fixture that no test reads proves nothing and rots"),
    ("size", "a file over 1 MiB stays in every clone for ever; generate it or fetch it"),
    ("link", "a link that leads nowhere sends a reader away"),
    ("machine-path", "paths and mirrors of one machine do not exist on another"),
    ("top-level", "the first page shows the parts of the project and nothing else"),
    ("export-docs", "these words are what Kotlin, Swift and Python authors read"),
    ("export-types", "Kotlin and Swift have no natural narrow or machine-sized integers: use i32, i64, u32 or u64"),
    ("allow-list", "an exception that excuses nothing hides the next one"),
];

/// The exceptions, each with its reason.
const ALLOW: &str = "bindings/xtask/tidy-allow.txt";

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    rule: &'static str,
    path: String,
    /// From 1; 0 for the file as a whole.
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
    /// Empty if it is not text.
    text: String,
}

impl File {
    #[cfg(test)]
    fn test(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), bytes: text.len() as u64, text: text.to_owned() }
    }

    fn is_rust(&self) -> bool {
        has_ending(&self.path, &["rs"])
    }

    /// Whether it is test material rather than what ships.
    fn is_test(&self) -> bool {
        let inside = |folder: &str| self.path.split('/').any(|part| part == folder);
        ["tests", "examples", "benches", "xtask"].into_iter().any(inside)
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/build.rs")
    }
}

/// Checks all rules and tells what breaks them.
pub fn run(root: &Path) -> Result<(), String> {
    let files = tracked(root)?;
    let allowed = std::fs::read_to_string(root.join(ALLOW)).unwrap_or_default();
    let mut findings = check(&files);
    findings.extend(layout::links(&files, |path| root.join(path).exists()));
    let mut left = permit(findings, &allowed);
    left.sort_by(|a, b| (a.rule, &a.path, a.line).cmp(&(b.rule, &b.path, b.line)));
    for (rule, why) in RULES {
        let broken: Vec<&Finding> = left.iter().filter(|finding| finding.rule == rule).collect();
        if !broken.is_empty() {
            println!("{rule}: {why}");
        }
        for finding in broken {
            println!("  {}:{} {}", finding.path, finding.line, finding.what);
        }
    }
    println!("{} files checked, {} findings", files.len(), left.len());
    if left.is_empty() { Ok(()) } else { Err(format!("{} breaches of house rules", left.len())) }
}

fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(source::check(file));
        findings.extend(exports::check(file));
    }
    findings.extend(layout::check(files));
    findings
}

/// Leaves out what the allow list excuses; a line there that excuses nothing is a finding itself.
fn permit(findings: Vec<Finding>, allowed: &str) -> Vec<Finding> {
    let mut left = findings;
    for (number, line) in allowed.lines().enumerate() {
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
            left.push(Finding::new("allow-list", ALLOW, number + 1, format!("{rule} {path} excuses nothing")));
        }
    }
    left
}

/// What git tracks; where there is no git (an unpacked archive), all but build products and hidden folders.
fn tracked(root: &Path) -> Result<Vec<File>, String> {
    let listed = process::output(Command::new("git").args(["ls-files", "-z"]).current_dir(root));
    let paths: Vec<String> = match listed {
        Ok(list) => list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect(),
        Err(_) => walk(root, root)?,
    };
    let mut files = Vec::new();
    for path in paths {
        // A file that is being moved is tracked and not there.
        let Ok(content) = std::fs::read(root.join(&path)) else { continue };
        let bytes = content.len() as u64;
        files.push(File { path, bytes, text: String::from_utf8(content).unwrap_or_default() });
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
    fn the_allow_list_excuses_what_it_names() {
        let findings = || vec![Finding::new("clock", "server/child.rs", 3, "Instant::now")];
        assert!(permit(findings(), "# reasons\nclock server/ deadlines of a child process\n").is_empty());
        assert_eq!(permit(findings(), "clock other/ deadlines\n").len(), 2, "and says what it excuses in vain");
        assert_eq!(permit(findings(), "clock server/\n")[0].what, "no reason is given");
    }

    #[test]
    fn every_finding_is_of_a_known_rule() {
        let file = File::test("odd/x.rs", &"let a = dbg!(SystemTime::now());\n".repeat(501));
        let findings = check(&[file]);
        assert!(findings.len() > 3);
        assert!(findings.iter().all(|finding| RULES.iter().any(|(rule, _)| *rule == finding.rule)));
    }
}
