//! Runs the reader's code, watches it, and ends the run: when it is done, at the time limit, or when the reader stops it.

use super::attempt::Attempt;
use crate::lab::store::journal::image_type;
use crate::net::sandbox::{Ended, Said, Sandbox, Setup};
use crate::ui::object_url::ObjectUrl;
use curriculum::page_run::{Level, Printed, RunEnd, Shown};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use observation::page::{PageAct, SocketNumber};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The same limits as in `frontend/editor/worker.mjs`. The page does not trust messages from there.
const MAX_LINES: usize = 1_000;
const MAX_LINE: usize = 2_000;
const MAX_EVENTS: usize = 5_000;
const MAX_RETURNED: usize = 64 << 10;
const MAX_IMAGES: usize = 16;
const MAX_READ: usize = 32;

/// The longest name of something that the code read, in characters.
const MAX_NAME: usize = 40;

/// How long the sandbox may take to load. This time does not count for the run.
const TO_LOAD: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    NotYet,
    Running,
    Ended(RunEnd),
}

/// A line that the code printed, or a note of the page.
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
    /// How many more lines the code printed.
    unprinted: RwSignal<u64>,
    /// How many more lines arrived than the page shows.
    cut: RwSignal<u64>,
    pub returned: RwSignal<Option<String>>,
    pub images: RwSignal<Vec<Image>>,
    /// The line of the code where the run failed.
    pub failed_at: RwSignal<Option<u32>>,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    sandbox: Option<Sandbox>,
    clock: Option<TimeoutHandle>,
    /// The lab's number of each of the code's sockets.
    sockets: BTreeMap<u32, SocketNumber>,
    /// The number of the current run, to ignore late messages of an older one.
    runs: u32,
}

impl Runner {
    pub fn new(attempt: Attempt) -> Self {
        Self {
            attempt,
            state: RwSignal::new(RunState::NotYet),
            lines: RwSignal::new(Vec::new()),
            unprinted: RwSignal::new(0),
            cut: RwSignal::new(0),
            returned: RwSignal::new(None),
            images: RwSignal::new(Vec::new()),
            failed_at: RwSignal::new(None),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    /// Whether every check is met and can no longer change: nothing runs, and everything about the run is known.
    pub fn has_passed(self) -> bool {
        let attempt = self.attempt;
        !self.is_running()
            && attempt.report.with(curriculum::grade::Report::passed)
            && attempt.has_settled()
            && attempt.is_decided()
    }

    pub fn is_running(self) -> bool {
        self.state.get() == RunState::Running
    }

    /// How many lines are not shown.
    pub fn left_out(self) -> u64 {
        self.unprinted.get().saturating_add(self.cut.get())
    }

    pub fn run(self, code: &str) {
        let Some(run) = self.clear(RunState::Running) else { return };
        self.attempt.start_over(true);
        let url = self.attempt.url();
        self.attempt.lab.run_begins(&url);
        let heard = move |said| {
            // The view may be gone, or the next run may have started.
            if self.inner.try_with_value(|inner| inner.runs == run) == Some(true) {
                self.take_in(said);
            }
        };
        let allowed = self.attempt.allowed_urls();
        let run = |given: &_| Sandbox::run(&Setup { url: &url, given }, &allowed, code, heard);
        let sandbox = self.attempt.shown.with_value(run);
        if sandbox.is_none() {
            self.line(note("The browser could not create a frame for the code."));
            self.end(RunEnd::Stopped);
            return;
        }
        self.inner.update_value(|inner| inner.sandbox = sandbox);
        self.set_timer(TO_LOAD, move || {
            self.line(note(
                "The frame for the code did not load, so nothing ran. Check that the relay is running, and run the code again.",
            ));
            self.end(RunEnd::Stopped);
        });
    }

    /// Starts over for another client and removes everything of a run.
    pub fn start_over(self) {
        self.clear(RunState::NotYet);
        self.attempt.start_over(false);
    }

    /// Ends the current run and removes its output. Returns the number of the next run, or `None` if the view is gone.
    fn clear(self, state: RunState) -> Option<u32> {
        self.cancel();
        let run = self.inner.try_update_value(|inner| {
            inner.runs += 1;
            inner.runs
        })?;
        self.lines.set(Vec::new());
        self.unprinted.set(0);
        self.cut.set(0);
        self.returned.set(None);
        self.images.set(Vec::new());
        self.failed_at.set(None);
        self.state.set(state);
        Some(run)
    }

    /// Calls `then` after `time`, and cancels the earlier timer.
    fn set_timer(self, time: Duration, then: impl Fn() + 'static) {
        let clock = set_timeout_with_handle(then, time).ok();
        let old = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.clock, clock));
        if let Some(Some(old)) = old {
            old.clear();
        }
    }

    pub fn stop(self) {
        self.end(RunEnd::Stopped);
    }

    /// Records the size of an image that the browser displayed.
    pub fn image_loaded(self, image: &Image, width: u32, height: u32) {
        let shown = Shown { media_type: image.media_type.into(), bytes: image.bytes, width, height };
        self.attempt.record(|run| {
            if run.shown.len() < MAX_IMAGES {
                run.shown.push(shown);
            }
        });
    }

