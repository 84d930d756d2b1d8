//! The messages in the making: events in batches, and declarations before the first event that needs them.

use contend_trace::{Declared, Event, EventKind, Message, PoolId, ResourceId, Stamp, WorkerId};

/// The most events in one message.
const MAX_EVENTS: usize = 4_096;

/// Messages in order, and the next free ids.
#[derive(Debug, Default)]
pub(super) struct Output {
    messages: Vec<Message>,
    events: Vec<Event>,
    workers: u32,
    resources: u32,
    pools: u32,
    pub newest: Stamp,
}

impl Output {
    pub fn add_event(&mut self, at: Stamp, worker: WorkerId, kind: EventKind) {
        self.newest = self.newest.max(at);
        self.events.push(Event { at, worker, kind });
        if self.events.len() >= MAX_EVENTS {
            self.flush_events();
        }
    }

    pub fn add_message(&mut self, message: Message) {
        self.flush_events();
        self.messages.push(message);
    }

    pub fn declare(&mut self, declared: Declared) {
        self.flush_events();
        match self.messages.last_mut() {
            Some(Message::Declare(list)) => list.push(declared),
            _ => self.messages.push(Message::Declare(vec![declared])),
        }
    }

    pub const fn next_worker(&mut self) -> WorkerId {
        self.workers += 1;
        WorkerId(self.workers - 1)
    }

    pub const fn next_resource(&mut self) -> ResourceId {
        self.resources += 1;
        ResourceId(self.resources - 1)
    }

    pub const fn next_pool(&mut self) -> PoolId {
        self.pools += 1;
        PoolId(self.pools - 1)
    }

    /// Returns the messages so far.
    pub fn take(&mut self) -> Vec<Message> {
        self.flush_events();
        std::mem::take(&mut self.messages)
    }

    fn flush_events(&mut self) {
        if !self.events.is_empty() {
            self.messages.push(Message::Events(std::mem::take(&mut self.events)));
        }
    }
}
