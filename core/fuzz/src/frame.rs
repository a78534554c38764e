//! Any bytes as a camera frame: wrong sizes, noise as pixels.
//!
//! Owns the guarantees of the scanner. Must never check which codes are found.

use std::fs::{self, File};
use std::io::{self, BufReader};

use stocksync_scan::{Frame, MAX_SYMBOLS, Roi, ScanError, ScanMode, Scanner, Symbol, scan};

use crate::workspace;

/// Length of the header before the pixels: mode and flags, width, height, stride minus width, region.
const HEADER_BYTES: usize = 15;
/// Pixels that are decoded; larger frames are skipped.
const MAX_PIXELS: usize = 320 * 240;
/// Pixels of a seed input.
const SEED_PIXELS: usize = 200 * 200;

/// The header has a region of interest.
const WITH_REGION: u8 = 4;
/// The pixels are repeated until the frame is full.
const REPEATED: u8 = 8;
/// Decoded twice; both results must be equal.
const TWICE: u8 = 16;
/// Decoded eight times by one [`Scanner`], so that all passes of its live mode are reached.
const LIVE: u8 = 32;

/// For any frame the scanner answers symbols within its limits, the same on every call, or an error about the sizes.
pub fn check(data: &[u8]) {
    let Some((header, pixels)) = data.split_first_chunk::<HEADER_BYTES>() else { return };
    let [flags, fields @ ..] = header;
    let number = |index: usize| {
        u32::from(fields.get(2 * index).copied().unwrap_or(0))
            | u32::from(fields.get(2 * index + 1).copied().unwrap_or(0)) << 8
    };
    let (width, height) = (number(0), number(1));
    let stride = width.saturating_add(number(2) % 64);
    let needed = stride as usize * height as usize;
    let filled: Vec<u8>;
    let mut luma = pixels;
    if flags & REPEATED != 0 && needed <= MAX_PIXELS && !pixels.is_empty() {
        filled = pixels.iter().copied().cycle().take(needed).collect();
        luma = &filled;
    }
    if luma.len() > MAX_PIXELS {
        return;
    }
    let region = Roi { left: number(3), top: number(4), width: number(5), height: number(6) };
    let roi = (flags & WITH_REGION != 0).then_some(region);
    let frame = Frame { luma, width, height, stride, roi };
    let mode = [ScanMode::Live, ScanMode::Still, ScanMode::Every]
        .into_iter()
        .nth(usize::from(flags & 3))
        .unwrap_or(ScanMode::Live);
    let found = scan(&frame, mode);
    check_result(&frame, &found);
    if flags & TWICE != 0 {
        assert_eq!(found, scan(&frame, mode), "the same frame gives the same answer");
    }
    if flags & LIVE != 0 {
        let mut scanner = Scanner::new();
        for _ in 0..8 {
            check_result(&frame, &scanner.next(&frame));
        }
    }
}

fn check_result(frame: &Frame<'_>, found: &Result<Vec<Symbol>, ScanError>) {
    match found {
        Ok(symbols) => {
            assert!(symbols.len() <= MAX_SYMBOLS);
            for symbol in symbols {
                assert!(!symbol.text.is_empty() && symbol.aim.starts_with(']'), "{symbol:?}");
                assert!(symbol.points.iter().all(|point| point.x.is_finite() && point.y.is_finite()), "{symbol:?}");
            }
        }
        Err(error) => {
            assert_ne!(*error, ScanError::Decoder, "a reader panicked on {} x {} pixels", frame.width, frame.height);
        }
    }
}

/// The fixture pictures, cut to at most [`SEED_PIXELS`] pixels each.
pub(crate) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> = fs::read_dir(workspace("fixtures/barcodes"))?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "png"));
    files.sort();
    let mut seeds = Vec::new();
    for (index, path) in files.iter().enumerate() {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        let mut luma = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut luma)?;
        let width = info.width as usize;
        // The middle rows, which contain a code or a part of one.
        let rows = (SEED_PIXELS / width.max(1)).min(info.height as usize);
        let top = (info.height as usize - rows) / 2;
        let Some(part) = luma.get(top * width..(top + rows) * width) else { continue };
        // All modes in turn, and the expensive flags for some pictures.
        let flags = [0, 0, TWICE, 0, LIVE].into_iter().cycle().nth(index).unwrap_or(0);
        let mut seed = vec![(index as u8 % 3) | flags];
        for number in [width, rows, 0, 0, 0, width, rows] {
            seed.extend((number as u16).to_le_bytes());
        }
        seed.extend(part);
        seeds.push(seed);
    }
    Ok(seeds)
}
