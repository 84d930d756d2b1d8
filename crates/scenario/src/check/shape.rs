//! What each node of the language looks like: its values, its block and what it is for, in tables.
//!
//! The checker reads files by these tables, and the reference is written from them: a node that stands in no table does
//! not exist, and no entry comes without its help. That what they say of ranges and defaults is what the checker does is
//! tested for every value of every node.

mod ask;
mod attempt;
mod control;
mod counter;
mod end;
mod expect;
mod life;
mod lock;
mod pipe;
mod pool;
mod queue;
mod resource;
mod signal;
#[cfg(test)]
mod tests;
mod who;
mod words;
mod work;

use super::number::{PLACE, Want};

/// Whether a node has a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    No,
    May,
    Must,
}

/// What may be written for a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// A name that is declared here.
    Name,
    /// The name of something declared elsewhere: `a mutex`.
    Of(&'static str),
    Text,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// A number in this unit and range: written out, a knob, or a formula.
    Number(Want),
    /// A whole number that is written out, from the one to the other.
    Whole(i64, i64),
    Switch,
    /// Something of its own, described in words.
    Own(&'static str),
}

/// What holds when a value is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unless {
    /// It must be given.
    Needed,
    /// The same as if this were written.
    Is(&'static str),
    /// This, in words.
    Then(&'static str),
}

/// A value of a node: an argument by its place, or a property by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub name: &'static str,
    pub value: Value,
    pub unless: Unless,
    /// What it means, after the name and a colon.
    pub help: &'static str,
    /// How many times an argument may stand.
    pub times: usize,
}

/// A value that has to be given.
const fn must(name: &'static str, value: Value, help: &'static str) -> Slot {
    Slot { name, value, unless: Unless::Needed, help, times: 1 }
}

/// A value that can be left out.
const fn may(name: &'static str, value: Value, unless: Unless, help: &'static str) -> Slot {
    Slot { name, value, unless, help, times: 1 }
}

/// The resource that a step is about.
const fn of(name: &'static str, what: &'static str) -> Slot {
    must(name, Value::Of(what), "which one")
}

/// Which of an array a step is about.
const AT: Slot =
    may("at", Value::Number(PLACE), Unless::Then("the first"), "which of an array, from 0, round and round");

impl Slot {
    /// An argument that may stand so many times.
    const fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

const MANY: usize = usize::MAX;

/// The outer form of one kind of node, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub word: &'static str,
    /// How it is written, for messages.
    pub usage: &'static str,
    /// What it does: one sentence, or a few.
    pub help: &'static str,
    pub args: &'static [Slot],
    pub props: &'static [Slot],
    /// Any property is welcome: its name is a knob's.
    pub knobs: bool,
    pub block: Block,
}

const fn shape(word: &'static str, usage: &'static str, help: &'static str) -> Shape {
    Shape { word, usage, help, args: &[], props: &[], knobs: false, block: Block::No }
}

impl Shape {
    const fn args(self, args: &'static [Slot]) -> Self {
        Self { args, ..self }
    }

    const fn props(self, props: &'static [Slot]) -> Self {
        Self { props, ..self }
    }

    const fn knobs(self) -> Self {
        Self { knobs: true, ..self }
    }

    const fn block(self, block: Block) -> Self {
        Self { block, ..self }
    }

    /// How many arguments it has, at least and at most.
    pub(super) fn count(&self) -> (usize, usize) {
        let least = self.args.iter().filter(|slot| slot.unless == Unless::Needed).count();
        (least, self.args.iter().fold(0, |most, slot| most.saturating_add(slot.times)))
    }

    pub(super) fn prop_names(&self) -> impl ExactSizeIterator<Item = &'static str> + Clone + use<> {
        self.props.iter().map(|slot| slot.name)
    }
}

/// Nodes that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub title: &'static str,
    pub shapes: &'static [Shape],
}

/// Where a node stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// For messages: `there is no such node among the steps`.
    pub name: &'static str,
    pub families: &'static [Family],
}

/// At the top of a file.
pub(super) const TOP: Place = Place {
    name: "at the top of a scenario",
    families: &[words::WORDS, words::KNOBS, resource::RESOURCES, who::WORKERS, expect::EXPECT],
};

/// In the block of a group of workers, of a pool's task, or of a step.
pub(super) const STEPS: Place = Place {
    name: "among the steps",
    families: &[
        work::WAITS,
        lock::LOCKS,
        counter::COUNTERS,
        queue::QUEUES,
        pipe::PIPES,
        signal::SIGNALS,
        pool::STEPS,
        life::LIVES,
        control::CONTROL,
        control::LOOP,
        work::REAL,
        attempt::ATTEMPTS,
        end::ENDS,
    ],
};

/// In the block of a choice.
pub(super) const WAYS: Place = Place { name: "in a choice", families: &[control::WAYS] };

/// In the block of a pool.
pub(super) const POOL: Place = Place { name: "in a pool", families: &[pool::POOL] };

/// In the block of a question.
pub(super) const ASK: Place = Place { name: "in a question", families: &[ask::GUESSES] };

/// In the block of a guess.
pub(super) const GUESS: Place = Place { name: "in a guess", families: &[ask::GUESS] };

/// Every place, to say where a word belongs that stands at the wrong one.
pub(super) const PLACES: [Place; 6] = [TOP, STEPS, WAYS, POOL, ASK, GUESS];

impl Place {
    pub(super) fn shapes(self) -> impl Iterator<Item = &'static Shape> + Clone {
        self.families.iter().flat_map(|family| family.shapes)
    }

    pub(super) fn find(self, word: &str) -> Option<&'static Shape> {
        self.shapes().find(|shape| shape.word == word)
    }
}
