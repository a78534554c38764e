//! Generates code for apps from the compiled library, and the text snapshot of the exported surface.
//!
//! Owns which packages are built together. Must never use another generator than `stocksync-bindgen`, which has the UniFFI
//! version of the library.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::{process, tools};

/// A language that UniFFI generates.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// The package that the demo and the Python tests use.
    Python,
    /// For Android and the JVM.
    Kotlin,
    /// For iOS and macOS.
    Swift,
}

/// The generated Python package.
pub struct PythonPackage {
    /// The interpreter of the private environment.
    pub python: PathBuf,
    /// The value of `PYTHONPATH`.
    pub path: String,
}

/// The folder of cargo's build products.
pub fn target_folder(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Builds the server and answers its executable.
pub fn server(root: &Path) -> Result<PathBuf, String> {
    build(root)?;
    Ok(target_folder(root).join("debug").join(format!("stocksync-server{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds the library and the generator, and generates the Python package's module.
pub fn python(root: &Path) -> Result<PythonPackage, String> {
    let python = tools::python(root)?;
    process::output(&mut generator(root, &python)?)?;
    let folders = ["bindings/python/src", "bindings/python/demo", "bindings/python"].map(|folder| root.join(folder));
    let path = std::env::join_paths(folders).map_err(|error| error.to_string())?;
    Ok(PythonPackage { python, path: path.to_string_lossy().into_owned() })
}

/// Generates code for one language into `out`. Without `out` only Python is possible: into its package.
pub fn generate(root: &Path, language: Language, out: Option<&Path>) -> Result<(), String> {
    let Some(out) = out else {
        return match language {
            Language::Python => python(root).map(|_| println!("generated: bindings/python/src/stocksync/_generated")),
            _ => Err("--out DIR is missing: only Python has a default folder".to_owned()),
        };
    };
    generate_with(root, language, out, None)
}

/// Generates code for one language into `out`, with another configuration than `bindings/uniffi.toml` if one is given.
pub fn generate_with(root: &Path, language: Language, out: &Path, config: Option<&Path>) -> Result<(), String> {
    let out = std::path::absolute(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let (library, bindgen) = library(root)?;
    let name = match language {
        Language::Python => "python",
        Language::Kotlin => "kotlin",
        Language::Swift => "swift",
    };
    let mut command = Command::new(bindgen);
    command.arg("generate").arg(&library).args(["--language", name, "--no-format", "--out-dir"]).arg(&out);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    process::run(command.current_dir(root))?;
    if language == Language::Python {
        let copy = out.join(library.file_name().unwrap_or_default());
        std::fs::copy(&library, &copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    }
    println!("generated: {}", out.display());
    Ok(())
}

/// Writes the exported surface to `bindings/surface.txt`, or compares it and reports the first difference.
pub fn surface(root: &Path, check: bool) -> Result<(), String> {
    let python = tools::python(root)?;
    let current = process::output(generator(root, &python)?.arg("--surface"))?;
    let file = root.join("bindings/surface.txt");
    if !check {
        return std::fs::write(&file, current).map_err(|error| format!("{}: {error}", file.display()));
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if written == current {
        println!("bindings/surface.txt is up to date");
        return Ok(());
    }
    let line = written.lines().zip(current.lines()).take_while(|(written, current)| written == current).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").trim().to_owned();
    Err(format!(
        "the exported surface has changed: bindings/surface.txt:{} has `{}`, the library has `{}`.\n\
         If the change is intended: cargo xtask bindings --surface",
        line + 1,
        at(&written),
        at(&current)
    ))
}

fn generator(root: &Path, python: &Path) -> Result<Command, String> {
    let (library, bindgen) = library(root)?;
    let mut generate = Command::new(python);
    generate.arg(root.join("bindings/python/generate.py")).arg(library).arg(bindgen).current_dir(root);
    Ok(generate)
}

/// Builds server, library and generator in one call of cargo: the features of shared dependencies depend on the packages that
/// are selected, so building them one after the other would compile many dependencies twice.
fn build(root: &Path) -> Result<(), String> {
    let packages = ["stocksync-server", "stocksync-bindings", "stocksync-bindgen"];
    process::run(process::cargo(root).arg("build").args(packages.map(|name| format!("--package={name}"))))
}

/// Builds the library and the generator and answers both paths.
fn library(root: &Path) -> Result<(PathBuf, PathBuf), String> {
    build(root)?;
    let folder = target_folder(root).join("debug");
    let bindgen = folder.join(format!("stocksync-bindgen{}", std::env::consts::EXE_SUFFIX));
    Ok((dynamic_library(&folder)?, bindgen))
}

/// Finds the dynamic library in a folder of build products.
pub fn dynamic_library(folder: &Path) -> Result<PathBuf, String> {
    let names = ["libstocksync.so", "libstocksync.dylib", "stocksync.dll"];
    let found = names.into_iter().map(|name| folder.join(name)).find(|file| file.exists());
    found.ok_or_else(|| format!("the dynamic library was built but is not in {}", folder.display()))
}
