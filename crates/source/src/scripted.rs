//! A source whose messages and clock a test provides.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::source::{EventSource, Header, RunControl};
use contend_platform::Machine;
use contend_trace::{Command, Message, Registry, Span, Stamp};

/// A scripted run: delivers the messages that a test sends, and keeps the commands that it receives. Clones are the
/// same run.
#[derive(Debug, Clone)]
pub struct ScriptedSource {
    header: Arc<Header>,
    messages: Receiver<Message>,
    sender: Arc<Mutex<Option<Sender<Message>>>>,
    clock: Arc<AtomicU64>,
    /// How far the clock moves with every reading.
    step: Span,
    commands: Arc<Mutex<Vec<Command>>>,
    time_limit: Arc<Mutex<Option<Stamp>>>,
    /// Whether the run counts as ended by its time limit as soon as it has one.
    ends_at_limit: bool,
}

impl ScriptedSource {
    /// Returns a run with this registry, without messages, whose clock stands at 0.
    pub fn new(registry: Registry) -> Self {
        Self::from_header(Header::new("script", Machine::default(), registry))
    }

    /// As [`ScriptedSource::new`], with a header of its own.
    pub fn from_header(header: Header) -> Self {
        let (sender, messages) = unbounded();
        Self {
            header: Arc::new(header),
            messages,
            sender: Arc::new(Mutex::new(Some(sender))),
            clock: Arc::default(),
            step: Span::ZERO,
            commands: Arc::default(),
            time_limit: Arc::default(),
            ends_at_limit: false,
        }
    }

    /// Makes the clock move by `step` with every reading.
    pub fn with_step(self, step: Span) -> Self {
        Self { step, ..self }
    }

    /// Makes the run report that it is out of time as soon as it has a time limit.
    pub fn ending_at_limit(self) -> Self {
        Self { ends_at_limit: true, ..self }
    }

    /// Sends messages to the observer. After [`ScriptedSource::close`] they are dropped.
    pub fn send(&self, messages: impl IntoIterator<Item = Message>) {
        if let Some(sender) = &*lock(&self.sender) {
            messages.into_iter().for_each(|message| drop(sender.send(message)));
        }
    }

    /// Closes the channel of messages.
    pub fn close(&self) {
        lock(&self.sender).take();
    }

    pub fn set_now(&self, now: Stamp) {
        self.clock.store(now.0, Ordering::Relaxed); // Relaxed, here and below: a number without others to order
    }

    /// Returns the commands received, in order.
    pub fn commands(&self) -> Vec<Command> {
        lock(&self.commands).clone()
    }

    /// Returns the time limit that was set last.
    pub fn time_limit(&self) -> Option<Stamp> {
        *lock(&self.time_limit)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EventSource for ScriptedSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        Stamp(self.clock.fetch_add(self.step.0, Ordering::Relaxed))
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }

    fn is_out_of_time(&self) -> bool {
        self.ends_at_limit && self.time_limit().is_some()
    }
}

impl RunControl for ScriptedSource {
    fn send_command(&self, command: Command) {
        lock(&self.commands).push(command);
    }

    fn set_paused(&self, _: bool) {}

    fn end_at(&self, limit: Stamp) {
        *lock(&self.time_limit) = Some(limit);
    }

    fn limit_end_wait(&self, _: Duration) {}
}
