//! What must hold for everything that observers saw, whatever happened to relays and Redis. Pure functions, tested here on their own.

use super::view::View;
use observation::event::Cause;
use observation::{ConnectionNumber, Event, Observation};
use std::collections::BTreeMap;
use wire::Sender;

/// The header of a lab connection by which the model knows it.
pub(crate) const TAG: &str = "X-Model";

/// After Redis lost data, numbers go on at a multiple of this.
const LEAP: u64 = 1 << 20;

/// What a client of the model did, and what became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) tag: u32,
    /// How many numbered messages it has sent, and how many came back.
    pub(crate) sent: u64,
    pub(crate) echoed: u64,
    /// The relay said that others have closed this connection in the log.
    pub(crate) disowned: bool,
    /// Its relay was killed before all of it was seen.
    pub(crate) orphaned: bool,
    /// After it opened, its relay found out that the others had taken it for lost. It drops what it has not recorded.
    pub(crate) lost: bool,
}

/// All observations that anybody saw. Two that have the same number must be the same.
pub(crate) fn union(views: &[(String, View)]) -> Result<BTreeMap<u64, Observation>, Vec<String>> {
    let (mut all, mut faults) = (BTreeMap::<u64, (&str, &Observation)>::new(), Vec::new());
    for (name, view) in views {
        faults.extend(view.faults.iter().map(|fault| format!("{name}: {fault}")));
        for (number, observation) in &view.log {
            let (other, first) = all.entry(*number).or_insert((name, observation));
            if *first != observation {
                faults.push(format!("{number} is {first:?} for {other}, and {observation:?} for {name}"));
            }
        }
    }
    let owned = || all.iter().map(|(number, (_, observation))| (*number, (*observation).clone())).collect();
    if faults.is_empty() { Ok(owned()) } else { Err(faults) }
}

/// What is wrong with the gaps that an observer was told of. Without a loss of data in Redis there are none.
pub(crate) fn gaps(name: &str, view: &View, has_lost_data: bool) -> Vec<String> {
    let wrong = |gap: &&observation::Gap| !has_lost_data || gap.to.0 % LEAP != LEAP - 1;
    view.gaps.iter().filter(wrong).map(|gap| format!("{name}: a gap that nothing explains: {gap:?}")).collect()
}

/// Where two observers that read from the beginning to `end` differ.
pub(crate) fn same(one: &(String, View), two: &(String, View), end: u64) -> Vec<String> {
    let numbers = |view: &View| {
        let gaps = view.gaps.iter().copied().take_while(|gap| gap.from.0 <= end);
        (view.log.range(..=end).map(|(number, _)| *number).collect::<Vec<_>>(), gaps.collect::<Vec<_>>())
    };
    if numbers(&one.1) == numbers(&two.1) {
        return Vec::new();
    }
    let count = |view: &View| format!("{} observations and gaps {:?}", view.log.len(), view.gaps);
    vec![format!("{} has {}, and {} has {}", one.0, count(&one.1), two.0, count(&two.1))]
}

/// What is wrong with the connections. `is_over` once everything has been closed and should have reached the log.
pub(crate) fn connections(
    all: &BTreeMap<u64, Observation>,
    deeds: &[Deeds],
    has_lost_data: bool,
    is_over: bool,
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut by_tag = BTreeMap::<u32, Story>::new();
    for (number, story) in stories(all, &mut faults) {
        // Its opening and all of its messages may have been lost.
        let Some(tag) = story.tag else { continue };
        if let Some(other) = by_tag.insert(tag, story) {
            faults.push(format!("client {tag} has the connections {:?} and {number:?}", other.number));
        }
    }
    for deeds in deeds {
        let empty = Story::default();
        let story = by_tag.get(&deeds.tag).unwrap_or(&empty);
        faults.extend(
            story
                .faults(deeds, has_lost_data, is_over)
                .into_iter()
                .map(|fault| format!("client {} ({:?}): {fault}; it {deeds:?}", deeds.tag, story.number)),
        );
    }
    faults
}

