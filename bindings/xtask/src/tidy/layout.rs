//! Rules of files and folders: the top level, sizes, migrations, fixtures, links, and traces of one machine.
//!
//! Owns those lists. Must never read the file system itself.

use std::collections::BTreeSet;

use super::{File, Finding, has_ending};

const TOP: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "core",
    "bindings",
    "android",
    "ios",
    "sync-server",
    "schemas",
    "fixtures",
];
const BYTES: u64 = 1 << 20;

/// Split, so that this file does not break its own rule.
const TRACES: [&str; 9] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/fa", "rm/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("registry.np", "mjs.org"),
    concat!("py", "pi.org"),
    concat!("static.cra", "tes.io"),
    concat!("index.cra", "tes.io"),
];
/// The only allowed source of a locked package: the public index, by the name that cargo writes whatever mirror was used.
/// Split, as above.
const INDEX: &str = concat!("source = \"registry+https://github.com/rust-lang/cra", "tes.io-index\"");

/// Checks the rules that need only the list of files.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let top = file.path.split('/').next().unwrap_or_default();
        if !top.starts_with('.') && !TOP.contains(&top) {
            findings.push(Finding::new("top-level", &file.path, 0, top));
        }
        if file.bytes > BYTES {
            findings.push(Finding::new("size", &file.path, 0, format!("{} bytes", file.bytes)));
        }
        findings.extend(traces(file));
    }
    for folder in ["schemas/device/", "schemas/server/"] {
        findings.extend(migrations(files, folder));
    }
    findings.extend(fixtures(files));
    findings
}

fn traces(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for trace in TRACES.into_iter().filter(|trace| line.contains(trace)) {
            findings.push(Finding::new("machine-path", &file.path, number + 1, trace));
        }
        if file.path.ends_with("Cargo.lock") && line.starts_with("source = ") && line != INDEX {
            findings.push(Finding::new("machine-path", &file.path, number + 1, line));
        }
    }
    findings
}

fn migrations(files: &[File], folder: &str) -> Vec<Finding> {
    let mut names: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(folder))
        .filter(|name| !name.contains('/') && has_ending(name, &["sql"]))
        .collect();
    names.sort_unstable();
    let numbered = |number: usize, name: &str| name.starts_with(&format!("{number:04}_"));
    names
        .iter()
        .enumerate()
        .filter(|(index, name)| !numbered(index + 1, name))
        .map(|(index, name)| {
            Finding::new("migrations", &format!("{folder}{name}"), 0, format!("{:04}_… is expected", index + 1))
        })
        .collect()
}

/// Each folder of fixtures is named by a test or script outside of it.
fn fixtures(files: &[File]) -> Vec<Finding> {
    let folders: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("fixtures/")?.split_once('/'))
        .map(|(folder, _)| folder)
        .filter(|folder| !matches!(*folder, "src" | "tests" | "examples"))
        .collect();
    let unread = |folder: &&str| {
        let inside = format!("fixtures/{folder}/");
        let spellings = [format!("/{folder}"), format!("{folder}/"), format!("\"{folder}\"")];
        !files.iter().any(|file| {
            has_ending(&file.path, &["rs", "py", "sh", "kt", "swift", "ts"])
                && !file.path.starts_with(&inside)
                && spellings.iter().any(|name| file.text.contains(name))
        })
    };
    let finding = |folder| Finding::new("fixture-unread", &format!("fixtures/{folder}"), 0, "no test names it");
    folders.into_iter().filter(unread).map(finding).collect()
}

/// Relative links of Markdown lead to a path that `exists`.
pub fn links(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| has_ending(&file.path, &["md"])) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for target in targets.filter(|_| !fenced) {
                let path = target.split(['#', ' ']).next().unwrap_or_default();
                let elsewhere = path.contains("://") || path.starts_with("mailto:") || path.is_empty();
                if !elsewhere && !resolve(folder, path).is_some_and(|path| exists(&path)) {
                    findings.push(Finding::new("link", &file.path, number + 1, target));
                }
            }
        }
    }
    findings
}

/// Resolves `path` relative to `folder`; none if it leaves the project.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[(&str, &str)]) -> Vec<&'static str> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::test(path, text)).collect();
        check(&files).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn the_top_level_and_sizes_are_checked() {
        assert_eq!(rules(&[("README.md", ""), (".ci/run", ""), ("core/x.rs", "")]), [""; 0]);
        assert_eq!(rules(&[("notes.txt", "")]), ["top-level"]);
        let big = File { bytes: BYTES + 1, ..File::test("core/x.bin", "") };
        assert_eq!(check(&[big])[0].rule, "size");
    }

    #[test]
    fn migrations_have_no_gap_and_no_double() {
        let one = ("schemas/device/0001_initial.sql", "");
        assert_eq!(rules(&[one, ("schemas/device/0002_lots.sql", "")]), [""; 0]);
        assert_eq!(rules(&[one, ("schemas/device/0003_lots.sql", "")]), ["migrations"]);
        assert_eq!(rules(&[one, ("schemas/device/0001_lots.sql", "")]), ["migrations"]);
    }

    #[test]
    fn unread_fixtures_are_found() {
        let fixture = ("fixtures/wire/good.bin", "");
        assert_eq!(rules(&[fixture]), ["fixture-unread"]);
        assert_eq!(rules(&[fixture, ("schemas/tests/it/main.rs", "\"../fixtures/wire/good.bin\"")]), [""; 0]);
    }

    #[test]
    fn traces_of_a_machine_are_found() {
        assert_eq!(rules(&[("core/a.md", &format!("see {}x", TRACES[0]))]), ["machine-path"]);
        assert_eq!(rules(&[("Cargo.lock", "source = \"registry+https://mirror.example/index\"")]), ["machine-path"]);
        assert_eq!(rules(&[("Cargo.lock", INDEX)]), [""; 0]);
    }

    #[test]
    fn links_resolve() {
        let text = "[a](../b.md#part) [b](https://example.org) [c](#here) [d](gone.md)\n```\n[e](code.md)\n```\n";
        let found = links(&[File::test("core/docs/a.md", text)], |path| path == "core/b.md");
        assert_eq!(found, [Finding::new("link", "core/docs/a.md", 1, "gone.md")]);
        assert!(resolve("core", "../../x").is_none());
    }
}
