//! Every SQL constant of the source is prepared against the real schema: what a compiler would check elsewhere.

use std::path::Path;

use crate::support::{TestDatabase, connect};

/// Name and text of each `const …: &str` of a source file that begins like a statement.
fn statements(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in source.split("const ").skip(1) {
        let Some((name, rest)) = part.split_once(": &str =") else { continue };
        let Some(literal) = rest.trim_start().strip_prefix('"') else { continue };
        if name.contains(['\n', ' ']) {
            continue;
        }
        let (mut text, mut chars) = (String::new(), literal.chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => match chars.next() {
                    Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                    Some(escaped) => text.push(escaped),
                    None => {}
                },
                c => text.push(c),
            }
        }
        if ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|word| text.starts_with(word)) {
            found.push((name.to_owned(), text));
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.extend(statements(&std::fs::read_to_string(path).unwrap()));
        }
    }
}

#[test]
fn constants_are_found_in_source() {
    let source = "pub const A: &str = \"SELECT \\\n    1\";\nconst B: &str =\n    \"UPDATE t SET x = \\\"y\\\"\";\nconst C: &str = \"no\";";
    let found = statements(source);
    assert_eq!(found, [("A".into(), "SELECT 1".into()), ("B".into(), "UPDATE t SET x = \"y\"".into())]);
}

#[tokio::test]
async fn every_sql_constant_prepares() {
    let Some(test) = TestDatabase::new().await else { return };
    let client = connect(&test.owner()).await;
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() >= 8, "{found:?}");
    for (name, text) in found {
        if let Err(error) = client.prepare(&text).await {
            panic!("{name}: {:?}\n{text}", error.as_db_error());
        }
    }
}
