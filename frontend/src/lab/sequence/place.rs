//! The place of the list, which it keeps when the filter changes: the selected row stays where it is in the view, or the first row in view.

use super::row::HEIGHT;
use super::search::{Search, number_of};
use crate::lab::Lab;
use leptos::prelude::*;

/// A row in view, and how far its upper edge is below that of the view, in pixels.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    below: isize,
    is_selected: bool,
}

#[derive(Clone, Copy)]
pub struct PlaceKeeper {
    lab: Lab,
    search: Search,
    here: StoredValue<Option<Place>>,
    /// The place to which the list returns as soon as that row has been tested.
    back: StoredValue<Option<Place>>,
}

impl PlaceKeeper {
    pub fn new(lab: Lab, search: Search) -> Self {
        Self { lab, search, here: StoredValue::new(None), back: StoredValue::new(None) }
    }

    /// Remembers the place. `top` and `height` are the part of the list in view, in pixels.
    pub fn remember(self, top: usize, height: usize) {
        if self.back.with_value(Option::is_some) {
            return;
        }
        let Self { lab, search, .. } = self;
        let selected = lab.selected.get_untracked().and_then(|key| number_of(lab, key));
        let in_view = |number: &usize| {
            let is_in = |index: usize| (top..top + height).contains(&(index * HEIGHT));
            search.index_of(lab, *number).is_some_and(is_in)
        };
        let selected = selected.filter(in_view);
        let number = selected.or_else(|| search.number(lab, top / HEIGHT));
        self.here.set_value(number.and_then(|number| {
            let below = pixels(search.index_of(lab, number)? * HEIGHT) - pixels(top);
            Some(Place { number, below, is_selected: selected.is_some() })
        }));
    }

    /// Other rows are shown now. `false` if the list was at its end and stays there.
    pub fn changed(self, is_at_end: bool) -> bool {
        let stays = |place: &Place| place.is_selected || !is_at_end;
        let back = self.back.get_value().or_else(|| self.here.get_value().filter(stays));
        self.back.set_value(back);
        back.is_some()
    }

    /// Whether all rows that the filter shows are there, and the list is at the place that it keeps.
    pub fn is_settled(self) -> bool {
        let Self { search, back, .. } = self;
        let is_done = untrack(move || !search.hides() || search.progress.with(|found| found.is_done));
        is_done && back.with_value(Option::is_none)
    }

    /// Where the list must scroll to, once. Tracks what it waits for.
    pub fn due(self) -> Option<usize> {
        let Self { lab, search, .. } = self;
        let Place { number, below, .. } = self.back.get_value()?;
        let is_tested = !search.hides() || search.progress.with(|found| found.is_done || found.next > number);
        is_tested.then(|| {
            self.back.set_value(None);
            let top = pixels(search.before(lab, number) * HEIGHT) - below;
            usize::try_from(top).unwrap_or(0)
        })
    }
}

fn pixels(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}
