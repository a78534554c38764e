//! Integration tests of the scanner.

mod pictures;
