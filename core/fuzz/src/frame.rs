//! Any bytes as a camera frame: sizes that lie, pixels that are noise. Owns: the promises of the scanner.

use std::fs::{self, File};
use std::io::{self, BufReader};

use stocksync_scan::{Frame, MAX_SYMBOLS, Roi, ScanError, ScanMode, Scanner, Symbol, scan};

use crate::workspace;

/// Bytes before the pixels: mode and flags, width, height, stride beyond the width, region.
const HEAD: usize = 15;
/// Pixels looked at; a larger frame is only checked for its sizes.
const MOST: usize = 320 * 240;
/// Pixels of a seed.
const SEED: usize = 200 * 200;

const WITH_REGION: u8 = 4;
const REPEATED: u8 = 8;
const TWICE: u8 = 16;
/// Before the camera for as long as its work takes turns.
const HELD: u8 = 32;

/// The scanner answers any frame: symbols within its limits and the same ones again, or an error that names the sizes.
pub fn check(data: &[u8]) {
    let Some((head, pixels)) = data.split_first_chunk::<HEAD>() else { return };
    let [flags, head @ ..] = head;
    let number = |k: usize| {
        u32::from(head.get(2 * k).copied().unwrap_or(0)) | u32::from(head.get(2 * k + 1).copied().unwrap_or(0)) << 8
    };
    let (width, height) = (number(0), number(1));
    let stride = width.saturating_add(number(2) % 64);
    let needed = stride as usize * height as usize;
    let filled: Vec<u8>;
    let mut luma = pixels;
    if flags & REPEATED != 0 && needed <= MOST && !pixels.is_empty() {
        filled = pixels.iter().copied().cycle().take(needed).collect();
        luma = &filled;
    }
    if luma.len() > MOST {
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
    promise(&frame, &found);
    if flags & TWICE != 0 {
        assert_eq!(found, scan(&frame, mode), "the same frame gives the same answer");
    }
    if flags & HELD != 0 {
        let mut scanner = Scanner::new();
        for _ in 0..8 {
            promise(&frame, &scanner.next(&frame));
        }
    }
}

fn promise(frame: &Frame<'_>, found: &Result<Vec<Symbol>, ScanError>) {
    match found {
        Ok(symbols) => {
            assert!(symbols.len() <= MAX_SYMBOLS);
            for symbol in symbols {
                assert!(!symbol.text.is_empty() && symbol.aim.starts_with(']'), "{symbol:?}");
                assert!(symbol.points.iter().all(|at| at.x.is_finite() && at.y.is_finite()), "{symbol:?}");
            }
        }
        Err(error) => {
            assert_ne!(*error, ScanError::Decoder, "a reader panicked on {} x {} pixels", frame.width, frame.height);
        }
    }
}

/// The fixture pictures, at most [`SEED`] pixels of each.
pub(crate) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> = fs::read_dir(workspace("fixtures/barcodes"))?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "png"));
    files.sort();
    let mut seeds = Vec::new();
    for (at, path) in files.iter().enumerate() {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        let mut luma = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut luma)?;
        let width = info.width as usize;
        // The middle rows: a code lies across them, or half of one.
        let rows = (SEED / width.max(1)).min(info.height as usize);
        let top = (info.height as usize - rows) / 2;
        let Some(part) = luma.get(top * width..(top + rows) * width) else { continue };
        // Each mode, and now and then the costly flags.
        let flags = [0, 0, TWICE, 0, HELD].into_iter().cycle().nth(at).unwrap_or(0);
        let mut seed = vec![(at as u8 % 3) | flags];
        for number in [width, rows, 0, 0, 0, width, rows] {
            seed.extend((number as u16).to_le_bytes());
        }
        seed.extend(part);
        seeds.push(seed);
    }
    Ok(seeds)
}
