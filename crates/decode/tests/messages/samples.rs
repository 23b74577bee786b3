//! Messages of real clients and servers. `samples/record.mjs` and `samples/record.py` recorded them.
//!
//! Each sample has a text beside it with what is decoded. `UPDATE_GOLDEN=1 cargo test -p decode` writes the texts again; read the
//! difference before you commit it.

use crate::fuzzing::within;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use decode::{Context, Decoded, Format, Limits, Node, Schema, Step, decode};
use serde::Deserialize;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Sample {
    path: String,
    subprotocol: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    from: String,
    text: Option<String>,
    base64: Option<String>,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).expect("base64"),
            (None, None) => panic!("a message without content"),
        }
    }

    fn is_binary(&self) -> bool {
        self.text.is_none()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/golden")
}

fn sample(name: &str) -> Sample {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).expect("a sample");
    serde_json::from_str(&text).expect("a sample in JSON")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the samples").map(|file| file.expect("a file").path());
    let samples = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut names: Vec<_> =
        samples.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Decodes each message of a sample as the page does: with the client's first message and the last text before it.
fn each(sample: &Sample, mut then: impl FnMut(&Message, &[u8], &Context<'_>)) {
    let payloads: Vec<_> = sample.messages.iter().map(Message::bytes).collect();
    let opening =
        sample.messages.iter().position(|message| message.from == "client").map(|first| payloads[first].as_slice());
    for (index, message) in sample.messages.iter().enumerate() {
        let same: Vec<_> = (0..index).filter(|&before| sample.messages[before].from == message.from).collect();
        let text = same.iter().rposition(|&before| !sample.messages[before].is_binary());
        let context = Context {
            binary: message.is_binary(),
            from_client: message.from == "client",
            subprotocol: &sample.subprotocol,
            path: &sample.path,
            opening,
            announced: text.map(|text| (payloads[same[text]].as_slice(), same.len() - text - 1)),
            ..Context::default()
        };
        then(message, &payloads[index], &context);
    }
}

fn describe(decoded: &Decoded, out: &mut String) {
    let Decoded { format, why, summary, root, stopped } = decoded;
    writeln!(out, "{} ({}): {summary}", format.name(), why.words()).expect("text");
    tree(root, 1, out);
    if let Some(stopped) = stopped {
        writeln!(out, "  stopped at {}: {}", stopped.offset, stopped.reason).expect("text");
    }
}

fn tree(node: &Node, depth: usize, out: &mut String) {
    let index = if let Step::Index(index) = node.step { format!("[{index}] ") } else { String::new() };
    let span = node.span.as_ref().map_or("-".to_owned(), |span| format!("{}..{}", span.start, span.end));
    let note = if node.note.is_empty() { String::new() } else { format!(" ({})", node.note) };
    writeln!(out, "{}{index}{}: {}{note} @{span}", "  ".repeat(depth), node.name, node.value.literal()).expect("text");
    node.children.iter().for_each(|child| tree(child, depth + 1, out));
}

/// Compares with the text beside a sample.
fn check(name: &str, found: &str) {
    let path = folder().join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).expect("a file that can be written");
    }
    let expected = fs::read_to_string(&path).expect("run UPDATE_GOLDEN=1 cargo test -p decode once");
    assert_eq!(found, expected, "{name}");
}

#[test]
fn every_sample_is_decoded_as_its_text_says() {
    for name in names() {
        let mut out = String::new();
        each(&sample(&name), |message, bytes, context| {
            writeln!(out, "{}, {} bytes", message.from, bytes.len()).expect("text");
            describe(&decode(bytes, context), &mut out);
        });
        check(&name, &out);
    }
}

#[test]
fn samples_are_recognized_without_a_choice() {
    let formats = [
        ("action-cable", Format::ActionCable),
        ("cbor", Format::Cbor),
        ("compressed", Format::Compressed),
        ("graphql-transport-ws", Format::GraphqlTransportWs),
        ("graphql-ws", Format::GraphqlWs),
        ("images", Format::Image),
        ("mqtt-3.1.1", Format::Mqtt),
        ("mqtt-5", Format::Mqtt5),
        ("msgpack", Format::MessagePack),
        ("phoenix-1", Format::Phoenix),
        ("phoenix-2", Format::Phoenix),
        ("protobuf", Format::Protobuf),
        ("signalr-json", Format::SignalR),
        ("signalr-msgpack", Format::SignalR),
        ("socket-io", Format::SocketIo),
        ("stomp", Format::Stomp),
        ("wamp-cbor", Format::Wamp),
        ("wamp-json", Format::Wamp),
        ("wamp-msgpack", Format::Wamp),
    ];
    for (name, format) in formats {
        each(&sample(name), |message, bytes, context| {
            let decoded = decode(bytes, context);
            assert_eq!(decoded.format, format, "{name}, from {}", message.from);
            assert_eq!(decoded.stopped, None, "{name}, from {}", message.from);
        });
    }
}

