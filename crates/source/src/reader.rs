//! Drains the rings in batches, at an interval that adapts to how full they are, and sends everything to the model.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::cpu_meter::RunProcesses;
use super::reading_pace::ReadingPace;
use super::runner_handle::{EndOfRun, RunnerHandle};
use super::sampler::Sampler;
use super::slot_reader::SlotReader;
use super::suspend::SuspendDetector;
use super::timebase::Timebase;
use contend_platform::request_short_slices;
use contend_trace::{Event, Message, Notice, Registry, Ring, RingReader, RunMemory, WorkerId};

/// Maximum number of events in a message, and of messages in a batch. The dashboard handles a batch without
/// interruption: a thousand samples at once would take 10 ms.
const MAX_EVENTS_PER_MESSAGE: usize = 4096;
const MAX_MESSAGES_WITH_EVENTS: usize = 4;
const MAX_MESSAGES_WITHOUT_EVENTS: usize = 128;
/// Shortest interval, of full rings. The longest is that of the [`ReadingPace`].
const MIN_INTERVAL: Duration = Duration::from_millis(1);
/// Longest interval while nobody looks: the kernel's figures are as coarse as that then, and a recording that is killed
/// ends so much earlier.
const UNWATCHED_INTERVAL: Duration = Duration::from_secs(1);
/// How long the end of a killed run waits for the kernel to take it down. That takes a few milliseconds, unless other
/// programs use all cores; the run does nothing more in any case.
const GONE_PATIENCE: Duration = Duration::from_millis(200);

/// Everything that the reader thread needs.
#[derive(Debug)]
pub struct Reader {
    pub run_memory: Arc<RunMemory>,
    pub registry: Arc<Registry>,
    pub timebase: Timebase,
    pub messages: Sender<Message>,
    /// The processes of the run.
    pub processes: RunProcesses,
    pub pace: Arc<ReadingPace>,
    pub runner: Arc<RunnerHandle>,
    /// Delivers how the run ended: when it is killed, and when nothing of it is left.
    pub run_end: Receiver<EndOfRun>,
}

impl Reader {
    /// Reads until the run has ended and the rings are empty, or the receiver is gone.
    pub fn run(self) {
        request_short_slices();
        let Self { run_memory, registry, timebase, messages, processes, pace, runner, run_end } = self;
        let mut rings: Vec<RingReader<'_>> =
            (0..registry.workers.len()).map(|w| RingReader::new(run_memory.ring(WorkerId::from(w)))).collect();
        let mut slots = SlotReader::new(Arc::clone(&registry), timebase.clone());
        let mut sampler = Sampler::new(Arc::clone(&run_memory), &registry, timebase.clone(), processes);
        let mut suspend = SuspendDetector::from_now();
        let mut interval = MIN_INTERVAL;
        loop {
            let end = match wait_for_turn(&run_memory, &pace, &run_end, interval) {
                Ok(end) => Some(wait_until_gone(end, &run_end)),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            runner.end_if_time_is_up(); // after which the end follows
            let has_ended = end.is_some();
            let mut batch = MessageBatch { out: &messages, messages: Vec::new(), is_connected: true };
            let through = timebase.now();
            let readings = slots.read_due(&run_memory);
            let fill = drain_all(&mut rings, &timebase, &mut batch);
            if let Some(span) = suspend.poll_suspension() {
                batch.add(Message::Notice { at: through, notice: Notice::Suspended(span) });
            }
            if let Some(EndOfRun { at, reason, .. }) = end {
                drain_all(&mut rings, &timebase, &mut batch);
                sampler.sample_final(&mut |message| batch.add(message));
                batch.add(Message::Ended { at, reason });
            } else {
                if let Some(readings) = readings {
                    batch.add(slots.confirm_readings(readings, &run_memory));
                }
                sampler.sample_due(&mut |message| batch.add(message));
                batch.add(Message::Watermark(through));
            }
            if !batch.send() || has_ended {
                return;
            }
            interval = next_interval(interval, fill, pace.interval());
        }
    }
}

/// Waits for the end of the run, until the next reading is due. While nobody looks, that is when a ring becomes half
/// full: its worker rings the bell.
fn wait_for_turn(
    run_memory: &RunMemory,
    pace: &ReadingPace,
    run_end: &Receiver<EndOfRun>,
    interval: Duration,
) -> Result<EndOfRun, RecvTimeoutError> {
    if pace.is_watched() {
        return run_end.recv_timeout(interval);
    }
    let bell = run_memory.reader_bell();
    bell.arm();
    let mut rings = (0..run_memory.size().workers).map(|worker| run_memory.ring(worker.into()));
    if pace.is_watched() || !run_end.is_empty() || rings.any(Ring::is_half_full) {
        bell.disarm();
    } else {
        bell.wait(UNWATCHED_INTERVAL);
    }
    run_end.recv_timeout(Duration::ZERO)
}

/// Waits for a while until nothing of a killed run is left, so that its last messages precede its end.
fn wait_until_gone(killed: EndOfRun, run_end: &Receiver<EndOfRun>) -> EndOfRun {
    if killed.is_gone { killed } else { run_end.recv_timeout(GONE_PATIENCE).unwrap_or(killed) }
}

/// The messages of one pass, sent as one batch, or as several if there are many.
struct MessageBatch<'a> {
    out: &'a Sender<Message>,
    messages: Vec<Message>,
    /// Whether the receiver exists.
    is_connected: bool,
}

