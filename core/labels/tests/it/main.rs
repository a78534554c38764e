//! Integration tests of labels.

#![cfg(test)] // helpers are test code too

mod labels;
