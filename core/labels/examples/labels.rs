//! Draws the usual labels of a warehouse in every format: a bin, a command to the shift, a product with lot and expiry, a pallet.
//!
//! `cargo run -p stocksync-labels --example labels -- FOLDER`; the files in `fixtures/labels` come from it.
#![allow(clippy::print_stdout)] // a command talks to its user

use std::path::Path;

use stocksync_gs1::encode::sscc;
use stocksync_labels::{Label, LabelFormat, LabelSymbology, Media, Payload, PayloadError, Sheet, render};

/// A4 with 3 x 8 labels of 70 x 37 mm, as sold everywhere.
const SHEET: Sheet =
    Sheet { width: 21_000, height: 29_700, columns: 3, rows: 8, left: 0, top: 50, across: 7_000, down: 3_700, used: 4 };

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: labels FOLDER")?;
    for (name, bytes) in files()? {
        println!("{name}: {} bytes", bytes.len());
        std::fs::write(Path::new(&folder).join(name), bytes)?;
    }
    Ok(())
}

/// Name and content.
pub type NamedFile = (String, Vec<u8>);

/// All files.
///
/// # Errors
/// Only if one of these labels no longer fits its media.
pub fn files() -> Result<Vec<NamedFile>, Box<dyn std::error::Error>> {
    let small = Media { width: 5_000, height: 2_500, dpi: 203 };
    let large = Media { width: 10_000, height: 15_000, dpi: 203 };
    let mut files = Vec::new();
    for (name, label, media) in [
        ("bin", bin(3)?, small),
        ("bin-qr", Label { symbology: LabelSymbology::Qr, ..bin(3)? }, small),
        ("receive", receive()?, small),
        ("product", product()?, small),
        ("pallet", pallet()?, large),
    ] {
        for (ending, format) in [("png", LabelFormat::Png), ("zpl", LabelFormat::Zpl), ("pdf", LabelFormat::Pdf(None))]
        {
            files.push((format!("{name}.{ending}"), render(std::slice::from_ref(&label), &media, &format)?));
        }
    }
    let bins: Vec<Label> = (1..=24).map(bin).collect::<Result<_, _>>()?;
    let sheet_label = Media { width: 7_000, height: 3_700, dpi: 300 };
    files.push(("bins.pdf".to_owned(), render(&bins, &sheet_label, &LabelFormat::Pdf(Some(SHEET)))?));
    Ok(files)
}

fn bin(number: u32) -> Result<Label, PayloadError> {
    let code = format!("A-01-{number:02}");
    Ok(Label {
        symbology: LabelSymbology::Code128,
        payload: Payload::location(&code)?,
        picture: None,
        lines: vec![code],
    })
}

fn receive() -> Result<Label, PayloadError> {
    let payload = Payload::command("RECEIVE")?;
    Ok(Label { symbology: LabelSymbology::Qr, payload, picture: None, lines: vec!["Receive".to_owned()] })
}

fn product() -> Result<Label, PayloadError> {
    let payload = Payload::elements(&[("01", "09501101530003"), ("10", "AB-123"), ("17", "270131"), ("21", "000042")])?;
    Ok(Label {
        symbology: LabelSymbology::DataMatrix,
        payload,
        picture: None,
        lines: vec!["Olive oil, 500 ml".to_owned()],
    })
}

fn pallet() -> Result<Label, PayloadError> {
    let number = sscc(3, "9501101", 42).unwrap_or_default();
    let lines = ["FROM: Groß & Söhne", "TO: Dock 7", "12 × CASE OF 24"].map(str::to_owned).to_vec();
    Ok(Label {
        symbology: LabelSymbology::Code128,
        payload: Payload::elements(&[("00", number)])?,
        picture: None,
        lines,
    })
}
