//! Reads scans line by line and prints their certain reading, for comparison with other parsers
//! (`tests/differential_biip.py`).
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::io::{BufRead, stdin};

use stocksync_gs1::{CodeKind, Context, ScanInput, understand};

fn main() -> std::io::Result<()> {
    let context = Context::new(2026);
    for line in stdin().lock().lines() {
        let line = line?;
        let meaning = understand(&ScanInput::new(&line), &context).ok();
        match meaning.as_ref().and_then(|meaning| meaning.candidates.first()) {
            Some(item) if item.kind == CodeKind::Opaque => println!("opaque"),
            Some(item) => {
                let elements: String = item.elements.iter().map(|e| format!("({}){}", e.ai, e.value)).collect();
                let number = item.gtin.filter(|_| elements.is_empty()).map(|gtin| gtin.to_string());
                println!("{}", number.unwrap_or(elements));
            }
            None => println!("error"),
        }
    }
    Ok(())
}
