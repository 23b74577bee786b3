use super::record::{FrameRecord, Kept, SHARED};
use super::*;
use observation::event::{Cause, Closed, Count, Frame, Inflated};
use observation::{Citation, Deliberate, Event, MessageKind, Origin, Position};
use wire::Sender;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;
use wire::violation::Violation;

pub(super) fn event(reason: &str) -> Event {
    let count = Count::default();
    let reason = reason.to_owned();
    Event::Closed(Closed {
        first: None,
        code: None,
        reason,
        clean: false,
        cause: Cause::ConnectionEnded,
        client: count,
        server: count,
    })
}

fn log(change: impl FnOnce(&mut Config)) -> Log {
    let mut config = Config::default();
    change(&mut config);
    Log::new(&config)
}

pub(super) fn push_event(log: &mut Log, event: &Event) {
    let mut records = Records::default();
    records.event(event);
    log.append(0, [ConnectionNumber(1); 2], &mut records);
}

fn push(log: &mut Log, count: usize) {
    for _ in 0..count {
        push_event(log, &event("because"));
    }
}

/// A binary frame from the client, and its echo.
fn push_pair(log: &mut Log, payload: &[u8]) {
    let mut records = Records::default();
    let header = FrameHeader::unmasked(true, Opcode::Binary, payload.len() as u64);
    let kept = Kept::new(payload);
    for (from, masking_key) in [(Sender::Client, Some(MaskingKey([1, 2, 3, 4]))), (Sender::Server, None)] {
        records.frame(FrameRecord {
            from,
            header: &FrameHeader { masking_key, ..header },
            position: None,
            payload_bytes: payload.len() as u64,
            kept: kept.clone(),
            inflated: None,
            violations: &[],
            deliberate: None,
            concealed_by: None,
        });
    }
    log.append(7, [ConnectionNumber(2); 2], &mut records);
}

fn numbers(extract: &Extract) -> Vec<u64> {
    extract.observations().iter().map(|observation| observation.seq.0).collect()
}

fn kept_numbers(log: &Log) -> Vec<u64> {
    numbers(&log.extract(Seq(0), usize::MAX, usize::MAX))
}

#[test]
fn what_follows_a_number() {
    let mut log = log(|_| {});
    assert_eq!(kept_numbers(&log), [0_u64; 0]);
    push(&mut log, 5);
    assert_eq!(numbers(&log.extract(Seq(0), 3, 100_000)), [1, 2, 3]);
    assert_eq!(numbers(&log.extract(Seq(3), 3, 100_000)), [4, 5]);
    assert_eq!(numbers(&log.extract(Seq(3), 3, 0)), [4]);
    assert_eq!(numbers(&log.extract(Seq(5), 3, 100_000)), [0_u64; 0]);
    assert_eq!(numbers(&log.extract(Seq(u64::MAX), 3, 100_000)), [0_u64; 0]);
}

#[test]
fn a_full_log_loses_its_oldest_and_says_so() {
    let mut log = log(|config| config.log_count = 3);
    push(&mut log, 10);
    let all = log.extract(Seq(0), 100, 100_000);
    assert_eq!((all.gap, numbers(&all)), (Some(Gap { from: Seq(1), to: Seq(7) }), vec![8, 9, 10]));
    let tail = log.extract(Seq(7), 100, 100_000);
    assert_eq!((tail.gap, numbers(&tail)), (None, vec![8, 9, 10]));
}

#[test]
fn numbers_go_on_from_chunk_to_chunk_and_payloads_stay_with_their_frames() {
    let mut log = log(|config| config.log_count = 2000);
    for n in 0..3000_usize {
        // Shared ones and copied ones, so that each is told from its neighbours.
        let length = if n % 3 == 0 { SHARED + n } else { n % 7 };
        push_pair(&mut log, &vec![n as u8; length]);
    }
    assert!(log.chunks.len() > 1, "{}", log.chunks.len());
    assert_eq!(kept_numbers(&log), (4001..=6000).collect::<Vec<_>>());
    for after in [4000, 4001, 4002, 4999, 5500, 5998, 5999] {
        let seen = log.extract(Seq(after), 5, usize::MAX).observations();
        assert_eq!(seen.len() as u64, 5.min(6000 - after));
        for observation in seen {
            let n = (observation.seq.0 as usize - 1) / 2;
            let length = if n.is_multiple_of(3) { SHARED + n } else { n % 7 };
            let Event::Frame(frame) = observation.event else { panic!("a frame") };
            assert_eq!(frame.unmasked_payload(), vec![n as u8; length], "{}", observation.seq);
            assert_eq!((frame.length, frame.masked), (length as u64, observation.seq.0 % 2 == 1));
            assert_eq!((observation.at_us, observation.connection), (7, ConnectionNumber(2)));
        }
    }
}

