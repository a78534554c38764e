//! The generator of bindings, of the same UniFFI version as the library: never install another one.
//!
//! `stocksync-bindgen generate <library> --language <kotlin|swift|python> --out-dir <folder>`, run inside the workspace.

fn main() {
    uniffi::uniffi_bindgen_main();
}
