//! A decoder with one slot for the frames of a running camera. Owns: the rule that a frame which arrives while another one is
//! being decoded is dropped. Must never: queue a frame, or block its caller for the frame of another thread.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::{Frame, ScanError, Scanner, Symbol};

/// What became of a frame that was given to a [`FrameDecoder`].
#[derive(Debug, Clone, PartialEq)]
pub enum FrameResult {
    /// The frame was read and showed these symbols; usually none.
    Symbols(Vec<Symbol>),
    /// Another frame was being decoded, so this one was dropped unread. Not an error: go on with the next frame.
    Busy,
}

impl FrameResult {
    /// The symbols, none if the frame was dropped: for callers to whom both cases mean "go on with the next frame".
    #[must_use]
    pub fn into_symbols(self) -> Vec<Symbol> {
        match self {
            Self::Symbols(symbols) => symbols,
            Self::Busy => Vec::new(),
        }
    }
}

/// A [`Scanner`] for cameras that deliver frames on any thread, faster than they are decoded.
///
/// There is one slot and no queue. A queued frame would show what the camera saw some time ago, its pixels would stay in
/// memory until then, and each later frame would wait longer. So a frame that arrives while the slot is taken is dropped at
/// once, and the caller gives the next one.
///
/// Share it by `Arc` and call [`try_decode`](Self::try_decode) from a worker thread, never from the thread that draws.
///
/// ```
/// use stocksync_scan::{Frame, FrameDecoder, FrameResult};
///
/// let decoder = FrameDecoder::new();
/// let luma = vec![200u8; 320 * 240];
/// match decoder.try_decode(&Frame::new(&luma, 320, 240))? {
///     FrameResult::Symbols(symbols) => assert!(symbols.is_empty(), "grey without a code"),
///     FrameResult::Busy => {} // dropped: another thread is decoding
/// }
/// # Ok::<(), stocksync_scan::ScanError>(())
/// ```
#[derive(Default)]
pub struct FrameDecoder {
    scanner: Mutex<Scanner>,
}

impl FrameDecoder {
    /// A decoder without memory of earlier frames, its slot free.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a frame as [`Scanner::next`] does, or drops it if another frame is being read. Blocks only for its own work.
    ///
    /// # Errors
    /// As [`Scanner::next`]. A dropped frame is not checked.
    pub fn try_decode(&self, frame: &Frame<'_>) -> Result<FrameResult, ScanError> {
        match self.scanner.try_lock() {
            Ok(scanner) => decode(scanner, frame),
            // A panic inside the scanner is caught there, so its memory is consistent.
            Err(TryLockError::Poisoned(poisoned)) => decode(poisoned.into_inner(), frame),
            Err(TryLockError::WouldBlock) => Ok(FrameResult::Busy),
        }
    }

    /// Clears the memory of earlier frames, for instance when the camera is opened again. Waits for the frame that is being
    /// decoded, if any.
    pub fn reset(&self) {
        self.scanner.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }
}

/// Reads a frame in the slot that the guard holds.
fn decode(mut scanner: MutexGuard<'_, Scanner>, frame: &Frame<'_>) -> Result<FrameResult, ScanError> {
    scanner.next(frame).map(FrameResult::Symbols)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn a_frame_that_arrives_during_another_one_is_dropped_at_once() {
        let decoder = FrameDecoder::new();
        let luma = vec![200u8; 64 * 48];
        let frame = Frame::new(&luma, 64, 48);
        let (started, finish) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                // The slot is taken for as long as the other thread needs to try.
                let scanner = decoder.scanner.lock().unwrap();
                started.wait();
                finish.wait();
                assert_eq!(decode(scanner, &frame), Ok(FrameResult::Symbols(vec![])));
            });
            started.wait();
            assert_eq!(decoder.try_decode(&frame), Ok(FrameResult::Busy));
            assert_eq!(decoder.try_decode(&frame), Ok(FrameResult::Busy), "nothing was queued");
            finish.wait();
        });
        assert_eq!(decoder.try_decode(&frame), Ok(FrameResult::Symbols(vec![])), "the slot is free again");
    }

    #[test]
    fn frames_of_two_threads_are_read_or_dropped() {
        let decoder = FrameDecoder::new();
        let luma = vec![200u8; 320 * 240];
        let begin = Barrier::new(2);
        let worker = || {
            begin.wait();
            let results = (0..20).map(|_| decoder.try_decode(&Frame::new(&luma, 320, 240)).unwrap());
            results.filter(|result| *result != FrameResult::Busy).count()
        };
        let counts = thread::scope(|scope| {
            let (one, other) = (scope.spawn(worker), scope.spawn(worker));
            [one.join().unwrap(), other.join().unwrap()]
        });
        assert!(counts.iter().sum::<usize>() > 0, "the first frame finds the slot free");
        assert!(decoder.try_decode(&Frame::new(&luma, 320, 240)).is_ok());
    }

    #[test]
    fn a_poisoned_slot_still_decodes() {
        let decoder = FrameDecoder::new();
        let poisoned = thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _slot = decoder.scanner.lock().unwrap();
                panic!("this message is part of a passing test");
            });
            holder.join().is_err()
        });
        assert!(poisoned);
        let luma = vec![200u8; 64 * 48];
        assert_eq!(decoder.try_decode(&Frame::new(&luma, 64, 48)), Ok(FrameResult::Symbols(vec![])));
        decoder.reset();
    }
}
