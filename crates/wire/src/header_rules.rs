//! The rules that a frame can break by its header alone. RFC 6455 §5 and RFC 7692 §6.

use crate::Sender;
use crate::header::{FrameHeader, PayloadLength, Rsv};
use crate::opcode::Opcode;
use crate::violation::{self, Violation};

/// The violations in the header of a frame from `sender`. `deflate` says whether permessage-deflate was negotiated, which
/// allows RSV1 on the first frame of a message.
#[inline(always)]
#[must_use]
pub fn header_violations(header: &FrameHeader, sender: Sender, deflate: bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    let bytes = header.length.bytes;
    let unknown = Rsv { rsv1: header.rsv.rsv1 && !deflate, ..header.rsv };
    if unknown.any() {
        violation::add(&mut violations, Violation::ReservedBits(unknown));
    }
    if deflate && header.rsv.rsv1 && !matches!(header.opcode, Opcode::Text | Opcode::Binary) {
        violation::add(&mut violations, Violation::CompressedBitMisplaced(header.opcode));
    }
    if header.opcode.is_reserved() {
        violation::add(&mut violations, Violation::ReservedOpcode(header.opcode.nibble()));
    }
    match (sender, header.masking_key) {
        (Sender::Client, None) => violation::add(&mut violations, Violation::ClientFrameUnmasked),
        (Sender::Server, Some(_)) => violation::add(&mut violations, Violation::ServerFrameMasked),
        _ => {}
    }
    if header.length != PayloadLength::minimal(bytes) {
        violation::add(&mut violations, Violation::LengthNotMinimal(header.length));
    }
    if bytes >> 63 != 0 {
        violation::add(&mut violations, Violation::LengthTopBit);
    }
    if header.opcode.is_control() {
        if !header.fin {
            violation::add(&mut violations, Violation::ControlFragmented);
        }
        if bytes > 125 {
            violation::add(&mut violations, Violation::ControlTooLong(bytes));
        }
    }
    violations
}
