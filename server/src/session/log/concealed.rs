//! What observers see of something that a challenge asks them to find out.

use observation::{Act, Deliberate, Event, Observation};

/// The same observation, without what the relay did deliberately. The bytes on the wire stay.
pub(super) fn concealed(mut observation: Observation) -> Observation {
    match &mut observation.event {
        Event::Frame(frame) => {
            frame.deliberate = None;
            frame.violations.clear();
        }
        Event::Opening(opening) => opening.deliberate.clear(),
        Event::Act(act) => {
            let explanation = "the relay tells what this is when this session has passed the challenge";
            *act = Act::of(Deliberate::by_behaviour("concealed", explanation, None));
        }
        Event::Refusal(_)
        | Event::Asked(_)
        | Event::Tunnel(_)
        | Event::Records(_)
        | Event::Closed(_)
        | Event::Note(_) => {}
    }
    observation
}
