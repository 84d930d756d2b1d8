//! A producer that is broken or means harm: whatever stands in the rings or comes over the pipe, the viewer goes on, takes no
//! more memory than it would, and accounts for what it saw.
//!
//! The long form (`cargo test --release --test hostile -- --ignored --nocapture`) has ten million inputs of each sort.
#![allow(clippy::print_stdout, reason = "the figures of the long form")]

mod support;

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contend::engine::{Job, Plan, Up};
use contend::model::{Budget, Model};
use contend::scenario::{Source, check};
use contend::source::Live;
use contend::trace::frame::{FRAME_MAX, receive, send};
use contend::trace::{
    Cast, Death, Event, EventKind, Message, Notice, PoolId, Record, Ring, RingReader, RingWriter, RunEnd, Stamp,
    WorkerId, ring_words,
};
use fastrand::Rng;

/// Inputs of one sort in the short form, and in the long.
const FEW: usize = 40_000;
const MANY: usize = 10_000_000;

/// A cast with something of everything.
fn cast() -> Arc<Cast> {
    let text = "mutex a count=3\ncounter c\nqueue q capacity=4\nsemaphore s permits=2\nrwlock r\nevent e\n\
                thread w count=4 { lock a { load c; store c add=1 } }\n\
                pool p workers=2 { batch count=9; task { compute \"1us\" } }\n";
    let source = Source { name: "x".into(), path: None, text: text.into() };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
    let plan = Plan::new(&scenario, &scenario.defaults(), &Job::default()).expect("a plan");
    Arc::new(plan.cast)
}

/// A model that has only so much memory, and starts anew now and then so that it does not settle.
struct Fed {
    cast: Arc<Cast>,
    model: Model,
    events: Vec<Event>,
    inputs: usize,
}

impl Fed {
    fn new() -> Self {
        let cast = cast();
        Self { model: Model::new(Arc::clone(&cast), Budget { bytes: 1 << 16 }), cast, events: Vec::new(), inputs: 0 }
    }

    fn apply(&mut self, message: &Message) {
        self.model.apply(message);
        self.inputs += 1;
        if self.inputs.is_multiple_of(5_000) {
            self.look(Stamp(self.inputs as u64));
            self.look(Stamp(u64::MAX));
        }
        if self.inputs.is_multiple_of(20_000) {
            self.model = Model::new(Arc::clone(&self.cast), Budget { bytes: 1 << 16 });
        }
    }

    fn look(&self, now: Stamp) {
        let _ = self.model.findings(now);
        let _ = (self.model.newest(), self.model.health());
    }

    fn event(&mut self, record: Record, worker: WorkerId) {
        self.events.push(Event { at: Stamp(record.ticks), worker, kind: record.kind() });
        if self.events.len() == 16 {
            let events = std::mem::take(&mut self.events);
            self.inputs += 15;
            self.inputs -= self.inputs % 16;
            self.model.apply(&Message::Events(events));
        }
    }
}

/// Any number, and often one that is nearly right.
fn number(random: &mut Rng, usual: u64) -> u64 {
    match random.u8(0..8) {
        0 => random.u64(..),
        1 => u64::MAX - random.u64(0..4),
        2 => 1 << random.u32(0..64),
        _ => random.u64(0..usual.max(1)),
    }
}

/// A record with any word, but often with a code that there is.
fn record(random: &mut Rng, now: u64) -> Record {
    let word = random.u64(..);
    let word = if random.bool() { (word & !0xffff_ffff) | (word & 0x000f_003f) } else { word };
    let ticks = if random.u8(0..4) == 0 { number(random, 1 << 40) } else { now };
    Record { ticks, word }
}

