//! Our table of application identifiers against the official one, where that is found.

use std::path::Path;

use stocksync_gs1::Ai;

/// Our rows as text, read from the source because the table itself is private to the crate.
const OURS: &str = include_str!("../../src/ai_table.rs");

#[test]
fn table_equals_the_syntax_dictionary() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/gs1-syntax-dictionary.txt");
    let Ok(official) = std::fs::read_to_string(&path) else {
        println!("skipped: the GS1 syntax dictionary is not available");
        return;
    };
    let ours: Vec<DictionaryRow> = OURS.lines().filter(|line| line.starts_with("    (\"")).map(our_row).collect();
    let official: Vec<DictionaryRow> =
        official.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).map(official_row).collect();
    assert_eq!(official.len(), 224);
    for (ours, official) in ours.iter().zip(&official) {
        assert_eq!(ours, official);
    }
    assert_eq!(ours.len(), official.len());
    assert!(official.iter().all(|row| Ai::parse(row.range.split('-').next().unwrap()).unwrap().title() == row.title));
}

#[derive(Debug, PartialEq, Default)]
struct DictionaryRow {
    range: String,
    flags: String,
    format: String,
    needs: String,
    excludes: String,
    key: Option<String>,
    title: String,
}

/// Reads `("01", "*?", "N14,csum,gcppos2", "", "255,37", Some("22,10,21|235"), "GTIN"),`.
fn our_row(line: &str) -> DictionaryRow {
    let texts: Vec<String> = line.split('"').skip(1).step_by(2).map(String::from).collect();
    let mut texts = texts.into_iter();
    let mut next = || texts.next().unwrap();
    DictionaryRow {
        range: next(),
        flags: next(),
        format: next(),
        needs: next(),
        excludes: next(),
        key: line.contains("Some(").then(&mut next),
        title: next(),
    }
}

/// Reads `01  *?  N14,csum,gcppos2  ex=255,37 dlpkey=22,10,21|235  # GTIN`.
fn official_row(line: &str) -> DictionaryRow {
    let (facts, title) = line.split_once(" # ").unwrap_or((line, ""));
    let mut row = DictionaryRow { title: title.trim().to_owned(), ..DictionaryRow::default() };
    for (i, word) in facts.split_whitespace().enumerate() {
        if i == 0 {
            word.clone_into(&mut row.range);
        } else if word.chars().all(|c| "*?".contains(c)) {
            word.clone_into(&mut row.flags);
        } else if let Some(needs) = word.strip_prefix("req=") {
            needs.clone_into(&mut row.needs);
        } else if let Some(excludes) = word.strip_prefix("ex=") {
            excludes.clone_into(&mut row.excludes);
        } else if word == "dlpkey" {
            row.key = Some(String::new());
        } else if let Some(key) = word.strip_prefix("dlpkey=") {
            row.key = Some(key.to_owned());
        } else {
            row.format = format!("{} {word}", row.format).trim().to_owned();
        }
    }
    row
}
