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
    /// What the same messages have besides, if it is wanted.
    rest: Option<Vec<Message>>,
}

impl Part {
    /// Begins the part up to and including `until`.
    pub fn new(until: Stamp) -> Self {
        Self { until, finished: HashSet::new(), messages: Vec::new(), count: 0, rest: None }
    }

    /// Begins the part up to and including `until`, and keeps what the same messages have besides.
    pub fn with_rest(until: Stamp) -> Self {
        Self { rest: Some(Vec::new()), ..Self::new(until) }
    }

    /// Returns what lies before the moment, and the rest of the same messages, if it was wanted.
    pub fn into_both(self) -> (Vec<Message>, Vec<Message>) {
        (self.messages, self.rest.unwrap_or_default())
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
                let (early, late): (Vec<Event>, Vec<Event>) = match self.rest {
                    Some(_) => events.iter().partition(|event| self.is_early(event)),
                    None => (events.iter().filter(|event| self.is_early(event)).copied().collect(), Vec::new()),
                };
                if !early.is_empty() {
                    self.count += early.len();
                    self.messages.push(Message::Events(early));
                }
                if !late.is_empty() {
                    self.add_to_rest(&Message::Events(late));
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
                let (ends, new): (Vec<Declared>, Vec<Declared>) = declared.iter().cloned().partition(Declared::is_end);
                if !new.is_empty() {
                    self.add_if(true, &Message::Declare(new));
                }
                if !ends.is_empty() {
                    self.add_to_rest(&Message::Declare(ends));
                }
                false
            }
            // It was taken after all events of its delivery.
            Message::WaitSnapshot(_) => {
                self.add_to_rest(message);
                false
            }
        }
    }

    fn add_if(&mut self, is_early: bool, message: &Message) {
        if is_early {
            self.count += 1;
            self.messages.push(message.clone());
        } else {
            self.add_to_rest(message);
        }
    }

    fn add_to_rest(&mut self, message: &Message) {
        if let Some(rest) = &mut self.rest {
            rest.push(message.clone());
        }
    }

    fn is_early(&mut self, event: &Event) -> bool {
        if event.at > self.until {
            self.finished.insert(event.worker);
        }
        event.at <= self.until && !self.finished.contains(&event.worker)
    }
}
