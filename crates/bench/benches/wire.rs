//! The wire crate alone: headers, masking and the UTF-8 check, compared with other crates.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;
use wire::mask::MaskingKey;
use wire::utf8::Utf8Check;

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
/// The length of a short client header, after which the payload begins in a buffer. It is not a multiple of the word size.
const BEHIND_HEADER: usize = 6;

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .without_plots()
}

fn headers(criterion: &mut Criterion) {
    let frames: [(&str, &[u8]); 4] = [
        ("7 bits, no key", b"\x82\x14"),
        ("7 bits", b"\x82\x94\x37\xFA\x21\x3D"),
        ("16 bits", b"\x82\xFE\x40\x00\x37\xFA\x21\x3D"),
        ("64 bits", b"\x82\xFF\x00\x00\x00\x00\x00\x10\x00\x00\x37\xFA\x21\x3D"),
    ];
    let mut group = criterion.benchmark_group("header");
    for (name, bytes) in frames {
        group.bench_with_input(BenchmarkId::new("wire", name), bytes, |bencher, bytes| {
            bencher.iter(|| wire::header::FrameHeader::parse(black_box(bytes)));
        });
        group.bench_with_input(BenchmarkId::new("tungstenite", name), bytes, |bencher, bytes| {
            use tungstenite::protocol::frame::FrameHeader;
            bencher.iter(|| FrameHeader::parse(&mut Cursor::new(black_box(bytes))));
        });
    }
}

fn unmasking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unmask");
    for size in [16, 125, 1 << 10, 16 << 10, 1 << 20] {
        let mut buffer = vec![0x5A; BEHIND_HEADER + size];
        let target = &mut buffer[BEHIND_HEADER..];
        let source = vec![0xA5; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("wire", size), |bencher| {
            bencher.iter(|| MaskingKey(black_box(KEY)).apply(black_box(&mut *target), 0));
        });
        // The second piece of a payload can begin in the middle of the key.
        group.bench_function(BenchmarkId::new("wire, second piece", size), |bencher| {
            bencher.iter(|| MaskingKey(black_box(KEY)).apply(black_box(&mut *target), black_box(3)));
        });
        group.bench_function(BenchmarkId::new("fastwebsockets", size), |bencher| {
            bencher.iter(|| fastwebsockets::unmask(black_box(&mut *target), black_box(KEY)));
        });
        // The lower limit: reads and writes the same number of bytes once, without masking.
        group.bench_function(BenchmarkId::new("memcpy", size), |bencher| {
            bencher.iter(|| black_box(&mut *target).copy_from_slice(black_box(&source)));
        });
    }
}

fn texts(criterion: &mut Criterion) {
    const MIXED: &str = "Grüße, 世界! Привет — «тест» 🙂 and some plain words between them. ";
    let ascii = |size| "The quick brown fox jumps over the lazy dog. ".chars().cycle().take(size).collect::<String>();
    let texts =
        [("125 bytes, ASCII", ascii(125)), ("16 KiB, ASCII", ascii(16 << 10)), ("16 KiB, mixed", MIXED.repeat(188))];
    let mut group = criterion.benchmark_group("utf8");
    for (name, text) in &texts {
        let bytes = text.as_bytes();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("wire", name), |bencher| {
            bencher.iter(|| {
                let mut check = Utf8Check::default();
                check.push(black_box(bytes)).and_then(|()| check.finish())
            });
        });
        group.bench_function(BenchmarkId::new("std", name), |bencher| {
            bencher.iter(|| std::str::from_utf8(black_box(bytes)).is_ok());
        });
        group.bench_function(BenchmarkId::new("simdutf8", name), |bencher| {
            bencher.iter(|| simdutf8::basic::from_utf8(black_box(bytes)).is_ok());
        });
    }
}

criterion_group! {
    name = benches;
    config = config();
    targets = headers, unmasking, texts
}
criterion_main!(benches);
