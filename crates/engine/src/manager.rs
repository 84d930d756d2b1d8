//! The manager: a process that keeps counters for others. Each look and each change is a message there and one back.
//!
//! Every visitor has a connection of its own. A visitor that dies, dies alone: its connection ends, and the others' do not.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::actor::{Actor, Halt};
use super::plan::End;
use contend_platform::readable;
use contend_trace::{ResourceId, State};

/// What a visitor wants of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
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
struct Question {
    /// Comes back with the answer: what was meant for one who died before it is recognised.
    token: u64,
    counter: ResourceId,
    ask: Ask,
}

const QUESTION: usize = 20;
const ANSWER: usize = 16;

impl Question {
    fn packed(self) -> [u8; QUESTION] {
        let (what, value, delta) = match self.ask {
            Ask::Load => (0, 0, 0),
            Ask::Store { value, delta } => (1, value, delta),
            Ask::Add { delta } => (2, 0, delta),
        };
        let mut bytes = [0; QUESTION];
        bytes[..8].copy_from_slice(&self.token.to_le_bytes());
        bytes[8..16].copy_from_slice(&value.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.counter.0.to_le_bytes());
        bytes[18] = what;
        bytes[19] = delta.to_le_bytes()[0];
        bytes
    }

    fn unpacked(bytes: [u8; QUESTION]) -> Option<Self> {
        let delta = i8::from_le_bytes([bytes[19]]);
        Some(Self {
            token: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            counter: ResourceId(u16::from_le_bytes([bytes[16], bytes[17]])),
            ask: match bytes[18] {
                0 => Ask::Load,
                1 => Ask::Store { value: i64::from_le_bytes(bytes[8..16].try_into().ok()?), delta },
                2 => Ask::Add { delta },
                _ => return None,
            },
        })
    }
}

impl Actor {
    /// Asks the manager, and waits for its answer: what the counter holds then.
    pub(crate) fn visit(&mut self, counter: ResourceId, ask: Ask) -> Result<i64, Halt> {
        self.pen.block(State::Io, Some(counter));
        let token = self.pen.now();
        let answer = self.connection().and_then(|manager| {
            manager.write_all(&Question { token, counter, ask }.packed())?;
            answer_to(manager, token)
        });
        self.pen.resume();
        answer.map_err(|_| {
            let name = self.run.plan.cast.resource_name(counter);
            Halt::Failed(format!("the manager is gone, and with it what {name} held"))
        })
    }

    fn connection(&mut self) -> io::Result<&mut UnixStream> {
        if self.manager.is_none() {
            let end = self.ends.remove(&End::Visit(self.me())).ok_or(io::ErrorKind::NotConnected)?;
            self.manager = Some(connection(&end)?);
        }
        self.manager.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// The connection behind an end.
fn connection(end: &Arc<OwnedFd>) -> io::Result<UnixStream> {
    Ok(UnixStream::from(end.try_clone()?))
}

fn answer_to(from: &mut impl Read, token: u64) -> io::Result<i64> {
    loop {
        let mut answer = [0; ANSWER];
        from.read_exact(&mut answer)?;
        let (told, value) = answer.split_at(8);
        if told == token.to_le_bytes() {
            return Ok(i64::from_le_bytes(value.try_into().map_err(io::Error::other)?));
        }
    }
}

/// Serves whoever visits, until nobody is left who could.
pub fn serve(actor: &mut Actor) {
    let mut values: Vec<i64> = {
        let run = actor.run;
        let ids = (0..run.plan.cast.resources.len()).map(ResourceId::from);
        ids.map(|id| run.counter(id).load(Ordering::Relaxed) as i64).collect()
    };
    let mut visitors: Vec<UnixStream> = std::mem::take(&mut actor.ends).values().flat_map(connection).collect();
    while !visitors.is_empty() {
        let mut asking = readable(&visitors, false);
        if asking.is_empty() {
            actor.pen.block(State::Empty, None);
            asking = readable(&visitors, true);
            actor.pen.resume();
        }
        for at in asking.into_iter().rev() {
            if answer(actor, &mut visitors[at], &mut values).is_none() {
                visitors.swap_remove(at);
            }
        }
    }
}

/// Answers one question; `None` when the visitor is gone.
fn answer(actor: &mut Actor, visitor: &mut UnixStream, values: &mut [i64]) -> Option<()> {
    let mut bytes = [0; QUESTION];
    visitor.read_exact(&mut bytes).ok()?;
    let Question { token, counter, ask } = Question::unpacked(bytes)?;
    let held = values.get_mut(counter.index())?;
    let delta = match ask {
        Ask::Load => None,
        Ask::Store { value, delta } => {
            *held = value;
            Some(delta)
        }
        Ask::Add { delta } => {
            *held = held.wrapping_add(i64::from(delta));
            Some(delta)
        }
    };
    let value = *held;
    if let Some(delta) = delta {
        actor.run.counter(counter).store(value as u64, Ordering::Relaxed); // for who looks on: the dashboard
        actor.added(counter, delta, value);
    }
    let mut answer = [0; ANSWER];
    answer[..8].copy_from_slice(&token.to_le_bytes());
    answer[8..].copy_from_slice(&value.to_le_bytes());
    visitor.write_all(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_back_as_they_were() {
        for ask in [Ask::Load, Ask::Store { value: i64::MIN, delta: -1 }, Ask::Add { delta: i8::MAX }] {
            let question = Question { token: u64::MAX, counter: ResourceId(513), ask };
            assert_eq!(Question::unpacked(question.packed()), Some(question));
        }
        assert_eq!(Question::unpacked([9; QUESTION]), None);
    }

    #[test]
    fn an_answer_to_one_who_died_is_passed_over() {
        let mut answers = Vec::new();
        for (token, value) in [(1_u64, 10_i64), (2, 20)] {
            answers.extend(token.to_le_bytes());
            answers.extend(value.to_le_bytes());
        }
        assert_eq!(answer_to(&mut answers.as_slice(), 2).ok(), Some(20));
        assert!(answer_to(&mut &answers[..20], 2).is_err(), "the manager died in the middle");
    }
}
