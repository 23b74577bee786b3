//! Random traffic of a client that follows every rule.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The frames that one client sends.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    frames: Vec<Frame>,
    /// The payload of its close frame, if it sends one.
    close: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Frame {
    first: u8,
    key: [u8; 4],
    payload: Vec<u8>,
}

impl Frame {
    fn append(&self, out: &mut Vec<u8>) {
        out.push(self.first);
        match self.payload.len() {
            length @ 0..=125 => out.push(0x80 | length as u8),
            length @ 126..=0xFFFF => {
                out.push(0xFE);
                out.extend((length as u16).to_be_bytes());
            }
            length => {
                out.push(0xFF);
                out.extend((length as u64).to_be_bytes());
            }
        }
        out.extend(self.key);
        out.extend(self.payload.iter().zip(self.key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

impl Traffic {
    pub(super) fn without_close(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for frame in &self.frames {
            frame.append(&mut bytes);
        }
        bytes
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.without_close();
        if let Some(close) = &self.close {
            Frame { first: 0x88, key: [9, 8, 7, 6], payload: close.clone() }.append(&mut bytes);
        }
        bytes
    }

    pub(super) fn pings(&self) -> Vec<Vec<u8>> {
        self.frames.iter().filter(|frame| frame.first == 0x89).map(|frame| frame.payload.clone()).collect()
    }
}

impl Arbitrary for Traffic {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let reason = vec(any::<char>(), 0..30).prop_map(String::from_iter);
        let code = prop_oneof![Just(1000_u16), Just(1001), Just(1011), 3000..5000_u16];
        let close = (code, reason).prop_map(|(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat());
        let close = prop_oneof![Just(None), Just(Some(Vec::new())), close.prop_map(Some)];
        let frames = vec(prop_oneof![4 => message(), 1 => control().prop_map(|frame| vec![frame])], 0..12);
        (frames, close).prop_map(|(frames, close)| Self { frames: frames.concat(), close }).boxed()
    }
}

fn control() -> impl Strategy<Value = Frame> {
    (prop_oneof![Just(0x89), Just(0x8A)], any::<[u8; 4]>(), vec(any::<u8>(), 0..=125))
        .prop_map(|(first, key, payload)| Frame { first, key, payload })
}

/// A message in random fragments, with control frames between some of them.
fn message() -> impl Strategy<Value = Vec<Frame>> {
    let few = |count| vec(any::<u8>(), 0..count);
    // Sizes around each form of the length, and larger than one read.
    let lengths = prop_oneof![Just(125_usize), Just(126), Just(0xFFFF), Just(0x1_0000), 100_000..200_000_usize];
    let binary = prop_oneof![4 => few(300), 1 => (lengths, any::<u8>()).prop_map(|(length, byte)| vec![byte; length])];
    let text = prop_oneof![
        4 => vec(any::<char>(), 0..100).prop_map(String::from_iter),
        1 => (any::<char>(), 1..60_000_usize).prop_map(|(char, count)| String::from(char).repeat(count)),
    ];
    let content =
        prop_oneof![binary.prop_map(|content| (0x02, content)), text.prop_map(|content| (0x01, content.into_bytes())),];
    let cuts = vec((any::<Index>(), any::<[u8; 4]>(), proptest::option::of(control())), 0..4);
    (content, any::<[u8; 4]>(), cuts).prop_map(|((opcode, content), key, cuts)| {
        let mut places: Vec<_> = cuts.iter().map(|(place, ..)| place.index(content.len() + 1)).collect();
        places.sort_unstable();
        places.push(content.len());
        let mut frames = vec![Frame { first: opcode, key, payload: content[..places[0]].to_vec() }];
        for (ends, (_, key, between)) in places.windows(2).zip(cuts) {
            frames.extend(between);
            frames.push(Frame { first: 0x00, key, payload: content[ends[0]..ends[1]].to_vec() });
        }
        if let Some(last) = frames.last_mut() {
            last.first |= 0x80;
        }
        frames
    })
}
