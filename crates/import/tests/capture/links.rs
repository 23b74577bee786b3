//! Link types, IPv6, both formats of captures, and their times.

use super::wire::{COOKED, COOKED_2, ETHERNET, LOOP, NULL, RAW, RESPONSE, Tcp, frame, opened, pcap, pcap_of};
use super::{error, problems, read, story};

const STORY: [&str; 3] = ["1 opening", "1 c 1 hi", "1 s A "];

fn packets(is_ipv6: bool) -> Vec<Vec<u8>> {
    let mut tcp = Tcp { is_ipv6, ..Tcp::new(50_000) };
    let mut packets = opened(&mut tcp, RESPONSE);
    packets.push(tcp.data(0, &frame(0, 0x81, b"hi")));
    packets.push(tcp.data(1, &frame(1, 0x8A, b"")));
    packets
}

#[test]
fn each_link_type_is_read() {
    for link in [NULL, ETHERNET, RAW, LOOP, COOKED, COOKED_2, 12, 14] {
        for is_ipv6 in [false, true] {
            assert_eq!(story(&read(&pcap_of(link, &packets(is_ipv6)))), STORY, "{link} {is_ipv6}");
        }
    }
    assert_eq!(story(&read(&pcap_of(228, &packets(false)))), STORY);
    assert_eq!(story(&read(&pcap_of(229, &packets(true)))), STORY);
    // IEEE 802.11
    assert!(error(&pcap_of(105, &packets(false))).contains("link type 105, which cannot be read"));
}

#[test]
fn an_ethernet_frame_with_a_vlan_and_padding() {
    let tagged = packets(false).into_iter().map(|packet| {
        let mut frame = [&[2; 12][..], &[0x81, 0x00, 0x00, 0x07, 0x08, 0x00], &packet].concat();
        frame.resize(frame.len().max(60), 0);
        frame
    });
    // The link layer is there already.
    let mut file = pcap(&tagged.collect::<Vec<_>>());
    file[20] = ETHERNET as u8;
    assert_eq!(story(&read(&file)), STORY);
}

#[test]
fn the_other_order_of_bytes_and_nanoseconds() {
    let little = pcap(&packets(false));
    let mut big = Vec::new();
    for word in little[..24].chunks(4) {
        big.extend(word.iter().rev());
    }
    // Two numbers of 16 bits.
    big[4..8].copy_from_slice(&[0, 2, 0, 4]);
    big[3] = 0xD4;
    let mut nano = little.clone();
    nano[..4].copy_from_slice(&[0x4D, 0x3C, 0xB2, 0xA1]);
    let mut at = 24;
    while at < little.len() {
        let length = u32::from_le_bytes(little[at + 8..at + 12].try_into().expect("four bytes")) as usize;
        for word in little[at..at + 16].chunks(4) {
            big.extend(word.iter().rev());
        }
        big.extend(&little[at + 16..at + 16 + length]);
        at += 16 + length;
    }
    assert_eq!(read(&big), read(&little));
    let nano = read(&nano);
    assert_eq!(story(&nano), STORY);
    assert_eq!(nano.observations[0].at_us, read(&little).observations[0].at_us / 1000);
}

/// A block of pcapng, in the order of bytes of the file.
fn block(number: impl Fn(u32) -> [u8; 4], kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4);
    let length = number(padding as u32 + 12);
    let mut block = [&number(kind)[..], &length, body].concat();
    block.resize(padding + 8, 0);
    block.extend(length);
    block
}

/// A capture in the newer format. Options have no end marker, as some programs write them.
fn pcapng(number: impl Fn(u32) -> [u8; 4] + Copy, resolution: u8, packets: &[Vec<u8>]) -> Vec<u8> {
    let short = |value: u16| number(u32::from(value) << 16 | u32::from(value));
    let half = |value: u16| if number(1)[0] == 1 { short(value)[..2].to_vec() } else { short(value)[2..].to_vec() };
    let section = [number(0x1A2B_3C4D).to_vec(), half(1), half(0), vec![0xFF; 8]].concat();
    let mut file = block(number, 0x0A0D_0D0A, &section);
    // if_tzone, which is obsolete, and if_tsresol.
    let options = [half(10), half(4), number(0).to_vec(), half(9), half(1), vec![resolution, 0, 0, 0]].concat();
    let interface = [half(101), half(0), number(0).to_vec(), options].concat();
    file.extend(block(number, 1, &interface));
    for (packet, at_ms) in packets.iter().zip(1_795_608_000_000_u64..) {
        let units = match resolution {
            6 => 1_000_000,
            9 => 1_000_000_000,
            _ => 1_u64 << (resolution & 0x7F),
        };
        let ticks = (u128::from(at_ms) * u128::from(units) / 1000) as u64;
        let length = number(packet.len() as u32);
        let head = [number(0), number((ticks >> 32) as u32), number(ticks as u32), length, length].concat();
        file.extend(block(number, 6, &[&head[..], packet].concat()));
    }
    file
}

#[test]
fn pcapng_in_both_orders_of_bytes_and_with_each_resolution() {
    for resolution in [6, 9, 0x80 | 20] {
        for file in [
            pcapng(u32::to_le_bytes, resolution, &packets(false)),
            pcapng(u32::to_be_bytes, resolution, &packets(true)),
        ] {
            let document = read(&file);
            assert_eq!(story(&document), STORY, "{resolution}");
            assert_eq!(document.began, "2026-11-25T12:00:00.000000Z");
            assert_eq!(document.observations[1].at_us.next_multiple_of(1000), 5000);
            assert_eq!(problems(&document).len(), 1, "{:?}", problems(&document));
        }
    }
}

#[test]
fn a_damaged_block_does_not_affect_the_others() {
    let mut packets = packets(false);
    packets.insert(5, vec![0; 40]);
    let mut file = pcapng(u32::to_le_bytes, 6, &packets);
    let at = file.windows(43).position(|window| window == [0; 43]).expect("the packet of zeros") + 3;
    // The length of the packet, which is now longer than its block.
    file[at - 8] = 200;
    let document = read(&file);
    assert_eq!(story(&document), STORY);
    assert_eq!(problems(&document)[0].1, "a block is damaged and is left out");
    // A packet of an interface that the file does not describe.
    file[at - 8] = 40;
    file[at - 20] = 9;
    assert!(problems(&read(&file))[0].1.contains("its interface is not described"));
}
