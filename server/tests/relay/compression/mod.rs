//! permessage-deflate over the socket: agreed on, in messages, and against its misuse. RFC 7692.

mod bombs;
mod broken;
mod messages;
mod offers;
mod settings;
