//! The playback of a tape: the model as of any moment.

use std::io;

use super::checkpoints::{CheckpointLimit, Checkpoints};
use super::feed::{Feed, Position, latest_moment, work_of};
use super::part::Part;
use super::sections::Sections;
use super::tape::Tape;
use contend_model::Model;
use contend_trace::{Message, Notice, Span, Stamp};

/// Most notices that are listed.
const MAX_NOTICES: usize = 10_000;

/// Most work of looking for the part of the next messages that lies before a moment, counted in events. Sources deliver
/// every 40 ms.
const MAX_PART_WORK: u64 = 1 << 22;

/// Work of one slice while a seek waits for the tape to be read.
const SLICE: u64 = 1 << 16;

/// How far to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// About as many events.
    pub work: u64,
    /// Reading stops when everything up to this moment has been read.
    pub until: Stamp,
}

/// A tape, and the model as of one moment of it.
#[derive(Debug)]
pub struct Playback<T> {
    pub(crate) sections: Sections<T>,
    checkpoints: Checkpoints,
    /// Reads the tape once, from its beginning to its end.
    frontier: Feed,
    is_read: bool,
    at: Stamp,
    /// The model of the shown moment; `None` if that is the frontier's.
    head: Option<Head>,
    /// The model of the moment that was looked at last.
    look: Option<Head>,
    notices: Vec<(Stamp, Notice)>,
}

/// The model of a moment: that of all messages without anything later, and a copy with a part of the next ones.
#[derive(Debug)]
struct Head {
    feed: Feed,
    part: Option<HeadPart>,
}

#[derive(Debug)]
struct HeadPart {
    model: Model,
    count: usize,
}

impl Head {
    fn model(&self) -> &Model {
        self.part.as_ref().map_or(&self.feed.model, |part| &part.model)
    }
}

impl<T: Tape> Playback<T> {
    /// Returns a playback that shows the beginning of a tape; `start` is the model before its first message.
    pub fn new(tape: T, start: Model) -> Self {
        Self::with_checkpoint_limit(tape, start, CheckpointLimit::default())
    }

    /// As [`Playback::new`], with another number of checkpoints.
    pub fn with_checkpoint_limit(tape: T, start: Model, limit: CheckpointLimit) -> Self {
        let frontier = Feed::new(start);
        let checkpoints = Checkpoints::new(frontier.clone(), limit, tape.event_count());
        let mut playback = Self {
            sections: Sections::new(tape),
            checkpoints,
            frontier,
            is_read: false,
            at: Stamp(0),
            head: None,
            look: None,
            notices: Vec::new(),
        };
        playback.is_read = playback.sections.count() == 0;
        playback
    }

    pub const fn tape(&self) -> &T {
        &self.sections.tape
    }

    /// Returns the last moment of the tape.
    pub fn end(&self) -> Stamp {
        if self.is_read { self.frontier.latest.max(self.sections.tape.end()) } else { self.sections.tape.end() }
    }

    /// Whether a damaged section was found, where the tape ends.
    pub fn is_torn(&self) -> bool {
        self.sections.count() < self.sections.tape.section_count()
    }

    /// Whether the whole tape has been read.
    pub const fn is_read(&self) -> bool {
        self.is_read
    }

    /// Returns how much has been read, counted in events.
    pub const fn work_read(&self) -> u64 {
        self.frontier.work
    }

    /// Returns the moment up to which the tape has been read. Seeking up to here takes a bounded time.
    pub fn read_until(&self) -> Stamp {
        if self.is_read { self.end() } else { self.frontier.model.complete_until().unwrap_or_default() }
    }

    /// Returns the model of everything that has been read: at last, of the whole tape.
    pub const fn newest_model(&self) -> &Model {
        &self.frontier.model
    }

    /// Returns the number of copies of the model from which seeks go forward, and the bytes of all of them.
    pub const fn checkpoint_size(&self) -> (usize, usize) {
        self.checkpoints.size()
    }

