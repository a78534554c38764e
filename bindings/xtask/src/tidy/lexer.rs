//! A small scanner of Rust and Python: separates code, comments and string literals.
//!
//! Owns where a literal begins and ends. Must never need the code to compile.

/// What a stretch of source text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

/// The code alone: comments and literals become blanks, lines stay where they are.
pub fn code(text: &str) -> String {
    blank_except(text, rust_part, Part::Code)
}

/// The comments alone, in the same way.
pub fn comments(text: &str) -> String {
    blank_except(text, rust_part, Part::Comment)
}

/// The code of a Python file alone, in the same way.
pub fn python_code(text: &str) -> String {
    blank_except(text, python_part, Part::Code)
}

/// Each string literal of Rust text that starts with a quote or `r`: its line from 1, and its content as written.
pub fn strings(text: &str) -> Vec<(usize, String)> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < letters.len() {
        let (part, end) = rust_part(&letters, index);
        let stretch: String = letters.get(index..end).unwrap_or_default().iter().collect();
        if part == Part::Literal && !stretch.starts_with('\'') {
            let content = stretch.trim_start_matches(['b', 'r', '#']).trim_end_matches('#').trim_matches('"');
            found.push((line, content.to_owned()));
        }
        line += stretch.matches('\n').count();
        index = end;
    }
    found
}

/// The identifiers of code, with their lines from 1.
pub fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(number, line)| {
        let words = line.split(|letter: char| !is_part(letter));
        // A lifetime is not a name of a value.
        words
            .filter(|word| word.starts_with(|letter: char| !letter.is_ascii_digit()))
            .map(move |word| (number + 1, word))
    })
}

/// Whether a letter can be part of an identifier.
pub fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether `line` holds `word` and not only as a part of a longer one.
pub fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Replaces all parts except `wanted` by blanks.
fn blank_except(text: &str, part_at: fn(&[char], usize) -> (Part, usize), wanted: Part) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    while index < letters.len() {
        let (part, end) = part_at(&letters, index);
        for letter in letters.get(index..end).unwrap_or_default() {
            out.push(if part == wanted || *letter == '\n' { *letter } else { ' ' });
        }
        index = end;
    }
    out
}

/// The part that begins at `index` and where it ends; code ends after one letter.
fn rust_part(letters: &[char], index: usize) -> (Part, usize) {
    let at = |index: usize| letters.get(index).copied().unwrap_or('\0');
    let literal = |end: usize| (Part::Literal, end);
    match (at(index), at(index + 1)) {
        ('/', '/') => (Part::Comment, until(letters, index, |letter| letter == '\n')),
        ('/', '*') => (Part::Comment, comment_end(letters, index)),
        ('r', '"' | '#') if !is_name(letters, index) => {
            raw_end(letters, index).map_or((Part::Code, index + 1), literal)
        }
        ('"', _) => literal(quoted_end(letters, index + 1, '"')),
        // A character and not a lifetime.
        ('\'', '\\') => literal(quoted_end(letters, index + 1, '\'')),
        ('\'', _) if at(index + 2) == '\'' => literal(index + 3),
        _ => (Part::Code, index + 1),
    }
}

fn python_part(letters: &[char], index: usize) -> (Part, usize) {
    let at = |index: usize| letters.get(index).copied().unwrap_or('\0');
    match at(index) {
        '#' => (Part::Comment, until(letters, index, |letter| letter == '\n')),
        quote @ ('"' | '\'') if at(index + 1) == quote && at(index + 2) == quote => {
            let mut end = index + 3;
            while end < letters.len() && !(at(end) == quote && at(end + 1) == quote && at(end + 2) == quote) {
                end += if at(end) == '\\' { 2 } else { 1 };
            }
            (Part::Literal, (end + 3).min(letters.len()))
        }
        quote @ ('"' | '\'') => (Part::Literal, quoted_end(letters, index + 1, quote)),
        _ => (Part::Code, index + 1),
    }
}

/// Whether the letter before belongs to an identifier: then `r` starts no raw literal.
fn is_name(letters: &[char], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| letters.get(before));
    // `br"…"` is a literal too.
    before.is_some_and(|letter| (letter.is_alphanumeric() && *letter != 'b') || *letter == '_')
}

fn until(letters: &[char], from: usize, ends: impl Fn(char) -> bool) -> usize {
    let rest = letters.get(from..).unwrap_or_default();
    rest.iter().position(|letter| ends(*letter)).map_or(letters.len(), |length| from + length)
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

/// The end of the raw literal at `from`; none if it is a raw name like `r#type`.
fn raw_end(letters: &[char], from: usize) -> Option<usize> {
    let quote = until(letters, from + 1, |letter| letter != '#');
    if letters.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - from - 1;
    let closes = |index: &usize| {
        letters.get(*index) == Some(&'"') && (1..=hashes).all(|more| letters.get(index + more) == Some(&'#'))
    };
    let end = (quote + 1..letters.len()).find(closes).unwrap_or(letters.len());
    Some((end + 1 + hashes).min(letters.len()))
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

    #[test]
    fn comments_and_literals_are_blanked() {
        let text = "a /* { /* } */ */ b // {\n\"{ \\\" {\" r#\"{ \" {\"# b'{' '\\'' fn f<'a>(x: &'a str) {}";
        let code = code(text);
        assert_eq!(code.matches('{').count(), 1, "{code}");
        assert_eq!(code.lines().count(), 2);
        assert!(code.contains("fn f<'a>(x: &'a str) {}"), "{code}");
        assert!(comments(text).contains("/* { /* } */ */"));
    }

    #[test]
    fn strings_are_found_with_their_lines() {
        let text = "// \"no\"\nlet a = \"one\";\nlet b = r#\"two \"2\" \"#; let c = '\"';";
        assert_eq!(strings(text), [(2, "one".to_owned()), (3, "two \"2\" ".to_owned())]);
    }

    #[test]
    fn python_is_blanked() {
        let text = "a = 'x # y'  # it\nb = \"\"\"it\nit\"\"\"\nc = 1\n";
        let code = python_code(text);
        let found: Vec<_> = identifiers(&code).collect();
        assert_eq!(found, [(1, "a"), (2, "b"), (4, "c")]);
    }
}
