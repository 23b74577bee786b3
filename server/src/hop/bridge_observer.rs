//! What a bridge tells its observer, and what it asks.

use super::commands::HopCommands;
use super::direction::Direction;
use crate::shutdown::Shutdown;
use observation::command::DropBy;
use observation::event::Cause;
use observation::{Act, Leg};
use std::task::{Context, Poll};
use tokio::time::Instant;

/// Records what crosses a bridge.
pub(super) trait BridgeObserver: Send + 'static {
    /// These bytes were forwarded, or are kept back; the observer may change them. Returns whether it has processed everything. If not, it is
    /// called again without bytes before more are forwarded.
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool;
    /// A deliberate act, recorded on that side.
    fn act(&mut self, side: Leg, act: Act);
    /// Whether both ends have sent a close frame.
    fn both_closed(&self) -> bool;
    /// The relay's own close frames to the server and to the client when `shutdown` begins. Empty if other code sends them.
    fn close_frames(&mut self, shutdown: &Shutdown) -> [Vec<u8>; 2];
    /// The commands for both sides.
    fn commands(&mut self) -> &mut HopCommands;
    /// Takes the next command. Returns how it ends the connection of a side, if it does.
    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Leg, DropBy)>>;
    /// Whether what arrives in this direction must not be forwarded before [`BridgeObserver::passed`] has seen it. What goes on is then
    /// the output.
    fn keeps_back(&mut self, direction: Direction) -> bool {
        let _ = direction;
        false
    }
    /// When a middlebox ends the connection if nothing more crosses it.
    fn expects_end(&mut self, at: Option<Instant>) {
        let _ = at;
    }
    /// Nothing more arrives in this direction.
    fn ended(&mut self, direction: Direction) {
        let _ = direction;
    }
    /// What goes on in this direction, of what was kept back.
    fn output(&mut self, direction: Direction) -> Option<Vec<u8>> {
        let _ = direction;
        None
    }
    /// Whether both connections end now, because all output was sent.
    fn cuts(&mut self) -> bool {
        false
    }
    /// When [`BridgeObserver::tick`] has something to do.
    fn next_due(&self) -> Option<Instant> {
        None
    }
    /// Makes output of what is due.
    fn tick(&mut self, now: Instant) {
        let _ = now;
    }
    /// What a command adds in this direction, if it may follow what has been forwarded so far.
    fn insertion(&mut self, direction: Direction) -> Option<Vec<u8>>;
    /// The bridge has ended, with a cause for the client side and one for the server side.
    fn over(self, near: Cause, far: Cause);
}
