//! What the tests of clusters share: servers that end with the test, and the lines that are written about them.

#![allow(dead_code, reason = "not every test uses everything")]

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{env, thread};

use contend_cluster::{Address, Engine, WatchError, watch};
use serde_json::Value;

pub const DEADLINE: Duration = Duration::from_mins(2);

/// A process that ends with its owner.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Clone, Default)]
pub struct Sink(pub Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.lines().iter().filter(|line| line["k"] == kind).count()
    }
}

/// A view of a cluster, in a thread of its own.
pub struct Watcher {
    pub sink: Sink,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), WatchError>>,
}

impl Watcher {
    pub fn start(engine: Engine, url: &str) -> Self {
        let (sink, stop, address) =
            (Sink::default(), Arc::new(AtomicBool::new(false)), Address::new(engine, url).unwrap());
        let thread = {
            let (sink, stop) = (sink.clone(), Arc::clone(&stop));
            thread::Builder::new().spawn(move || watch(&address, sink, &stop)).unwrap()
        };
        Self { sink, stop, thread }
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends looking. Returns how it ended.
    pub fn stop(self) -> Result<(), WatchError> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    /// Waits until looking has ended by itself.
    pub fn failure(self) -> WatchError {
        wait_until("looking has ended", || self.thread.is_finished());
        self.thread.join().unwrap().unwrap_err()
    }
}

pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "not within {DEADLINE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The Python whose packages are used: that of the variable, else `python3`.
pub fn python() -> String {
    env::var("CONTEND_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

pub fn is_there(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    output.is_ok_and(|status| status.success())
}
