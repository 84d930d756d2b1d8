//! Streams of frames that are damaged, truncated, or lie about their length.

use std::io::{self, Read};

use contend::engine::RunnerMessage;
use contend::trace::frame::{FRAME_MAX, receive, send};
use contend::trace::{DeathCause, Message, Notice, PoolId, Stamp, WorkerId};
use fastrand::Rng;

use crate::hostile::FEW;
use crate::hostile::fed::FedModel;

fn notices() -> Vec<RunnerMessage> {
    let (worker, text) = (WorkerId(60_000), "broken.jpg: \u{1b}[31m".to_owned());
    let all = vec![
        Notice::Started { worker, pid: 1, tid: u32::MAX },
        Notice::Died { worker, cause: DeathCause::Signal(-9) },
        Notice::Died { worker: WorkerId(0), cause: DeathCause::Exit(i32::MIN) },
        Notice::Resized { pool: PoolId(900), workers: u32::MAX },
        Notice::TaskFailed { worker, message: text.clone() },
        Notice::Stderr(text.clone()),
        Notice::Note(text.clone()),
    ];
    let all = all.into_iter().map(|notice| RunnerMessage::Notice { ticks: u64::MAX, notice });
    all.chain([RunnerMessage::Started { ticks: 0 }, RunnerMessage::Failed(text), RunnerMessage::Finished { ticks: 7 }])
        .collect()
}

fn stream() -> Vec<u8> {
    notices().iter().fold(Vec::new(), |mut bytes, up| {
        send(&mut bytes, up).expect("a vector takes all");
        bytes
    })
}

/// Reads a stream to its end or its first error, and returns the number of frames.
fn read_all(mut bytes: &[u8], fed: &mut FedModel) -> (usize, bool) {
    let mut frames = 0;
    loop {
        match receive::<RunnerMessage>(&mut bytes) {
            Ok(Some(up)) => {
                frames += 1;
                if let RunnerMessage::Notice { ticks, notice } = up {
                    fed.apply(&Message::Notice { at: Stamp(ticks), notice });
                }
            }
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

/// Reads this many streams, each damaged in a few places.
pub fn damaged(inputs: usize) {
    let (whole, mut random, mut fed) = (stream(), Rng::with_seed(2), FedModel::new());
    let mut streams = 0;
    while fed.inputs < inputs && streams < inputs {
        let mut bytes = whole.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] ^= 1 << random.u8(0..8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.u8(..)),
            }
        }
        read_all(&bytes, &mut fed);
        streams += 1;
    }
    println!("{streams} damaged streams with {} frames that were read, 0 panics", fed.inputs);
}

#[test]
fn damaged_streams_are_survived() {
    damaged(FEW);
}

#[test]
fn truncated_stream_yields_all_complete_frames() {
    let (whole, mut fed) = (stream(), FedModel::new());
    let mut ends = vec![0];
    while let Some(length) = whole.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk::<4>()) {
        ends.push(ends[ends.len() - 1] + 4 + u32::from_le_bytes(*length) as usize);
    }
    for cut in 0..=whole.len() {
        let before = ends.iter().filter(|end| **end <= cut && **end > 0).count();
        let (frames, clean) = read_all(&whole[..cut], &mut fed);
        assert_eq!(frames, before, "cut at {cut}");
        let in_length = ends.iter().any(|end| (*end..*end + 4).contains(&cut)); // reads as a clean end
        assert_eq!(clean, in_length, "cut at {cut}");
    }
}

/// Endless zeros, with a count of the bytes read.
struct Zeros(usize);

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(0);
        self.0 += buffer.len();
        Ok(buffer.len())
    }
}

#[test]
fn oversized_frame_length_is_refused_before_reading() {
    for length in [u32::MAX, 1 << 31, FRAME_MAX as u32 + 1] {
        let mut zeros = Zeros(0);
        let refused = receive::<RunnerMessage>(length.to_le_bytes().as_slice().chain(&mut zeros))
            .expect_err("too long")
            .to_string();
        assert!(refused.contains(&length.to_string()) && zeros.0 == 0, "{refused}");
    }
    assert!(receive::<RunnerMessage>(&mut Zeros(0)).is_err(), "a frame of nothing is no frame");
    let most = (FRAME_MAX as u32).to_le_bytes();
    assert!(
        receive::<RunnerMessage>([&most[..], &[0; 100]].concat().as_slice()).is_err(),
        "it ends before what it announced"
    );
    // Inside a frame: a text of 2^63 bytes.
    let lie = [&[12, 0, 0, 0, 2][..], &[0xff; 9], &[0x7f, 0]].concat();
    assert!(receive::<RunnerMessage>(lie.as_slice()).is_err());
}
