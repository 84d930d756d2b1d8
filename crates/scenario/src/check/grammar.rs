//! The grammar: tables of all nodes with their values, blocks and documentation.
//!
//! The checker reads files by these tables, and the reference is generated from them: a node exists if it is in a
//! table, and each row has a help text. Tests compare the ranges and defaults in the tables with what the checker does,
//! for every value of every node.
//!
//! A new step is a row in one of the step tables with the function that reads it, a variant of `Step`, and an arm in
//! the engine's step runner.

mod attempt;
mod control;
mod counter;
mod examples;
mod exits;
mod expect;
mod life;
mod lock;
mod mark;
mod metadata;
mod pipe;
mod pool;
mod queue;
mod quiz;
mod resource;
mod select;
mod signal;
#[cfg(test)]
mod tests;
mod work;
mod workers;

use kdl::KdlNode;

pub use self::examples::{LanguageExample, language_examples};
pub(super) use self::signal::WAITED;
use super::Checker;
use super::number_rule::{ARRAY_INDEX, NumberRule, TIME};
use crate::program::Step;

/// Whether a node has a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockRule {
    Forbidden,
    Optional,
    Required,
}

/// Which values a parameter accepts.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueKind {
    /// A new name, which this node declares.
    Name,
    /// The name of something declared elsewhere, such as `a mutex`.
    NameOf(&'static str),
    Text,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// A number in this unit and range: a literal, a knob or a formula.
    Number(NumberRule),
    /// A literal whole number in this range.
    Integer(i64, i64),
    Boolean,
    /// Another form, described in words.
    Special(&'static str),
}

/// What it means to leave a value out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfOmitted {
    /// The value is required.
    NotAllowed,
    /// The same as this value.
    SameAs(&'static str),
    /// Something that no value expresses, described in words.
    Means(&'static str),
}

/// A value of a node: an argument, known by its position, or a property, known by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub value: ValueKind,
    pub if_omitted: IfOmitted,
    /// What it means, in words that follow its name.
    pub help: &'static str,
    /// How many times an argument can be repeated.
    pub max_count: usize,
}

/// A parameter that is required.
pub(super) const fn required(name: &'static str, value: ValueKind, help: &'static str) -> Parameter {
    Parameter { name, value, if_omitted: IfOmitted::NotAllowed, help, max_count: 1 }
}

/// A parameter that can be left out.
pub(super) const fn optional(name: &'static str, value: ValueKind, unless: IfOmitted, help: &'static str) -> Parameter {
    Parameter { name, value, if_omitted: unless, help, max_count: 1 }
}

/// The name of what a step works on.
const fn resource_name(name: &'static str, what: &'static str) -> Parameter {
    required(name, ValueKind::NameOf(what), "its name")
}

/// The member of an array that a step works on.
const AT: Parameter = optional(
    "at",
    ValueKind::Number(ARRAY_INDEX),
    IfOmitted::Means("the first"),
    "index in an array, from 0; wraps around",
);

/// The longest wait of a step that otherwise waits without a limit.
const TIMEOUT: Parameter = optional(
    "timeout",
    ValueKind::Number(TIME),
    IfOmitted::Means("no limit"),
    "longest wait; the worker gives up after it",
);

/// The longest wait of a step that otherwise does not wait.
const TRY_TIMEOUT: Parameter =
    optional("timeout", ValueKind::Number(TIME), IfOmitted::SameAs("0us"), "how long it waits before it gives up");

impl Parameter {
    /// Allows an argument to be repeated up to this many times.
    const fn max_count(self, times: usize) -> Self {
        Self { max_count: times, ..self }
    }
}

const UNLIMITED: usize = usize::MAX;

/// A row of the tables: the form of one kind of node, and its documentation.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeRule {
    pub word: &'static str,
    /// An example, for messages and the reference.
    pub usage: &'static str,
    /// What it does, in a sentence or a few.
    pub help: &'static str,
    pub args: &'static [Parameter],
    pub props: &'static [Parameter],
    /// Whether its properties are the names of knobs.
    pub any_knob: bool,
    pub block: BlockRule,
    /// Reads the step. `None` for nodes that are no steps, and for `else`, which belongs to the step before it.
    pub build_step: Option<BuildStep>,
    /// Whether `else` can follow this step.
    pub allows_else: bool,
}