#[test]
fn a_frame_and_its_echo_share_a_large_payload() {
    let mut log = log(|_| {});
    push_pair(&mut log, &[5; SHARED]);
    let blobs = &log.chunks[0].blobs;
    assert!(blobs.len() == 2 && Arc::ptr_eq(&blobs[0], &blobs[1]));
    push_pair(&mut log, &[5; SHARED - 1]);
    assert_eq!(log.chunks[0].blobs.len(), 2);
}

#[test]
fn bytes_are_bounded_and_the_newest_stays() {
    let mut log = log(|config| config.log_bytes = 2000);
    push(&mut log, 100);
    assert!(log.bytes <= 2000 && log.count > 1);
    push_event(&mut log, &event(&"x".repeat(100_000)));
    assert_eq!(log.count, 1);
    push(&mut log, 1);
    assert_eq!((log.count, kept_numbers(&log)), (1, vec![102]));
    // Counted down to nothing that is not there.
    assert_eq!(log.bytes, weight(log.chunks[0].bytes.len() - log.chunks[0].start, None));
}

#[test]
fn a_full_log_takes_no_more_memory() {
    let mut log = log(|config| config.log_bytes = 1 << 20);
    let memory =
        |log: &Log| log.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum::<usize>() + log.spare.capacity();
    for _ in 0..20_000 {
        push_pair(&mut log, &[7; 100]);
    }
    let full = memory(&log);
    assert!(full <= (1 << 20) + 2 * CHUNK, "{full}");
    for _ in 0..20_000 {
        push_pair(&mut log, &[7; 100]);
        assert!(memory(&log) <= full + CHUNK);
    }
}

#[test]
fn a_record_reads_back_as_the_frame_that_it_was_made_of() {
    #[track_caller]
    fn check(record: FrameRecord<'_>, expect: Frame) {
        let mut records = Records::default();
        records.frame(record);
        let mut log = log(|_| {});
        log.append(0, [ConnectionNumber(1); 2], &mut records);
        let [observation] = &log.extract(Seq(0), 9, usize::MAX).observations()[..] else { panic!("one") };
        assert_eq!(observation.event, Event::Frame(expect));
    }
    let fault = Deliberate {
        by: Origin::Behaviour,
        what: "rsv1".into(),
        explanation: "RSV1 is set".into(),
        rule: Some(Citation::new(6455, "5.2")),
    };
    let key = Some(MaskingKey([0x37, 0xfa, 0x21, 0x3d]));
    let position = |fragment, kind, last| Some(Position { message: u64::MAX, fragment, kind, last });
    for masking_key in [None, key] {
        for (bytes, front) in [(0, 0), (5, 5), (5, 2), (125, 0), (600, 600), (70_000, 1000)] {
            for position in [None, position(1, MessageKind::Text, true), position(u32::MAX, MessageKind::Binary, false)]
            {
                for violations in [&[][..], &[Violation::BrokenDeflate, Violation::LengthTopBit]] {
                    for (inflated, deliberate) in
                        [(None, None), (Some((&b""[..], 0)), Some(&fault)), (Some((&b"front"[..], 5000)), None)]
                    {
                        let header = FrameHeader { masking_key, ..FrameHeader::unmasked(false, Opcode::Text, bytes) };
                        let kept = vec![0x41; front];
                        let mut masked = kept.clone();
                        if let Some(key) = masking_key {
                            key.apply(&mut masked, 0);
                        }
                        let arrived = if front == 2 { 3 } else { bytes };
                        let mut expect = Frame::new(Sender::Client, &header, masked, arrived);
                        expect.position = position;
                        expect.violations = violations.iter().map(Into::into).collect();
                        expect.inflated = inflated.map(|(front, bytes)| Inflated { payload: front.to_vec(), bytes });
                        expect.deliberate = deliberate.cloned();
                        let record = FrameRecord {
                            from: Sender::Client,
                            header: &header,
                            position,
                            payload_bytes: arrived,
                            kept: Kept::new(&kept),
                            inflated,
                            violations,
                            deliberate,
                            concealed_by: None,
                        };
                        check(record, expect);
                    }
                }
            }
        }
    }
}