    /// Returns the moment that is shown.
    pub const fn at(&self) -> Stamp {
        self.at
    }

    /// Returns the model as of the shown moment.
    pub fn model(&self) -> &Model {
        self.head.as_ref().map_or(&self.frontier.model, Head::model)
    }

    /// Returns the rare occurrences in the part that has been read, in order: turned knobs, resized pools, deaths.
    pub fn notices(&self) -> &[(Stamp, Notice)] {
        &self.notices
    }

    /// Reads on, up to a limit, but one message at least. Returns whether the whole tape has been read.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn read_on(&mut self, limit: ReadLimit) -> io::Result<bool> {
        let stop = self.frontier.work.saturating_add(limit.work);
        // A damaged tape may claim early that all has been delivered: without a limit of time it is read on.
        let is_reached =
            |model: &Model| limit.until < Stamp(u64::MAX) && model.complete_until().unwrap_or_default() >= limit.until;
        while !self.is_read && self.frontier.work < stop {
            let Some(section) = self.sections.read(self.frontier.next.section)? else {
                self.is_read = true;
                break;
            };
            let from = self.frontier.next.message;
            for (message, latest) in section.messages.iter().zip(section.latest.iter()).skip(from) {
                self.frontier.apply(message, *latest);
                note_notices(message, &mut self.notices);
                if self.frontier.work >= stop || is_reached(&self.frontier.model) {
                    break;
                }
            }
            if self.frontier.next.message >= section.messages.len() {
                self.frontier.skip_to_next_section();
                self.is_read = self.frontier.next.section >= self.sections.count();
            }
            self.checkpoints.offer(&self.frontier);
            if is_reached(&self.frontier.model) {
                break;
            }
        }
        if self.is_read {
            self.notices.sort_by_key(|(at, _)| *at);
        }
        Ok(self.is_read)
    }

    /// Shows everything that has been read, for a picture while the tape is read.
    pub fn show_newest(&mut self) {
        (self.head, self.at) = (None, self.read_until());
    }

    /// Shows a moment. Beyond the part that has been read this takes as long as reading up to there.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn seek(&mut self, at: Stamp) -> io::Result<()> {
        let head = self.head.take();
        (self.at, self.head) = (at, self.go(head, at)?);
        Ok(())
    }

    /// Returns the model as of a moment, while another one is shown.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn model_at(&mut self, at: Stamp) -> io::Result<&Model> {
        let look = self.look.take();
        self.look = self.go(look, at)?;
        Ok(self.look.as_ref().map_or(&self.frontier.model, Head::model))
    }

    /// Returns the model as of `to` whose findings are about the time since `from`, with the events at `from`; `None`
    /// if there is more than `limit` work between them, in events.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn period_model(&mut self, from: Stamp, to: Stamp, limit: u64) -> io::Result<Option<Model>> {
        let (mut feed, rest) = self.feed_before(from)?;
        feed.model.begin_period(from);
        let most = feed.work.saturating_add(limit);
        if rest.iter().map(work_of).sum::<u64>() > limit {
            return Ok(None);
        }
        let mut part = Part::new(to);
        let is_complete = if rest.iter().all(|message| latest_moment(message) <= to) {
            apply_all(&mut feed, &rest);
            if !feed_until(&mut self.sections, &mut feed, to, most)? {
                return Ok(None);
            }
            false
        } else {
            let mut is_complete = false;
            for message in &rest {
                is_complete |= part.add(message);
            }
            is_complete
        };
        if !is_complete {
            collect_part(&mut self.sections, &mut part, feed.next)?;
        }
        apply_all(&mut feed, &part.messages);
        Ok(Some(feed.model))
    }

    /// Returns the model of everything before a moment, and the later part of the messages that were read for that.
    fn feed_before(&mut self, from: Stamp) -> io::Result<(Feed, Vec<Message>)> {
        if from == Stamp(0) {
            return Ok((self.checkpoints.start().clone(), Vec::new()));
        }
        let before = from.earlier_by(Span(1));
        let Some(head) = self.go(None, before)? else { return Ok((self.frontier.clone(), Vec::new())) };
        let (mut feed, mut part) = (head.feed, Part::with_rest(before));
        feed.next = collect_part(&mut self.sections, &mut part, feed.next)?;
        let (early, late) = part.into_both();
        apply_all(&mut feed, &early);
        Ok((feed, late))
    }

    /// Returns the model of a moment, made from that of another one or from a checkpoint; `None` if it is the
    /// frontier's.
    fn go(&mut self, from: Option<Head>, at: Stamp) -> io::Result<Option<Head>> {
        while !self.is_read && self.frontier.latest <= at {
            self.read_on(ReadLimit { work: SLICE, until: Stamp(u64::MAX) })?;
        }
        if self.frontier.latest <= at {
            return Ok(None); // the whole tape
        }
        let behind = self.checkpoints.before(at);
        let mut head = match from {
            Some(head) if head.feed.latest <= at && head.feed.work >= behind.work => head,
            _ => Head { feed: behind.clone(), part: None },
        };
        let before = head.feed.next;
        feed_until(&mut self.sections, &mut head.feed, at, u64::MAX)?;
        if head.feed.next != before {
            head.part = None;
        }
        let mut part = Part::new(at);
        collect_part(&mut self.sections, &mut part, head.feed.next)?;
        if part.count == 0 {
            head.part = None;
        } else if head.part.as_ref().is_none_or(|kept| kept.count != part.count) {
            let mut model = head.feed.model.clone();
            part.messages.iter().for_each(|message| model.apply(message));
            head.part = Some(HeadPart { model, count: part.count });
        }
        Ok(Some(head))
    }
}

