//! Integration tests of the scanner.

#![cfg(test)] // helpers are test code too

mod pictures;
