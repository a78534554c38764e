//! Rules of code: lengths, left-overs, clocks, and which module may name which library.
//!
//! Owns those limits and lists. Must never look at comments, except for left-over marks.

use super::lexer::{has_word, is_part};
use super::{File, Finding, has_ending};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Libraries, and the only code and manifests besides the workspace's that may name them.
const LIBRARIES: [(&str, &[&str]); 5] = [
    ("uniffi", &["bindings/"]),
    ("automerge", &["core/ledger/src/records", "core/ledger/Cargo.toml"]),
    ("rusqlite", &["core/device/src/store", "core/device/Cargo.toml"]),
    ("reqwest", &["core/device/src/sync", "core/device/Cargo.toml", "sync-server/tests/", "sync-server/Cargo.toml"]),
    ("rxing", &["core/scan/"]),
];

const CLOCKS: [&str; 4] = ["SystemTime::now", "Utc::now", "Instant::now", "Uuid::now_v7"];

/// Checks one file.
pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if has_ending(&file.path, &["rs", "py", "kt", "swift", "ts", "sh", "sql"]) && lines > FILE_LINES {
        findings.push(Finding::new("file-length", &file.path, 0, format!("{lines} lines")));
    }
    let mark = concat!("FIX", "ME");
    for (number, line) in file.text.lines().enumerate().filter(|(_, line)| line.contains(mark)) {
        findings.push(Finding::new("left-over", &file.path, number + 1, line.trim()));
    }
    if file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml" {
        findings.extend(libraries(file, &file.text));
    }
    if file.is_rust() {
        findings.extend(functions(&file.code).into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES).map(
            |(line, name, lines)| Finding::new("function-length", &file.path, line, format!("{name}: {lines} lines")),
        ));
        findings.extend(libraries(file, &file.code));
        findings.extend(left_overs_and_clocks(file, &file.code));
    }
    findings
}

fn libraries(file: &File, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (library, allowed) in LIBRARIES {
        if allowed.iter().any(|path| file.path.starts_with(path)) {
            continue;
        }
        for (number, line) in code.lines().enumerate().filter(|(_, line)| has_word(line, library)) {
            let what = format!("{library} belongs to {}: {}", allowed.join(", "), line.trim());
            findings.push(Finding::new("library-place", &file.path, number + 1, what));
        }
    }
    findings
}

fn left_overs_and_clocks(file: &File, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let is_clock = matches!(name, "time.rs" | "clock.rs" | "identity.rs") || file.is_test();
    let tests = file.first_line_of_tests();
    for (number, line) in code.lines().enumerate() {
        for word in ["dbg!", "todo!"].into_iter().filter(|word| line.contains(word)) {
            findings.push(Finding::new("left-over", &file.path, number + 1, word));
        }
        if is_clock || number + 1 >= tests {
            continue;
        }
        for clock in CLOCKS.into_iter().filter(|clock| line.contains(clock)) {
            findings.push(Finding::new("clock", &file.path, number + 1, clock));
        }
    }
    findings
}

/// Each function with a body: its line, its name and how many lines it takes.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    // Functions whose body is open: line, name, depth of braces outside.
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    // A head whose body has not begun, and its depth of brackets: the `;` of `[u8; 3]` does not end a head.
    let mut head: Option<(usize, String)> = None;
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (number, line) in code.lines().enumerate() {
        let starts = line.split_once("fn ").filter(|_| has_word(line, "fn")).map(|(before, rest)| (before.len(), rest));
        for (at, letter) in line.char_indices() {
            if let Some((_, rest)) = starts.filter(|(start, _)| *start == at) {
                let name: String = rest.chars().take_while(|letter| is_part(*letter)).collect();
                // A type `fn(…)` has no name and no body.
                head = (!name.is_empty()).then_some((number + 1, name));
                brackets = 0;
            }
            match letter {
                '[' | '(' => brackets += 1,
                ']' | ')' => brackets = brackets.saturating_sub(1),
                ';' if brackets == 0 => head = None,
                '{' => {
                    if brackets == 0
                        && let Some((line, name)) = head.take()
                    {
                        open.push((line, name, depth));
                    }
                    depth += 1;
                }
                '}' => {
                    depth = depth.saturating_sub(1);
                    if let Some((line, name, _)) = open.pop_if(|(_, _, outside)| *outside == depth) {
                        found.push((line, name, number + 2 - line));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&File::test(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn long_functions_and_files_are_found() {
        let body = |lines: usize| format!("fn long(x: [u8; 3]) {{\n{}}}\nfn short() {{}}\n", "    x;\n".repeat(lines));
        assert_eq!(rules("core/a.rs", &body(68)), [""; 0]);
        assert_eq!(rules("core/a.rs", &body(69)), ["function-length"]);
        assert_eq!(rules("core/a.py", &"x\n".repeat(500)), [""; 0]);
        assert_eq!(rules("core/a.py", &"x\n".repeat(501)), ["file-length"]);
    }

    #[test]
    fn declarations_are_not_functions() {
        let found =
            functions("trait T {\n fn a();\n fn b() {\n }\n}\ntype F = fn (u8);\nfn c(f: impl Fn() -> u8)\n{\n}\n");
        assert_eq!(found, [(3, "b".to_owned(), 2), (7, "c".to_owned(), 3)]);
    }

    #[test]
    fn libraries_are_named_only_where_they_belong() {
        assert_eq!(rules("core/device/src/sync/http.rs", "use reqwest::Client;"), [""; 0]);
        assert_eq!(rules("core/device/src/acts.rs", "use rusqlite::params;"), ["library-place"]);
        assert_eq!(rules("core/device/src/acts.rs", "// not rusqlite\nlet rusqlite_like = 1;"), [""; 0]);
        assert_eq!(rules("fixtures/Cargo.toml", "rusqlite.workspace = true"), ["library-place"]);
        assert_eq!(rules("core/ledger/src/fold/mod.rs", "use automerge::Change;"), ["library-place"]);
    }

    #[test]
    fn clocks_and_left_overs_are_found() {
        let text = "let t = Instant::now();\n";
        assert_eq!(rules("core/device/src/acts.rs", text), ["clock"]);
        assert_eq!(rules("core/device/src/time.rs", text), [""; 0]);
        assert_eq!(rules("core/device/tests/it/main.rs", text), [""; 0]);
        assert_eq!(rules("core/x.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}")), [""; 0]);
        assert_eq!(rules("core/x.rs", &format!("#[cfg(test)]\nfn f() {{\n{text}}}")), ["clock"]);
        assert_eq!(rules("core/x.rs", "todo!();\nlet x = dbg!(1);"), ["left-over", "left-over"]);
        assert_eq!(rules("core/x.md", &format!("{}{}: later", "FIX", "ME")), ["left-over"]);
    }
}
