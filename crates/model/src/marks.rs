//! Marks that workers and the user set on the time axis.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Model;
use contend_trace::{MarkId, Stamp, WorkerId};

/// The maximum number of marks kept of each text, and of marks of the user: the newest.
const MAX_MARKS_EACH: usize = 128;

/// A mark with a text, set by a worker or by the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMark<'a> {
    pub at: Stamp,
    pub text: Cow<'a, str>,
    /// The worker that set it; `None` for the user.
    pub worker: Option<WorkerId>,
}

/// All marks of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkCount<'a> {
    /// The text as the program has it, with `{n}` where each mark has its number.
    pub text: &'a str,
    pub count: u64,
    pub first: Stamp,
    pub last: Stamp,
}

/// The marks set so far, bounded for each text.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedMarks {
    /// By id of the text.
    by_text: Vec<MarksOfText>,
    /// In order of time.
    of_user: VecDeque<(Stamp, String)>,
    user_count: u64,
}

#[derive(Debug, Clone, Default)]
struct MarksOfText {
    count: u64,
    first: Option<Stamp>,
    /// In order of time, then of workers.
    newest: VecDeque<(Stamp, WorkerId, u64)>,
}

impl MarksOfText {
    fn add(&mut self, at: Stamp, worker: WorkerId, number: u64) {
        self.count += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        let mark = (at, worker, number);
        let index = self.newest.partition_point(|other| *other <= mark);
        self.newest.insert(index, mark);
        if self.newest.len() > MAX_MARKS_EACH {
            self.newest.pop_front();
        }
    }
}

impl NamedMarks {
    pub(super) fn add_of_user(&mut self, at: Stamp, text: String) {
        self.user_count += 1;
        let index = self.of_user.partition_point(|(other, _)| *other <= at);
        self.of_user.insert(index, (at, text));
        if self.of_user.len() > MAX_MARKS_EACH {
            self.of_user.pop_front();
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let texts: usize = self.by_text.iter().map(|marks| marks.newest.capacity()).sum();
        texts * size_of::<(Stamp, WorkerId, u64)>() + self.by_text.capacity() * size_of::<MarksOfText>()
    }
}

impl Model {
    /// Adds a mark that a worker set. An id without a text is an anomaly.
    pub(super) fn add_named_mark(&mut self, worker: WorkerId, at: Stamp, text: MarkId, number: u64) {
        if text.index() >= self.registry.marks.len() {
            self.health.anomalies += 1;
            return;
        }
        let marks = &mut self.named_marks.by_text;
        if marks.len() <= text.index() {
            marks.resize_with(text.index() + 1, MarksOfText::default);
        }
        marks[text.index()].add(at, worker, number);
    }

    /// Returns the marks that workers and the user set, in the order of their stamps: the newest of each text.
    pub fn named_marks(&self) -> Vec<NamedMark<'_>> {
        let of_workers = self.named_marks.by_text.iter().enumerate().flat_map(|(id, marks)| {
            marks.newest.iter().map(move |(at, worker, number)| NamedMark {
                at: *at,
                text: self.registry.mark_text(MarkId::from(id), *number),
                worker: Some(*worker),
            })
        });
        let of_user = self.named_marks.of_user.iter();
        let of_user = of_user.map(|(at, text)| NamedMark { at: *at, text: Cow::Borrowed(text), worker: None });
        let mut all: Vec<NamedMark<'_>> = of_workers.chain(of_user).collect();
        all.sort_by_key(|mark| mark.at);
        all
    }

    /// Returns how often workers set the marks of each text, in the order of the registry.
    pub fn mark_counts(&self) -> impl Iterator<Item = MarkCount<'_>> {
        self.registry.marks.iter().zip(&self.named_marks.by_text).filter_map(|(text, marks)| {
            let (first, (last, ..)) = (marks.first?, marks.newest.back()?);
            Some(MarkCount { text, count: marks.count, first, last: *last })
        })
    }

    /// Returns the number of marks that the user ever set.
    pub const fn user_mark_total(&self) -> u64 {
        self.named_marks.user_count
    }

    /// Returns the number of marks that workers and the user ever set.
    pub fn named_mark_total(&self) -> u64 {
        self.named_marks.by_text.iter().map(|marks| marks.count).sum::<u64>() + self.named_marks.user_count
    }
}
