//! Length-prefixed frames for pipes: commands, notices and other rare values that do not go through a ring.
//!
//! Frames are limited in size and decoded without trust in the sender.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// The largest accepted frame: 16 MiB, enough for a list of 100,000 files.
pub const FRAME_MAX: usize = 16 << 20;

/// The largest frame that a shared pipe takes in one piece: `PIPE_BUF`.
pub const FRAME_ATOMIC: usize = 4096;

/// Writes one frame with one call of `write`.
///
/// # Errors
/// If the reader is gone, or the frame is longer than [`FRAME_MAX`].
pub fn send(mut to: impl Write, frame: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(frame, bytes).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > FRAME_MAX {
        return Err(io::Error::other(format!("a frame of {length} bytes exceeds the limit of {FRAME_MAX} bytes")));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one frame. Returns `None` at the end of the stream.
///
/// # Errors
/// If the stream ends inside a frame, or the bytes are not a frame.
pub fn receive<T: DeserializeOwned>(from: impl Read) -> io::Result<Option<T>> {
    receive_bytes(from)?.map(|bytes| decode(&bytes)).transpose()
}

/// Decodes the bytes of a frame.
///
/// # Errors
/// If the bytes are not such a frame.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(io::Error::other)
}

/// Reads the bytes of one frame. Returns `None` at the end of the stream.
///
/// # Errors
/// If the stream ends inside a frame, or the frame is too long.
pub fn receive_bytes(mut from: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if let Err(e) = from.read_exact(&mut length) {
        return if e.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(e) };
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME_MAX {
        return Err(io::Error::other(format!(
            "the sender announced a frame of {length} bytes, which exceeds the limit of {FRAME_MAX} bytes"
        )));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?; // allocates for bytes that arrive, not for announced ones
    if bytes.len() < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended inside a frame"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Notice, WorkerId};

    fn notice() -> Notice {
        Notice::TaskFailed { worker: WorkerId(3), message: "broken.jpg: not an image".into() }
    }

    #[test]
    fn sent_frames_are_received_unchanged() {
        let mut bytes = Vec::new();
        send(&mut bytes, &notice()).expect("a vector accepts every write");
        send(&mut bytes, &notice()).expect("a vector accepts every write");
        let mut from = bytes.as_slice();
        for _ in 0..2 {
            assert_eq!(receive::<Notice>(&mut from).expect("a whole frame"), Some(notice()));
        }
        assert_eq!(receive::<Notice>(&mut from).expect("the end of the stream"), None);
    }

    #[test]
    fn stream_cut_at_any_byte_gives_an_error_or_the_end() {
        let mut bytes = Vec::new();
        send(&mut bytes, &notice()).expect("a vector accepts every write");
        for cut in 0..bytes.len() {
            let result = receive::<Notice>(&bytes[..cut]);
            assert!(matches!(result, Ok(None) | Err(_)), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = receive::<Notice>(bytes.as_slice());
        }
    }
}
