//! `cargo xtask bench`: every figure beside its floor (the same work done by the plainest means) and its target.
//!
//! Owns the table, the floors that are constants, and the targets; the benches are examples of their crates and tell their
//! figures as people read them. Absolute times mean little on a shared machine; ratios to a floor of the same run do.
#![allow(clippy::float_arithmetic)] // figures, neither stock nor money

use std::path::Path;

use clap::ValueEnum;

use crate::{bindings, process, scanning};

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// A scan until it is durable.
    Scan,
    /// Bytes per movement on the wire.
    Wire,
    /// The library as phones get it.
    Size,
    /// A code among 100,000 identifiers.
    Lookup,
    /// Decoding of pictures, beside zxing-cpp. Only by name: it needs pictures and that library.
    Scanning,
}

/// One line of the table.
#[derive(Debug, PartialEq)]
struct Figure {
    name: String,
    value: f64,
    floor: f64,
    target: String,
}

/// Measures `what`, or all but `Scanning`.
pub fn run(root: &Path, what: Option<What>, images: Option<&Path>) -> Result<(), String> {
    if what == Some(What::Scanning) {
        return scanning::run(root, images);
    }
    type Bench = fn(&Path) -> Result<Vec<Figure>, String>;
    let benches: [(What, Bench); 4] =
        [(What::Scan, scan), (What::Lookup, lookup), (What::Wire, wire), (What::Size, size)];
    let (mut figures, mut missing) = (Vec::new(), Vec::new());
    for (_, bench) in benches.into_iter().filter(|(which, _)| what.is_none_or(|what| what == *which)) {
        match bench(root) {
            Ok(found) if found.is_empty() => missing.push("a bench told no figure that can be read".to_owned()),
            Ok(found) => figures.extend(found),
            Err(reason) => missing.push(reason),
        }
    }
    println!("\n{:<44} {:>10} {:>10} {:>7}  target", "figure", "value", "floor", "ratio");
    for Figure { name, value, floor, target } in &figures {
        let ratio = if *floor > 0.0 { format!("{:.2}x", value / floor) } else { "-".to_owned() };
        println!("{name:<44} {value:>10.2} {floor:>10.2} {ratio:>7}  {target}");
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// Runs an example in release and shows what it says.
fn example(root: &Path, package: &str, folder: &str, name: &str, rest: &[&Path]) -> Result<String, String> {
    let file = format!("{folder}/examples/{name}.rs");
    if !root.join(&file).exists() {
        return Err(format!("missing: {file}"));
    }
    println!("\n== {file}");
    let mut command = process::cargo(root);
    command.args(["run", "--quiet", "--release", "--package", package, "--example", name, "--"]).args(rest);
    let said = process::output(&mut command)?;
    print!("{said}");
    Ok(said)
}

fn scan(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(scan_figures(&example(root, "stocksync-core", "core/device", "durable_scan", &[])?))
}

/// Its lines: `p50: 120 us, floor 102 us, …`; the floor is the same work by plain SQLite in the same run.
fn scan_figures(said: &str) -> Vec<Figure> {
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
    said.lines().filter_map(figure).collect()
}

fn lookup(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(lookup_figures(&example(root, "stocksync-core", "core/device", "lookup", &[])?))
}

/// Its lines: `known: p50 12 us, p95 23 us`.
fn lookup_figures(said: &str) -> Vec<Figure> {
    let figure = |line: &str| {
        let (name, rest) = line.split_once(": p50 ")?;
        let (_, p95) = rest.split_once("p95 ")?;
        let value = p95.trim().strip_suffix(" us")?.parse().ok()?;
        let name = format!("look-up p95, us: {name}");
        Some(Figure { name, value, floor: 0.0, target: "< 5000 us".to_owned() })
    };
    said.lines().filter_map(figure).collect()
}

fn wire(root: &Path) -> Result<Vec<Figure>, String> {
    Ok(wire_figures(&example(root, "stocksync-schemas", "schemas", "wire_size", &[])?))
}

/// Its table has batch, direction, total and bytes per op first. The floors are of a poorer movement (item, device,
/// quantity, reason, times), encoded by hand in columns.
fn wire_figures(said: &str) -> Vec<Figure> {
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
    said.lines().filter_map(figure).collect()
}

/// The floor is that of the bare dependencies.
fn size(root: &Path) -> Result<Vec<Figure>, String> {
    println!("\n== the library as phones get it (profile mobile)");
    process::run(process::cargo(root).args(["build", "--profile", "mobile", "--package", "stocksync-bindings"]))?;
    let library = bindings::dynamic(&bindings::target(root).join("mobile"))?;
    let bytes = library.metadata().map_err(|error| format!("{}: {error}", library.display()))?.len();
    #[allow(clippy::cast_precision_loss)] // megabytes
    let value = bytes as f64 / 1e6;
    Ok(vec![Figure { name: "library, MB".to_owned(), value, floor: 5.7, target: "<= 6 MB".to_owned() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scan_is_read() {
        let found = scan_figures("3000 movements\np50: 121 us, floor 102 us, ratio 1.19\np99: none\n");
        let (name, target) = ("durable scan p50, us".to_owned(), "<= 1.3x".to_owned());
        assert_eq!(found, [Figure { name, value: 121.0, floor: 102.0, target }]);
    }

    #[test]
    fn the_lookup_is_read() {
        let found = lookup_figures("100000 identifiers\nknown: p50 12 us, p95 23 us\n");
        assert_eq!((found.len(), found[0].value, found[0].name.as_str()), (1, 23.0, "look-up p95, us: known"));
    }

    #[test]
    fn the_table_of_the_wire_is_read() {
        let said = " batch  direction    total   per op\n   100         up      820     8.20  1 1 1 1\n   100   verdicts  10 0.1\n";
        let found = wire_figures(said);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].value, found[0].floor), (8.2, 6.8));
    }
}
