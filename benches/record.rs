//! Benchmark of recording: what an event costs its worker, in CPU time of the worker's thread.
//!
//! For comparison: a clock read and a store, the minimum of any recorder, and `fastrace`, the fastest tracing crate.
//! The events come in bursts; between bursts the ring is drained, untimed.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use contend::engine::Recorder;
use contend::platform::{Clock, thread_cpu_nanos};
use contend::trace::{EventKind, Grant, Record, ResourceId, Ring, RingReader, RingWriter, ring_words};
use fastrace::collector::{Config, Reporter, SpanRecord};
use fastrace::prelude::{LocalSpan, Span, SpanContext};

use self::measure::{Goal, Samples, head, interleave, median, quantile, ratio, sized, spread};

const EVENTS: usize = 16_384;
const BURSTS: usize = 9;
const ROUNDS: usize = 9;
const THREADS: [usize; 4] = [1, 2, 4, 8];
/// Largest number of records in a worker's ring.
const RECORDS: usize = 32_768;

/// A way to record events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Clock,
    Floor16,
    Floor32,
    Write,
    Shared,
    Lock,
    Wait,
    NoSlot,
    Fastrace,
}

impl Way {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Clock, "clock read alone"),
        (Self::Floor16, "clock read and 16-byte store"),
        (Self::Floor32, "clock read and 32-byte store"),
        (Self::Write, "Recorder::write"),
        (Self::Shared, "... one stamp for two events"),
        (Self::Lock, "... a lock taken and released"),
        (Self::Wait, "... a wait that times out"),
        (Self::NoSlot, "... the same without a slot"),
        (Self::Fastrace, "fastrace (half a span)"),
    ];
}

/// A reporter that drops the spans.
struct DropSpans;

impl Reporter for DropSpans {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        black_box(spans.len());
    }
}

/// Returns the CPU nanoseconds per event: the median of some bursts on this thread, after an uncounted one.
fn measure_bursts(mut burst: impl FnMut()) -> f64 {
    burst();
    let mut timed = || {
        let start = thread_cpu_nanos();
        burst();
        (thread_cpu_nanos() - start) as f64 / EVENTS as f64
    };
    median(&(0..BURSTS).map(|_| timed()).collect::<Vec<_>>())
}

fn measure_floor<const WORDS: usize>(clock: Clock) -> f64 {
    let mask = RECORDS * 2 / WORDS - 1;
    let cells: Vec<[AtomicU64; WORDS]> = (0..=mask).map(|_| [const { AtomicU64::new(0) }; WORDS]).collect();
    let mut next = 0;
    measure_bursts(|| {
        for _ in 0..EVENTS {
            let cell = &cells[next & mask];
            cell[0].store(clock.ticks(), Ordering::Relaxed);
            for (i, word) in cell[1..].iter().enumerate() {
                word.store((next + i) as u64, Ordering::Relaxed);
            }
            next += 1;
        }
        black_box(&cells);
    })
}

/// Measures a recorder on a ring that is drained between bursts.
fn measure_recorder(way: Way, clock: Clock) -> f64 {
    let words: Vec<AtomicU64> = (0..ring_words(RECORDS)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut recorder, mut reader) = (Recorder::new(RingWriter::new(ring), clock), RingReader::new(ring));
    let (lock, mut grant) = (ResourceId(3), 0);
    let mut samples = Vec::with_capacity(BURSTS);
    for burst in 0..=BURSTS {
        let start = thread_cpu_nanos();
        match way {
            Way::Write => {
                (0..EVENTS)
                    .for_each(|i| recorder.write(recorder.now(), EventKind::Put { queue: lock, depth: i as u32 }));
            }
            Way::Shared => (0..EVENTS / 2).for_each(|i| {
                let at = recorder.now();
                recorder.write(at, EventKind::Took { queue: lock, depth: i as u32 });
                recorder.write(at, EventKind::Resumed);
            }),
            Way::Wait => (0..EVENTS / 2).for_each(|_| {
                recorder.wait_for_lock(lock, true);
                recorder.write(recorder.now(), EventKind::WaitTimedOut { lock });
            }),
            _ => (0..EVENTS / 2).for_each(|_| {
                grant += 1;
                recorder.record_acquired(lock, Grant(grant));
                recorder.record_released(recorder.now(), lock);
            }),
        }
        let each = (thread_cpu_nanos() - start) as f64 / EVENTS as f64;
        if burst > 0 {
            samples.push(each);
        }
        reader.drain(usize::MAX, |record| {
            black_box(record);
        });
    }
    assert_eq!(ring.totals().1, 0, "a burst fits in the ring");
    median(&samples)
}

