use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::*;
use crate::definition::Definition;
use crate::id::Id;
use crate::kind::Kind;
use crate::trace_record::TraceEvent;

const RECORDS: u64 = 8;
const SLOTS: u32 = 2;
const ARENA: u64 = 4_096 + 2 * (64 + RECORDS * 32);

/// A writer of ring files as the tracer writes them.
struct Writer {
    file: File,
    heads: [u64; SLOTS as usize],
    arena: u64,
}

impl Writer {
    fn new(path: &Path) -> Self {
        let file = File::create(path).expect("a file");
        file.set_len(ARENA + 65_536).expect("room");
        let mut header = Vec::from(*b"contend1");
        for word in [1, 0x0102_0304, 42, 1, 0, SLOTS, RECORDS as u32, 1_u32] {
            header.extend(word.to_ne_bytes());
        }
        header.extend(ARENA.to_ne_bytes());
        header.extend(65_536_u64.to_ne_bytes());
        file.write_all_at(&header, 0).expect("a header");
        Self { file, heads: [0; SLOTS as usize], arena: 0 }
    }

    fn define(&mut self, line: &str) {
        self.file.write_all_at(format!("{line}\n").as_bytes(), ARENA + self.arena).expect("a line");
        self.arena += line.len() as u64 + 1;
        self.file.write_all_at(&self.arena.to_ne_bytes(), 56).expect("the head");
    }

    fn record(&mut self, slot: usize, at: u64, kind: Kind, object: u64) {
        let offset = 4_096 + slot as u64 * (64 + RECORDS * 32);
        let index = self.heads[slot];
        let mut record = Vec::new();
        for word in [at, object, 0] {
            record.extend(word.to_ne_bytes());
        }
        record.extend(kind.code().to_ne_bytes());
        record.extend(1_u16.to_ne_bytes());
        record.extend((index as u32).to_ne_bytes());
        self.file.write_all_at(&record, offset + 64 + index % RECORDS * 32).expect("a record");
        self.heads[slot] += 1;
        self.file.write_all_at(&self.heads[slot].to_ne_bytes(), offset).expect("the head");
        if kind == Kind::Begin {
            self.file.write_all_at(&object.to_ne_bytes(), offset + 8).expect("the lane");
        }
    }
}

fn read_all(directory: &mut TraceDirectory) -> Vec<TraceRecord> {
    let mut records = Vec::new();
    directory.find_files();
    directory.read(1_000, &mut records);
    records
}

fn events(records: &[TraceRecord]) -> Vec<(u64, Id, Kind)> {
    let event = |record: &TraceRecord| match record {
        TraceRecord::Event(TraceEvent { at, lane, kind, .. }) => Some((*at, *lane, *kind)),
        _ => None,
    };
    records.iter().filter_map(event).collect()
}

#[test]
fn records_and_definitions_are_read_once_each() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut writer = Writer::new(&directory.path().join("42-0-0.cvr"));
    writer.define(r#"{"ev":"lane","id":7,"tid":42,"name":"MainThread"}"#);
    writer.record(0, 10, Kind::Begin, 7);
    writer.record(0, 11, Kind::Acquired, 9);
    let mut reader = TraceDirectory::new(directory.path().to_owned());
    let records = read_all(&mut reader);
    assert!(matches!(&records[0], TraceRecord::Definition(Definition::Lane(lane)) if lane.pid == 42), "{records:?}");
    assert_eq!(events(&records), [(10, Id::Number(7), Kind::Begin), (11, Id::Number(7), Kind::Acquired)]);
    assert_eq!(read_all(&mut reader), []);
    writer.record(0, 2_000, Kind::End, 7);
    writer.record(0, 2_001, Kind::Begin, 8);
    let records = read_all(&mut reader);
    assert_eq!(events(&records), [(1_000, Id::Number(7), Kind::End), (1_000, Id::Number(8), Kind::Begin)]);
}

#[test]
fn overwritten_records_are_counted_exactly() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut writer = Writer::new(&directory.path().join("42-0-0.cvr"));
    writer.record(0, 1, Kind::Begin, 7);
    let mut reader = TraceDirectory::new(directory.path().to_owned());
    assert_eq!(events(&read_all(&mut reader)).len(), 1);
    for at in 2..40 {
        writer.record(0, at, Kind::Put, 9);
    }
    let records = read_all(&mut reader);
    assert_eq!(records[0], TraceRecord::Lost { at: 32, lane: Id::Number(7), count: 30 });
    assert_eq!((events(&records).len(), reader.counts().lost), (8, 30));
    assert_eq!(reader.counts().events + reader.counts().lost, 39);
}

#[test]
fn hostile_files_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = |name: &str| directory.path().join(name);
    fs::write(place("1-0-0.cvr"), b"contend1").expect("a file");
    fs::write(place("2-0-0.cvr"), [0xff; 8_192]).expect("a file");
    let huge = Writer::new(&place("3-0-0.cvr"));
    huge.file.write_all_at(&u32::MAX.to_ne_bytes(), 28).expect("a header"); // slots
    let far = Writer::new(&place("4-0-0.cvr"));
    far.file.write_all_at(&(u64::MAX - 5).to_ne_bytes(), 40).expect("a header"); // the arena
    std::os::unix::fs::symlink("/dev/zero", place("5-0-0.cvr")).expect("a link");
    let short = Writer::new(&place("6-0-0.cvr"));
    short.file.write_all_at(&u64::MAX.to_ne_bytes(), 56).expect("a head");
    let mut reader = TraceDirectory::new(directory.path().to_owned());
    assert_eq!(events(&read_all(&mut reader)), []);
    assert_eq!((reader.counts().refused_files, reader.file_count()), (5, 1));
    short.file.set_len(10).expect("it shrinks");
    assert_eq!(read_all(&mut reader), []);
}
