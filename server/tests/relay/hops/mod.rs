//! Ways over something in between: middleboxes, in front of TLS or not, and other servers.