/// Measures waits that time out, recorded without a wait slot.
fn measure_no_slot(clock: Clock) -> f64 {
    let words: Vec<AtomicU64> = (0..ring_words(RECORDS)).map(|_| AtomicU64::new(0)).collect();
    let ring = Ring::new(&words);
    let (mut writer, mut reader) = (RingWriter::new(ring), RingReader::new(ring));
    let (lock, mut scratch) = (ResourceId(3), Vec::with_capacity(10));
    let mut burst = || {
        let start = thread_cpu_nanos();
        for _ in 0..EVENTS / 2 {
            scratch.clear();
            scratch.push(Record::new(clock.ticks(), EventKind::LockWait { lock, held_count: 0, timed: true }));
            writer.write_all(black_box(&scratch));
            writer.write(Record::new(clock.ticks(), EventKind::WaitTimedOut { lock }));
        }
        let each = (thread_cpu_nanos() - start) as f64 / EVENTS as f64;
        reader.drain(usize::MAX, |record| {
            black_box(record);
        });
        each
    };
    burst();
    median(&(0..BURSTS).map(|_| burst()).collect::<Vec<_>>())
}

fn measure_fastrace() -> f64 {
    measure_bursts(|| {
        let root = Span::root("root", SpanContext::random());
        let _here = root.set_local_parent();
        for _ in 0..EVENTS / 2 {
            let _span = LocalSpan::enter_with_local_parent("span");
        }
    })
}

fn measure_way(way: Way) -> f64 {
    let clock = Clock::best();
    match way {
        Way::Clock => measure_bursts(|| {
            for _ in 0..EVENTS {
                black_box(clock.ticks());
            }
        }),
        Way::Floor16 => measure_floor::<2>(clock),
        Way::Floor32 => measure_floor::<4>(clock),
        Way::Write | Way::Shared | Way::Lock | Way::Wait => measure_recorder(way, clock),
        Way::NoSlot => measure_no_slot(clock),
        Way::Fastrace => measure_fastrace(),
    }
}

/// Measures `way` on all threads at once; returns the mean of their figures.
fn sample_on_threads(way: Way, threads: usize) -> f64 {
    let start = Barrier::new(threads);
    let on_thread = || {
        start.wait();
        measure_way(way)
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(on_thread)).collect();
        handles.into_iter().map(|h| h.join().expect("no thread panics")).sum::<f64>() / threads as f64
    })
}

fn main() {
    head("record: CPU nanoseconds per event on the recording thread");
    fastrace::set_reporter(DropSpans, Config::default());
    let columns: Vec<Samples> = THREADS.iter().map(|threads| measure_column(*threads)).collect();
    println!("\n{:32}{}", "threads", THREADS.map(|t| format!("{t:>8}")).concat());
    for (i, (_, name)) in Way::ALL.iter().enumerate() {
        let figures: Vec<String> = columns.iter().map(|c| format!("{:8.2}", median(&c[i]))).collect();
        println!("{name:32}{}", figures.concat());
    }
    println!();
    let at = |way| Way::ALL.iter().position(|(w, _)| *w == way).expect("every way is listed");
    for (threads, column) in THREADS.iter().zip(&columns) {
        let against = |other| ratio(&column[at(Way::Write)], &column[at(other)]);
        Goal::AtMost(1.1).judge(format_args!("write / clock and store, {threads} threads"), against(Way::Floor32));
        let slot = ratio(&column[at(Way::Wait)], &column[at(Way::NoSlot)]);
        println!("  a wait with its slot / without, {threads} threads: {slot:.3}");
        Goal::AtMost(0.45).judge(format_args!("write / fastrace, {threads} threads"), against(Way::Fastrace));
    }
}

/// Measures all ways on this number of threads.
fn measure_column(threads: usize) -> Samples {
    let samples = interleave(sized(ROUNDS, 1), Way::ALL.len(), |way| sample_on_threads(Way::ALL[way].0, threads));
    let spreads: Vec<f64> = samples.iter().map(|s| spread(s) * 100.0).collect();
    println!(
        "{threads} threads: the middle half of a way's samples spreads over {:.0} % (median way), {:.0} % (noisiest)",
        median(&spreads),
        quantile(&spreads, 1.0)
    );
    samples
}
