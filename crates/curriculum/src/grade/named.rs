//! Whether the client named the faults of the server.

use super::Finding;
use super::evidence::{Connection, Evidence, Message};
use observation::{Origin, Party};
use std::collections::BTreeSet;

/// `faults` are the names of all faults that the server could send.
pub(super) fn named(evidence: &Evidence<'_>, points: u32, faults: &BTreeSet<String>) -> Finding {
    let (mut right, mut wrong, mut at) = (BTreeSet::new(), 0, None);
    for pair in evidence.connections.windows(2) {
        let (Some(fault), Some((message, name))) = (fault_of(&pair[0]), name_in(&pair[1], faults)) else { continue };
        at = Some(message.at);
        if fault == name {
            right.insert(name);
        } else {
            wrong += 1;
        }
    }
    let score = right.len() as i64 - wrong;
    let said = match (right.len(), wrong) {
        (0, 0) => "You have not named a rule yet.".to_owned(),
        (right, wrong) => format!(
            "You have {score} of {points} points: {}, {}.",
            count(right as i64, "rule named right", "different rules named right"),
            count(wrong, "wrong name", "wrong names")
        ),
    };
    Finding { met: score >= i64::from(points), found: said, at }
}

fn count(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The fault that the server sent on this connection, if it was the server's own.
fn fault_of<'a>(connection: &Connection<'a>) -> Option<&'a str> {
    let deliberate = connection.frames.iter().filter(|seen| seen.frame.from == Party::Server);
    let mut deliberate = deliberate.filter_map(|seen| seen.frame.deliberate.as_ref());
    deliberate.find(|deliberate| deliberate.by == Origin::Behaviour).map(|deliberate| deliberate.what.as_ref())
}

/// The first message on this connection, if it is a name.
fn name_in<'a>(connection: &'a Connection<'_>, faults: &BTreeSet<String>) -> Option<(&'a Message, &'a str)> {
    let message = connection.messages.iter().find(|message| message.from == Party::Client)?;
    let name = message.text()?.trim();
    faults.contains(name).then_some((message, name))
}
