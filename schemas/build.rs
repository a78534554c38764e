//! Compiles the Protobuf schemas to Rust.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["proto/body.proto", "proto/exchange.proto"], ["proto"])?;
    let mut config = prost_build::Config::new();
    config.disable_comments(["."]); // the .proto files are the documentation
    config.compile_fds(files)?;
    Ok(())
}
