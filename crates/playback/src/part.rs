//! The part of a delivery that lies before a moment.
//!
//! A delivery brings the events of all workers since the one before, some of them up to 40 ms apart. A moment between
//! them has the events up to then: the first ones of each worker's stream, in the order of delivery. The model does not
//! depend on the order in which streams arrive.

use std::collections::HashSet;

use super::feed::sample_moment;
use contend_trace::{Declared, Event, Message, Stamp, WorkerId};

/// Collects what lies before a moment.
#[derive(Debug)]
pub struct Part {
    until: Stamp,
    /// Workers of which a later event was seen: nothing of their streams follows.
    finished: HashSet<WorkerId>,
    pub messages: Vec<Message>,
    /// Events and other messages collected.
    pub count: usize,
}

impl Part {
    /// Begins the part up to and including `until`.
    pub fn new(until: Stamp) -> Self {
        Self { until, finished: HashSet::new(), messages: Vec::new(), count: 0 }
    }

    /// Adds what a message has of the part. Returns whether no later message has more of it.
    pub fn add(&mut self, message: &Message) -> bool {
        match message {
            Message::Batch(messages) => {
                // All of it, also after the watermark.
                let mut is_complete = false;
                for message in messages {
                    is_complete |= self.add(message);
                }
                is_complete
            }
            Message::Events(events) => {
                let early: Vec<Event> = events.iter().filter(|event| self.is_early(event)).copied().collect();
                if !early.is_empty() {
                    self.count += early.len();
                    self.messages.push(Message::Events(early));
                }
                false
            }
            Message::Watermark(at) | Message::Ended { at, .. } => {
                self.add_if(*at <= self.until, message);
                *at > self.until
            }
            Message::Notice { at, .. } => {
                self.add_if(*at <= self.until, message);
                false
            }
            Message::Sample(sample) => {
                self.add_if(sample_moment(sample).is_some_and(|at| at <= self.until), message);
                false
            }
            Message::Look(look) => {
                self.add_if(look.at <= self.until, message);
                false
            }
            // Something that is gone later may still be in use before the moment.
            Message::Declare(declared) => {
                let new: Vec<Declared> = declared.iter().filter(|one| !one.is_end()).cloned().collect();
                self.add_if(!new.is_empty(), &Message::Declare(new));
                false
            }
            // It was taken after all events of its delivery.
            Message::WaitSnapshot(_) => false,
        }
    }

    fn add_if(&mut self, is_early: bool, message: &Message) {
        if is_early {
            self.count += 1;
            self.messages.push(message.clone());
        }
    }

    fn is_early(&mut self, event: &Event) -> bool {
        if event.at > self.until {
            self.finished.insert(event.worker);
        }
        event.at <= self.until && !self.finished.contains(&event.worker)
    }
}
