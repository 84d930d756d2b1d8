//! Simulates a large cluster and measures what it costs to follow it: 1,000 hosts with 32 threads each, which execute
//! 50,000 tasks a second.
//!
//! ```sh
//! cargo run --release -p contend-program --example large_cluster                       # as fast as it goes
//! contend run -- target/release/examples/large_cluster                                 # in the dashboard, in real time
//! contend run --headless --for 20s -- target/release/examples/large_cluster 100 32 5000
//! ```
//!
//! Arguments: hosts, threads of each, tasks a second, seconds. With `CONTEND_SOCK`, the lines go to that socket at the
//! pace of the clock. Without, they go through a socket of the example's own, the reader, the translator and the model,
//! and it prints the time that each takes.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use contend_model::{Budget, Model};
use contend_program::{LineServer, Translator};
use contend_trace::{Registry, Stamp};

const TICK_NANOS: u64 = 1_000_000;
const TICKS_PER_SECOND: u64 = 1_000;
/// How long a task runs, as a share of the time that a thread has for it.
const BUSY: f64 = 0.85;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The cluster, which tells lines of JSON tick by tick.
struct Cluster {
    lanes: u64,
    tasks_per_tick: u64,
    /// Ticks from the start of a task to its end.
    length: u64,
    started: u64,
}

/// Ids: the scheduler, the pool, then the lanes, then the tasks.
const SCHEDULER: u64 = 1;
const POOL: u64 = 2;
const FIRST_LANE: u64 = 10;
const FIRST_TASK: u64 = 1 << 32;

impl Cluster {
    fn definitions(hosts: u64, threads: u64, now: u64) -> String {
        let mut text = format!(
            "{{\"ev\":\"lane\",\"id\":{SCHEDULER},\"name\":\"scheduler\",\"service\":true}}\n\
             {{\"ev\":\"obj\",\"id\":{POOL},\"what\":\"pool\",\"name\":\"tasks\"}}\n"
        );
        for lane in 0..hosts * threads {
            let (id, host, thread) = (FIRST_LANE + lane, lane / threads + 1, lane % threads + 1);
            let _ = writeln!(
                text,
                "{{\"ev\":\"lane\",\"id\":{id},\"name\":\"w{host}/{thread}\",\"group\":\"host {host}\",\"pool\":{POOL}}}\n\
                 {{\"t\":{now},\"l\":{id},\"k\":\"begin\"}}"
            );
        }
        text
    }

    const fn lane(&self, task: u64) -> u64 {
        FIRST_LANE + task % self.lanes
    }

    /// Returns the lines of the tick that ends at `now`.
    fn tick(&mut self, now: u64) -> String {
        let mut text = String::new();
        let before = self.length * self.tasks_per_tick;
        for n in 0..self.tasks_per_tick {
            let number = self.started + n;
            if let Some(ended) = number.checked_sub(before) {
                let (task, lane) = (FIRST_TASK + ended, self.lane(ended));
                let _ = writeln!(text, "{{\"t\":{now},\"l\":{lane},\"k\":\"finish\",\"o\":{task},\"ok\":true}}");
            }
            let (task, lane) = (FIRST_TASK + number, self.lane(number));
            let _ = writeln!(
                text,
                "{{\"t\":{now},\"l\":{SCHEDULER},\"k\":\"submit\",\"o\":{task},\"c\":{POOL}}}\n\
                 {{\"t\":{now},\"l\":{lane},\"k\":\"start\",\"o\":{task}}}"
            );
        }
        self.started += self.tasks_per_tick;
        text
    }
}

fn main() -> Result<(), Failure> {
    let number = |at, default| env::args().nth(at).map_or(Ok(default), |text| text.parse::<u64>());
    let (hosts, threads, rate, seconds) = (number(1, 1_000)?, number(2, 32)?, number(3, 50_000)?, number(4, 20)?);
    let (lanes, tasks_per_tick) = ((hosts * threads).max(1), (rate / TICKS_PER_SECOND).max(1));
    let length = ((lanes / tasks_per_tick) as f64 * BUSY) as u64;
    let cluster = Cluster { lanes, tasks_per_tick, length, started: 0 };
    let definitions = Cluster::definitions(hosts, threads, monotonic());
    match env::var_os("CONTEND_SOCK") {
        Some(path) => send(cluster, &definitions, UnixStream::connect(path)?, seconds, true),
        None => measure(cluster, definitions, seconds),
    }
}

/// Sends the lines of so many seconds, as fast as they are taken or at the pace of the clock.
fn send(
    mut cluster: Cluster,
    definitions: &str,
    mut to: UnixStream,
    seconds: u64,
    is_paced: bool,
) -> Result<(), Failure> {
    to.write_all(definitions.as_bytes())?;
    let began = Instant::now();
    let origin = monotonic();
    for tick in 1..=seconds * TICKS_PER_SECOND {
        let at = origin + tick * TICK_NANOS;
        to.write_all(cluster.tick(at).as_bytes())?;
        if is_paced {
            thread::sleep(Duration::from_nanos(tick * TICK_NANOS).saturating_sub(began.elapsed()));
        }
    }
    Ok(())
}

/// Takes the lines as a run of contend does, and prints what that took.
fn measure(cluster: Cluster, definitions: String, seconds: u64) -> Result<(), Failure> {
    let directory = env::temp_dir().join(format!("large-cluster-{}", std::process::id()));
    let mut server = LineServer::listen(&directory)?;
    let stream = UnixStream::connect(&directory)?;
    fs::remove_file(&directory)?;
    let (origin, before) = (monotonic(), resident_bytes());
    let write = move || send(cluster, &definitions, stream, seconds, false);
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(write)?;
    let mut translator = Translator::new(origin);
    let mut model = Model::new(Arc::new(Registry { is_open: true, ..Registry::default() }), Budget::default());
    let (mut reading, mut translating, mut modelling) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut newest = origin;
    loop {
        let is_over = writer.is_finished();
        let mut records = Vec::new();
        let began = Instant::now();
        server.read(u64::MAX, &mut records);
        reading += began.elapsed();
        newest = records.iter().map(contend_program::TraceRecord::at).max().unwrap_or(0).max(newest);
        let is_empty = records.is_empty();
        let began = Instant::now();
        translator.add(records);
        let messages = translator.advance(newest);
        translating += began.elapsed();
        let began = Instant::now();
        for message in &messages {
            model.apply(message);
        }
        modelling += began.elapsed();
        if is_over && is_empty {
            break;
        }
    }
    writer.join().map_err(|_| "the writer panicked")??;
    let now = Stamp(newest - origin);
    let began = Instant::now();
    let findings = model.findings(now).len();
    let judging = began.elapsed();
    let lines = server.counts().events;
    let share = |time: Duration| time.as_secs_f64() / seconds as f64 * 100.0;
    println!("{lines} lines, {} events of the model, {} anomalies", model.event_count(), model.health().anomalies);
    println!("reader      {:6.1} % of a core at this rate", share(reading));
    println!("translator  {:6.1} %", share(translating));
    println!("model       {:6.1} %", share(modelling));
    println!("findings    {:6.1} ms a time, {findings} of them", judging.as_secs_f64() * 1e3);
    println!("memory      {:6.0} MiB", resident_bytes().saturating_sub(before) as f64 / f64::from(1 << 20));
    println!("limit       {:6.0} lines/s", lines as f64 / (reading + translating + modelling).as_secs_f64());
    Ok(())
}

/// Nanoseconds of `CLOCK_MONOTONIC`.
fn monotonic() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Bytes of memory that this process has in RAM; 0 where the system does not tell.
fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
