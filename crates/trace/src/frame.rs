//! The small stream beside the rings: length-prefixed frames, limited in size, decoded without trust.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// Longest frame that is accepted: 16 MiB, enough for a list of 100,000 files.
pub const FRAME_MAX: usize = 16 << 20;

/// Longest frame that reaches a shared pipe in one piece: `PIPE_BUF`.
pub const FRAME_ATOMIC: usize = 4096;

/// Writes one frame in one `write`.
///
/// # Errors
/// When the other side is gone, or the frame is longer than [`FRAME_MAX`].
pub fn send(mut to: impl Write, frame: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(frame, bytes).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > FRAME_MAX {
        return Err(io::Error::other(format!("a frame of {length} bytes is longer than the {FRAME_MAX} allowed")));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one frame; `None` at the end of the stream.
///
/// # Errors
/// When the stream ends inside a frame, or the bytes are not a frame.
pub fn receive<T: DeserializeOwned>(mut from: impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    if let Err(e) = from.read_exact(&mut length) {
        return if e.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(e) };
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME_MAX {
        return Err(io::Error::other(format!("a frame of {length} bytes announced, {FRAME_MAX} allowed")));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?; // grows with what arrives, not with what was announced
    if bytes.len() < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended inside a frame"));
    }
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Notice, WorkerId};

    fn notice() -> Notice {
        Notice::Failed { worker: WorkerId(3), what: "broken.jpg: not an image".into() }
    }

    #[test]
    fn frames_come_back_as_they_were() {
        let mut bytes = Vec::new();
        send(&mut bytes, &notice()).expect("a vector takes all");
        send(&mut bytes, &notice()).expect("a vector takes all");
        let mut from = bytes.as_slice();
        for _ in 0..2 {
            assert_eq!(receive::<Notice>(&mut from).expect("whole"), Some(notice()));
        }
        assert_eq!(receive::<Notice>(&mut from).expect("clean end"), None);
    }

    #[test]
    fn a_cut_at_any_byte_is_an_error_or_the_end() {
        let mut bytes = Vec::new();
        send(&mut bytes, &notice()).expect("a vector takes all");
        for cut in 0..bytes.len() {
            let result = receive::<Notice>(&bytes[..cut]);
            assert!(matches!(result, Ok(None) | Err(_)), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = receive::<Notice>(bytes.as_slice());
        }
    }
}
