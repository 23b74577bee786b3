//! What rules decide about in the lab.

use crate::intercept::Interceptor;
use observation::Deliberate;
use wire::opcode::Opcode;

/// A message or ping as the lab has it.
#[derive(Clone, Debug)]
pub(in crate::lab) struct LabMessage {
    pub(super) opcode: Opcode,
    pub(super) content: Vec<u8>,
    /// Why the behavior sends it.
    pub(super) why: Option<Deliberate>,
}

pub(in crate::lab) type LabInterceptor = Interceptor<LabMessage>;
