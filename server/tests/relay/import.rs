//! The command `import`: a capture or a HAR file in, a recording out.

use observation::document::{Document, Source};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/import/golden").join(name)
}

fn import(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_framescope")).arg("import").args(arguments).output().unwrap()
}

fn document(json: &[u8]) -> Document {
    Document::read(std::str::from_utf8(json).unwrap(), usize::MAX).unwrap()
}

#[test]
fn a_capture_becomes_a_recording_on_stdout_or_in_a_file() {
    let output = import(&[&golden("dumpcap.pcapng")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("dumpcap.pcapng: file: 1 TCP connection is encrypted with TLS"), "{said}");
    let recording = document(&output.stdout);
    assert_eq!(recording.import.as_ref().unwrap().source, Source::Pcapng);

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("imported-{}.json", std::process::id()));
    let output = import(&[&golden("dumpcap.pcapng"), Path::new("--output"), &file]);
    assert!(output.status.success() && output.stdout.is_empty());
    let written = document(&fs::read(&file).unwrap());
    assert_eq!(written.observations, recording.observations);

    // What was written is a recording itself.
    let output = import(&[&file]);
    assert_eq!(document(&output.stdout), written);
    fs::remove_file(file).unwrap();
}

#[test]
fn what_cannot_be_imported_says_why() {
    for (path, says) in [
        (golden("README.md"), "is not a capture (pcap or pcapng), a HAR file"),
        (golden(""), "it is a folder; name a capture or a HAR file"),
        (golden("missing.har"), "cannot read"),
    ] {
        let output = import(&[&path]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(says), "{said}");
        assert!(output.stdout.is_empty());
    }
    let output = import(&[&golden("chromium.har"), Path::new("--output"), &golden("missing/file.json")]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write"));
}
