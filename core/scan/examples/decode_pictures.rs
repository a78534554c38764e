//! Reads every picture of a pack (`fixtures/barcodes/peers.py pack`). Prints one line for each: name, CPU time of the thread in
//! ms, and what was read. Prints on standard error the most memory that one picture needed. With `stream`, pictures whose names
//! are equal up to their last `-` are the frames of one camera session.
//!
//! `cargo run --release -p stocksync-scan --example decode_pictures PACK live|still|every|stream`
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::float_arithmetic)] // a command; no stock, no money
#![allow(unsafe_code)] // an allocator that counts, and the CPU clock of the thread

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use stocksync_scan::{Frame, ScanMode, Scanner, Symbol, scan};

/// Counts the bytes that are allocated, and their maximum.
struct CountingAllocator;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system allocator; the counters do not touch its memory.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let allocated = ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(allocated, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "PACK live|still|every|stream";
    let (pack, mode) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let mode = match mode.as_str() {
        "live" => Some(ScanMode::Live),
        "still" => Some(ScanMode::Still),
        "every" => Some(ScanMode::Every),
        "stream" => None,
        _ => return Err(usage.into()),
    };
    let mut pack = BufReader::new(std::fs::File::open(pack)?);
    let (mut head, mut peak) = ([0; 12], 0);
    let (mut scanner, mut session) = (Scanner::new(), String::new());
    while pack.read_exact(&mut head).is_ok() {
        let number = |at: usize| {
            head.get(at..at + 4).map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap_or_default()))
        };
        let (width, height) = (number(0), number(4));
        let mut name = vec![0; usize::try_from(number(8))?];
        pack.read_exact(&mut name)?;
        let mut luma = vec![0; usize::try_from(u64::from(width) * u64::from(height))?];
        pack.read_exact(&mut luma)?;
        let name = String::from_utf8_lossy(&name);
        let prefix = name.rsplit_once('-').map_or("", |(prefix, _)| prefix);
        if session != prefix {
            (scanner, session) = (Scanner::new(), prefix.to_owned());
        }
        let frame = Frame::new(&luma, width, height);
        let before = ALLOCATED.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let began = cpu_ms();
        let found = mode.map_or_else(|| scanner.next(&frame), |mode| scan(&frame, mode));
        let spent = cpu_ms() - began;
        peak = peak.max(PEAK.load(Ordering::Relaxed) - before);
        let found: Vec<String> = found.unwrap_or_default().iter().map(to_column).collect();
        println!("{name}\t{spent:.3}\t{}", found.join("\u{2}"));
    }
    eprintln!("peak memory for one picture, without its pixels: {:.1} MB", peak as f64 / 1e6);
    Ok(())
}

/// Format and text, escaped for the table.
fn to_column(symbol: &Symbol) -> String {
    let format = format!("{:?}", symbol.format);
    let escapes = [("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\u{1}", "\\x01"), ("\u{2}", "\\x02")];
    let text = escapes.iter().fold(symbol.text.clone(), |text, (plain, escaped)| text.replace(plain, escaped));
    format!("{format}\u{1}{text}")
}

/// CPU time of this thread.
fn cpu_ms() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writes.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
