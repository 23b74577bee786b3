//! The seeds of `fuzz/`: the first inputs of each target, and inputs that failed once.

use std::fs;
use std::path::Path;

fn check(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds = 0;
    for file in fs::read_dir(&folder).expect("a folder of seeds") {
        let path = file.expect("a file").path();
        let bytes = fs::read(&path).expect("a file that can be read");
        // The output of a failed test shows this.
        eprintln!("{}", path.display());
        body(&bytes);
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}

#[test]
fn seeds_of_the_decoder() {
    check("decoder", super::decoder);
}

#[test]
fn seeds_of_the_handshake() {
    check("handshake", super::handshake);
}

#[test]
fn seeds_of_the_negotiation() {
    check("deflate_negotiation", super::deflate_negotiation);
}

#[test]
fn seeds_of_the_endpoint() {
    check("endpoint", super::endpoint);
}
