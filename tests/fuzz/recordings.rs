//! Fuzz target: files of recordings. Damage is found by checksums, so that most inputs are contents that get a valid
//! section around them.

use std::io::Cursor;

use contend::model::{Budget, Model};
use contend::platform::Machine;
use contend::recording::{Conclusion, Decoder, Encoder, FORMAT_VERSION, Recorder, Recording, RunDescription};
use contend::trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, RunEnd, Stamp, State,
    WorkerId, WorkerInfo, WorkerKind,
};

use crate::drive::{Bytes, Target};

const HEADER: u8 = 1;
const MESSAGES: u8 = 2;
const END: u8 = 3;

fn registry() -> Registry {
    let worker =
        |n: usize| WorkerInfo { name: format!("w{n}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = ResourceInfo { name: "m".into(), kind: ResourceKind::Mutex { kind: LockKind::Std } };
    Registry { workers: (0..3).map(worker).collect(), resources: vec![lock], ..Registry::default() }
}

fn description() -> RunDescription {
    RunDescription {
        program_version: "1.2.3".into(),
        title: "a run".into(),
        machine: Machine { cores: 2, usable: 2, quota: None, os: "Linux 6".into() },
        registry: registry(),
        run: None,
        time_limit: None,
        begins_at: None,
    }
}

/// Returns the file of a short run.
fn recorded_file() -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("run.contend");
    let mut recorder = Recorder::create(&path, &description(), None).expect("a file");
    for message in &messages() {
        recorder.record(message);
    }
    recorder.finish(Conclusion { at: Stamp(9_000), ended: RunEnd::Completed, signal: None });
    std::fs::read(path).expect("the file")
}

fn messages() -> Vec<Message> {
    let lock = ResourceId(0);
    let kinds = [
        EventKind::LifeBegan,
        EventKind::LockWait { lock, held_count: 0, timed: false },
        EventKind::Acquired { lock, grant: Grant(1) },
        EventKind::Released { lock, grant: Grant(1) },
        EventKind::Blocked { state: State::Sleep, on: None },
        EventKind::Resumed,
    ];
    let event = |(at, kind)| Event { at: Stamp(at as u64 * 100), worker: WorkerId(at as u32 % 3), kind };
    let events = kinds.into_iter().cycle().take(40).enumerate().map(event).collect();
    vec![Message::Batch(vec![Message::Events(events), Message::Watermark(Stamp(5_000))]), Message::Watermark(Stamp(9))]
}

/// Returns a section with valid head and checksum around any content, which is stored as LZ4 literals.
fn section(kind: u8, number: u64, content: &[u8]) -> Vec<u8> {
    let mut stored = vec![(content.len().min(15) as u8) << 4];
    if let Some(mut more) = content.len().checked_sub(15) {
        while more >= 255 {
            stored.push(255);
            more -= 255;
        }
        stored.push(more as u8);
    }
    stored.extend(content);
    let mut head = b"ctnd".to_vec();
    head.extend([kind, 0, 0, 0]);
    head.extend((content.len() as u32).to_le_bytes());
    head.extend((stored.len() as u32).to_le_bytes());
    head.extend(number.to_le_bytes());
    head.extend([0; 24]);
    let checksum = crc32(head[4..].iter().chain(&stored));
    head.extend(checksum.to_le_bytes());
    head.extend(stored);
    head
}

/// CRC-32 as in IEEE 802.3.
fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// Returns a file of these sections, with the place of the last one at its end.
fn file(sections: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"contend record\r\n".to_vec();
    file.extend(FORMAT_VERSION.to_le_bytes());
    let mut last = 0;
    for section in sections {
        last = file.len() as u64;
        file.extend(section);
    }
    file.extend(last.to_le_bytes());
    file.extend(b"ctnd end");
    file
}

/// Reads everything in a file and applies it to a model.
fn read(bytes: Vec<u8>) {
    let Ok(mut recording) = Recording::from_reader(Cursor::new(bytes)) else { return };
    // With all levels of its histories, but few buckets: it costs less to fill.
    let mut model = Model::new(std::sync::Arc::new(registry()), Budget { bytes: 512 << 10 });
    for at in 0..recording.sections().len().min(8) {
        let Some(messages) = recording.read_messages(at).expect("a vector can be read") else { break };
        for message in &messages {
            model.apply(message);
        }
        check_round_trip(&messages);
    }
    model.findings(model.newest_stamp());
}

/// Asserts that messages which were read and written are read again as they were written. Only the first time may
/// change them: an event of an unknown kind loses its code.
fn check_round_trip(messages: &[Message]) {
    let encode = |messages: &[Message]| {
        let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
        for message in messages {
            encoder.encode(message, &mut bytes);
        }
        bytes
    };
    let decode = |bytes: &[u8]| {
        let (mut decoder, mut rest) = (Decoder::default(), bytes);
        let read: Option<Vec<Message>> = messages.iter().map(|_| decoder.decode(&mut rest)).collect();
        assert!(rest.is_empty());
        read.expect("they were written just now")
    };
    let once = encode(&decode(&encode(messages)));
    assert!(once == encode(&decode(&once)));
}

/// The header of a valid file, with which a content is read as messages.
struct Parts {
    header: Vec<u8>,
}

impl Parts {
    fn new() -> Self {
        let valid = recorded_file();
        let stored = u32::from_le_bytes(valid[32..36].try_into().expect("four bytes")) as usize;
        Self { header: valid[20..20 + 52 + stored].to_vec() }
    }

    fn run(&self, input: &[u8]) {
        let mut bytes = Bytes::new(input);
        let which = bytes.byte();
        let content = bytes.take(usize::MAX);
        let header = || self.header.clone();
        match which % 8 {
            0 => read(content.to_vec()),
            1 => read(file(&[section(HEADER, 0, content)])),
            2 => read(file(&[header(), section(MESSAGES, 1, &[]), section(END, 2, content)])),
            // Without an end: the sections are found one by one.
            _ => read([file(&[header(), section(MESSAGES, 1, content)]), vec![0]].concat()),
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut content = Vec::new();
    let mut encoder = Encoder::default();
    for message in &messages() {
        encoder.encode(message, &mut content);
    }
    vec![[vec![0], recorded_file()].concat(), [vec![3], content].concat()]
}

#[test]
fn arbitrary_recordings_are_read_or_refused() {
    let parts = Parts::new();
    let target = Target { name: "recordings", seeds: seeds(), words: Vec::new(), longest: 1_500, some: 20_000 };
    target.fuzz(|input| parts.run(input));
}

/// The sections that this target makes are those of the format.
#[test]
fn contents_get_valid_sections() {
    let parts = Parts::new();
    let seeds = seeds();
    let content = &seeds[1][1..];
    let whole = [file(&[parts.header.clone(), section(MESSAGES, 1, content)]), vec![0]].concat();
    let mut recording = Recording::from_reader(Cursor::new(whole)).expect("a recording");
    assert_eq!(recording.read_messages(0).expect("it is read"), Some(messages()));
}
