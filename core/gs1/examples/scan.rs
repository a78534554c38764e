//! Reads scans from the command line and says what they mean:
//! `cargo run --example scan -- ']C1010950110153000310ABC' 4006381333931`
#![allow(clippy::print_stdout, reason = "a program for people")]

use stocksync_gs1::{Context, InputError, ScanInput, understand};

fn main() -> Result<(), InputError> {
    // A program may read the clock; the library may not. A fixed year keeps the example repeatable.
    let context = Context::new(2026);
    for text in std::env::args().skip(1) {
        let meaning = understand(&ScanInput::new(&text), &context)?;
        println!("{}", meaning.text);
        for candidate in &meaning.candidates {
            println!("  {:?}, {:?}, lot {:?}", candidate.kind, candidate.confidence, candidate.lot_code());
            for element in &candidate.elements {
                println!("    ({}) {} {}", element.ai, element.ai.title(), element.value);
            }
        }
        for (scheme, value) in meaning.lookup_keys() {
            println!("  look up {} {value}", scheme.as_str());
        }
        for warning in &meaning.warnings {
            println!("  warning: {warning:?}");
        }
    }
    Ok(())
}
