//! A run of the reader's code: begun, watched, and ended by itself, by the clock or by the reader.

use super::attempt::Attempt;
use super::journal::image_type;
use crate::net::sandbox::{Ended, Said, Sandbox, Setup};
use crate::ui::object_url::ObjectUrl;
use curriculum::told::{Level, Printed, RunEnd, Shown, Told};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use observation::page::{PageAct, SocketNumber};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The same limits as in `frontend/editor/worker.mjs`; what comes from there may be anybody's.
const MAX_LINES: usize = 1_000;
const MAX_LINE: usize = 2_000;
const MAX_EVENTS: usize = 5_000;
const MAX_RETURNED: usize = 64 << 10;
const MAX_IMAGES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    NotYet,
    Running,
    Ended(RunEnd),
}

/// A line of what the code printed, or of what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Said(Level),
    Note,
}

/// An image that the code showed.
#[derive(Clone)]
pub struct Image {
    pub number: usize,
    pub url: Arc<ObjectUrl>,
    pub media_type: &'static str,
    pub bytes: u64,
}

#[derive(Clone, Copy)]
pub struct Runner {
    pub attempt: Attempt,
    pub state: RwSignal<RunState>,
    pub lines: RwSignal<Vec<Line>>,
    /// How many lines more there were.
    pub unprinted: RwSignal<u64>,
    pub returned: RwSignal<Option<String>>,
    pub images: RwSignal<Vec<Image>>,
    /// The line of the code that the run failed at.
    pub failed_at: RwSignal<Option<u32>>,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    sandbox: Option<Sandbox>,
    clock: Option<TimeoutHandle>,
    /// The lab's number of each of the code's sockets.
    sockets: BTreeMap<u32, SocketNumber>,
    /// Runs, so that what an old one still says is not taken for a new one's.
    runs: u32,
}

