//! Everything a phone does: local store, scanning, capture, sync.
