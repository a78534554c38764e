//! `cargo xtask bench`: each figure beside its floor (the same work without Stocksync) and its target.
//!
//! Owns the table, the constant floors and the targets. The benches are examples of their crates; this module parses what they
//! print. Must never compare absolute times: on a shared machine only ratios within one run are meaningful.
#![allow(clippy::float_arithmetic)] // figures, neither stock nor money

use std::path::Path;

use clap::ValueEnum;

use crate::{bindings, process, scanning};

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bench {
    /// Time until a scan is durable.
    Scan,
    /// Bytes per movement on the wire.
    Wire,
    /// Size of the library for phones.
    Size,
    /// Look-up of a code among 90,000 identifiers.
    Lookup,
    /// Decoding of pictures, beside zxing-cpp. Runs only if named, because it installs that library.
    Scanning,
}

/// One row of the table.
#[derive(Debug, PartialEq)]
struct Figure {
    name: String,
    value: f64,
    floor: f64,
    target: String,
}

/// Runs the `selected` bench, or all except [`Bench::Scanning`], and prints the table.
pub fn run(root: &Path, selected: Option<Bench>, images: Option<&Path>) -> Result<(), String> {
    if selected == Some(Bench::Scanning) {
        return scanning::run(root, images);
    }
    type MeasureFn = fn(&Path) -> Result<Vec<Figure>, String>;
    let benches: [(Bench, MeasureFn); 4] =
        [(Bench::Scan, scan), (Bench::Lookup, lookup), (Bench::Wire, wire), (Bench::Size, size)];
    let (mut figures, mut problems) = (Vec::new(), Vec::new());
    for (_, measure) in benches.into_iter().filter(|(bench, _)| selected.is_none_or(|selected| selected == *bench)) {
        match measure(root) {
            Ok(found) if found.is_empty() => problems.push("a bench printed no figure in the known form".to_owned()),
            Ok(found) => figures.extend(found),
            Err(reason) => problems.push(reason),
        }
    }
    println!("\n{:<44} {:>10} {:>10} {:>7}  target", "figure", "value", "floor", "ratio");
    for Figure { name, value, floor, target } in &figures {
        let ratio = if *floor > 0.0 { format!("{:.2}x", value / floor) } else { "-".to_owned() };
        println!("{name:<44} {value:>10.2} {floor:>10.2} {ratio:>7}  {target}");
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Runs an example in release, prints its output and answers it.
fn example(root: &Path, package: &str, folder: &str, name: &str) -> Result<String, String> {
    let file = format!("{folder}/examples/{name}.rs");
    if !root.join(&file).exists() {
        return Err(format!("missing: {file}"));
    }
    println!("\n== {file}");
    let mut command = process::cargo(root);
    command.args(["run", "--quiet", "--release", "--package", package, "--example", name]);
    let printed = process::output(&mut command)?;
    print!("{printed}");
    Ok(printed)
}

fn scan(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(scan_figures(&example(root, "stocksync-core", "core/device", "durable_scan")?))
}

/// Parses lines like `p50: 120 us, floor 102 us, …`; the floor is the same work by plain SQLite in the same run.
fn scan_figures(printed: &str) -> Vec<Figure> {
    let figure = |line: &str| {
        let (name, rest) = line.split_once(": ")?;
        let target = match name {
            "p50" => "<= 1.3x",
            "p99" => "<= 1.5x",
            _ => return None,
        };
        let number = |text: &str| text.trim().strip_suffix(" us")?.parse().ok();
        let mut parts = rest.split(',');
        let value = number(parts.next()?)?;
        let floor = number(parts.next()?.trim().strip_prefix("floor ")?)?;
        Some(Figure { name: format!("durable scan {name}, us"), value, floor, target: target.to_owned() })
    };
    printed.lines().filter_map(figure).collect()
}

fn lookup(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(lookup_figures(&example(root, "stocksync-core", "core/device", "lookup")?))
}

/// Parses lines like `known: p50 12 us, p95 23 us`.
fn lookup_figures(printed: &str) -> Vec<Figure> {
    let figure = |line: &str| {
        let (name, rest) = line.split_once(": p50 ")?;
        let (_, p95) = rest.split_once("p95 ")?;
        let value = p95.trim().strip_suffix(" us")?.parse().ok()?;
        let name = format!("look-up p95, us: {name}");
        Some(Figure { name, value, floor: 0.0, target: "< 5000 us".to_owned() })
    };
    printed.lines().filter_map(figure).collect()
}

fn wire(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(wire_figures(&example(root, "stocksync-schemas", "schemas", "wire_size")?))
}

/// Parses a table whose first columns are batch, direction, total and bytes per op. The floors are a smaller movement (item,
/// device, quantity, reason, times), encoded by hand in columns.
fn wire_figures(printed: &str) -> Vec<Figure> {
    let figure = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[batch, direction, _, each, ..] = words.as_slice() else { return None };
        let (floor, target) = match batch {
            "1" => (15.0, "<= 40 B"),
            "100" => (6.8, "<= 9 B"),
            "1000" => (6.0, "<= 7.5 B"),
            _ => return None,
        };
        let name = format!("bytes per movement {direction}, {batch} in a batch");
        (direction != "verdicts").then_some(Figure {
            name,
            value: each.parse().ok()?,
            floor,
            target: target.to_owned(),
        })
    };
    printed.lines().filter_map(figure).collect()
}

/// The floor is a library with the dependencies alone.
fn size(root: &Path) -> Result<Vec<Figure>, String> {
    println!("\n== the library for phones (profile mobile)");
    process::run(process::cargo(root).args(["build", "--profile", "mobile", "--package", "stocksync-bindings"]))?;
    let library = bindings::dynamic_library(&bindings::target_folder(root).join("mobile"))?;
    let bytes = library.metadata().map_err(|error| format!("{}: {error}", library.display()))?.len();
    #[allow(clippy::cast_precision_loss)] // megabytes
    let value = bytes as f64 / 1e6;
    Ok(vec![Figure { name: "library, MB".to_owned(), value, floor: 5.7, target: "<= 6 MB".to_owned() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_scan_are_parsed() {
        let found = scan_figures("3000 movements\np50: 121 us, floor 102 us, ratio 1.19\np99: none\n");
        let (name, target) = ("durable scan p50, us".to_owned(), "<= 1.3x".to_owned());
        assert_eq!(found, [Figure { name, value: 121.0, floor: 102.0, target }]);
    }

    #[test]
    fn figures_of_the_lookup_are_parsed() {
        let found = lookup_figures("100000 identifiers\nknown: p50 12 us, p95 23 us\n");
        assert_eq!((found.len(), found[0].value, found[0].name.as_str()), (1, 23.0, "look-up p95, us: known"));
    }

    #[test]
    fn figures_of_the_wire_are_parsed() {
        let printed = " batch  direction    total   per op\n   100         up      820     8.20  1 1 1 1\n   100   verdicts  10 0.1\n";
        let found = wire_figures(printed);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].value, found[0].floor), (8.2, 6.8));
    }
}
