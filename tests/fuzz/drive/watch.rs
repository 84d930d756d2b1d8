//! Prints the input at which a target panicked or hung.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time limit of one input.
const TOO_LONG: Duration = Duration::from_mins(1);

/// Watches a target while it runs.
pub struct Watch {
    name: &'static str,
    now: Arc<Now>,
    /// Ends the watching thread when dropped.
    over: Option<Sender<()>>,
}

#[derive(Default)]
struct Now {
    nth: AtomicU64,
    input: Mutex<Vec<u8>>,
}

impl Watch {
    pub fn new(name: &'static str) -> Self {
        let now: Arc<Now> = Arc::default();
        let (over, ends) = channel();
        let looked_at = Arc::clone(&now);
        let looks = std::thread::Builder::new().name("watch".into()).spawn(move || look(name, &looked_at, &ends));
        drop(looks.expect("a thread"));
        Self { name, now, over: Some(over) }
    }

    /// Notes the next input.
    pub fn start_input(&self, input: &[u8]) {
        let mut now = self.now.input.lock().unwrap_or_else(PoisonError::into_inner);
        now.clear();
        now.extend_from_slice(input);
        self.now.nth.fetch_add(1, Ordering::Relaxed); // Relaxed: the watching thread only needs to see a change
    }

    /// Notes that no input is running.
    pub fn finish(&self) {
        self.start_input(&[]);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.over.take());
        if std::thread::panicking() {
            show(self.name, &self.now);
        }
    }
}

fn look(name: &str, now: &Now, over: &Receiver<()>) {
    let mut seen = 0;
    while over.recv_timeout(TOO_LONG) == Err(RecvTimeoutError::Timeout) {
        let nth = now.nth.load(Ordering::Relaxed);
        if nth == seen {
            show(name, now);
            std::process::abort(); // nothing else ends a function that does not return
        }
        seen = nth;
    }
}

fn show(name: &str, now: &Now) {
    let input = now.input.lock().unwrap_or_else(PoisonError::into_inner);
    let file = std::env::temp_dir().join(format!("contend-fuzz-{name}"));
    let kept = std::fs::write(&file, &*input).map_or_else(|e| e.to_string(), |()| file.display().to_string());
    eprintln!("{name} failed with this input ({kept}):\n{}", input.escape_ascii());
}
