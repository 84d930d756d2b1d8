//! Where the messages of a playback come from.

use std::fmt::Debug;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use contend_recording::{FlightTape, Recording};
use contend_trace::{Message, Stamp};

/// The messages of a run in sections, each of which can be read alone, in the order in which the model was fed.
pub trait Tape: Debug {
    /// Returns the number of sections.
    fn section_count(&self) -> usize;

    /// Returns the messages of a section; `None` if it is damaged. The tape ends there.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read_section(&mut self, section: usize) -> io::Result<Option<Arc<Vec<Message>>>>;

    /// Returns the last moment of the tape.
    fn end(&self) -> Stamp;

    /// Returns how many events the tape claims to have; 0 if it does not know.
    fn event_count(&self) -> u64 {
        0
    }
}

impl<T: Tape + ?Sized> Tape for Box<T> {
    fn section_count(&self) -> usize {
        (**self).section_count()
    }

    fn read_section(&mut self, section: usize) -> io::Result<Option<Arc<Vec<Message>>>> {
        (**self).read_section(section)
    }

    fn end(&self) -> Stamp {
        (**self).end()
    }

    fn event_count(&self) -> u64 {
        (**self).event_count()
    }
}

impl<R: Read + Seek + Debug> Tape for Recording<R> {
    fn section_count(&self) -> usize {
        self.sections().len()
    }

    fn read_section(&mut self, section: usize) -> io::Result<Option<Arc<Vec<Message>>>> {
        Ok(self.read_messages(section)?.map(Arc::new))
    }

    fn end(&self) -> Stamp {
        let last = self.sections().iter().map(|section| section.last).max();
        let concluded = self.conclusion().map(|conclusion| conclusion.at);
        concluded.max(last).unwrap_or_default()
    }

    fn event_count(&self) -> u64 {
        self.sections().iter().fold(0, |sum, section| sum.saturating_add(section.events))
    }
}

/// What memory holds of a live run.
impl Tape for FlightTape {
    fn section_count(&self) -> usize {
        Self::section_count(self)
    }

    fn read_section(&mut self, section: usize) -> io::Result<Option<Arc<Vec<Message>>>> {
        Ok(Self::read_section(self, section).map(Arc::new))
    }

    fn end(&self) -> Stamp {
        Self::end(self)
    }
}

/// Messages in memory.
#[derive(Debug, Clone, Default)]
pub struct BufferedTape {
    sections: Vec<Arc<Vec<Message>>>,
    end: Stamp,
}

impl BufferedTape {
    /// Returns a tape that ends at `end`, with each list of messages as a section.
    pub fn new(sections: impl IntoIterator<Item = Vec<Message>>, end: Stamp) -> Self {
        Self { sections: sections.into_iter().map(Arc::new).collect(), end }
    }
}

impl Tape for BufferedTape {
    fn section_count(&self) -> usize {
        self.sections.len()
    }

    fn read_section(&mut self, section: usize) -> io::Result<Option<Arc<Vec<Message>>>> {
        Ok(self.sections.get(section).cloned())
    }

    fn end(&self) -> Stamp {
        self.end
    }
}
