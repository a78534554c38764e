//! Code for apps from the compiled library, and the text of what they see.
//!
//! Must never commit to a generator of its own: `stocksync-bindgen` is of the very UniFFI the library was built with.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::{process, tools};

/// What UniFFI generates itself.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// The package behind the demonstration and its tests.
    Python,
    /// For Android; on a plain JVM with the configuration of bindings/kotlin.
    Kotlin,
    /// For iOS and macOS.
    Swift,
}

/// Where the pieces are once they are built.
pub struct Built {
    /// The private Python.
    pub python: PathBuf,
    /// Its search path.
    pub path: String,
}

/// Where cargo builds.
pub fn target(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Builds the server and answers its program.
pub fn server(root: &Path) -> Result<PathBuf, String> {
    build(root)?;
    Ok(target(root).join("debug").join(format!("stocksync-server{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds the library and the generator, and generates the Python package's module.
pub fn python(root: &Path) -> Result<Built, String> {
    let python = tools::python(root)?;
    process::output(&mut generator(root, &python)?)?;
    let folders = ["bindings/python/src", "bindings/python/demo", "bindings/python"].map(|it| root.join(it));
    let path = std::env::join_paths(folders).map_err(|error| error.to_string())?;
    Ok(Built { python, path: path.to_string_lossy().into_owned() })
}

/// Generates for one language into `out`; Python without `out` into its package.
pub fn generate(root: &Path, language: Language, out: Option<&Path>) -> Result<(), String> {
    let Some(out) = out else {
        return match language {
            Language::Python => python(root).map(|_| println!("made: bindings/python/src/stocksync/_generated")),
            _ => Err("where to? give --out DIR".to_owned()),
        };
    };
    let out = std::path::absolute(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let (library, bindgen) = library(root)?;
    let name = match language {
        Language::Python => "python",
        Language::Kotlin => "kotlin",
        Language::Swift => "swift",
    };
    let mut command = Command::new(bindgen);
    command.arg("generate").arg(&library).args(["--language", name, "--no-format", "--out-dir"]).arg(&out);
    process::run(command.current_dir(root))?;
    if language == Language::Python {
        let beside = out.join(library.file_name().unwrap_or_default());
        std::fs::copy(&library, &beside).map_err(|error| format!("{}: {error}", beside.display()))?;
    }
    println!("made: {}", out.display());
    Ok(())
}

/// Writes what apps see to `bindings/surface.txt`, or compares it and tells the first difference.
pub fn surface(root: &Path, check: bool) -> Result<(), String> {
    let python = tools::python(root)?;
    let now = process::output(generator(root, &python)?.arg("--surface"))?;
    let file = root.join("bindings/surface.txt");
    if !check {
        return std::fs::write(&file, now).map_err(|error| format!("{}: {error}", file.display()));
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if written == now {
        println!("bindings/surface.txt is what apps see");
        return Ok(());
    }
    let line = written.lines().zip(now.lines()).take_while(|(written, now)| written == now).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").trim().to_owned();
    Err(format!(
        "what apps see has changed: bindings/surface.txt:{} says `{}`, the library says `{}`.\n\
         If that is meant: cargo xtask bindings --surface",
        line + 1,
        at(&written),
        at(&now)
    ))
}

fn generator(root: &Path, python: &Path) -> Result<Command, String> {
    let (library, bindgen) = library(root)?;
    let mut generate = Command::new(python);
    generate.arg(root.join("bindings/python/generate.py")).arg(library).arg(bindgen).current_dir(root);
    Ok(generate)
}

/// Builds what the package, its tests and the demonstration run on. Always together: cargo chooses the features of
/// dependencies by what is built, so that one after the other would compile many of them twice.
fn build(root: &Path) -> Result<(), String> {
    let packages = ["stocksync-server", "stocksync-bindings", "stocksync-bindgen"];
    process::run(process::cargo(root).arg("build").args(packages.map(|name| format!("--package={name}"))))
}

/// Builds the library and the generator and answers where they are.
fn library(root: &Path) -> Result<(PathBuf, PathBuf), String> {
    build(root)?;
    let folder = target(root).join("debug");
    let bindgen = folder.join(format!("stocksync-bindgen{}", std::env::consts::EXE_SUFFIX));
    Ok((dynamic(&folder)?, bindgen))
}

/// The dynamic library in a folder of cargo's.
pub fn dynamic(folder: &Path) -> Result<PathBuf, String> {
    let names = ["libstocksync.so", "libstocksync.dylib", "stocksync.dll"];
    let found = names.into_iter().map(|name| folder.join(name)).find(|file| file.exists());
    found.ok_or_else(|| format!("the library was built and is not in {}", folder.display()))
}
