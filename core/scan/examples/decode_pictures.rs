//! Every picture of a pack (`fixtures/barcodes/peers.py pack`) through the scanner: one line each with name, CPU ms of the
//! thread and what was read. On standard error: the most memory that one picture took. `stream` is one camera session for
//! all pictures whose names are alike up to their last `-`.
//!
//! `cargo run --release -p stocksync-scan --example decode_pictures PACK live|still|every|stream`
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::float_arithmetic)] // a command; no stock, no money
#![allow(unsafe_code)] // an allocator that counts, and the thread's CPU clock

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use stocksync_scan::{Frame, Mode, Scanner, Symbol, scan};

/// Counts what is held, and the most of it.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is the system allocator's, with counters beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "PACK live|still|every|stream";
    let (pack, mode) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let mode = match mode.as_str() {
        "live" => Some(Mode::Live),
        "still" => Some(Mode::Still),
        "every" => Some(Mode::Every),
        "stream" => None,
        _ => return Err(usage.into()),
    };
    let mut pack = BufReader::new(std::fs::File::open(pack)?);
    let (mut head, mut most) = ([0; 12], 0);
    let (mut scanner, mut session) = (Scanner::new(), String::new());
    while pack.read_exact(&mut head).is_ok() {
        let number =
            |at: usize| head.get(at..at + 4).map_or(0, |it| u32::from_le_bytes(it.try_into().unwrap_or_default()));
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
        let before = HELD.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let began = cpu_ms();
        let found = mode.map_or_else(|| scanner.next(&frame), |mode| scan(&frame, mode));
        let spent = cpu_ms() - began;
        most = most.max(MOST.load(Ordering::Relaxed) - before);
        let found: Vec<String> = found.unwrap_or_default().iter().map(written).collect();
        println!("{name}\t{spent:.3}\t{}", found.join("\u{2}"));
    }
    eprintln!("most memory for one picture, beside its pixels: {:.1} MB", most as f64 / 1e6);
    Ok(())
}

fn written(symbol: &Symbol) -> String {
    let format = format!("{:?}", symbol.format);
    let escapes = [("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\u{1}", "\\x01"), ("\u{2}", "\\x02")];
    let text = escapes.iter().fold(symbol.text.clone(), |text, (plain, escaped)| text.replace(plain, escaped));
    format!("{format}\u{1}{text}")
}

/// CPU time of this thread.
fn cpu_ms() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a place to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
