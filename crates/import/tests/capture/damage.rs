//! Files that are cut or changed at every byte, and limits. Nothing panics, and what is read stays within the limits.

use super::wire::{DEFLATE, RESPONSE, Tcp, frame, opened, pcap};
use super::{NOW, problems, read, story};
use import::{Limits, import};

/// Two connections, one compressed and one with loss.
fn capture() -> Vec<u8> {
    let mut first = Tcp::new(50_000);
    let mut packets = opened(&mut first, DEFLATE);
    packets.push(first.data(1, &frame(1, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")));
    packets.push(first.data(0, &frame(0, 0x01, b"frag")));
    packets.push(first.data(0, &frame(0, 0x80, b"ment")));
    let mut second = Tcp { is_ipv6: true, ..Tcp::new(50_001) };
    packets.extend(opened(&mut second, RESPONSE));
    second.data(0, &frame(0, 0x81, b"lost"));
    packets.push(second.data(0, &frame(0, 0x81, b"kept")));
    packets.extend([first.fin(0), first.fin(1)]);
    packets.push(second.segment(1, &[], |tcp| tcp.rst = true));
    pcap(&packets)
}

#[test]
fn a_file_that_is_cut_anywhere_is_read_up_to_there() {
    let file = capture();
    let whole = story(&read(&file)).len();
    let mut most = 0;
    for length in 0..file.len() {
        if let Ok(document) = import(&file[..length], &Limits::PAGE, NOW) {
            let count = document.observations.len();
            assert!(count + 1 >= most && count <= whole, "{count} at {length}, {most} before");
            most = most.max(count);
            assert!(!problems(&document).is_empty(), "it is said that the file is cut");
        }
    }
    assert!(most + 1 >= whole);
}

#[test]
fn a_file_with_any_byte_changed_does_not_panic() {
    let file = capture();
    let golden: [&[u8]; 2] =
        [include_bytes!("../../golden/dumpcap.pcapng"), include_bytes!("../../golden/chromium.har")];
    for file in [&file[..]].into_iter().chain(golden.map(|file| &file[..file.len().min(4000)])) {
        for at in 0..file.len() {
            // Every byte of the first packets, and then some.
            if at > 2000 && at % 7 > 0 {
                continue;
            }
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = file.to_vec();
                changed[at] ^= change;
                let _ = import(&changed, &Limits::PAGE, NOW);
            }
            let _ = import(&file[at..], &Limits::PAGE, NOW);
            let _ = import(&file[..at], &Limits::PAGE, NOW);
        }
    }
}

#[test]
fn limits_hold_and_are_reported() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = opened(&mut tcp, RESPONSE);
    packets.extend((0..50).map(|_| tcp.data(0, &frame(0, 0x82, &[7; 100]))));
    let file = pcap(&packets);
    let read = |limits| import(&file, &limits, NOW).expect("a document");
    let document = read(Limits { observations: 10, ..Limits::PAGE });
    assert_eq!(document.observations.len(), 10);
    assert!(problems(&document)[0].1.contains("only the first 10 observations are read"));
    let document = read(Limits { items: 20, ..Limits::PAGE });
    assert_eq!(document.observations.len(), 16);
    assert!(problems(&document)[0].1.contains("only the first 20 packets are read"));
    let document = read(Limits { payload: 30, payloads: 100, ..Limits::PAGE });
    assert_eq!(story(&document)[1], format!("1 c 2 {} -70", "\u{7}".repeat(30)));
    assert_eq!(story(&document)[5], "1 c 2  -100");
    assert!(problems(&document)[0].1.contains("after the first 100 bytes"));
    let none = import(&file, &Limits { connections: 0, ..Limits::PAGE }, NOW).map(|_| ());
    assert!(none.is_err());
}

#[test]
fn what_inflates_to_much_stops_at_the_limit() {
    use flate2::{Compress, Compression, FlushCompress};
    let mut compress = Compress::new(Compression::best(), false);
    let mut deflated = Vec::with_capacity(1 << 20);
    let content = vec![0; 8 << 20];
    compress.compress_vec(&content, &mut deflated, FlushCompress::Sync).expect("deflated");
    let length = (deflated.len() as u16).to_be_bytes();
    let bomb = [&[0xC2, 126][..], &length, &deflated].concat();
    let mut tcp = Tcp::new(50_000);
    let mut packets = opened(&mut tcp, DEFLATE);
    packets.push(tcp.data(1, &bomb));
    let document = import(&pcap(&packets), &Limits { inflated: 1 << 20, ..Limits::PAGE }, NOW).expect("a document");
    let observation::Event::Frame(frame) = &document.observations[1].event else { panic!("a frame") };
    let inflated = frame.inflated.as_ref().expect("content");
    assert!(inflated.bytes <= 1 << 20 && frame.violations.is_empty());
    assert!(problems(&document)[0].1.contains("too large to be inflated here"), "{:?}", problems(&document));
}
