//! Waits for the first of all that can come.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, after, never};
use signal_hook::consts::SIGINT;

use super::Loop;
use crate::scenario::Source;
use crate::trace::Message;
use crate::tui::input::Typed;
use crate::tui::stage::Stage;
use crate::tui::tune::Told;

/// Time until a frame is tried again that the terminal had no room for.
const RETRY: Duration = Duration::from_millis(20);

/// What came first.
pub(super) enum Woken {
    Typed(Result<Typed, ()>),
    Signal(i32),
    Panicked(String),
    Run(Result<Message, ()>),
    Saved(Result<Source, String>),
    Told(Result<Told, ()>),
    Frame,
}

impl<S: Stage> Loop<'_, S> {
    pub(super) fn wait(&self) -> Woken {
        let left = self.app.moves().then(|| self.pace.left(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Woken::Frame;
        }
        let frames = left.map_or_else(|| self.retry(), after);
        let closed = never();
        let messages = self.run.as_ref().filter(|_| self.open).map_or(&closed, |run| run.messages());
        let mut select = Select::new();
        let typed = select.recv(&self.sources.typed);
        let signals = select.recv(&self.sources.signals);
        let panics = select.recv(&self.sources.panics);
        let run = select.recv(messages);
        let saved = select.recv(&self.sources.saved);
        let told = select.recv(&self.told);
        select.recv(&frames);
        let first = select.select();
        match first.index() {
            i if i == typed => Woken::Typed(first.recv(&self.sources.typed).map_err(drop)),
            i if i == signals => first.recv(&self.sources.signals).map_or(Woken::Signal(SIGINT), Woken::Signal),
            i if i == panics => {
                first.recv(&self.sources.panics).map_or_else(|e| Woken::Panicked(e.to_string()), Woken::Panicked)
            }
            i if i == saved => {
                first.recv(&self.sources.saved).map_or_else(|e| Woken::Panicked(e.to_string()), Woken::Saved)
            }
            i if i == told => Woken::Told(first.recv(&self.told).map_err(drop)),
            i if i == run => Woken::Run(first.recv(messages).map_err(drop)),
            _ => {
                let _ = first.recv(&frames);
                Woken::Frame
            }
        }
    }

    /// A picture that stands still is drawn when something changes; and again when the terminal had no room for that.
    fn retry(&self) -> Receiver<Instant> {
        if self.app.is_dirty() { after(RETRY) } else { never() }
    }
}