/// Whatever is cut off, the rest stays, every range is inside the message, and the place of the stop is too.
#[test]
fn every_beginning_of_every_sample_says_where_it_ends() {
    for name in names() {
        each(&sample(&name), |_, bytes, context| {
            let format = decode(bytes, context).format;
            for length in 0..bytes.len() {
                let part = &bytes[..length];
                let decoded = decode(part, &Context { chosen: Some(format), ..*context });
                within(&decoded.root, length);
                if let Some(stopped) = &decoded.stopped {
                    assert!(stopped.offset <= length, "{name}, {length} bytes: {stopped:?}");
                }
            }
        });
    }
}

/// A value of a self-describing format is never whole before its last byte.
#[test]
fn short_values_are_said_to_be_short() {
    for (name, format) in [("msgpack", Format::MessagePack), ("cbor", Format::Cbor), ("compressed", Format::Compressed)]
    {
        each(&sample(name), |_, bytes, context| {
            for length in 10..bytes.len() {
                let decoded = decode(&bytes[..length], &Context { chosen: Some(format), ..*context });
                let stopped = decoded.stopped.expect("where it stopped");
                assert!(stopped.short, "{name}, {length} bytes: {stopped:?}");
                assert!(decoded.root.count() > 1, "{name}, {length} bytes: what was there is kept");
            }
        });
    }
}

#[test]
fn a_schema_names_the_fields_of_protocol_buffers() {
    let files = ["chat.proto", "chat.pb"].map(|name| (name, fs::read(folder().join(name)).expect("the types")));
    let schemas = files.map(|(name, file)| Schema::read(name, &file).expect("types"));
    assert_eq!(schemas[0], schemas[1], "both files have the same types");
    let names: Vec<_> = schemas[0].message_names().collect();
    assert_eq!(names, ["chat.Author", "chat.Message", "chat.Message.Position"]);
    assert!(schemas[0].missing.is_empty());
    each(&sample("protobuf"), |_, bytes, context| {
        let typed = Context { schema: Some((&schemas[0], "chat.Message")), ..*context };
        let mut out = String::new();
        describe(&decode(bytes, &typed), &mut out);
        check("protobuf-typed", &out);
    });
}

#[test]
fn an_unusable_schema_says_what_to_do() {
    let broken = b"syntax = \"proto3\";\nmessage Chat {\n  int64 id = ;\n}\n";
    let error = Schema::read("chat.proto", broken).expect_err("broken");
    assert!(error.starts_with("chat.proto:3:"), "{error}");
    assert!(error.ends_with("Correct the file and choose it again."), "{error}");
    let error = Schema::read("chat.bin", &[1, 2, 3]).expect_err("no descriptors");
    assert!(error.contains("protoc --include_imports"), "{error}");
    let error = Schema::read("empty.proto", b"syntax = \"proto3\";").expect_err("no messages");
    assert!(error.contains("no message type"), "{error}");
    let deep = "message A { ".repeat(100_000);
    assert!(Schema::read("deep.proto", deep.as_bytes()).is_err());
    let imported = b"syntax = \"proto3\"; import \"other.proto\"; message A { other.B b = 1; }";
    let schema = Schema::read("a.proto", imported).expect("types");
    assert_eq!(schema.missing.iter().collect::<Vec<_>>(), ["other.B"]);
}

#[test]
fn limits_stop_decoding_and_say_so() {
    let reason = |bytes: &[u8], limits: Limits| {
        let decoded = decode(bytes, &Context { limits, ..Context::default() });
        decoded.stopped.expect("where it stopped").reason
    };
    let deep = "[".repeat(100_000);
    assert_eq!(
        reason(deep.as_bytes(), Limits::TREE),
        "The message is nested more than 64 levels deep. What is further inside is not shown."
    );
    let many = format!("[{}0]", "0,".repeat(50_000));
    assert_eq!(
        reason(many.as_bytes(), Limits::TREE),
        "The message has more than 20000 fields. The others are not shown."
    );
    let long = format!("\"{}\"", "a".repeat(100_000));
    let context = Context { chosen: Some(Format::Json), limits: Limits::ROW, ..Context::default() };
    let decoded = decode(long.as_bytes(), &context);
    assert_eq!(
        decoded.stopped.expect("where it stopped").reason,
        "Only the first 8192 bytes of a message are decoded."
    );
}

#[test]
fn a_decompression_bomb_is_cut() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b' '; 64 << 20]).expect("memory");
    let bomb = gzip.finish().expect("memory");
    let decoded = decode(&bomb, &Context { binary: true, ..Context::default() });
    assert_eq!(decoded.format, Format::Compressed);
    assert_eq!(
        decoded.stopped.expect("where it stopped").reason,
        "Only the first 1048576 bytes of the content are decompressed."
    );
}
