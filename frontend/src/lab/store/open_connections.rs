//! The connections that are open at the relay, according to its observations.

use observation::{ConnectionNumber, Event, Observation, Transcript};

/// A connection on which the relay accepts commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenConnection {
    pub number: ConnectionNumber,
    /// Whether a command has paused reading.
    pub paused: bool,
}

/// The open connections, in no order. A connection whose end fell into a gap stays until the transcript forgets it; the relay
/// refuses commands on it.
#[derive(Debug, Default)]
pub struct OpenConnections(Vec<OpenConnection>);

impl OpenConnections {
    pub fn observe(&mut self, observation: &Observation) {
        let number = observation.connection;
        match &observation.event {
            Event::Refusal(_) | Event::Closed(_) => self.0.retain(|line| line.number != number),
            // Its opening may have been dropped from the log. A tunnel has none.
            Event::Opening(_) | Event::Frame(_) | Event::Tunnel(_) => drop(self.line(number)),
            Event::Act(act) if act.refused.is_none() => match &*act.deliberate.what {
                "pause" => self.line(number).paused = true,
                "resume" => self.line(number).paused = false,
                _ => {}
            },
            Event::Act(_) | Event::Asked(_) | Event::Records(_) | Event::Note(_) => {}
        }
    }

    /// Forgets the connections that `transcript` has forgotten because of a gap.
    pub fn gap(&mut self, transcript: &Transcript) {
        self.0.retain(|line| transcript.connection(line.number).is_some());
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = OpenConnection> {
        self.0.iter().copied()
    }

    fn line(&mut self, number: ConnectionNumber) -> &mut OpenConnection {
        let index = self.0.iter().rposition(|line| line.number == number).unwrap_or_else(|| {
            self.0.push(OpenConnection { number, paused: false });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::event::{Cause, Closed, Count};
    use observation::{Act, Deliberate, Frame, Gap, Origin, Seq};
    use std::rc::Rc;
    use wire::header::FrameHeader;
    use wire::opcode::Opcode;

    fn frame() -> Event {
        let header = FrameHeader::unmasked(true, Opcode::Ping, 0);
        Event::Frame(Frame::new(wire::Sender::Server, &header, Vec::new(), 0))
    }

    fn act(what: &'static str, refused: Option<&str>) -> Event {
        let deliberate = Deliberate { by: Origin::Console, what: what.into(), explanation: what.into(), rule: None };
        Event::Act(Act { refused: refused.map(str::to_owned), ..Act::of(deliberate) })
    }

    fn end() -> Event {
        let (client, server) = (Count::default(), Count::default());
        let (first, code, reason, clean, cause) = (None, None, String::new(), false, Cause::ConnectionEnded);
        Event::Closed(Closed { first, code, reason, clean, cause, client, server })
    }

    fn seen(seq: u64, connection: u32, event: Event) -> Observation {
        Observation { seq: Seq(seq), at_us: seq, connection: ConnectionNumber(connection), event }
    }

    fn open(lines: &OpenConnections) -> Vec<(u32, bool)> {
        lines.iter().map(|line| (line.number.0, line.paused)).collect()
    }

    #[test]
    fn a_connection_is_open_until_its_end_and_knows_whether_it_is_paused() {
        let mut lines = OpenConnections::default();
        let observe = |lines: &mut OpenConnections, connection, event| lines.observe(&seen(1, connection, event));
        observe(&mut lines, 1, frame());
        observe(&mut lines, 2, frame());
        observe(&mut lines, 1, act("pause", None));
        observe(&mut lines, 2, act("pause", Some("it is paused already")));
        assert_eq!(open(&lines), [(1, true), (2, false)]);
        observe(&mut lines, 1, act("resume", None));
        observe(&mut lines, 2, end());
        assert_eq!(open(&lines), [(1, false)]);
    }

    #[test]
    fn a_gap_forgets_what_the_transcript_forgets() {
        let (mut lines, mut transcript) = (OpenConnections::default(), Transcript::new(1));
        for (seq, connection) in [(1, 1), (2, 2)] {
            let observation = seen(seq, connection, frame());
            lines.observe(&observation);
            transcript.observe(Rc::new(observation));
        }
        transcript.gap(Gap { from: Seq(3), to: Seq(9) });
        lines.gap(&transcript);
        assert_eq!(open(&lines), [(2, false)]);
    }
}
