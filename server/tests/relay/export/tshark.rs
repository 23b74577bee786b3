//! Runs Wireshark's dissectors with tshark.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The fields to print for each packet.
const FIELDS: [&str; 31] = [
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.comment",
    "ip.checksum.status",
    "tcp.checksum.status",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.stream",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.len",
    "tcp.flags",
    "tcp.payload",
    "tcp.analysis.flags",
    "http.request.method",
    "http.request.uri",
    "http.response.code",
    "http.file_data",
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.masking_key",
    "websocket.payload_length",
    "websocket.payload_length_ext_16",
    "websocket.payload_length_ext_64",
    "websocket.payload.text",
    "websocket.payload.close.status_code",
    "websocket.payload.close.reason",
    "_ws.malformed",
];

/// One packet: tshark's output for each field, empty if the packet does not have it.
pub(crate) struct Packet(HashMap<&'static str, String>);

impl Packet {
    pub(crate) fn text(&self, field: &str) -> &str {
        &self.0[field]
    }

    pub(crate) fn number(&self, field: &str) -> u64 {
        let text = self.text(field);
        let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u64::from_str_radix(hex, 16));
        parsed.unwrap_or_else(|_| panic!("{field} is {text:?}"))
    }

    /// Bytes, as tshark writes them in hex.
    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field).replace(':', "")).unwrap()
    }

    pub(crate) fn is_websocket(&self) -> bool {
        !self.text("websocket.opcode").is_empty()
    }
}

/// tshark's packets for a capture. `more` are additional arguments.
pub(crate) async fn packets(capture: &[u8], more: &[&str]) -> Vec<Packet> {
    let mut command = Command::new(program().await);
    command.args(["-r", "-", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
    command.args(["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"]).args(more);
    command.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let capture = capture.to_vec();
    let feed = tokio::spawn(async move { input.write_all(&capture).await });
    let output = child.wait_with_output().await.unwrap();
    feed.await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let packet = |line: &str| {
        let values: Vec<_> = line.split('\t').map(str::to_owned).collect();
        assert_eq!(values.len(), FIELDS.len(), "{line}");
        Packet(FIELDS.into_iter().zip(values).collect())
    };
    text.lines().map(packet).collect()
}

/// The tshark that `cargo xtask test` found or installed, or the one on PATH.
async fn program() -> PathBuf {
    let tshark = std::env::var_os("FRAMESCOPE_TSHARK").map_or_else(|| PathBuf::from("tshark"), PathBuf::from);
    let runs = Command::new(&tshark).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        runs.await.is_ok_and(|status| status.success()),
        "these tests need tshark, the command line of Wireshark: run them by `cargo xtask test native`, which installs \
         it, or name one in FRAMESCOPE_TSHARK ({} is none)",
        tshark.display()
    );
    tshark
}