impl MessageBatch<'_> {
    fn add(&mut self, message: Message) {
        let limit =
            if matches!(message, Message::Events(_)) { MAX_MESSAGES_WITH_EVENTS } else { MAX_MESSAGES_WITHOUT_EVENTS };
        self.messages.push(message);
        if self.messages.len() > limit {
            self.is_connected = self.send();
        }
    }

    fn send(&mut self) -> bool {
        let messages = std::mem::take(&mut self.messages);
        self.is_connected && (messages.is_empty() || self.out.send(Message::Batch(messages)).is_ok())
    }
}

/// Halves the interval if a ring was more than a quarter full; lengthens it slowly if all were nearly empty.
fn next_interval(interval: Duration, fill: f32, longest: Duration) -> Duration {
    match fill {
        f if f > 0.25 => (interval / 2).max(MIN_INTERVAL),
        f if f < 0.05 => (interval * 5 / 4).min(longest),
        _ => interval,
    }
}

/// Drains every ring and returns how full the fullest was.
fn drain_all(rings: &mut [RingReader<'_>], timebase: &Timebase, messages: &mut MessageBatch<'_>) -> f32 {
    let mut fullest = 0_f32;
    let (mut records, mut events) = (Vec::new(), Vec::new());
    for (i, ring) in rings.iter_mut().enumerate() {
        let worker = WorkerId::from(i);
        let fill = ring.drain(usize::MAX, |record| records.push(record));
        fullest = fullest.max(fill);
        if records.is_empty() {
            continue;
        }
        let map = timebase.clock_map(); // read after all of these records were written
        for record in records.drain(..) {
            events.push(Event { at: map.stamp(record.ticks), worker, kind: record.kind() });
            if events.len() >= MAX_EVENTS_PER_MESSAGE {
                messages.add(Message::Events(std::mem::take(&mut events)));
            }
        }
    }
    if !events.is_empty() {
        messages.add(Message::Events(events));
    }
    fullest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_adapts_to_the_fill_level_within_its_bounds() {
        let longest = Duration::from_millis(40);
        let mut interval = longest;
        for _ in 0..20 {
            interval = next_interval(interval, 0.9, longest);
        }
        assert_eq!(interval, MIN_INTERVAL);
        assert_eq!(next_interval(interval, 0.1, longest), interval);
        for _ in 0..100 {
            interval = next_interval(interval, 0.0, longest);
        }
        assert_eq!(interval, longest);
    }
}