fn apply_all(feed: &mut Feed, messages: &[Message]) {
    for message in messages {
        feed.model.apply(message);
    }
}

/// Feeds all messages that have nothing after `at`. Returns whether that was done before the feed's work exceeded
/// `most`.
fn feed_until<T: Tape>(sections: &mut Sections<T>, feed: &mut Feed, at: Stamp, most: u64) -> io::Result<bool> {
    while let Some(section) = sections.read(feed.next.section)? {
        let from = feed.next.message;
        for (message, latest) in section.messages.iter().zip(section.latest.iter()).skip(from) {
            if *latest > at {
                return Ok(true);
            }
            if feed.work > most {
                return Ok(false);
            }
            feed.apply(message, *latest);
        }
        feed.skip_to_next_section();
    }
    Ok(true)
}

/// Collects what the messages from a place on have of a part. Returns the place of the message after those.
fn collect_part<T: Tape>(sections: &mut Sections<T>, part: &mut Part, from: Position) -> io::Result<Position> {
    let (mut place, mut work) = (from, 0);
    while let Some(section) = sections.read(place.section)? {
        for message in section.messages.iter().skip(place.message) {
            work += work_of(message);
            place.message += 1;
            if part.add(message) || work >= MAX_PART_WORK {
                return Ok(place);
            }
        }
        place = Position { section: place.section + 1, message: 0 };
    }
    Ok(place)
}

fn note_notices(message: &Message, notices: &mut Vec<(Stamp, Notice)>) {
    match message {
        Message::Batch(messages) => messages.iter().for_each(|message| note_notices(message, notices)),
        Message::Notice { at, notice } if is_landmark(notice) && notices.len() < MAX_NOTICES => {
            notices.push((*at, notice.clone()));
        }
        _ => {}
    }
}

/// Whether a notice is listed for jumps.
const fn is_landmark(notice: &Notice) -> bool {
    match notice {
        Notice::KnobSet { .. }
        | Notice::Resized { .. }
        | Notice::Died { .. }
        | Notice::Suspended(_)
        | Notice::Mark(_) => true,
        Notice::Started { .. } | Notice::TaskFailed { .. } | Notice::Stderr(_) | Notice::Note(_) => false,
    }
}
