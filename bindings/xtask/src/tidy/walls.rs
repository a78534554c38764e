//! The `store-imports` and `sql` rules: the device's store knows no feature, and only stores know SQL.
//!
//! Owns which modules are stores and what a store may import. Must never judge test code: tests look into databases.

use super::lexer::{is_part, strings};
use super::{File, Finding};

const DEVICE_STORE: &str = "core/device/src/store/";
/// The modules of `core/device` that its store may import.
const STORE_IMPORTS: [&str; 5] = ["Error", "Result", "error", "store", "limits"];
/// First words of a statement, as SQL constants write them.
const STATEMENTS: [&str; 11] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE ",
    "WITH ",
    "CREATE ",
    "DROP ",
    "ALTER ",
    "PRAGMA ",
    "COPY ",
    "TRUNCATE ",
];

/// Checks one file.
pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.is_rust() || file.is_test() {
        return findings;
    }
    let tests = file.first_line_of_tests();
    if file.path.starts_with(DEVICE_STORE) {
        for (number, line) in file.code.lines().enumerate().take_while(|(number, _)| number + 1 < tests) {
            let modules = line.match_indices("crate::").map(|(at, _)| {
                let path = line.get(at + "crate::".len()..).unwrap_or_default();
                path.split(|letter: char| !is_part(letter)).next().unwrap_or_default()
            });
            for module in modules.filter(|module| !module.is_empty() && !STORE_IMPORTS.contains(module)) {
                findings.push(Finding::new("store-imports", &file.path, number + 1, format!("crate::{module}")));
            }
        }
    }
    if !is_store(&file.path) {
        for (line, text) in strings(&file.text).into_iter().filter(|(line, _)| *line < tests) {
            let text = text.trim_start().trim_start_matches(['(', '\\', '\n']).trim_start();
            if STATEMENTS.iter().any(|statement| text.starts_with(statement)) {
                let shown: String = text.chars().take(40).collect();
                findings.push(Finding::new("sql", &file.path, line, shown));
            }
        }
    }
    findings
}

/// Whether a file is a store: it or one of its folders is called `store`, `postgres` or `sql`.
fn is_store(path: &str) -> bool {
    path.split('/').any(|part| matches!(part.trim_end_matches(".rs"), "store" | "postgres" | "sql"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&File::test(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn the_store_imports_no_feature() {
        let path = "core/device/src/store/ops.rs";
        assert_eq!(rules(path, "use crate::Error;\nuse crate::store::Reader;\n"), [""; 0]);
        assert_eq!(rules(path, "use crate::shift::Position;\n"), ["store-imports"]);
        assert_eq!(
            rules(path, "use crate::Error;\n#[cfg(test)]\nmod tests {\n use crate::shift::Position;\n}"),
            [""; 0]
        );
        assert_eq!(rules("core/device/src/inventory.rs", "use crate::shift::Shift;"), [""; 0]);
    }

    #[test]
    fn sql_is_in_stores() {
        let text = "const A: &str = \"\n  SELECT a FROM b\";";
        assert_eq!(rules("sync-server/src/http/lists.rs", text), ["sql"]);
        assert_eq!(rules("sync-server/src/features/stock/store.rs", text), [""; 0]);
        assert_eq!(rules("sync-server/tests/it/api.rs", text), [""; 0]);
        assert_eq!(rules("sync-server/src/http/lists.rs", "\"Select a row\" // SELECT a"), [""; 0]);
    }
}