impl Runner {
    pub fn new(attempt: Attempt) -> Self {
        Self {
            attempt,
            state: RwSignal::new(RunState::NotYet),
            lines: RwSignal::new(Vec::new()),
            unprinted: RwSignal::new(0),
            returned: RwSignal::new(None),
            images: RwSignal::new(Vec::new()),
            failed_at: RwSignal::new(None),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    pub fn is_running(self) -> bool {
        self.state.get() == RunState::Running
    }

    pub fn run(self, code: &str) {
        self.let_go();
        let pasted = self.attempt.told.with_untracked(|told| told.as_ref().and_then(|told| told.pasted.clone()));
        self.attempt.start_over(Some(Told { pasted, ..Told::default() }));
        self.lines.set(Vec::new());
        self.unprinted.set(0);
        self.returned.set(None);
        self.images.set(Vec::new());
        self.failed_at.set(None);
        self.state.set(RunState::Running);
        let Some(run) = self.inner.try_update_value(|inner| {
            inner.runs += 1;
            inner.runs
        }) else {
            return;
        };
        let url = self.attempt.url();
        self.attempt.lab.run_begins(&url);
        let heard = move |said| {
            // The view may be gone, or the next run have begun.
            if self.inner.try_with_value(|inner| inner.runs == run) == Some(true) {
                self.take_in(said);
            }
        };
        let sandbox = self.attempt.shown.with_value(|given| Sandbox::run(&Setup { url: &url, given }, code, heard));
        if sandbox.is_none() {
            self.line(Line { kind: LineKind::Note, text: "The browser makes no frame for the code.".into() });
            self.end(RunEnd::Stopped);
            return;
        }
        let limit = self.attempt.challenge.with_value(|challenge| Duration::from_millis(challenge.limit_ms.into()));
        let clock = set_timeout_with_handle(move || self.end(RunEnd::TimeUp), limit).ok();
        self.inner.update_value(|inner| (inner.sandbox, inner.clock) = (sandbox, clock));
    }

    pub fn stop(self) {
        self.end(RunEnd::Stopped);
    }

    /// An image has been drawn, and has this size.
    pub fn drawn(self, image: &Image, width: u32, height: u32) {
        let shown = Shown { media_type: image.media_type.into(), bytes: image.bytes, width, height };
        self.attempt.tell(|told| {
            if told.shown.len() < MAX_IMAGES {
                told.shown.push(shown);
            }
        });
    }

    pub fn not_drawn(self) {
        let text = "What was shown begins like an image, and is none that the browser can draw.".into();
        self.line(Line { kind: LineKind::Note, text });
    }

    /// Ends whatever runs, without a word.
    pub fn let_go(self) {
        self.attempt.lab.run_is_over();
        let old = self.inner.try_update_value(|inner| {
            inner.sockets.clear();
            (inner.sandbox.take(), inner.clock.take())
        });
        if let Some((_, Some(clock))) = old {
            clock.clear();
        }
    }

    fn end(self, how: RunEnd) {
        if self.state.try_get_untracked() != Some(RunState::Running) {
            return;
        }
        self.let_go();
        self.attempt.tell(|told| told.ended = Some(how));
        self.state.set(RunState::Ended(how));
    }

    fn take_in(self, said: Vec<Said>) {
        let mut lines = Vec::new();
        let mut ended = None;
        let mut told = self.attempt.told.write();
        let Some(told_now) = told.as_mut() else { return };
        for said in said {
            match said {
                Said::Printed { level, text } => {
                    if told_now.printed.len() < MAX_LINES {
                        let text: String = text.chars().take(MAX_LINE).collect();
                        told_now.printed.push(Printed { level, text: text.clone() });
                        lines.push(Line { kind: LineKind::Said(level), text });
                    }
                }
                Said::Unprinted(count) => self.unprinted.set(count),
                Said::Act { socket, at, act } => {
                    if told_now.events.len() < MAX_EVENTS {
                        told_now.events.extend(self.act(socket, at, act));
                    }
                }
                Said::Unnoted => {
                    lines.push(note("More happened on its sockets than is noted: what follows is left out."))
                }
                Said::Buffered(bytes) => told_now.most_buffered = told_now.most_buffered.max(bytes),
                Said::Returned(json) if json.len() <= MAX_RETURNED => match serde_json::from_str(&json) {
                    Ok(value) => {
                        self.returned.set(serde_json::to_string_pretty(&value).ok());
                        told_now.returned = Some(value);
                    }
                    Err(error) => lines.push(note(&format!("What was returned cannot be read: {error}."))),
                },
                Said::Threw { text, line } => {
                    let text: String = text.chars().take(MAX_LINE).collect();
                    let at = line.map(|line| format!(" (line {line})")).unwrap_or_default();
                    lines.push(Line { kind: LineKind::Said(Level::Error), text: format!("Uncaught {text}{at}") });
                    if told_now.threw.is_none() {
                        told_now.threw = Some(text);
                        self.failed_at.set(line);
                    }
                }
                Said::Image(bytes) => lines.extend(self.show(&bytes)),
                Said::Ended(Ended::Done) => ended = Some(RunEnd::Done),
                Said::Ended(Ended::Threw) => ended = Some(RunEnd::Threw),
                Said::Returned(_) | Said::Garbled => {
                    lines.push(note("The code said something that this page does not understand, and was stopped."));
                    ended = Some(RunEnd::Stopped);
                }
            }
        }
        drop(told);
        if !lines.is_empty() {
            self.lines.update(|all| all.extend(lines));
        }
        if let Some(how) = ended {
            self.end(how);
        }
    }

    fn act(self, socket: u32, at: f64, act: PageAct) -> Option<observation::page::PageEvent> {
        let lab = self.attempt.lab;
        let known = self.inner.with_value(|inner| inner.sockets.get(&socket).copied());
        let number = match (&act, known) {
            (_, Some(number)) => number,
            (PageAct::Constructed { url, .. }, None) => {
                let number = lab.foreign_socket(url)?;
                self.inner.update_value(|inner| {
                    inner.sockets.insert(socket, number);
                });
                number
            }
            _ => return None,
        };
        let began = window().performance().map_or(0.0, |clock| clock.time_origin());
        // What is no time becomes 0.
        lab.foreign_event(number, ((at - began) * 1_000.0) as u64, act)
    }

    fn show(self, bytes: &[u8]) -> Option<Line> {
        let number = self.images.with_untracked(Vec::len);
        if number >= MAX_IMAGES {
            return None;
        }
        let Some(media_type) = image_type(bytes) else {
            return Some(note("What was shown is no PNG, JPEG, GIF or WebP."));
        };
        let url = Arc::new(ObjectUrl::of(bytes, media_type)?);
        self.images.update(|images| images.push(Image { number, url, media_type, bytes: bytes.len() as u64 }));
        None
    }

    fn line(self, line: Line) {
        self.lines.update(|lines| lines.push(line));
    }
}

fn note(text: &str) -> Line {
    Line { kind: LineKind::Note, text: text.to_owned() }
}
