//! The filter of a sequence as it is typed, and its hits so far.

use crate::lab::filter::{Filter, FilterError, Scan};
use crate::lab::{Lab, decoded};
use leptos::prelude::*;
use observation::Seq;
use observation::sequence::RowKey;
use std::ops::Range;

/// How long the page searches in one animation frame, in milliseconds. The frame has 16.
const SLICE: f64 = 5.0;
/// How many rows are tested between two looks at the clock.
const STRIDE: u32 = 32;

/// Made when the part has loaded.
#[derive(Clone, Copy, PartialEq)]
pub struct Search {
    pub text: RwSignal<String>,
    /// Whether the other rows are hidden.
    pub only_hits: RwSignal<bool>,
    pub progress: Memo<Progress>,
    state: StoredValue<State, LocalStorage>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether there is a filter.
    pub is_active: bool,
    pub error: Option<FilterError>,
    pub hits: usize,
    /// The number of the next row to test, and whether all have been tested.
    pub next: usize,
    pub is_done: bool,
    /// Another number whenever the hits may have changed.
    change: u64,
}

#[derive(Default)]
struct State {
    /// The text of the filter, and what the rows had then that can change.
    of: (String, Changing),
    scan: Option<Scan>,
    error: Option<FilterError>,
}

/// What can change in rows that were tested already. Then all are tested again.
#[derive(Clone, Copy, Default, PartialEq)]
struct Changing {
    /// Whether messages can be decoded.
    decodes: bool,
    newest_note: Option<Seq>,
}

impl State {
    /// Reads a text, unless it is the one that was read.
    fn read(&mut self, text: &str, changing: Changing) {
        if self.of.0 == text && self.of.1 == changing {
            return;
        }
        let filter = Filter::parse(text);
        self.error = filter.as_ref().err().cloned();
        self.scan = filter.ok().filter(|filter| !filter.is_empty()).map(Scan::new);
        self.of = (text.to_owned(), changing);
    }
}

impl Search {
    pub fn new(lab: Lab, text: RwSignal<String>) -> Self {
        let state = StoredValue::new_local(State::default());
        let next_frame = RwSignal::new(());
        let progress = Memo::new(move |before: Option<&Progress>| {
            next_frame.track();
            let change = before.map_or(0, |before| before.change + 1);
            let newest_note = lab.record.with(|record| record.transcript.newest_note());
            let (text, changing) = (text.get(), Changing { decodes: decoded::is_loaded(), newest_note });
            let found = state.try_update_value(|state| {
                state.read(text.trim(), changing);
                let error = state.error.clone();
                let Some(scan) = &mut state.scan else {
                    return Progress { error, is_done: true, ..Progress::default() };
                };
                lab.record.with(|record| scan.go_on(record, clock()));
                Progress {
                    is_active: true,
                    error,
                    hits: scan.len(),
                    next: scan.next(),
                    is_done: scan.is_done(),
                    change,
                }
            });
            let found = found.unwrap_or_default();
            if found.is_active && !found.is_done {
                // The rest follows in the next frames.
                request_animation_frame(move || {
                    // The view may be gone.
                    let _ = next_frame.try_set(());
                });
            }
            found
        });
        Self { text, only_hits: RwSignal::new(true), progress, state }
    }

    /// Whether rows that are no hits are hidden.
    pub fn hides(self) -> bool {
        self.only_hits.get() && self.progress.with(|progress| progress.is_active)
    }

    /// How many rows of the record are shown.
    pub fn shown(self, lab: Lab) -> usize {
        if self.hides() {
            self.progress.with(|progress| progress.hits)
        } else {
            lab.record.with(|record| record.sequence.len())
        }
    }

    /// The number of the row that is shown at `index`.
    pub fn number(self, lab: Lab, index: usize) -> Option<usize> {
        if untrack(move || self.hides()) {
            self.with_scan(|scan| scan.get(index)).flatten()
        } else {
            let (first, end) = ends(lab);
            Some(first + index).filter(|number| *number < end)
        }
    }

    /// The index at which a row is shown, if it is.
    pub fn index_of(self, lab: Lab, number: usize) -> Option<usize> {
        if untrack(move || self.hides()) {
            self.with_scan(|scan| scan.index_of(number)).flatten()
        } else {
            number.checked_sub(ends(lab).0)
        }
    }

    /// How many of the rows shown are before this one.
    pub fn before(self, lab: Lab, number: usize) -> usize {
        if untrack(move || self.hides()) {
            self.with_scan(|scan| scan.before(number)).unwrap_or_default()
        } else {
            number.saturating_sub(ends(lab).0)
        }
    }

    /// The index among the hits of a row.
    pub fn hit(self, number: usize) -> Option<usize> {
        self.with_scan(|scan| scan.index_of(number)).flatten()
    }

    /// The row of the hit after or before the row with this number; after the last hit comes the first.
    pub fn neighbor(self, number: Option<usize>, forward: bool) -> Option<usize> {
        self.with_scan(|scan| {
            let last = scan.len().checked_sub(1)?;
            let index = match number {
                None => {
                    if forward {
                        0
                    } else {
                        last
                    }
                }
                Some(number) if forward => Some(scan.before(number + 1)).filter(|index| *index <= last).unwrap_or(0),
                Some(number) => scan.before(number).checked_sub(1).unwrap_or(last),
            };
            scan.get(index)
        })
        .flatten()
    }

    /// Where the texts that the filter searches for are in `text`.
    pub fn marks(self, text: &str) -> Vec<Range<usize>> {
        self.progress.track();
        self.with_scan(|scan| scan.filter().marks(text)).unwrap_or_default()
    }

    fn with_scan<T>(self, look: impl FnOnce(&Scan) -> T) -> Option<T> {
        self.state.try_with_value(|state| state.scan.as_ref().map(look)).flatten()
    }
}

/// The number of a row, and the row with a number.
pub fn number_of(lab: Lab, key: RowKey) -> Option<usize> {
    lab.record.with_untracked(|record| Some(record.sequence.first_number() + record.sequence.position(key)?))
}

pub fn key_of(lab: Lab, number: usize) -> Option<RowKey> {
    lab.record.with_untracked(|record| {
        let row = record.sequence.get(number.checked_sub(record.sequence.first_number())?)?;
        Some(row.key)
    })
}

/// The numbers of the oldest row and of the one after the newest.
fn ends(lab: Lab) -> (usize, usize) {
    lab.record.with_untracked(|record| {
        let first = record.sequence.first_number();
        (first, first + record.sequence.len())
    })
}

/// Says whether the time of this frame is over.
fn clock() -> impl FnMut() -> bool {
    let now = || window().performance().map_or(0.0, |performance| performance.now());
    let (began, mut looks) = (now(), 0u32);
    move || {
        looks += 1;
        looks.is_multiple_of(STRIDE) && now() - began > SLICE
    }
}
