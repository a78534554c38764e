//! Rules of code: lengths, left-overs, clocks, and which module may name which library.
//!
//! Rust is read by a small scanner that blanks comments and literals; it must never need the code to compile.

use super::{File, Finding, has_ending};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Libraries and the only places that name them (code, then manifests besides the workspace's).
const PLACES: [(&str, &[&str]); 5] = [
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
        let code = code(&file.text);
        findings.extend(functions(&code).into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES).map(
            |(line, name, lines)| Finding::new("function-length", &file.path, line, format!("{name}: {lines} lines")),
        ));
        findings.extend(libraries(file, &code));
        findings.extend(words(file, &code));
    }
    findings
}

fn libraries(file: &File, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (library, places) in PLACES {
        if places.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in code.lines().enumerate().filter(|(_, line)| has_word(line, library)) {
            let what = format!("{library} belongs to {}: {}", places.join(", "), line.trim());
            findings.push(Finding::new("library-place", &file.path, number + 1, what));
        }
    }
    findings
}

fn words(file: &File, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let keeps_time = matches!(name, "time.rs" | "clock.rs" | "identity.rs") || file.is_test();
    let mut in_tests = false;
    let mut before = "";
    for (number, line) in code.lines().enumerate() {
        // House style puts unit tests last, in one module.
        in_tests |= before.trim() == "#[cfg(test)]" && line.trim_start().starts_with("mod ");
        before = line;
        for word in ["dbg!", "todo!"].into_iter().filter(|word| line.contains(word)) {
            findings.push(Finding::new("left-over", &file.path, number + 1, word));
        }
        if keeps_time || in_tests {
            continue;
        }
        for clock in CLOCKS.into_iter().filter(|clock| line.contains(clock)) {
            findings.push(Finding::new("clock", &file.path, number + 1, clock));
        }
    }
    findings
}

/// Whether `line` holds `word` and not only as a part of a longer one.
pub fn has_word(line: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// Each function with a body: its line, its name and how many lines it takes.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    // Functions whose body is open: line, name, depth of braces outside.
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    // A head that waits for its body, and its depth of brackets: `[u8; 3]` ends no head.
    let mut head: Option<(usize, String)> = None;
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (number, line) in code.lines().enumerate() {
        let starts = line.split_once("fn ").filter(|_| has_word(line, "fn")).map(|(before, rest)| (before.len(), rest));
        for (at, letter) in line.char_indices() {
            if let Some((_, rest)) = starts.filter(|(start, _)| *start == at) {
                let name: String = rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
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

/// The code alone: comments and the insides of literals become blanks, lines stay where they are.
pub fn code(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    while index < letters.len() {
        let end = match (at(index), at(index + 1)) {
            ('/', '/') => until(&letters, index, |it| at(it) == '\n'),
            ('/', '*') => comment_end(&letters, index),
            ('r', '"' | '#') if !is_name(&letters, index) => raw_end(&letters, index).unwrap_or(index),
            ('"', _) => quoted_end(&letters, index + 1, '"'),
            // A character and not a lifetime.
            ('\'', '\\') => quoted_end(&letters, index + 1, '\''),
            ('\'', _) if at(index + 2) == '\'' => index + 3,
            _ => index,
        };
        if end == index {
            out.push(at(index));
            index += 1;
        }
        while index < end {
            out.push(if at(index) == '\n' { '\n' } else { ' ' });
            index += 1;
        }
    }
    out
}

fn is_name(letters: &[char], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| letters.get(before));
    // `br"…"` is a literal too.
    before.is_some_and(|it| (it.is_alphanumeric() && *it != 'b') || *it == '_')
}

fn until(letters: &[char], from: usize, ends: impl Fn(usize) -> bool) -> usize {
    (from..letters.len()).find(|index| ends(*index)).unwrap_or(letters.len())
}

fn comment_end(letters: &[char], from: usize) -> usize {
    let (mut depth, mut index) = (0_usize, from);
    while index < letters.len() {
        match (letters.get(index), letters.get(index + 1)) {
            (Some('/'), Some('*')) => (depth, index) = (depth + 1, index + 2),
            (Some('*'), Some('/')) => (depth, index) = (depth.saturating_sub(1), index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            break;
        }
    }
    index.min(letters.len())
}

fn raw_end(letters: &[char], from: usize) -> Option<usize> {
    let quote = until(letters, from + 1, |index| letters.get(index) != Some(&'#'));
    if letters.get(quote) != Some(&'"') {
        return None; // a raw name: r#type
    }
    let hashes = quote - from - 1;
    let closes = |index: usize| {
        letters.get(index) == Some(&'"') && (1..=hashes).all(|more| letters.get(index + more) == Some(&'#'))
    };
    Some((until(letters, quote + 1, closes) + 1 + hashes).min(letters.len()))
}

fn quoted_end(letters: &[char], from: usize, quote: char) -> usize {
    let mut index = from;
    while let Some(letter) = letters.get(index) {
        index += if *letter == '\\' { 2 } else { 1 };
        if *letter == quote {
            break;
        }
    }
    index.min(letters.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&File::test(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn comments_and_literals_are_blanked() {
        let text = "a /* { /* } */ */ b // {\n\"{ \\\" {\" r#\"{ \" {\"# b'{' '\\'' fn f<'a>(x: &'a str) {}";
        let code = code(text);
        assert_eq!(code.matches('{').count(), 1, "{code}");
        assert_eq!(code.lines().count(), 2);
        assert!(code.contains("fn f<'a>(x: &'a str) {}"), "{code}");
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
    fn declarations_are_no_functions() {
        let found =
            functions("trait T {\n fn a();\n fn b() {\n }\n}\ntype F = fn (u8);\nfn c(f: impl Fn() -> u8)\n{\n}\n");
        assert_eq!(found, [(3, "b".to_owned(), 2), (7, "c".to_owned(), 3)]);
    }

    #[test]
    fn libraries_stay_in_their_places() {
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
