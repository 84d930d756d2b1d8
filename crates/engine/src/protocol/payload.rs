//! Bytes that accompany a chunk of tasks, serialised as one piece and not byte by byte as a list of numbers.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Vec<u8>);

impl Payload {
    /// Returns a payload of `bytes` bytes.
    pub fn with_len(bytes: usize) -> Self {
        Self(vec![0x5a; bytes])
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_byte_buf(Bytes).map(Self)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_survives_encoding_and_adds_only_its_length() {
        for bytes in [0, 1, 127, 128, 256 << 10] {
            let packed = postcard::to_stdvec(&Payload::with_len(bytes)).expect("a vector has room");
            assert!(packed.len() <= bytes + 4, "{bytes}");
            assert_eq!(postcard::from_bytes(&packed), Ok(Payload::with_len(bytes)), "{bytes}");
            if bytes > 0 {
                assert!(postcard::from_bytes::<Payload>(&packed[..packed.len() - 1]).is_err(), "{bytes}, cut");
            }
        }
    }
}
