//! `cargo xtask bench scanning`: our decoder, zxing-cpp and zbar over the same pictures, in one table.
//!
//! Owns the private Python environment of the peers and the order of steps; the scripts of `fixtures/barcodes` own pictures,
//! peers and table. Must never write outside `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{process, tools};

/// Python packages of the peers and of the frame generator, pinned so that a table can be reproduced.
const PACKAGES: [&str; 4] = ["zxing-cpp==3.1.1", "numpy==2.4.6", "pillow==13.0.0", "pyzbar==0.1.9"];
/// The seed of the frame generator, the number of frames of each condition, and the number of hand-held codes.
const SEED: &str = "20260101";
const FRAMES: &str = "12";
const HAND_HELD: &str = "36";

/// Measures the given folder, or the fixtures and generated camera frames.
pub fn run(root: &Path, images: Option<&Path>) -> Result<(), String> {
    let python = peers(root)?;
    let scripts = root.join("fixtures/barcodes");
    let scratch = root.join("target/tools/scanning");
    std::fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let decoder = decoder(root)?;
    let bench = ScanningBench { python, peers: scripts.join("peers.py"), decoder, scratch };
    if let Some(folder) = images {
        return bench.measure(folder, "table", &["still", "live", "every"]);
    }
    bench.measure(&scripts, "table", &["still", "live", "every"])?;
    println!("generating camera frames");
    let (frames, hand_held) = (bench.scratch.join("frames"), bench.scratch.join("held"));
    let generate = |seed_and_number: &[&str], out: &Path, mode: &[&str]| {
        let mut command = Command::new(&bench.python);
        process::output(command.arg(scripts.join("frames.py")).args(seed_and_number).arg(out).args(mode))
    };
    generate(&[SEED, FRAMES], &frames, &[])?;
    bench.measure(&frames, "table", &["still", "live", "every"])?;
    generate(&[SEED, HAND_HELD], &hand_held, &["hand"])?;
    bench.measure(&hand_held, "streams", &["stream"])
}

/// The programs and folders that all tables use.
struct ScanningBench {
    python: PathBuf,
    peers: PathBuf,
    decoder: PathBuf,
    scratch: PathBuf,
}

impl ScanningBench {
    /// Runs every decoder over a folder and prints the table called `verb`.
    fn measure(&self, folder: &Path, verb: &str, modes: &[&str]) -> Result<(), String> {
        let Self { python, peers, decoder, scratch } = self;
        let manifest = folder.join("manifest.tsv");
        if !manifest.exists() {
            return Err(format!("missing: {} (text and format of each picture)", manifest.display()));
        }
        let pack = scratch.join("pictures.pack");
        process::output(Command::new(python).arg(peers).arg("pack").arg(folder).arg(&pack))?;
        let mut results = Vec::new();
        for mode in modes {
            results.push((*mode, process::output(Command::new(decoder).arg(&pack).arg(mode))?));
        }
        for peer in ["zxing-cpp", "zbar"] {
            match process::output(Command::new(python).arg(peers).arg(peer).arg(&pack)) {
                Ok(printed) => results.push((peer, printed)),
                Err(_) => println!("skipped: {peer} (its library is not installed; for zbar install libzbar0)"),
            }
        }
        let mut table = Command::new(python);
        table.arg(peers).arg(verb).arg(folder);
        for (name, printed) in results {
            let file = scratch.join(format!("{name}.tsv"));
            std::fs::write(&file, printed).map_err(|error| format!("{}: {error}", file.display()))?;
            table.arg(format!("{name}={}", file.display()));
        }
        print!("{}", process::output(&mut table)?);
        Ok(())
    }
}

/// Builds our decoder in release.
fn decoder(root: &Path) -> Result<PathBuf, String> {
    let mut build = process::cargo(root);
    build.args(["build", "--quiet", "--release", "--package", "stocksync-scan", "--example", "decode_pictures"]);
    process::run(&mut build)?;
    Ok(crate::bindings::target_folder(root).join("release/examples/decode_pictures"))
}

/// A private Python environment with the peers, created once.
fn peers(root: &Path) -> Result<PathBuf, String> {
    let base = tools::python(root)?;
    let home = root.join("target/tools/peers");
    let program = if cfg!(windows) { home.join("Scripts/python.exe") } else { home.join("bin/python") };
    let ready =
        |program: &Path| process::output(Command::new(program).args(["-c", "import zxingcpp, numpy, PIL"])).is_ok();
    if !ready(&program) {
        println!("creating a private Python environment with the peers in target/tools/peers");
        process::output(Command::new(base).args(["-m", "venv", "--clear"]).arg(&home))?;
        let mut install = Command::new(&program);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
        process::output(&mut install).map_err(|error| format!("the peers cannot be installed: {error}"))?;
    }
    Ok(program)
}
