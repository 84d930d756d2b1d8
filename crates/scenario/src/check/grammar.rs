//! What each node of the language looks like: its values, its block and what it is for, in tables.
//!
//! The checker reads files by these tables, and the reference is written from them: a node that stands in no table does
//! not exist, and no entry comes without its help. That what they say of ranges and defaults is what the checker does is
//! tested for every value of every node.

mod attempt;
mod control;
mod counter;
mod exits;
mod expect;
mod life;
mod lock;
mod metadata;
mod pipe;
mod pool;
mod queue;
mod quiz;
mod resource;
mod signal;
#[cfg(test)]
mod tests;
mod work;
mod workers;

use kdl::KdlNode;

use super::Checker;
use super::number_rule::{ARRAY_INDEX, NumberRule};
use crate::program::Step;

/// Whether a node has a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockRule {
    Forbidden,
    Optional,
    Required,
}

/// What may be written for a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueKind {
    /// A name that is declared here.
    Name,
    /// The name of something declared elsewhere: `a mutex`.
    NameOf(&'static str),
    Text,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// A number in this unit and range: written out, a knob, or a formula.
    Number(NumberRule),
    /// A whole number that is written out, from the one to the other.
    Integer(i64, i64),
    Boolean,
    /// Something of its own, described in words.
    Special(&'static str),
}

/// What holds when a value is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfOmitted {
    /// It must be given.
    NotAllowed,
    /// The same as if this were written.
    SameAs(&'static str),
    /// This, in words.
    Means(&'static str),
}

/// A value of a node: an argument by its place, or a property by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub value: ValueKind,
    pub if_omitted: IfOmitted,
    /// What it means, after the name and a colon.
    pub help: &'static str,
    /// How many times an argument may stand.
    pub max_count: usize,
}

/// A value that has to be given.
const fn required(name: &'static str, value: ValueKind, help: &'static str) -> Parameter {
    Parameter { name, value, if_omitted: IfOmitted::NotAllowed, help, max_count: 1 }
}

/// A value that can be left out.
const fn optional(name: &'static str, value: ValueKind, unless: IfOmitted, help: &'static str) -> Parameter {
    Parameter { name, value, if_omitted: unless, help, max_count: 1 }
}

/// The resource that a step is about.
const fn resource_name(name: &'static str, what: &'static str) -> Parameter {
    required(name, ValueKind::NameOf(what), "which one")
}

/// Which of an array a step is about.
const AT: Parameter = optional(
    "at",
    ValueKind::Number(ARRAY_INDEX),
    IfOmitted::Means("the first"),
    "which of an array, from 0, round and round",
);

impl Parameter {
    /// An argument that may stand so many times.
    const fn max_count(self, times: usize) -> Self {
        Self { max_count: times, ..self }
    }
}

const UNLIMITED: usize = usize::MAX;

/// The outer form of one kind of node, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeRule {
    pub word: &'static str,
    /// How it is written, for messages.
    pub usage: &'static str,
    /// What it does: one sentence, or a few.
    pub help: &'static str,
    pub args: &'static [Parameter],
    pub props: &'static [Parameter],
    /// Any property is welcome: its name is a knob's.
    pub any_knob: bool,
    pub block: BlockRule,
    /// Reads the step. `None` for nodes that are no steps, and for `else`, which belongs to the step before it.
    pub build_step: Option<BuildStep>,
    /// Whether `else` can follow this step.
    pub allows_else: bool,
}

/// Reads a step from its node; returns `None` after it has reported a mistake.
pub(super) type BuildStep = fn(&mut Checker, &KdlNode) -> Option<Step>;

const fn node_rule(word: &'static str, usage: &'static str, help: &'static str) -> NodeRule {
    NodeRule {
        word,
        usage,
        help,
        args: &[],
        props: &[],
        any_knob: false,
        block: BlockRule::Forbidden,
        build_step: None,
        allows_else: false,
    }
}

const fn step_rule(word: &'static str, usage: &'static str, help: &'static str, build: BuildStep) -> NodeRule {
    NodeRule { build_step: Some(build), ..node_rule(word, usage, help) }
}

impl NodeRule {
    const fn args(self, args: &'static [Parameter]) -> Self {
        Self { args, ..self }
    }

    const fn props(self, props: &'static [Parameter]) -> Self {
        Self { props, ..self }
    }

    const fn any_knob(self) -> Self {
        Self { any_knob: true, ..self }
    }

    const fn block(self, block: BlockRule) -> Self {
        Self { block, ..self }
    }

    const fn allows_else(self) -> Self {
        Self { allows_else: true, ..self }
    }

    /// How many arguments it has, at least and at most.
    pub(super) fn argument_count(&self) -> (usize, usize) {
        let least = self.args.iter().filter(|slot| slot.if_omitted == IfOmitted::NotAllowed).count();
        (least, self.args.iter().fold(0, |most, slot| most.saturating_add(slot.max_count)))
    }

    pub(super) fn prop_names(&self) -> impl ExactSizeIterator<Item = &'static str> + Clone + use<> {
        self.props.iter().map(|slot| slot.name)
    }
}

/// Nodes that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeFamily {
    pub title: &'static str,
    pub rules: &'static [NodeRule],
}

/// Where a node stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeContext {
    /// For messages: `there is no such node among the steps`.
    pub name: &'static str,
    pub families: &'static [NodeFamily],
}

/// At the top of a file.
pub(super) const TOP: NodeContext = NodeContext {
    name: "at the top of a scenario",
    families: &[metadata::WORDS, metadata::KNOBS, resource::RESOURCES, workers::WORKERS, expect::EXPECT],
};

/// In the block of a group of workers, of a pool's task, or of a step.
pub(super) const STEPS: NodeContext = NodeContext {
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
        exits::ENDS,
    ],
};

/// In the block of a choice.
pub(super) const WAYS: NodeContext = NodeContext { name: "in a choice", families: &[control::WAYS] };

/// In the block of a pool.
pub(super) const POOL: NodeContext = NodeContext { name: "in a pool", families: &[pool::POOL] };

/// In the block of a question.
pub(super) const ASK: NodeContext = NodeContext { name: "in a question", families: &[quiz::GUESSES] };

/// In the block of a guess.
pub(super) const GUESS: NodeContext = NodeContext { name: "in a guess", families: &[quiz::GUESS] };

/// Every place, to say where a word belongs that stands at the wrong one.
pub(super) const CONTEXTS: [NodeContext; 6] = [TOP, STEPS, WAYS, POOL, ASK, GUESS];

impl NodeContext {
    pub(super) fn rules(self) -> impl Iterator<Item = &'static NodeRule> + Clone {
        self.families.iter().flat_map(|family| family.rules)
    }

    pub(super) fn find(self, word: &str) -> Option<&'static NodeRule> {
        self.rules().find(|shape| shape.word == word)
    }
}