/// What the log says of one connection.
#[derive(Debug, Default)]
struct Story {
    number: Option<ConnectionNumber>,
    tag: Option<u32>,
    opened: usize,
    /// The numbers of the client's messages, and of the echoes.
    sent: Vec<u64>,
    echoed: Vec<u64>,
    closed: Vec<Cause>,
    /// The numbers of its end, and of what follows it.
    ends: Vec<(u64, &'static str)>,
}

fn stories(all: &BTreeMap<u64, Observation>, faults: &mut Vec<String>) -> BTreeMap<ConnectionNumber, Story> {
    let mut stories = BTreeMap::<ConnectionNumber, Story>::new();
    for observation in all.values() {
        let story = stories.entry(observation.connection).or_default();
        story.number = Some(observation.connection);
        // A command that is refused because the connection has ended is recorded after the end.
        let is_refusal = matches!(&observation.event, Event::Act(act) if act.refused.is_some());
        if (!story.ends.is_empty() && !is_refusal) || matches!(observation.event, Event::Closed(_)) {
            story.ends.push((observation.seq.0, kind(&observation.event)));
        }
        let tag = match &observation.event {
            Event::Opening(opening) => {
                story.opened += 1;
                tag_of(&String::from_utf8_lossy(&opening.request))
            }
            Event::Frame(frame) => {
                let content = frame.content();
                let message = std::str::from_utf8(&content).ok().and_then(numbered);
                if let Some((_, number)) = message {
                    let list = if frame.from == Sender::Client.into() { &mut story.sent } else { &mut story.echoed };
                    list.push(number);
                }
                message.map(|(tag, _)| tag)
            }
            Event::Closed(closed) => {
                story.closed.push(closed.cause);
                None
            }
            _ => None,
        };
        let Some(tag) = tag else { continue };
        if *story.tag.get_or_insert(tag) != tag {
            faults.push(format!("{:?} is of client {:?} and of client {tag}", observation.connection, story.tag));
        }
    }
    stories
}

impl Story {
    fn faults(&self, deeds: &Deeds, has_lost_data: bool, is_over: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what}: {}", self.summary()));
            }
        };
        let ascends = |list: &[u64]| list.windows(2).all(|pair| pair[0] < pair[1]);
        let has_prefix = |list: &[u64]| list.iter().copied().eq(1..=list.len() as u64);
        must(ascends(&self.sent) && ascends(&self.echoed), "messages are twice or out of order");
        must(self.sent.last().is_none_or(|last| *last <= deeds.sent), "a message that was never sent");
        must(self.opened <= 1, "it opened more than once");
        must(self.closed.len() <= 1, "it closed more than once");
        must(self.ends.len() <= 1, "something follows its end");
        if has_lost_data {
            return faults;
        }
        must(has_prefix(&self.sent) && has_prefix(&self.echoed), "messages are missing in the middle");
        let is_lost = self.closed == [Cause::RelayLost];
        // Of such a relay, Redis may know nothing at all.
        let may_be_missing = deeds.orphaned || deeds.lost;
        must(
            !deeds.disowned || !is_over || is_lost || self.opened == 0,
            "the relay disowned it, but it is not `relay-lost`",
        );
        if is_over && !may_be_missing && !is_lost {
            // The relay may end before it reads the last messages.
            let least = (self.sent.len() as u64).min(self.echoed.len() as u64);
            must(self.opened == 1 && least >= deeds.echoed, "what its relay recorded is missing");
        }
        must(!is_over || self.closed.len() == 1 || (may_be_missing && self.opened == 0), "it never closed");
        faults
    }

    fn summary(&self) -> String {
        let list = |list: &[u64]| match list {
            [] => "none".to_owned(),
            [first, .., last] if list.iter().copied().eq(*first..=*last) => format!("{first}..={last}"),
            _ => format!("{list:?}"),
        };
        format!(
            "{} openings, messages {}, echoes {}, closed {:?} at {:?}",
            self.opened,
            list(&self.sent),
            list(&self.echoed),
            self.closed,
            self.ends,
        )
    }
}

/// The number of a client's connection, if an observer has seen it open.
pub(crate) fn connection_of(log: &BTreeMap<u64, Observation>, tag: u32) -> Option<ConnectionNumber> {
    log.values().find(|observation| opens(observation, tag)).map(|observation| observation.connection)
}

/// The number of the end of a client's connection, if an observer has seen it.
pub(crate) fn end_of(log: &BTreeMap<u64, Observation>, tag: u32) -> Option<u64> {
    let connection = connection_of(log, tag)?;
    let is_end = |seen: &&Observation| seen.connection == connection && matches!(seen.event, Event::Closed(_));
    log.values().rev().find(is_end).map(|observation| observation.seq.0)
}

fn opens(observation: &Observation, tag: u32) -> bool {
    match &observation.event {
        Event::Opening(opening) => tag_of(&String::from_utf8_lossy(&opening.request)) == Some(tag),
        _ => false,
    }
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Opening(_) => "opening",
        Event::Frame(_) => "frame",
        Event::Closed(_) => "closed",
        _ => "other",
    }
}

/// The text of a numbered message, and back.
pub(crate) fn message(tag: u32, number: u64) -> String {
    format!("client {tag} message {number}")
}

pub(crate) fn numbered(text: &str) -> Option<(u32, u64)> {
    let (tag, number) = text.strip_prefix("client ")?.split_once(" message ")?;
    Some((tag.parse().ok()?, number.parse().ok()?))
}

fn tag_of(head: &str) -> Option<u32> {
    let value = |line: &str| {
        line.split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case(TAG))
            .map(|(_, value)| value.trim().parse().ok())
    };
    head.lines().find_map(value).flatten()
}

#[cfg(test)]
mod tests;