fn rings(inputs: usize) {
    const CAPACITY: usize = 64;
    let words: Vec<AtomicU64> = (0..ring_words(CAPACITY)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let mut reader = RingReader::new(ring);
    let (mut random, mut fed, mut taken) = (Rng::with_seed(1), Fed::new(), 0);
    while taken < inputs {
        for cell in words[ring_words(0)..].chunks_exact(2) {
            let record = record(&mut random, taken as u64 * 50);
            cell[0].store(record.ticks, Ordering::Relaxed);
            cell[1].store(record.word, Ordering::Relaxed);
        }
        let produced = words[0].load(Ordering::Relaxed);
        let step = number(&mut random, CAPACITY as u64 * 2);
        words[0].store(produced.wrapping_add(step), Ordering::Release);
        words[8].store(number(&mut random, 1 << 20), Ordering::Relaxed); // what the reader itself has said
        let worker = WorkerId(random.u16(0..12));
        let mut drained = 0;
        let fill = reader.drain(usize::MAX, |record| {
            drained += 1;
            fed.event(record, worker);
        });
        assert!(drained <= CAPACITY && (0.0..=1.0).contains(&fill), "{drained} records, {fill} full");
        taken += drained.max(1);
    }
    fed.look(Stamp(u64::MAX));
    // After all that an honest producer is read to the letter.
    let mut writer = RingWriter::new(ring);
    words[8].store(words[0].load(Ordering::Relaxed), Ordering::Release);
    reader = RingReader::new(ring);
    (0..10).for_each(|i| writer.write(Record::new(i, EventKind::Resume)));
    let mut seen = Vec::new();
    reader.drain(usize::MAX, |record| seen.push((record.ticks, record.kind())));
    assert_eq!(seen, (0..10).map(|i| (i, EventKind::Resume)).collect::<Vec<_>>());
    println!("{taken} hostile records, 0 panics");
}

fn notices() -> Vec<Up> {
    let (worker, text) = (WorkerId(60_000), "broken.jpg: \u{1b}[31m".to_owned());
    let all = vec![
        Notice::Started { worker, pid: 1, tid: u32::MAX },
        Notice::Died { worker, death: Death::Signal(-9) },
        Notice::Died { worker: WorkerId(0), death: Death::Exit(i32::MIN) },
        Notice::Resized { pool: PoolId(900), workers: u32::MAX },
        Notice::Failed { worker, what: text.clone() },
        Notice::Stderr(text.clone()),
        Notice::Note(text.clone()),
    ];
    let all = all.into_iter().map(|notice| Up::Notice { ticks: u64::MAX, notice });
    all.chain([Up::Going { ticks: 0 }, Up::Failed(text), Up::Finished { ticks: 7 }]).collect()
}

fn stream() -> Vec<u8> {
    notices().iter().fold(Vec::new(), |mut bytes, up| {
        send(&mut bytes, up).expect("a vector takes all");
        bytes
    })
}

/// Reads a stream to its end or its first mistake; how many frames it had.
fn read_all(mut bytes: &[u8], fed: &mut Fed) -> (usize, bool) {
    let mut frames = 0;
    loop {
        match receive::<Up>(&mut bytes) {
            Ok(Some(up)) => {
                frames += 1;
                if let Up::Notice { ticks, notice } = up {
                    fed.apply(&Message::Notice { at: Stamp(ticks), notice });
                }
            }
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

fn mutated(inputs: usize) {
    let (whole, mut random, mut fed) = (stream(), Rng::with_seed(2), Fed::new());
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
fn anything_in_a_ring_does_no_harm() {
    rings(FEW);
}

#[test]
fn damaged_streams_do_no_harm() {
    mutated(FEW);
}

#[test]
#[ignore = "ten million inputs take minutes"]
fn ten_million_of_each() {
    rings(MANY);
    mutated(MANY);
}

#[test]
fn a_stream_that_is_cut_has_all_frames_before_the_cut() {
    let (whole, mut fed) = (stream(), Fed::new());
    let mut ends = vec![0];
    while let Some(length) = whole.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk::<4>()) {
        ends.push(ends[ends.len() - 1] + 4 + u32::from_le_bytes(*length) as usize);
    }
    for cut in 0..=whole.len() {
        let before = ends.iter().filter(|end| **end <= cut && **end > 0).count();
        let (frames, clean) = read_all(&whole[..cut], &mut fed);
        assert_eq!(frames, before, "cut at {cut}");
        let in_length = ends.iter().any(|end| (*end..*end + 4).contains(&cut)); // as good as a clean end
        assert_eq!(clean, in_length, "cut at {cut}");
    }
}

/// Zeros without end; counts what is taken.
struct Zeros(usize);

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(0);
        self.0 += buffer.len();
        Ok(buffer.len())
    }
}

#[test]
fn a_length_that_is_a_lie_is_refused_before_anything_is_read() {
    for length in [u32::MAX, 1 << 31, FRAME_MAX as u32 + 1] {
        let mut zeros = Zeros(0);
        let refused =
            receive::<Up>(length.to_le_bytes().as_slice().chain(&mut zeros)).expect_err("too long").to_string();
        assert!(refused.contains(&length.to_string()) && zeros.0 == 0, "{refused}");
    }
    assert!(receive::<Up>(&mut Zeros(0)).is_err(), "a frame of nothing is no frame");
    let most = (FRAME_MAX as u32).to_le_bytes();
    assert!(receive::<Up>([&most[..], &[0; 100]].concat().as_slice()).is_err(), "it ends before what it announced");
    // Inside a frame: a text of 2^63 bytes.
    let lie = [&[12, 0, 0, 0, 2][..], &[0xff; 9], &[0x7f, 0]].concat();
    assert!(receive::<Up>(lie.as_slice()).is_err());
}

#[test]
fn half_a_record_is_not_seen() {
    let words: Vec<AtomicU64> = (0..ring_words(8)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    writer.write(Record::new(1, EventKind::Began));
    words[ring_words(1)].store(77, Ordering::Relaxed); // the next one's time, and then it was killed
    let mut seen = Vec::new();
    reader.drain(usize::MAX, |record| seen.push(record.kind()));
    assert_eq!(seen, [EventKind::Began]);
    let mut successor = RingWriter::new(ring);
    successor.write(Record::new(2, EventKind::Resume));
    reader.drain(usize::MAX, |record| seen.push(record.kind()));
    assert_eq!(seen, [EventKind::Began, EventKind::Resume]);
}

/// Every event of a flood is shown or counted as lost, and the place of each loss is marked.
#[test]
fn a_flood_is_accounted_for_to_the_last() {
    let words: Vec<AtomicU64> = (0..ring_words(512)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let total = 2_000_000_u64;
    let (mut seen, mut marked) = (0, 0);
    let mut count = |record: Record| match record.kind() {
        EventKind::Gap { lost } => marked += lost,
        _ => seen += 1,
    };
    let mut reader = RingReader::new(ring);
    std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            let mut writer = RingWriter::new(ring);
            (0..total).for_each(|i| writer.write(Record::new(i, EventKind::Resume)));
            writer
        });
        while !producer.is_finished() {
            reader.drain(64, &mut count);
            std::thread::yield_now();
        }
        let mut writer = producer.join().expect("it ended");
        reader.drain(usize::MAX, &mut count);
        writer.write(Record::new(total, EventKind::Resume)); // there is room now: what was lost last is marked
        reader.drain(usize::MAX, &mut count);
    });
    let (_, lost) = ring.totals();
    assert_eq!((seen + lost, marked), (total + 1, lost), "recorded = shown + lost");
    println!("{total} events in a flood: {seen} shown, {lost} lost, all {marked} of these marked");
}

