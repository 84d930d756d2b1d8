//! Reads the rings, in lumps and at a pace that follows their filling.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::sampler::Sampler;
use super::timebase::Timebase;
use crate::trace::{Board, Cast, Event, Message, RingReader, RunEnd, Stamp, WorkerId};

/// Most events in one message.
const BATCH: usize = 4096;
/// A waking reader costs the workers on its core some 13 µs: 25 times a second is nothing, 1,000 times is 1.3 %.
const SLOWEST: Duration = Duration::from_millis(40);
const FASTEST: Duration = Duration::from_millis(1);

/// What the reader thread needs.
#[derive(Debug)]
pub struct Reader {
    pub board: Arc<Board>,
    pub cast: Arc<Cast>,
    pub time: Timebase,
    pub out: Sender<Message>,
    /// Tells how the run ended, once everything that belonged to it is gone.
    pub ended: Receiver<(Stamp, RunEnd)>,
}

impl Reader {
    /// Reads until the run has ended and the rings are empty, or nobody listens any more.
    pub fn run(self) {
        let Self { board, cast, time, out, ended } = self;
        let mut rings: Vec<RingReader<'_>> =
            (0..cast.workers.len()).map(|w| RingReader::new(board.ring(WorkerId::from(w)))).collect();
        let mut sampler = Sampler::new(Arc::clone(&board), &cast, time);
        let mut pace = FASTEST;
        let mut open = true;
        while open {
            let end = match ended.recv_timeout(pace) {
                Ok(end) => Some(end),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut tell = |message| open &= out.send(message).is_ok();
            let through = time.now();
            let mut fill = drain_all(&mut rings, time, &mut tell);
            if let Some((at, how)) = end {
                while fill > 0.0 {
                    fill = drain_all(&mut rings, time, &mut tell);
                }
                sampler.last_look(&mut tell);
                tell(Message::Ended { at, how });
                return;
            }
            tell(Message::Through(through));
            sampler.look(&mut tell);
            pace = next_pace(pace, fill);
        }
    }
}

/// Twice as fast when a ring was more than a quarter full, slowly back when all were nearly empty.
fn next_pace(pace: Duration, fill: f32) -> Duration {
    match fill {
        f if f > 0.25 => (pace / 2).max(FASTEST),
        f if f < 0.05 => (pace * 5 / 4).min(SLOWEST),
        _ => pace,
    }
}

/// Takes what is there from every ring; returns how full the fullest was.
fn drain_all(rings: &mut [RingReader<'_>], time: Timebase, tell: &mut impl FnMut(Message)) -> f32 {
    let mut fullest = 0_f32;
    let mut batch = Vec::new();
    for (i, ring) in rings.iter_mut().enumerate() {
        let worker = WorkerId::from(i);
        let fill = ring.drain(usize::MAX, |record| {
            batch.push(Event { at: time.stamp(record.ticks), worker, kind: record.kind() });
            if batch.len() >= BATCH {
                tell(Message::Events(std::mem::take(&mut batch)));
            }
        });
        fullest = fullest.max(fill);
    }
    if !batch.is_empty() {
        tell(Message::Events(batch));
    }
    fullest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_the_filling_within_its_bounds() {
        let mut pace = SLOWEST;
        for _ in 0..20 {
            pace = next_pace(pace, 0.9);
        }
        assert_eq!(pace, FASTEST);
        assert_eq!(next_pace(pace, 0.1), pace);
        for _ in 0..100 {
            pace = next_pace(pace, 0.0);
        }
        assert_eq!(pace, SLOWEST);
    }
}
