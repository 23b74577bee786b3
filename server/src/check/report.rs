//! What `framescope check` prints, and the recordings of failed scenarios.

use super::prepare::Prepared;
use super::recorder::Recorder;
use super::steps::{Failure, Outcome};
use observation::{Frame, Party, SessionId};
use scenario::quote;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::close::ClosePayload;
use wire::opcode::Opcode;

/// How many frames are printed.
const FRAMES: usize = 8;

/// A scenario that has run.
pub(super) struct Finished {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) time: Duration,
    pub(super) outcome: Outcome,
    /// Lines about what failed, without indentation; empty if it passed.
    pub(super) details: Vec<String>,
}

/// Prints each scenario as it ends.
pub(super) struct Report<'a> {
    pub(super) recordings: &'a Path,
    /// The names of recordings so far.
    names: BTreeSet<String>,
}

impl<'a> Report<'a> {
    pub(super) fn new(recordings: &'a Path) -> Self {
        Self { recordings, names: BTreeSet::new() }
    }

    /// Prints the outcome, and records what failed.
    pub(super) fn add(
        &mut self,
        out: &mut impl Write,
        prepared: &Prepared,
        (outcome, recorder): (Outcome, Option<Recorder>),
        time: Duration,
    ) -> io::Result<Finished> {
        let Prepared { file, scenario, .. } = prepared;
        let mut details = Vec::new();
        let word = match &outcome {
            Outcome::Passed => "ok   ",
            Outcome::Failed(Failure { step, expected, came }) => {
                let place = match step {
                    Some((number, line)) => format!("step {number}, line {line}"),
                    None => format!("handshake, line {}", scenario.line),
                };
                details.extend([format!("{place}: expected {expected}"), format!("came: {came}")]);
                "FAIL "
            }
            Outcome::Unreachable(why) => {
                details.push(format!("cannot connect: {why}"));
                "ERROR"
            }
        };
        if let Some(recorder) = recorder.filter(|_| !details.is_empty()) {
            let frames: Vec<_> = recorder.last_frames(FRAMES).map(|(at_us, frame)| line(at_us, frame)).collect();
            if !frames.is_empty() {
                details.push("the last frames:".to_owned());
                details.extend(frames);
            }
            if recorder.has_handshake() {
                details.push(match self.record(prepared, &recorder) {
                    Ok(path) => format!("recording: {}; open it in the page under /recording", path.display()),
                    Err(error) => {
                        let folder = self.recordings.display();
                        format!("the recording cannot be written to {folder} ({error}); name another folder with --recordings")
                    }
                });
            }
        }
        // A server may have sent control characters, which a terminal would obey.
        for detail in &mut details {
            *detail = detail.replace(char::is_control, "\u{fffd}");
        }
        writeln!(out, "{word} {file}: {} ({:.3} s)", scenario.name, time.as_secs_f64())?;
        for detail in &details {
            writeln!(out, "      {detail}")?;
        }
        Ok(Finished { file: file.clone(), name: scenario.name.clone(), time, outcome, details })
    }

    fn record(&mut self, prepared: &Prepared, recorder: &Recorder) -> io::Result<PathBuf> {
        // A session of a relay is a secret too.
        let session = prepared.url.path_segments().and_then(|mut parts| parts.find_map(SessionId::parse));
        let document = recorder.document(session.unwrap_or_else(|| SessionId::from_random([0; 16])));
        let stem = Path::new(&prepared.file).file_stem().unwrap_or_default().to_string_lossy();
        let name = slug(&format!("{stem}-{}", prepared.scenario.name));
        let mut unique = name.clone();
        for number in 2.. {
            if self.names.insert(unique.clone()) {
                break;
            }
            unique = format!("{name}-{number}");
        }
        fs::create_dir_all(self.recordings)?;
        let path = self.recordings.join(format!("{unique}.json"));
        fs::write(&path, document)?;
        Ok(path)
    }
}

/// A frame on one line.
fn line(at_us: u64, frame: &Frame) -> String {
    let arrow = if frame.from == Party::Client { "→" } else { "←" };
    let bits: Vec<_> = [
        (!frame.fin).then_some("FIN 0"),
        frame.rsv1.then_some("RSV1"),
        frame.rsv2.then_some("RSV2"),
        frame.rsv3.then_some("RSV3"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let bits = if bits.is_empty() { String::new() } else { format!(" ({})", bits.join(", ")) };
    let seconds = Duration::from_micros(at_us).as_secs_f64();
    if frame.opcode() == Opcode::Close {
        let (close, _) = ClosePayload::parse(&frame.content());
        let code = close.code.map_or("no code".to_owned(), |code| code.0.to_string());
        let reason = if close.reason.is_empty() { String::new() } else { format!(", {}", quote::text(&close.reason)) };
        return format!("{arrow} {seconds:.3} s  close{bits}, {code}{reason}");
    }
    let size = quote::size(usize::try_from(frame.content_bytes()).unwrap_or(usize::MAX));
    format!(
        "{arrow} {seconds:.3} s  {}{bits}, {size}: {}",
        quote::opcode(frame.opcode()),
        quote::bytes(&frame.content())
    )
}

/// A name for a file: lowercase letters, digits and hyphens, at most 80.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        match character {
            letter if letter.is_ascii_alphanumeric() => slug.push(letter.to_ascii_lowercase()),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() == 80 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "scenario".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(slug("echo-A text / comes ../ back!"), "echo-a-text-comes-back");
        assert_eq!(slug("日本"), "scenario");
        assert_eq!(slug(&"ab".repeat(100)).len(), 80);
    }
}
