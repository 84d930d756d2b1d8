//! A recording of ten million events: the time to its first picture, of a seek, and the memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contend_model::{Budget, Model};
use contend_platform::{Machine, thread_cpu_nanos};
use contend_playback::{Playback, ReadLimit, Row};
use contend_recording::{Conclusion, Recorder, Recording, RunDescription};
use contend_trace::{RunEnd, Span, Stamp, WorkerId};
use fastrand::Rng;

use super::simulation::{Simulation, registry};

/// Workers and locks of the run.
const WORKERS: usize = 50;
const LOCKS: usize = 10;

/// Most memory of a playback: its checkpoints, four models of the default budget, and three sections.
const MEMORY_GOAL: usize = (96 << 20) + 4 * (6 << 20) + (16 << 20);

/// Seeks that are measured.
const SEEKS: usize = 60;

fn write_recording(path: &std::path::Path, events: u64) -> Stamp {
    let registry = registry(WORKERS, LOCKS);
    let description = RunDescription {
        program_version: "1".into(),
        title: "simulated".into(),
        machine: Machine::default(),
        registry,
        run: None,
        time_limit: None,
        begins_at: None,
    };
    let mut recorder = Recorder::create(path, &description, None).unwrap();
    let mut simulation = Simulation::new(1, WORKERS, LOCKS, 1_000);
    let (mut written, mut deliveries) = (0, 0);
    while written < events {
        let message = simulation.deliver();
        written += super::events_of(std::slice::from_ref(&message)).len() as u64;
        recorder.record(&message);
        deliveries += 1;
        while deliveries % 64 == 0 && recorder.status().events + 2_000_000 < written {
            std::thread::sleep(Duration::from_millis(1)); // the disk's turn: no run is as fast as this
        }
    }
    let at = Stamp(deliveries * 2_000_000);
    let status = recorder.finish(Conclusion { at, ended: RunEnd::Time, signal: None });
    assert_eq!(status.failure, None);
    at
}

/// Returns the resident memory and its peak, bytes.
fn resident_bytes() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
    };
    (kib("VmRSS:"), kib("VmHWM:"))
}

fn open(path: &std::path::Path) -> Playback<Recording> {
    let recording = Recording::open(path).unwrap();
    let registry = Arc::new(recording.description().registry.clone());
    let budget = Budget::for_registry(&registry);
    Playback::new(recording, Model::new(registry, budget))
}

/// Returns the CPU time of seeks to random moments, shortest first.
fn measure_seeks(playback: &mut Playback<Recording>, end: Stamp) -> Vec<Duration> {
    let mut rng = Rng::with_seed(2);
    let mut seek = || {
        let cpu = thread_cpu_nanos();
        playback.seek(Stamp(rng.u64(..end.0))).unwrap();
        Duration::from_nanos(thread_cpu_nanos() - cpu)
    };
    let mut seeks: Vec<Duration> = (0..SEEKS).map(|_| seek()).collect();
    seeks.sort();
    seeks
}

/// The figures of docs/performance.md, in a build with optimizations.
#[test]
#[ignore = "long without optimizations: ten million events"]
#[allow(clippy::print_stderr, reason = "figures are what it is for")]
fn ten_million_events_open_and_seek_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.contend");
    let end = write_recording(&path, 10_000_000);
    let size = std::fs::metadata(&path).unwrap().len();
    let measure = |what: &str, act: &mut dyn FnMut()| {
        let (wall, cpu) = (Instant::now(), thread_cpu_nanos());
        act();
        let cpu = Duration::from_nanos(thread_cpu_nanos() - cpu);
        eprintln!("{what}: {} ms of CPU, {} ms", cpu.as_millis(), wall.elapsed().as_millis());
        cpu
    };
    let (before, _) = resident_bytes();
    let mut playback = None;
    let first = measure("first million events", &mut || {
        let mut opened = open(&path);
        opened.read_on(ReadLimit { work: 1 << 20, until: Stamp(u64::MAX) }).unwrap();
        playback = Some(opened);
    });
    let mut playback = playback.unwrap();
    let rest = measure("the rest", &mut || {
        playback.read_on(ReadLimit { work: u64::MAX, until: Stamp(u64::MAX) }).unwrap();
    });
    assert!(playback.is_read());
    let seeks = measure_seeks(&mut playback, end);
    measure("copy of a model", &mut || drop(playback.model().clone()));
    measure("next frame", &mut || playback.seek(playback.at() + Span::from_millis(50)).unwrap());
    measure("event of a row", &mut || {
        playback.next_event(playback.at(), Row::Worker(WorkerId(7))).unwrap();
    });
    let ((after, peak), all) = (resident_bytes(), first + rest);
    let (checkpoints, bytes) = playback.checkpoint_size();
    let model = playback.newest_model().heap_bytes();
    let share = |seek: Duration| seek.as_secs_f64() / all.as_secs_f64() * 100.0;
    let (median, longest) = (seeks[SEEKS / 2], seeks[SEEKS - 1]);
    eprintln!(
        "{size} bytes, {} s of the run; seek: median {median:.1?}, {:.1} % of reading everything, longest {longest:.1?}, \
         {:.1} %; {checkpoints} checkpoints of {} KiB beside a model of {} KiB; resident {} MiB more, at the peak {} MiB",
        end.as_secs_f64(),
        share(median),
        share(longest),
        (bytes / checkpoints) >> 10,
        model >> 10,
        after.saturating_sub(before) >> 20,
        peak >> 20,
    );
    if cfg!(not(debug_assertions)) {
        assert!(first < Duration::from_secs(1) && all < Duration::from_secs(15));
        assert!(median < Duration::from_millis(200), "{median:?}");
        assert!(after.saturating_sub(before) < MEMORY_GOAL, "{after}");
    }
}
