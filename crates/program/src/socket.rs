//! A Unix socket that takes the same words as lines of JSON, from programs in any language.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::line::{MAX_LINE_BYTES, TextIds, read_line};
use super::trace_record::{Counts, TraceRecord};

/// The most connections at once. Further ones wait until others close.
const MAX_CONNECTIONS: usize = 256;
/// The most bytes that are read from one connection at once: what a program sends faster than that stays in the
/// kernel's buffer, and the program notices that it must not write more.
const MAX_READ: usize = 256 << 10;

/// The listening socket and its connections.
#[derive(Debug)]
pub struct LineServer {
    listener: UnixListener,
    connections: Vec<Connection>,
    ids: TextIds,
    counts: Counts,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    pid: u32,
    line: Vec<u8>,
    is_line_too_long: bool,
}

impl LineServer {
    /// Listens at a path that does not exist yet.
    ///
    /// # Errors
    /// If the socket cannot be created.
    pub fn listen(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            connections: Vec::new(),
            ids: TextIds::default(),
            counts: Counts::default(),
            buffer: vec![0; 64 << 10],
        })
    }

    /// Returns what could not be understood.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Reads everything that is new, without waiting. `now` is the time of lines without one, and the latest that a
    /// line may claim.
    pub fn read(&mut self, now: u64, records: &mut Vec<TraceRecord>) {
        while self.connections.len() < MAX_CONNECTIONS
            && let Ok((stream, _)) = self.listener.accept()
        {
            if stream.set_nonblocking(true).is_ok() {
                self.connections.push(Connection { stream, pid: 0, line: Vec::new(), is_line_too_long: false });
            }
        }
        let Self { connections, ids, counts, buffer, .. } = self;
        let before = records.len();
        connections.retain_mut(|connection| connection.read(now, buffer, ids, counts, records));
        for record in &mut records[before..] {
            if let TraceRecord::Event(event) = record {
                event.at = event.at.min(now);
            }
        }
    }
}

impl Connection {
    /// Reads the available lines. Returns whether the connection stays open.
    fn read(
        &mut self,
        now: u64,
        buffer: &mut [u8],
        ids: &mut TextIds,
        counts: &mut Counts,
        records: &mut Vec<TraceRecord>,
    ) -> bool {
        let mut read = 0;
        while read < MAX_READ {
            match self.stream.read(buffer) {
                Ok(0) => {
                    self.end_line(now, ids, counts, records);
                    return false;
                }
                Ok(n) => {
                    read += n;
                    self.take(&buffer[..n], now, ids, counts, records);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }

    fn take(&mut self, bytes: &[u8], now: u64, ids: &mut TextIds, counts: &mut Counts, records: &mut Vec<TraceRecord>) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE_BYTES - self.line.len().min(MAX_LINE_BYTES);
            self.is_line_too_long |= part.len() > room;
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line(now, ids, counts, records);
            }
        }
    }

    fn end_line(&mut self, now: u64, ids: &mut TextIds, counts: &mut Counts, records: &mut Vec<TraceRecord>) {
        let line = std::mem::take(&mut self.line);
        let text = line.trim_ascii();
        if std::mem::take(&mut self.is_line_too_long) {
            counts.unknown_lines += 1;
        } else if !text.is_empty() {
            let read = read_line(text, self.pid, now, ids, counts);
            if let Some(TraceRecord::Definition(super::Definition::Hello(hello))) = &read {
                self.pid = hello.pid;
            }
            records.extend(read);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{Definition, Kind};

    #[test]
    fn lines_of_any_length_become_definitions_and_events() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events");
        let mut server = LineServer::listen(&path).expect("a socket");
        let mut client = UnixStream::connect(&path).expect("a connection");
        client
            .write_all(b"{\"ev\":\"hello\",\"pid\":9}\n{\"ev\":\"lane\",\"id\":\"a\",\"name\":\"w\"}\n{\"k\":")
            .expect("sent");
        let mut records = Vec::new();
        server.read(50, &mut records);
        assert!(
            matches!(&records[..], [TraceRecord::Definition(Definition::Hello(_)), TraceRecord::Definition(Definition::Lane(lane))] if lane.pid == 9),
            "{records:?}"
        );
        client.write_all(b"\"begin\",\"l\":\"a\",\"t\":99}\n").expect("sent");
        client.write_all(&vec![b'x'; 100_000]).expect("sent");
        client.write_all(b"\n{\"k\":\"end\",\"l\":\"a\"}").expect("sent");
        drop(client);
        records.clear();
        server.read(60, &mut records);
        let kinds: Vec<(u64, Kind)> = records
            .iter()
            .map(
                |record| {
                    if let TraceRecord::Event(event) = record { (event.at, event.kind) } else { panic!("{record:?}") }
                },
            )
            .collect();
        assert_eq!(kinds, [(60, Kind::Begin), (60, Kind::End)]);
        assert_eq!((server.counts().unknown_lines, server.connections.len()), (1, 0));
    }
}
