//! Requests to the counter server and its replies, as bytes on a connection.

use std::io::{self, Read};

use contend_trace::ResourceId;

/// An operation on a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterOp {
    Load,
    /// `value` is the worker's own copy, changed by `delta`.
    Store {
        value: i64,
        delta: i8,
    },
    Add {
        delta: i8,
    },
}

/// A request.
///
/// ```text
/// bytes 0-7 token | 8-15 value | 16-19 counter | 20 operation: 0 load, 1 store, 2 add | 21 delta
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterRequest {
    /// Returned with the reply. A worker skips replies to a predecessor that died; they carry other tokens.
    pub token: u64,
    pub counter: ResourceId,
    pub op: CounterOp,
}

pub const REQUEST_BYTES: usize = 22;
pub const REPLY_BYTES: usize = 16;

impl CounterRequest {
    pub fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let (op, value, delta) = match self.op {
            CounterOp::Load => (0, 0, 0),
            CounterOp::Store { value, delta } => (1, value, delta),
            CounterOp::Add { delta } => (2, 0, delta),
        };
        let mut bytes = [0; REQUEST_BYTES];
        bytes[..8].copy_from_slice(&self.token.to_le_bytes());
        bytes[8..16].copy_from_slice(&value.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.counter.0.to_le_bytes());
        bytes[20] = op;
        bytes[21] = delta.to_le_bytes()[0];
        bytes
    }

    pub fn from_bytes(bytes: [u8; REQUEST_BYTES]) -> Option<Self> {
        let delta = i8::from_le_bytes([bytes[21]]);
        Some(Self {
            token: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            counter: ResourceId(u32::from_le_bytes(bytes[16..20].try_into().ok()?)),
            op: match bytes[20] {
                0 => CounterOp::Load,
                1 => CounterOp::Store { value: i64::from_le_bytes(bytes[8..16].try_into().ok()?), delta },
                2 => CounterOp::Add { delta },
                _ => return None,
            },
        })
    }
}

/// Returns the bytes of a reply.
pub fn reply_bytes(token: u64, value: i64) -> [u8; REPLY_BYTES] {
    let mut reply = [0; REPLY_BYTES];
    reply[..8].copy_from_slice(&token.to_le_bytes());
    reply[8..].copy_from_slice(&value.to_le_bytes());
    reply
}

/// Reads the reply with this token; skips others.
pub fn read_reply(from: &mut impl Read, token: u64) -> io::Result<i64> {
    loop {
        let mut reply = [0; REPLY_BYTES];
        from.read_exact(&mut reply)?;
        let (reply_token, value) = reply.split_at(8);
        if reply_token == token.to_le_bytes() {
            return Ok(i64::from_le_bytes(value.try_into().map_err(io::Error::other)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_survive_encoding_and_decoding() {
        for op in [CounterOp::Load, CounterOp::Store { value: i64::MIN, delta: -1 }, CounterOp::Add { delta: i8::MAX }]
        {
            let request = CounterRequest { token: u64::MAX, counter: ResourceId(513), op };
            assert_eq!(CounterRequest::from_bytes(request.to_bytes()), Some(request));
        }
        assert_eq!(CounterRequest::from_bytes([9; REQUEST_BYTES]), None);
    }

    #[test]
    fn reply_to_a_dead_predecessor_is_skipped() {
        let replies = [reply_bytes(1, 10), reply_bytes(2, 20)].concat();
        assert_eq!(read_reply(&mut replies.as_slice(), 2).ok(), Some(20));
        assert!(read_reply(&mut &replies[..20], 2).is_err(), "the server died in the middle of a reply");
    }
}
