//! Programs in pseudo-terminals for the benchmarks, and their cost: CPU, memory, bytes and frames.
//!
//! CPU time comes from the kernel's scheduler figures, which count nanoseconds, not ticks.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::fs;
use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use contend::platform::SchedStat;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

/// Counters of a program's output.
#[derive(Debug, Default)]
pub struct Output {
    bytes: AtomicU64,
    /// Frames: ends of synchronized updates.
    frames: AtomicU64,
    /// Time of the first byte, in nanoseconds after the start.
    first: AtomicU64,
    /// Time at which [`DRAWN`] cells were drawn, in nanoseconds after the start.
    drawn: AtomicU64,
}

/// Number of non-blank cells from which a screen counts as drawn.
const DRAWN: usize = 300;

/// A program in a terminal; killed when dropped.
pub struct Pty {
    writer: Box<dyn Write + Send>,
    output: Arc<Output>,
    screen: Arc<Mutex<Parser>>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Pty {
    /// Starts a program in a terminal of `rows` x `cols`.
    pub fn start(program: &str, args: &[&str], rows: u16, cols: u16) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let cells = |n| NonZero::new(n).expect("a terminal has cells");
        let screen = Arc::new(Mutex::new(Parser::new(cells(rows), cells(cols), 0)));
        let output = Arc::new(Output::default());
        let start = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let (theirs, shown) = (Arc::clone(&output), Arc::clone(&screen));
        let read = move || theirs.read(reader, &shown, start);
        thread::Builder::new().name("terminal".into()).spawn(read).expect("a thread");
        let writer = pair.master.take_writer().expect("a writer");
        Self { writer, output, screen, child, _master: pair.master }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap_or(0)
    }

    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes input");
    }

    pub fn text(&self) -> String {
        lock(&self.screen).screen().contents()
    }

    pub fn bytes(&self) -> u64 {
        self.output.bytes.load(Ordering::Acquire)
    }

    pub fn frames(&self) -> u64 {
        self.output.frames.load(Ordering::Acquire)
    }

    /// Waits until `wanted` holds, for `limit` at most. Returns whether it held.
    pub fn until(&self, limit: Duration, wanted: impl Fn(&Self) -> bool) -> bool {
        let start = Instant::now();
        while start.elapsed() < limit {
            if wanted(self) {
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
        false
    }

    /// Returns the milliseconds from the start to the first byte, and to a drawn screen.
    pub fn first_frame(&self) -> Option<(f64, f64)> {
        let ms = |word: &AtomicU64| word.load(Ordering::Acquire) as f64 / 1e6;
        let drawn = self.until(Duration::from_secs(5), |pty| ms(&pty.output.drawn) > 0.0);
        drawn.then(|| (ms(&self.output.first), ms(&self.output.drawn)))
    }

    /// Returns the CPU nanoseconds of all its threads whose names `counts` accepts.
    pub fn cpu(&self, counts: impl Fn(&str) -> bool) -> u64 {
        threads(self.pid()).into_iter().filter(|(_, name)| counts(name)).filter_map(|(tid, _)| self.ran(tid)).sum()
    }

    fn ran(&self, tid: u32) -> Option<u64> {
        Some(SchedStat::open(self.pid(), tid)?.read()?.0)
    }

    /// Returns how often its threads went to sleep.
    pub fn sleeps(&self) -> u64 {
        let count = |tid| field(&format!("/proc/{}/task/{tid}/status", self.pid()), "voluntary_ctxt_switches");
        threads(self.pid()).into_iter().map(|(tid, _)| count(tid)).sum()
    }

    /// Returns its peak resident memory, in MiB.
    pub fn peak_memory(&self) -> f64 {
        field(&format!("/proc/{}/status", self.pid()), "VmHWM") as f64 / 1024.0
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Output {
    fn read(&self, mut from: impl Read, screen: &Mutex<Parser>, start: Instant) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let at = start.elapsed().as_nanos() as u64;
            let bytes = &buffer[..n];
            let mut parser = lock(screen);
            parser.process(bytes);
            if self.first.load(Ordering::Relaxed) == 0 {
                self.first.store(at, Ordering::Release);
            }
            let cells = || parser.screen().contents().chars().filter(|c| !c.is_whitespace()).count();
            if self.drawn.load(Ordering::Relaxed) == 0 && cells() >= DRAWN {
                self.drawn.store(at, Ordering::Release);
            }
            let frames = bytes.windows(8).filter(|w| w == b"\x1b[?2026l").count() as u64;
            self.frames.fetch_add(frames, Ordering::Release);
            self.bytes.fetch_add(n as u64, Ordering::Release);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the threads of a process with their names.
fn threads(pid: u32) -> Vec<(u32, String)> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let named = |tid: u32| (tid, fs::read_to_string(format!("/proc/{pid}/task/{tid}/comm")).unwrap_or_default());
    let tids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    tids.map(named).map(|(tid, name)| (tid, name.trim().to_owned())).collect()
}

/// Returns the first number of a line of a file in `/proc`.
fn field(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
