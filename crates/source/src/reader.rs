//! Reads the rings, in lumps and at a pace that follows their filling.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::cpu_meter::RunProcesses;
use super::sampler::Sampler;
use super::slot_reader::SlotReader;
use super::suspend::SuspendDetector;
use super::timebase::Timebase;
use contend_platform::request_short_slices;
use contend_trace::{Event, Message, Notice, Registry, RingReader, RunEnd, RunMemory, Stamp, WorkerId};

/// Most events in one message, and most messages in one delivery with them, and without. Who takes a delivery in does
/// nothing else meanwhile: a thousand samples at one go would be ten milliseconds.
const MAX_EVENTS_PER_MESSAGE: usize = 4096;
const MAX_MESSAGES_WITH_EVENTS: usize = 4;
const MAX_MESSAGES_WITHOUT_EVENTS: usize = 128;
/// A waking reader costs the workers on its core some 13 µs: 25 times a second is nothing, 1,000 times is 1.3 %. An
/// event is on screen within 50 ms of this pace and half a frame.
const MAX_INTERVAL: Duration = Duration::from_millis(40);
const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// What the reader thread needs.
#[derive(Debug)]
pub struct Reader {
    pub run_memory: Arc<RunMemory>,
    pub registry: Arc<Registry>,
    pub timebase: Timebase,
    pub messages: Sender<Message>,
    /// The run's processes.
    pub processes: RunProcesses,
    /// Tells how the run ended, once everything that belonged to it is gone.
    pub run_end: Receiver<(Stamp, RunEnd)>,
}

impl Reader {
    /// Reads until the run has ended and the rings are empty, or nobody listens any more.
    pub fn run(self) {
        request_short_slices();
        let Self { run_memory: board, registry: cast, timebase: time, messages: out, processes: crew, run_end: ended } =
            self;
        let mut rings: Vec<RingReader<'_>> =
            (0..cast.workers.len()).map(|w| RingReader::new(board.ring(WorkerId::from(w)))).collect();
        let mut slots = SlotReader::new(Arc::clone(&cast), time.clone());
        let mut sampler = Sampler::new(Arc::clone(&board), &cast, time.clone(), crew);
        let mut sleep = SuspendDetector::from_now();
        let mut pace = MIN_INTERVAL;
        loop {
            let end = match ended.recv_timeout(pace) {
                Ok(end) => Some(end),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let over = end.is_some();
            let mut parcel = Delivery { out: &out, messages: Vec::new(), is_connected: true };
            let through = time.now();
            let looked = slots.read_due(&board);
            let fill = drain_all(&mut rings, &time, &mut parcel);
            if let Some(span) = sleep.poll_suspension() {
                parcel.add(Message::Notice { at: through, notice: Notice::Suspended(span) });
            }
            if let Some((at, how)) = end {
                drain_all(&mut rings, &time, &mut parcel);
                sampler.sample_final(&mut |message| parcel.add(message));
                parcel.add(Message::Ended { at, reason: how });
            } else {
                if let Some(look) = looked {
                    parcel.add(slots.confirm_readings(look, &board));
                }
                sampler.sample_due(&mut |message| parcel.add(message));
                parcel.add(Message::Watermark(through));
            }
            if !parcel.send() || over {
                return;
            }
            pace = next_interval(pace, fill);
        }
    }
}

/// What one pass found, on its way out: as one delivery, unless it is much.
struct Delivery<'a> {
    out: &'a Sender<Message>,
    messages: Vec<Message>,
    /// Whether anybody listens.
    is_connected: bool,
}

impl Delivery<'_> {
    fn add(&mut self, message: Message) {
        let most =
            if matches!(message, Message::Events(_)) { MAX_MESSAGES_WITH_EVENTS } else { MAX_MESSAGES_WITHOUT_EVENTS };
        self.messages.push(message);
        if self.messages.len() > most {
            self.is_connected = self.send();
        }
    }

    fn send(&mut self) -> bool {
        let messages = std::mem::take(&mut self.messages);
        self.is_connected && (messages.is_empty() || self.out.send(Message::Batch(messages)).is_ok())
    }
}

/// Twice as fast when a ring was more than a quarter full, slowly back when all were nearly empty.
fn next_interval(pace: Duration, fill: f32) -> Duration {
    match fill {
        f if f > 0.25 => (pace / 2).max(MIN_INTERVAL),
        f if f < 0.05 => (pace * 5 / 4).min(MAX_INTERVAL),
        _ => pace,
    }
}

/// Takes what is there from every ring; returns how full the fullest was.
fn drain_all(rings: &mut [RingReader<'_>], time: &Timebase, parcel: &mut Delivery<'_>) -> f32 {
    let mut fullest = 0_f32;
    let (mut records, mut batch) = (Vec::new(), Vec::new());
    for (i, ring) in rings.iter_mut().enumerate() {
        let worker = WorkerId::from(i);
        let fill = ring.drain(usize::MAX, |record| records.push(record));
        fullest = fullest.max(fill);
        if records.is_empty() {
            continue;
        }
        let course = time.clock_map(); // looked at after all of these were written
        for record in records.drain(..) {
            batch.push(Event { at: course.stamp(record.ticks), worker, kind: record.kind() });
            if batch.len() >= MAX_EVENTS_PER_MESSAGE {
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
        let mut pace = MAX_INTERVAL;
        for _ in 0..20 {
            pace = next_interval(pace, 0.9);
        }
        assert_eq!(pace, MIN_INTERVAL);
        assert_eq!(next_interval(pace, 0.1), pace);
        for _ in 0..100 {
            pace = next_interval(pace, 0.0);
        }
        assert_eq!(pace, MAX_INTERVAL);
    }
}