/// How a run ends whose runner is this script. The board is its descriptor 3.
fn ended_with(script: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("runner");
    std::fs::write(&image, format!("#!/bin/sh\n{script}\n")).expect("it is written");
    std::fs::set_permissions(&image, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    end_of(&image, script)
}

fn end_of(image: &Path, script: &str) -> String {
    let text = "thread w count=3 { forever { sleep \"1ms\" } }";
    let source = Source { name: "x".into(), path: None, text: text.into() };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
    let live = Live::start_image(&scenario, &scenario.defaults(), Some(image.to_owned())).expect("it starts");
    let mut model = Model::new(live.cast(), Budget { bytes: 1 << 20 });
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < Duration::from_mins(1), "{script} does not end");
        let Ok(message) = live.messages().recv_timeout(Duration::from_secs(1)) else { continue };
        model.apply(&message);
        let _ = model.findings(live.now());
        if let Some((_, how)) = model.ended() {
            return if let RunEnd::Crashed(why) = how { why.clone() } else { how.word().to_owned() };
        }
    }
}

#[test]
fn a_runner_that_is_none_is_told_as_what_it_was() {
    for (script, says) in [
        ("exit 3", "the runner left with exit code 3"),
        ("exit 0", "the runner left with exit code 0"),
        ("kill -ABRT $$", "the runner was ended by SIGABRT"),
        ("head -c 100000 /dev/urandom", "cannot be read"),
        ("printf '\\377\\377\\377\\377'", "a frame of 4294967295 bytes announced"),
        ("printf '\\012\\000\\000\\000abc'", "ended inside a frame"),
        ("yes | head -c 200000 >&2; exit 4", "the runner left with exit code 4"),
        ("dd if=/dev/urandom of=/proc/self/fd/3 conv=notrunc bs=65536 count=64 2>&-; exit 5", "exit code 5"),
        ("(dd if=/dev/urandom of=/proc/$$/fd/3 conv=notrunc bs=65536 2>&- & sleep 0.3; kill -9 $$)", "SIGKILL"),
    ] {
        let told = ended_with(script);
        assert!(told.contains(says), "{script}: {told}");
    }
}
