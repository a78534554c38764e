//! Prints the payloads of a carton label: for machines, for people, as a link, and a label of one's own.
#![allow(clippy::print_stdout, reason = "a program for people")]

use stocksync_gs1::encode::{bracketed, digital_link, element_string, in_print_order, own_label, sscc};
use stocksync_gs1::{Element, Fault};

fn main() -> Result<(), Fault> {
    let carton = [Element::new("01", "09501101530003")?, Element::new("10", "AB-123")?, Element::new("17", "270131")?];
    let carton = in_print_order(carton.into())?;
    println!("GS1-128 data: {}", element_string(&carton).replace('\u{1d}', "<FNC1>"));
    println!("below it:     {}", bracketed(&carton));
    println!("QR code:      {}", digital_link("https://example.com", &carton)?);
    println!("pallet:       {}", sscc(3, "9501101", 42).unwrap_or_default());
    println!("shelf label:  {}", own_label("SS:", "SHELF-042").unwrap_or_default());
    Ok(())
}
