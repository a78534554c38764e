//! Operations, the fold from operations to balances, and records. Pure: no clock, no randomness, no I/O.