#[test]
fn the_first_records_of_several_can_be_taken_out() {
    let record = |records: &mut Records, payload: &[u8]| {
        records.frame(FrameRecord {
            from: Sender::Server,
            header: &FrameHeader::unmasked(true, Opcode::Binary, payload.len() as u64),
            position: None,
            payload_bytes: payload.len() as u64,
            kept: Kept::new(payload),
            inflated: None,
            violations: &[],
            deliberate: None,
            concealed_by: None,
        });
        records.ends.push_back(End { at: payload.len() as u64, bytes: 0, is_frame: true });
    };
    let mut records = Records::default();
    record(&mut records, &[1; SHARED]);
    record(&mut records, &[2; 3]);
    record(&mut records, &[3; SHARED + 1]);
    let mut front = records.take_front(2);
    assert_eq!((front.ends.len(), records.ends.len()), (2, 1));
    let mut log = log(|_| {});
    log.append(0, [ConnectionNumber(1); 2], &mut front);
    log.append(0, [ConnectionNumber(1); 2], &mut records);
    let lengths = log.extract(Seq(0), 9, usize::MAX).observations().into_iter().map(|observation| {
        let Event::Frame(frame) = observation.event else { panic!("a frame") };
        (frame.payload[0], frame.payload.len())
    });
    assert_eq!(lengths.collect::<Vec<_>>(), [(1, SHARED), (2, 3), (3, SHARED + 1)]);
}

/// One frame, two observations with numbers of their own, of whichever an observer may have had the first.
#[test]
fn a_frame_that_crosses_two_legs_is_two_observations() {
    let twin = |records: &mut Records, payload: &[u8]| {
        records.twin(FrameRecord {
            from: Sender::Client,
            header: &FrameHeader::unmasked(true, Opcode::Binary, payload.len() as u64),
            position: None,
            payload_bytes: payload.len() as u64,
            kept: Kept::new(payload),
            inflated: None,
            violations: &[],
            deliberate: None,
            concealed_by: None,
        });
    };
    let mut log = log(|config| config.log_count = 6);
    let mut records = Records::default();
    twin(&mut records, &[1; SHARED]);
    twin(&mut records, &[2; 3]);
    log.append(0, [ConnectionNumber(4), ConnectionNumber(7)], &mut records);
    assert!(records.is_empty());
    let seen = |log: &Log, after: u64, most: usize| {
        let extract = log.extract(Seq(after), most, usize::MAX);
        let observations = extract.observations();
        assert_eq!(extract.last(), observations.last().map(|last| last.seq));
        let brief = observations.into_iter().map(|observation| {
            let Event::Frame(frame) = observation.event else { panic!("a frame") };
            (observation.seq.0, observation.connection.0, frame.payload[0], frame.payload.len())
        });
        brief.collect::<Vec<_>>()
    };
    let all = [(1, 4, 1, SHARED), (2, 7, 1, SHARED), (3, 4, 2, 3), (4, 7, 2, 3)];
    for after in 0..5 {
        assert_eq!(seen(&log, after, 9), all[after as usize..], "after {after}");
    }
    assert_eq!(seen(&log, 1, 1), all[1..2]);
    // Both go at once, and the last record stays.
    for payload in [3, 4] {
        twin(&mut records, &[payload]);
        log.append(0, [ConnectionNumber(4), ConnectionNumber(7)], &mut records);
    }
    assert_eq!((log.count, log.records, log.last), (6, 3, Seq(8)));
    assert_eq!(seen(&log, 0, 9).iter().map(|it| it.0).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
    log.max_count = 1;
    twin(&mut records, &[5]);
    log.append(0, [ConnectionNumber(4), ConnectionNumber(7)], &mut records);
    assert_eq!(seen(&log, 0, 9), [(9, 4, 5, 1), (10, 7, 5, 1)]);
}

/// What a relay reads of a log that several relays write.
#[test]
fn missing_numbers_are_a_gap_wherever_they_are() {
    let mut log = Log::bounded(u64::MAX, usize::MAX);
    let mut stamped = |first: u64, count: usize| {
        let mut records = Records::default();
        (0..count).for_each(|_| records.event(&event("because")));
        log.append_stamped(Seq(first), &mut records);
    };
    stamped(3, 2);
    stamped(5, 1);
    stamped(100, 2);
    assert_eq!((log.last(), log.appended(), log.dropped()), (Seq(101), 5, 0));
    let read = |log: &Log, after: u64, most: usize| {
        let extract = log.extract(Seq(after), most, usize::MAX);
        let numbers: Vec<_> = extract.observations().iter().map(|observation| observation.seq.0).collect();
        (extract.gap.map(|gap| (gap.from.0, gap.to.0)), numbers, extract.last().map(|seq| seq.0))
    };
    assert_eq!(read(&log, 0, 9), (Some((1, 2)), vec![3, 4, 5], Some(5)));
    assert_eq!(read(&log, 3, 1), (None, vec![4], Some(4)));
    assert_eq!(read(&log, 5, 9), (Some((6, 99)), vec![100, 101], Some(101)));
    assert_eq!(read(&log, 50, 1), (Some((51, 99)), vec![100], Some(100)));
    assert_eq!(read(&log, 101, 9), (None, vec![], None));
    assert_eq!(read(&log, 500, 9), (None, vec![], None));
    log.skip_to(Seq(200));
    assert_eq!(read(&log, 101, 9), (Some((102, 199)), vec![], None));
}
