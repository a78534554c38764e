//! Every SQL constant of the source is prepared against the real schema: what a compiler would check elsewhere.

use std::path::{Path, PathBuf};

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

/// The Rust files of a folder and of those in it.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
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
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    let found: Vec<(String, String)> =
        paths.iter().flat_map(|path| statements(&std::fs::read_to_string(path).unwrap())).collect();
    assert!(found.len() >= 8, "{found:?}");
    for (name, text) in found {
        if let Err(error) = client.prepare(&text).await {
            panic!("{name}: {:?}\n{text}", error.as_db_error());
        }
    }
}

/// Statements stand in stores and in the modules that make, migrate or connect to a database.
#[test]
fn sql_stands_in_stores_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    let allowed = |path: &str| {
        path.ends_with("/store.rs")
            || ["op_log/postgres/", "database/", "embedded/"].iter().any(|folder| path.starts_with(folder))
            || ["migrate.rs", "setup.rs"].contains(&path)
    };
    for path in found {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let held = text.contains("app.")
            && ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "].iter().any(|sql| text.contains(sql));
        assert!(!held || allowed(&name), "{name} holds SQL; move it to the feature's store.rs");
    }
}

/// The kernel and what lies beneath it know no feature.
#[test]
fn the_kernel_knows_no_feature() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["http", "auth", "database"] {
        let mut found = Vec::new();
        files(&source.join(room), &mut found);
        assert!(!found.is_empty(), "{room}");
        for path in found {
            let text = std::fs::read_to_string(&path).unwrap();
            for upper in ["features", "console", "exchange", "op_log"] {
                assert!(!text.contains(&format!("crate::{upper}")), "{} uses {upper}", path.display());
            }
        }
    }
}
