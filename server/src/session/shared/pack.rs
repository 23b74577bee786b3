//! Records as bytes for Redis: a version (1 byte), the records with their size before them (4), the number of different shared
//! payloads (4) and each with its size (4), and for each record with a shared payload which one it has (4). Numbers are little-endian.
//!
//! The records are those of `log::record`. A change of either format needs another version here, and relays of different versions
//! on one Redis must understand each other's for one minor version.

use crate::session::log::{Records, next_record, read_record, stamp_record};
use crate::session::store::Change;
use observation::event::{Cause, Closed, Count};
use observation::{ConnectionNumber, Event, Seq};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The only version so far.
pub(super) const VERSION: u8 = 1;

/// Packs records that were stamped, and empties them. Before them are `front` bytes, and after them is space for as many more as a seal
/// needs.
pub(super) fn pack(records: &mut Records, front: usize) -> Vec<u8> {
    const BEHIND: usize = 64;
    let blobs: usize = records.blobs.iter().map(|blob| blob.len() + 8).sum();
    let mut packed = Vec::with_capacity(front + records.bytes.len() + blobs + BEHIND);
    packed.resize(front, 0);
    packed.push(VERSION);
    chunk(&mut packed, &records.bytes);
    let mut places = HashMap::new();
    let mut different = Vec::new();
    let mut uses = Vec::new();
    for blob in records.blobs.drain(..) {
        let place = *places.entry(Arc::as_ptr(&blob).cast::<u8>()).or_insert_with(|| {
            different.push(blob);
            different.len() - 1
        });
        uses.push(place as u32);
    }
    number(&mut packed, different.len());
    for blob in different {
        chunk(&mut packed, &blob);
    }
    packed.extend(uses.into_iter().flat_map(u32::to_le_bytes));
    records.bytes.clear();
    packed
}

/// The records, what they mean for connections, and the highest number of a connection, if these are `count` observations of a version
/// that this relay knows.
pub(super) fn unpack(packed: &[u8], count: u64) -> Option<(Records, Vec<Change>, u32)> {
    let (version, mut rest) = packed.split_first()?;
    if *version != VERSION {
        return None;
    }
    let bytes = take_chunk(&mut rest)?.to_vec();
    let mut different = Vec::<Arc<[u8]>>::new();
    for _ in 0..take_number(&mut rest)? {
        different.push(take_chunk(&mut rest)?.into());
    }
    let mut blobs = VecDeque::new();
    while !rest.is_empty() {
        blobs.push_back(different.get(take_number(&mut rest)?)?.clone());
    }
    let records = Records { bytes, blobs, ..Records::default() };
    let (found, changes, connection) = outline(&records)?;
    (found == count).then_some((records, changes, connection))
}

/// A record of the end of a connection whose relay is gone.
pub(super) fn closed_by_loss(connection: ConnectionNumber, at_us: u64) -> Records {
    let (client, server) = (Count::default(), Count::default());
    let (first, code, reason, clean, cause) = (None, None, String::new(), false, Cause::RelayLost);
    let mut records = Records::default();
    records.event(&Event::Closed(Closed { first, code, reason, clean, cause, client, server }));
    stamp_record(&mut records.bytes, &mut 0, at_us, [connection; 2]);
    records
}

/// Reads all records: the number of observations, what they mean for connections, and the highest number of a connection.
fn outline(records: &Records) -> Option<(u64, Vec<Change>, u32)> {
    let (mut at, mut count, mut blobs) = (0, 0, records.blobs.iter());
    let (mut changes, mut highest) = (Vec::new(), 0);
    while at < records.bytes.len() {
        let start = at;
        let record = next_record(&records.bytes, &mut at)?;
        let blob = if record.has_blob { Some(&blobs.next()?[..]) } else { None };
        let observation = read_record(Seq(0), records.bytes.get(start..at)?, blob)?.observation;
        highest = highest.max(observation.connection.0);
        changes.extend(Change::of(observation.connection, &observation.event));
        count += record.count;
    }
    blobs.next().is_none().then_some((count, changes, highest))
}

fn chunk(packed: &mut Vec<u8>, bytes: &[u8]) {
    number(packed, bytes.len());
    packed.extend_from_slice(bytes);
}

fn number(packed: &mut Vec<u8>, number: usize) {
    packed.extend_from_slice(&(number as u32).to_le_bytes());
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    let (front, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(u32::from_le_bytes(*front) as usize)
}

fn take_chunk<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_number(rest)?;
    let (front, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(front)
}
