//! A stream of messages from a dashboard (RFC 6455), only to read. What comes is hostile until it is checked: messages
//! are bounded, longer ones are skipped and counted, and nothing waits without end.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::http::Endpoint;

/// Connecting, and the answer to the request.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
const HEAD_LIMIT: usize = 16 << 10;
/// The longest message that is read.
const MESSAGE_LIMIT: usize = 256 << 10;
/// The most bytes that are read at once, so that a fast sender cannot fill the memory.
const READ_LIMIT: usize = 16 << 10;
/// Any key will do: it keeps caches from answering, not enemies.
const KEY: &str = "Y29udGVuZCBjb250ZW5kIQ==";

/// A part of a message, as it came.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    /// A part of a text; `is_last` if the message is whole now.
    Text {
        payload: Vec<u8>,
        is_last: bool,
    },
    Ping(Vec<u8>),
    Close,
    /// Something that nobody has to know.
    Other,
}

/// Bytes that become frames.
#[derive(Debug, Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Bytes of a payload that is too long and still to come.
    skipped: u64,
}

impl Frames {
    /// Returns the next frame, if it is there. One whose payload is too long is skipped: its text is empty.
    fn next(&mut self) -> io::Result<Option<Frame>> {
        let skipped = self.skipped.min(self.bytes.len() as u64);
        self.bytes.drain(..skipped as usize);
        self.skipped -= skipped;
        let [first, second, ..] = self.bytes[..] else { return Ok(None) };
        if second & 0x80 != 0 {
            return Err(invalid("a server must not mask its messages"));
        }
        let (length, head) = match second & 0x7f {
            126 if self.bytes.len() >= 4 => (u64::from(u16::from_be_bytes([self.bytes[2], self.bytes[3]])), 4),
            127 if self.bytes.len() >= 10 => {
                let length = self.bytes[2..10].iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
                (length, 10)
            }
            126 | 127 => return Ok(None),
            length => (u64::from(length), 2),
        };
        let (opcode, is_last) = (first & 0x0f, first & 0x80 != 0);
        let payload = if length > MESSAGE_LIMIT as u64 {
            self.bytes.drain(..head);
            self.skipped = length;
            Vec::new()
        } else if (self.bytes.len() - head) as u64 >= length {
            let payload = self.bytes[head..head + length as usize].to_vec();
            self.bytes.drain(..head + length as usize);
            payload
        } else {
            return Ok(None);
        };
        Ok(Some(match opcode {
            0 | 1 => Frame::Text { payload, is_last },
            8 => Frame::Close,
            9 => Frame::Ping(payload),
            _ => Frame::Other,
        }))
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// A connection that is open.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
    frames: Frames,
    message: Vec<u8>,
    is_too_long: bool,
    /// Messages that were too long.
    pub skipped: u64,
}

impl WebSocket {
    /// Opens the stream at `path` below the endpoint.
    ///
    /// # Errors
    /// If there is no server, or it gives no stream.
    pub fn open(endpoint: &Endpoint, path: &str) -> io::Result<Self> {
        let until = Instant::now() + OPEN_LIMIT;
        let address = endpoint.authority.to_socket_addrs()?.next().ok_or_else(|| invalid("the host has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, OPEN_LIMIT)?;
        stream.set_write_timeout(Some(OPEN_LIMIT))?;
        let authorization = endpoint.authorization.as_ref();
        let authorization = authorization.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
        write!(
            stream,
            "GET {}{path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{authorization}\r\n",
            endpoint.prefix, endpoint.authority,
        )?;
        let bytes = read_head(&mut stream, until)?;
        let frames = Frames { bytes, skipped: 0 };
        Ok(Self { stream, frames, message: Vec::new(), is_too_long: false, skipped: 0 })
    }

    /// Returns the next message, or nothing if none comes until `until`.
    ///
    /// # Errors
    /// If the stream ends or is none.
    pub fn next(&mut self, until: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            while let Some(frame) = self.frames.next()? {
                match frame {
                    Frame::Text { payload, is_last } => {
                        if let Some(message) = self.take(&payload, is_last) {
                            return Ok(Some(message));
                        }
                    }
                    Frame::Ping(payload) => self.send(10, &payload)?,
                    Frame::Close => return Err(ErrorKind::ConnectionAborted.into()),
                    Frame::Other => {}
                }
            }
            if !self.read(until)? {
                return Ok(None);
            }
        }
    }

    /// Adds a part of a message. Returns the message if it is whole and not too long.
    fn take(&mut self, payload: &[u8], is_last: bool) -> Option<Vec<u8>> {
        self.is_too_long |= self.frames.skipped > 0 || self.message.len() + payload.len() > MESSAGE_LIMIT;
        if !self.is_too_long {
            self.message.extend_from_slice(payload);
        }
        if !is_last {
            return None;
        }
        let message = std::mem::take(&mut self.message);
        if std::mem::take(&mut self.is_too_long) {
            self.skipped += 1;
            return None;
        }
        Some(message)
    }

    /// Reads the available bytes. Returns whether any came until `until`.
    fn read(&mut self, until: Instant) -> io::Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; READ_LIMIT];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.frames.bytes.extend_from_slice(&bytes[..length]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Sends a short control frame. A client masks what it sends; a mask of zeros changes nothing.
    fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let payload = &payload[..payload.len().min(125)];
        let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame)
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        let _ = self.send(8, &[]); // so that the server takes its plugin away at once
    }
}

/// Reads the head of the answer. Returns what came after it.
fn read_head(stream: &mut TcpStream, until: Instant) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let left = until.saturating_duration_since(Instant::now());
        if bytes.len() > HEAD_LIMIT || left.is_zero() {
            return Err(invalid("the server gives no stream of events"));
        }
        stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    };
    if !bytes.starts_with(b"HTTP/1.1 101 ") {
        return Err(invalid("the server gives no stream of events"));
    }
    Ok(bytes.split_off(end + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Frames {
        Frames { bytes: bytes.to_vec(), skipped: 0 }
    }

    #[test]
    fn frames_are_read_from_pieces_of_any_length() {
        let mut bytes =
            vec![0x81, 2, b'h', b'i', 0x01, 1, b'a', 0x80, 126, 0, 3, b'b', b'c', b'd', 0x89, 1, b'p', 0x88, 0];
        bytes.extend([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, b'x']);
        let mut frames = Frames::default();
        let mut read = Vec::new();
        for byte in bytes {
            frames.bytes.push(byte);
            read.extend(frames.next().unwrap());
        }
        let text = |text: &str, is_last| Frame::Text { payload: text.into(), is_last };
        let expected = [
            text("hi", true),
            text("a", false),
            text("bcd", true),
            Frame::Ping(b"p".to_vec()),
            Frame::Close,
            text("x", true),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn endless_frames_take_no_memory() {
        let mut frames = frames(&[0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(frames.next().unwrap(), Some(Frame::Text { payload: Vec::new(), is_last: true }));
        for _ in 0..100 {
            frames.bytes.extend([7; 1000]);
            assert_eq!(frames.next().unwrap(), None);
            assert!(frames.bytes.is_empty());
        }
    }

    #[test]
    fn masked_frames_are_refused() {
        assert!(frames(&[0x81, 0x82, 0, 0, 0, 0, 1, 2]).next().is_err());
    }
}
