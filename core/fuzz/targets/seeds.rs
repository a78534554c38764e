//! `seeds TARGET FOLDER`: writes the seed inputs of a target into a folder.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "seeds TARGET FOLDER";
    let (target, folder) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    std::fs::create_dir_all(&folder)?;
    let target = stocksync_fuzz::FuzzTarget::from_name(&target).ok_or("targets are frame, text and wire")?;
    for (number, seed) in target.seeds()?.iter().enumerate() {
        std::fs::write(Path::new(&folder).join(format!("{number:04}")), seed)?;
    }
    Ok(())
}
