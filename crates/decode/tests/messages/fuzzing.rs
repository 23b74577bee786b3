//! A property of all possible bytes. `fuzz/` searches for bytes that break it.

use decode::{Context, Format, Limits, Node, decode};

/// No bytes make a decoder panic, exceed its limits, or point outside of the message. The first byte chooses the format.
pub fn message(bytes: &[u8]) {
    let Some((&choice, payload)) = bytes.split_first() else { return };
    let formats = Format::ALL.len();
    let chosen = Format::ALL.get(usize::from(choice) % (formats + 1)).copied();
    for binary in [false, true] {
        for (subprotocol, path) in
            [("", "/"), ("wamp.2.json.batched", "/"), ("wamp.2.cbor.batched", "/socket.io/?EIO=4&transport=websocket")]
        {
            let limits = Limits { bytes: 512, nodes: 100, depth: 8, inflated: 512 };
            let (opening, announced) = (Some(payload), Some((payload, payload.len() % 3)));
            let from_client = choice & 0x80 == 0;
            let context = Context {
                binary,
                from_client,
                chosen,
                subprotocol,
                path,
                limits,
                opening,
                announced,
                ..Context::default()
            };
            let decoded = decode(payload, &context);
            within(&decoded.root, payload.len());
            assert!(decoded.root.count() < 1000, "{} nodes", decoded.root.count());
            assert!(decoded.stopped.is_none_or(|stopped| stopped.offset <= payload.len()));
        }
    }
}

/// Every range is inside of the message.
pub fn within(node: &Node, length: usize) {
    if let Some(span) = &node.span {
        assert!(span.start <= span.end && span.end <= length, "{} at {span:?} of {length}", node.name);
    }
    node.children.iter().for_each(|child| within(child, length));
}
