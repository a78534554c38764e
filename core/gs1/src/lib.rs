//! From scanned text to meaning: GS1 element strings, GTINs, Digital Link, restricted circulation, ISO 15434.
