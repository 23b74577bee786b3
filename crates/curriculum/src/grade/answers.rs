//! Whether the client matched answers with its questions.

use super::Finding;
use super::evidence::{Evidence, Message};
use crate::check::Answers;
use observation::Party;
use serde_json::Value;

pub(super) fn answers(evidence: &Evidence<'_>, wanted: &Answers) -> Finding {
    let list = |message: &Message| message.field(&wanted.into).and_then(Value::as_array).cloned();
    let from = |party| evidence.messages().filter(move |message| message.from == party);
    let collected = from(Party::Client).filter_map(|message| Some((message, list(message)?))).last();
    let Some((message, collected)) = collected else {
        return Finding::unmet(format!("You have not sent a list in `{}` yet.", wanted.into), None);
    };
    let mut ids: Vec<&Value> = Vec::new();
    for id in from(Party::Client).filter_map(|message| message.field(&wanted.id)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let answer = |id: &&Value| {
        let mut all = from(Party::Server).filter(|answer| answer.field(&wanted.id) == Some(*id));
        all.find_map(|answer| answer.field(&wanted.take))
    };
    let times = wanted.times as usize;
    let right = ids.iter().zip(&collected).filter(|(id, item)| answer(id) == Some(*item)).count();
    let said = format!(
        "{right} of {} values in `{}` are right: each must be the `{}` of the answer to the question in the same place.",
        collected.len(),
        wanted.into,
        wanted.take
    );
    let met = right >= times && right == collected.len();
    Finding { met, found: said, at: Some(message.at) }
}
