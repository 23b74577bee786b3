//! Finds the hits of a filter slice by slice, so that the page goes on drawing. New rows are tested when they arrive.

use super::Filter;
use crate::lab::Record;
use std::collections::VecDeque;

/// How many of the newest rows are tested again: an event of the page can join one that is already there.
const UNSETTLED: usize = 256;

/// The hits found so far. Rows are named by their numbers, which stay when the oldest rows are dropped.
#[derive(Debug, Default)]
pub struct Scan {
    filter: Filter,
    /// Ascending.
    hits: VecDeque<usize>,
    /// The number of the next row to test.
    next: usize,
    /// The number of the oldest row in the record, and of the row after the newest.
    first: usize,
    end: usize,
}

impl Scan {
    pub fn new(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Tests rows until all are tested, or until `is_enough` says so. The newest rows are always tested.
    pub fn go_on(&mut self, record: &Record, mut is_enough: impl FnMut() -> bool) {
        let sequence = &record.sequence;
        self.first = sequence.first_number();
        self.end = self.first + sequence.len();
        while self.hits.front().is_some_and(|hit| *hit < self.first) {
            self.hits.pop_front();
        }
        let settled = self.end.saturating_sub(UNSETTLED);
        if self.next > settled {
            self.next = settled;
            while self.hits.back().is_some_and(|hit| *hit >= settled) {
                self.hits.pop_back();
            }
        }
        self.next = self.next.max(self.first);
        let mut tested = 0;
        while self.next < self.end {
            let row = sequence.get(self.next - self.first);
            if row.is_some_and(|row| self.filter.matches(record, &row)) {
                self.hits.push_back(self.next);
            }
            self.next += 1;
            tested += 1;
            // More than are tested again each time. Otherwise, a slow filter would never come to its end.
            if tested > 2 * UNSETTLED && is_enough() {
                break;
            }
        }
    }

    /// Whether all rows have been tested.
    pub fn is_done(&self) -> bool {
        self.next == self.end
    }

    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// The number of the next row to test.
    pub fn next(&self) -> usize {
        self.next
    }

    /// The number of the row of a hit.
    pub fn get(&self, index: usize) -> Option<usize> {
        self.hits.get(index).copied()
    }

    /// How many hits are before the row with this number.
    pub fn before(&self, number: usize) -> usize {
        self.hits.partition_point(|hit| *hit < number)
    }

    /// The index of the hit that is the row with this number.
    pub fn index_of(&self, number: usize) -> Option<usize> {
        self.hits.binary_search(&number).ok()
    }
}
