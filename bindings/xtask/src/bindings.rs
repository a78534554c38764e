//! The Python package from the compiled library: what the demo and the Python tests run on.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{process, tools};

/// Where the pieces are once they are built.
pub struct Built {
    /// The private Python.
    pub python: PathBuf,
    /// Its search path.
    pub path: String,
}

/// Builds the library and the generator, and generates the package's module.
pub fn python(root: &Path) -> Result<Built, String> {
    let python = tools::python(root)?;
    let mut build = process::cargo(root);
    build.args(["build", "--package", "stocksync-bindings", "--package", "stocksync-bindgen"]);
    process::run(&mut build)?;
    let folder = target(root).join("debug");
    let library = ["libstocksync.so", "libstocksync.dylib", "stocksync.dll"]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|file| file.exists())
        .ok_or("the library was built and cannot be found")?;
    let mut generate = Command::new(&python);
    generate.arg(root.join("bindings/python/generate.py")).arg(library).arg(folder.join("stocksync-bindgen"));
    process::output(generate.current_dir(root))?;
    let folders = ["bindings/python/src", "bindings/python/demo", "bindings/python"].map(|it| root.join(it));
    let path = std::env::join_paths(folders).map_err(|error| error.to_string())?;
    Ok(Built { python, path: path.to_string_lossy().into_owned() })
}

/// Where cargo builds.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
