//! The manager: a process that keeps counters for others. Each look and each change is a message there and one back.
//!
//! Every visitor has a connection of its own. A visitor that dies, dies alone: its connection ends, and the others' do not.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::plan::PipeEnd;
use super::step_runner::{StepRunner, StopReason};
use contend_platform::readable_indices;
use contend_trace::{ResourceId, State};

/// What a visitor wants of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterOp {
    Load,
    /// `value` is the visitor's, changed by `delta`.
    Store {
        value: i64,
        delta: i8,
    },
    Add {
        delta: i8,
    },
}

/// A question on its way.
///
/// ```text
/// bytes 0-7 token | 8-15 value | 16-17 counter | 18 what: 0 load, 1 store, 2 add | 19 delta
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CounterRequest {
    /// Comes back with the answer: what was meant for one who died before it is recognised.
    token: u64,
    counter: ResourceId,
    op: CounterOp,
}

const REQUEST_BYTES: usize = 20;
const REPLY_BYTES: usize = 16;

impl CounterRequest {
    fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let (what, value, delta) = match self.op {
            CounterOp::Load => (0, 0, 0),
            CounterOp::Store { value, delta } => (1, value, delta),
            CounterOp::Add { delta } => (2, 0, delta),
        };
        let mut bytes = [0; REQUEST_BYTES];
        bytes[..8].copy_from_slice(&self.token.to_le_bytes());
        bytes[8..16].copy_from_slice(&value.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.counter.0.to_le_bytes());
        bytes[18] = what;
        bytes[19] = delta.to_le_bytes()[0];
        bytes
    }

    fn from_bytes(bytes: [u8; REQUEST_BYTES]) -> Option<Self> {
        let delta = i8::from_le_bytes([bytes[19]]);
        Some(Self {
            token: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            counter: ResourceId(u16::from_le_bytes([bytes[16], bytes[17]])),
            op: match bytes[18] {
                0 => CounterOp::Load,
                1 => CounterOp::Store { value: i64::from_le_bytes(bytes[8..16].try_into().ok()?), delta },
                2 => CounterOp::Add { delta },
                _ => return None,
            },
        })
    }
}

impl StepRunner {
    /// Asks the manager, and waits for its answer: what the counter holds then.
    pub(crate) fn request_counter(&mut self, counter: ResourceId, op: CounterOp) -> Result<i64, StopReason> {
        self.recorder.block(State::Io, Some(counter));
        let token = self.recorder.now();
        let answer = self.connection().and_then(|manager| {
            manager.write_all(&CounterRequest { token, counter, op }.to_bytes())?;
            read_reply(manager, token)
        });
        self.recorder.resume();
        answer.map_err(|_| {
            let name = self.run.plan.cast.resource_name(counter);
            StopReason::Failed(format!("the manager is gone, and with it what {name} held"))
        })
    }

    fn connection(&mut self) -> io::Result<&mut UnixStream> {
        if self.counter_connection.is_none() {
            let end = self.pipe_ends.remove(&PipeEnd::CounterClient(self.id())).ok_or(io::ErrorKind::NotConnected)?;
            self.counter_connection = Some(connection(&end)?);
        }
        self.counter_connection.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// The connection behind an end.
fn connection(end: &Arc<OwnedFd>) -> io::Result<UnixStream> {
    Ok(UnixStream::from(end.try_clone()?))
}

fn read_reply(from: &mut impl Read, token: u64) -> io::Result<i64> {
    loop {
        let mut answer = [0; REPLY_BYTES];
        from.read_exact(&mut answer)?;
        let (told, value) = answer.split_at(8);
        if told == token.to_le_bytes() {
            return Ok(i64::from_le_bytes(value.try_into().map_err(io::Error::other)?));
        }
    }
}

/// Serves whoever visits, until nobody is left who could.
pub fn serve_counters(step_runner: &mut StepRunner) {
    let mut values: Vec<i64> = {
        let run = step_runner.run;
        let ids = (0..run.plan.cast.resources.len()).map(ResourceId::from);
        ids.map(|id| run.counter(id).load(Ordering::Relaxed) as i64).collect()
    };
    let mut visitors: Vec<UnixStream> =
        std::mem::take(&mut step_runner.pipe_ends).values().flat_map(connection).collect();
    while !visitors.is_empty() {
        let mut asking = readable_indices(&visitors, false);
        if asking.is_empty() {
            step_runner.recorder.block(State::Empty, None);
            asking = readable_indices(&visitors, true);
            step_runner.recorder.resume();
        }
        for at in asking.into_iter().rev() {
            if answer_request(step_runner, &mut visitors[at], &mut values).is_none() {
                visitors.swap_remove(at);
            }
        }
    }
}

/// Answers one question; `None` when the visitor is gone.
fn answer_request(step_runner: &mut StepRunner, visitor: &mut UnixStream, values: &mut [i64]) -> Option<()> {
    let mut bytes = [0; REQUEST_BYTES];
    visitor.read_exact(&mut bytes).ok()?;
    let CounterRequest { token, counter, op: ask } = CounterRequest::from_bytes(bytes)?;
    let held = values.get_mut(counter.index())?;
    let delta = match ask {
        CounterOp::Load => None,
        CounterOp::Store { value, delta } => {
            *held = value;
            Some(delta)
        }
        CounterOp::Add { delta } => {
            *held = held.wrapping_add(i64::from(delta));
            Some(delta)
        }
    };
    let value = *held;
    if let Some(delta) = delta {
        step_runner.run.counter(counter).store(value as u64, Ordering::Relaxed); // for who looks on: the dashboard
        step_runner.record_added(counter, delta, value);
    }
    let mut answer = [0; REPLY_BYTES];
    answer[..8].copy_from_slice(&token.to_le_bytes());
    answer[8..].copy_from_slice(&value.to_le_bytes());
    visitor.write_all(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_back_as_they_were() {
        for ask in [CounterOp::Load, CounterOp::Store { value: i64::MIN, delta: -1 }, CounterOp::Add { delta: i8::MAX }]
        {
            let question = CounterRequest { token: u64::MAX, counter: ResourceId(513), op: ask };
            assert_eq!(CounterRequest::from_bytes(question.to_bytes()), Some(question));
        }
        assert_eq!(CounterRequest::from_bytes([9; REQUEST_BYTES]), None);
    }

    #[test]
    fn an_answer_to_one_who_died_is_passed_over() {
        let mut answers = Vec::new();
        for (token, value) in [(1_u64, 10_i64), (2, 20)] {
            answers.extend(token.to_le_bytes());
            answers.extend(value.to_le_bytes());
        }
        assert_eq!(read_reply(&mut answers.as_slice(), 2).ok(), Some(20));
        assert!(read_reply(&mut &answers[..20], 2).is_err(), "the manager died in the middle");
    }
}
