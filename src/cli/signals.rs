//! Signals that ask the program to end, delivered through a channel.

use std::io;
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::platform::request_instant_wakeups;

/// The signals that ask the program to end.
pub(super) struct EndSignals {
    /// Delivers the first signal, so that the report so far can be printed. A second one ends the program at once.
    pub(super) receiver: Receiver<i32>,
    action: Arc<Mutex<FirstSignal>>,
}

/// What the first signal does.
#[derive(Default)]
struct FirstSignal {
    has_arrived: bool,
    action: Option<Box<dyn FnOnce() + Send>>,
}

impl EndSignals {
    /// Starts to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (sender, receiver) = bounded(1);
        let action = Arc::<Mutex<FirstSignal>>::default();
        let first = Arc::clone(&action);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            request_instant_wakeups();
            signals.forever().for_each(|signal| handle_signal(signal, &sender, &first));
        })?;
        Ok(Self { receiver, action })
    }

    /// Sets what the first signal does at once, on the thread that listens: the other threads may wait long for a core.
    pub(super) fn on_first(&self, action: impl FnOnce() + Send + 'static) {
        let mut first = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        if first.has_arrived { action() } else { first.action = Some(Box::new(action)) }
    }
}

fn handle_signal(signal: i32, sender: &Sender<i32>, first: &Mutex<FirstSignal>) {
    let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
    if first.has_arrived || sender.send(signal).is_err() {
        exit(128 + signal);
    }
    first.has_arrived = true;
    if let Some(action) = first.action.take() {
        action();
    }
}
