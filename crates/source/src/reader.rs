//! Reads the rings, in lumps and at a pace that follows their filling.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::sampler::Sampler;
use super::sleep::Sleep;
use super::slots::Slots;
use super::timebase::Timebase;
use super::usage::Crew;
use contend_platform::be_prompt;
use contend_trace::{Board, Cast, Event, Message, Notice, RingReader, RunEnd, Stamp, WorkerId};

/// Most events in one message, and most messages in one delivery with them, and without. Who takes a delivery in does
/// nothing else meanwhile: a thousand samples at one go would be ten milliseconds.
const BATCH: usize = 4096;
const HEAVY: usize = 4;
const LIGHT: usize = 128;
/// A waking reader costs the workers on its core some 13 µs: 25 times a second is nothing, 1,000 times is 1.3 %. An
/// event is on screen within 50 ms of this pace and half a frame.
const SLOWEST: Duration = Duration::from_millis(40);
const FASTEST: Duration = Duration::from_millis(1);

/// What the reader thread needs.
#[derive(Debug)]
pub struct Reader {
    pub board: Arc<Board>,
    pub cast: Arc<Cast>,
    pub time: Timebase,
    pub out: Sender<Message>,
    /// The run's processes.
    pub crew: Crew,
    /// Tells how the run ended, once everything that belonged to it is gone.
    pub ended: Receiver<(Stamp, RunEnd)>,
}

impl Reader {
    /// Reads until the run has ended and the rings are empty, or nobody listens any more.
    pub fn run(self) {
        be_prompt();
        let Self { board, cast, time, out, crew, ended } = self;
        let mut rings: Vec<RingReader<'_>> =
            (0..cast.workers.len()).map(|w| RingReader::new(board.ring(WorkerId::from(w)))).collect();
        let mut slots = Slots::new(Arc::clone(&cast), time.clone());
        let mut sampler = Sampler::new(Arc::clone(&board), &cast, time.clone(), crew);
        let mut sleep = Sleep::from_now();
        let mut pace = FASTEST;
        loop {
            let end = match ended.recv_timeout(pace) {
                Ok(end) => Some(end),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let over = end.is_some();
            let mut parcel = Parcel { out: &out, messages: Vec::new(), open: true };
            let through = time.now();
            let looked = slots.look(&board);
            let fill = drain_all(&mut rings, &time, &mut parcel);
            if let Some(span) = sleep.look() {
                parcel.add(Message::Notice { at: through, notice: Notice::Suspended(span) });
            }
            if let Some((at, how)) = end {
                drain_all(&mut rings, &time, &mut parcel);
                sampler.last_look(&mut |message| parcel.add(message));
                parcel.add(Message::Ended { at, how });
            } else {
                if let Some(look) = looked {
                    parcel.add(slots.confirm(look, &board));
                }
                sampler.look(&mut |message| parcel.add(message));
                parcel.add(Message::Through(through));
            }
            if !parcel.send() || over {
                return;
            }
            pace = next_pace(pace, fill);
        }
    }
}

/// What one pass found, on its way out: as one delivery, unless it is much.
struct Parcel<'a> {
    out: &'a Sender<Message>,
    messages: Vec<Message>,
    /// Whether anybody listens.
    open: bool,
}

impl Parcel<'_> {
    fn add(&mut self, message: Message) {
        let most = if matches!(message, Message::Events(_)) { HEAVY } else { LIGHT };
        self.messages.push(message);
        if self.messages.len() > most {
            self.open = self.send();
        }
    }

    fn send(&mut self) -> bool {
        let messages = std::mem::take(&mut self.messages);
        self.open && (messages.is_empty() || self.out.send(Message::Many(messages)).is_ok())
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
fn drain_all(rings: &mut [RingReader<'_>], time: &Timebase, parcel: &mut Parcel<'_>) -> f32 {
    let mut fullest = 0_f32;
    let (mut records, mut batch) = (Vec::new(), Vec::new());
    for (i, ring) in rings.iter_mut().enumerate() {
        let worker = WorkerId::from(i);
        let fill = ring.drain(usize::MAX, |record| records.push(record));
        fullest = fullest.max(fill);
        if records.is_empty() {
            continue;
        }
        let course = time.course(); // looked at after all of these were written
        for record in records.drain(..) {
            batch.push(Event { at: course.stamp(record.ticks), worker, kind: record.kind() });
            if batch.len() >= BATCH {
                parcel.add(Message::Events(std::mem::take(&mut batch)));
            }
        }
    }
    if !batch.is_empty() {
        parcel.add(Message::Events(batch));
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