/// Reads a step from its node; returns `None` after it has reported a mistake.
pub(super) type BuildStep = fn(&mut Checker, &KdlNode) -> Option<Step>;

pub(super) const fn node_rule(word: &'static str, usage: &'static str, help: &'static str) -> NodeRule {
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
    pub(super) const fn args(self, args: &'static [Parameter]) -> Self {
        Self { args, ..self }
    }

    pub(super) const fn props(self, props: &'static [Parameter]) -> Self {
        Self { props, ..self }
    }

    pub(super) const fn any_knob(self) -> Self {
        Self { any_knob: true, ..self }
    }

    pub(super) const fn block(self, block: BlockRule) -> Self {
        Self { block, ..self }
    }

    const fn allows_else(self) -> Self {
        Self { allows_else: true, ..self }
    }

    /// The smallest and the largest number of arguments.
    pub(super) fn argument_count(&self) -> (usize, usize) {
        let least = self.args.iter().filter(|parameter| parameter.if_omitted == IfOmitted::NotAllowed).count();
        (least, self.args.iter().fold(0, |most, parameter| most.saturating_add(parameter.max_count)))
    }

    pub(super) fn prop_names(&self) -> impl ExactSizeIterator<Item = &'static str> + Clone + use<> {
        self.props.iter().map(|parameter| parameter.name)
    }
}

/// Nodes that are documented together.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeFamily {
    pub title: &'static str,
    pub rules: &'static [NodeRule],
}

/// A place in a file with its own set of nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeContext {
    /// For messages, such as `there is no such node among the steps`.
    pub name: &'static str,
    pub families: &'static [NodeFamily],
}

/// At the top of a file.
pub(super) const TOP: NodeContext = NodeContext {
    name: "at the top of a scenario",
    families: &[metadata::WORDS, metadata::KNOBS, resource::RESOURCES, workers::WORKERS, expect::EXPECT],
};

/// In the block of a group of workers, of a task, or of a step.
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
        select::SELECT,
        control::LOOP,
        work::REAL,
        attempt::ATTEMPTS,
        mark::MARKS,
        exits::ENDS,
    ],
};

/// In the block of a choice.
pub(super) const WAYS: NodeContext = NodeContext { name: "in a choice", families: &[control::WAYS] };

/// In the block of a `select`.
pub(super) const ALTERNATIVES: NodeContext = NodeContext { name: "in a `select`", families: &[select::ALTERNATIVES] };

/// In the block of `spin`.
pub(super) const SPIN: NodeContext = NodeContext { name: "in `spin`", families: &[control::UNTIL] };

/// In the block of a pool.
pub(super) const POOL: NodeContext = NodeContext { name: "in a pool", families: &[pool::POOL] };

/// In the block of a question.
pub(super) const ASK: NodeContext = NodeContext { name: "in a question", families: &[quiz::GUESSES] };

/// In the block of a guess.
pub(super) const GUESS: NodeContext = NodeContext { name: "in a guess", families: &[quiz::GUESS] };

/// All places, for messages that say where a misplaced word belongs.
pub(super) const CONTEXTS: [NodeContext; 8] = [TOP, STEPS, WAYS, ALTERNATIVES, SPIN, POOL, ASK, GUESS];

impl NodeContext {
    pub(super) fn rules(self) -> impl Iterator<Item = &'static NodeRule> + Clone {
        self.families.iter().flat_map(|family| family.rules)
    }

    pub(super) fn find(self, word: &str) -> Option<&'static NodeRule> {
        self.rules().find(|rule| rule.word == word)
    }
}