    pub fn image_failed(self) {
        self.line(note("The data from lab.show starts like an image, but the browser cannot display it."));
    }

    /// Ends the current run silently.
    pub fn cancel(self) {
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
        self.cancel();
        self.attempt.record(|run| run.ended = Some(how));
        self.state.set(RunState::Ended(how));
    }

    fn take_in(self, said: Vec<Said>) {
        let mut lines = self.batch();
        let mut ended = None;
        let mut run = self.attempt.run.write();
        let Some(recorded) = run.as_mut() else { return };
        for said in said {
            match said {
                Said::Printed { level, text } => {
                    let text: String = text.chars().take(MAX_LINE).collect();
                    if lines.push(Line { kind: LineKind::Said(level), text: text.clone() }) {
                        recorded.printed.push(Printed { level, text });
                    }
                }
                Said::Unprinted(count) => self.unprinted.set(count),
                Said::Act { socket, at, act } => {
                    if recorded.events.len() < MAX_EVENTS {
                        recorded.events.extend(self.act(socket, at, act));
                    }
                }
                Said::Unnoted => {
                    lines.push(note(&format!(
                        "The sockets had more than {MAX_EVENTS} events. The rest is not recorded."
                    )));
                }
                Said::Buffered(bytes) => recorded.most_buffered = recorded.most_buffered.max(bytes),
                Said::Looked(count) => recorded.looked = recorded.looked.max(count),
                Said::Read(name) if recorded.read.len() < MAX_READ => {
                    recorded.read.push(name.chars().take(MAX_NAME).collect())
                }
                Said::Returned(json) if json.len() <= MAX_RETURNED => match serde_json::from_str(&json) {
                    Ok(value) => {
                        self.returned.set(serde_json::to_string_pretty(&value).ok());
                        recorded.returned = Some(value);
                    }
                    Err(error) => {
                        lines.push(note(&format!("The return value cannot be read: {error}.")));
                    }
                },
                Said::Threw { text, line } => {
                    let text: String = text.chars().take(MAX_LINE).collect();
                    let at = line.map(|line| format!(" (line {line})")).unwrap_or_default();
                    lines.push(Line { kind: LineKind::Said(Level::Error), text: format!("Uncaught {text}{at}") });
                    if recorded.threw.is_none() {
                        recorded.threw = Some(text);
                        self.failed_at.set(line);
                    }
                }
                Said::Ready => {
                    let limit = self.attempt.challenge.with_value(|challenge| challenge.limit_ms);
                    self.set_timer(Duration::from_millis(limit.into()), move || self.end(RunEnd::TimeUp));
                }
                Said::Image(bytes) => {
                    if let Some(line) = self.show(&bytes) {
                        lines.push(line);
                    }
                }
                Said::Ended(Ended::Done) => ended = Some(RunEnd::Done),
                Said::Ended(Ended::Threw) => ended = Some(RunEnd::Threw),
                Said::Returned(_) | Said::Read(_) | Said::Garbled => {
                    lines.push(note("The code sent an unexpected message, so the page stopped it."));
                    ended = Some(RunEnd::Stopped);
                }
            }
        }
        drop(run);
        self.put(lines);
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
        // An invalid time becomes 0.
        lab.foreign_event(number, ((at - began) * 1_000.0) as u64, act)
    }

    fn show(self, bytes: &[u8]) -> Option<Line> {
        let number = self.images.with_untracked(Vec::len);
        if number >= MAX_IMAGES {
            return None;
        }
        let Some(media_type) = image_type(bytes) else {
            return Some(note("The data from lab.show is not a PNG, JPEG, GIF or WebP image."));
        };
        let url = Arc::new(ObjectUrl::of(bytes, media_type)?);
        self.images.update(|images| images.push(Image { number, url, media_type, bytes: bytes.len() as u64 }));
        None
    }

    fn line(self, line: Line) {
        let mut lines = self.batch();
        lines.push(line);
        self.put(lines);
    }

    /// A batch with as many lines as the console still has space for.
    fn batch(self) -> Batch {
        let room = MAX_LINES.saturating_sub(self.lines.with_untracked(Vec::len));
        Batch { room, lines: Vec::new(), cut: 0 }
    }

    fn put(self, Batch { lines, cut, .. }: Batch) {
        if !lines.is_empty() {
            self.lines.update(|all| all.extend(lines));
        }
        if cut > 0 {
            self.cut.update(|all| *all += cut);
        }
    }
}

/// New lines, up to the limit of the console.
struct Batch {
    room: usize,
    lines: Vec<Line>,
    /// How many lines were over the limit.
    cut: u64,
}

impl Batch {
    fn push(&mut self, line: Line) -> bool {
        let fits = self.lines.len() < self.room;
        if fits {
            self.lines.push(line);
        } else {
            self.cut += 1;
        }
        fits
    }
}

fn note(text: &str) -> Line {
    Line { kind: LineKind::Note, text: text.to_owned() }
}
