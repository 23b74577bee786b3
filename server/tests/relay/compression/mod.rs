//! permessage-deflate over the socket: negotiation, messages and violations. RFC 7692.

mod bombs;
mod broken;
mod messages;
mod offers;
mod settings;
