//! The numbers of the language: the unit and the range that each must have.

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::Checker;
use super::formula::{self, Formula, FormulaError, FormulaNames};
use super::node::{prop, value_kind, value_span};
use crate::expr::Expr;
use crate::knob::Unit;
use crate::mistake::Mistakes;
use crate::program::ResourceSpec;
use crate::quantity;

/// The unit and the range of a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberRule {
    pub unit: Unit,
    pub min: f64,
    pub max: f64,
    /// Whether the worker's number `i` of `n` is known here.
    pub index: bool,
    /// Whether a turned knob takes effect here during the run.
    pub live: bool,
}

const fn number_rule(unit: Unit, min: f64, max: f64) -> NumberRule {
    NumberRule { unit, min, max, index: true, live: true }
}

impl NumberRule {
    /// Makes it a number that is evaluated once, before the run.
    const fn fixed(self) -> Self {
        Self { index: false, live: false, ..self }
    }

    /// Makes it a number that is evaluated when a worker starts.
    const fn at_start(self) -> Self {
        Self { live: false, ..self }
    }

    pub(super) const fn without_index(self) -> Self {
        Self { index: false, ..self }
    }
}

/// One hour, in nanoseconds.
pub(super) const HOUR: f64 = 3_600e9;
/// The most workers, and the most resources, of a scenario.
pub(super) const MAX_ENTITIES: f64 = 10_000.0;

/// How long a step takes.
pub(super) const TIME: NumberRule = number_rule(Unit::Time, 0.0, HOUR);
/// Repetitions of a block.
pub(super) const TIMES: NumberRule = number_rule(Unit::Count, 0.0, 1e12);
/// An index in an array; wraps around at both ends.
pub(super) const ARRAY_INDEX: NumberRule = number_rule(Unit::Count, -1e12, 1e12);
/// The other side of a comparison with a counter's value or a queue's depth.
pub(super) const VALUE: NumberRule = number_rule(Unit::Count, -1e9, 1e9);
/// Number of members of a resource or a group.
pub(super) const DECLARED_COUNT: NumberRule = number_rule(Unit::Count, 1.0, MAX_ENTITIES).fixed();
/// Niceness. Lowering it below 0 needs privileges.
pub(super) const NICE: NumberRule = number_rule(Unit::Count, 0.0, 19.0).at_start();
/// The core a worker is pinned to; wraps around.
pub(super) const CORE: NumberRule = number_rule(Unit::Count, 0.0, 1e6).at_start();
/// Additions to a counter in one step. Each takes a nanosecond at least, and the step cannot be interrupted.
pub(super) const ADDS: NumberRule = number_rule(Unit::Count, 0.0, 1e7);
/// Workers of a pool.
pub(super) const POOL_SIZE: NumberRule = number_rule(Unit::Count, 1.0, MAX_ENTITIES).without_index();
pub(super) const RATE: NumberRule = number_rule(Unit::Rate, 0.1, 1e6).without_index();
/// How much faster than recorded a trace is replayed.
pub(super) const SPEED: NumberRule = number_rule(Unit::Count, 0.01, 1e6).fixed();
/// A moment of a trace, since its first arrival: at most 400 days.
pub(super) const TRACE_TIME: NumberRule = number_rule(Unit::Time, 0.0, 9_600.0 * HOUR).fixed();
/// Tasks that arrive at the same moment.
pub(super) const BURST: NumberRule = number_rule(Unit::Count, 1.0, 10_000.0).without_index();
/// How long tasks arrive before a pause, and the length of a day.
pub(super) const PERIOD: NumberRule = number_rule(Unit::Time, 1e6, HOUR).without_index();
/// Clients of a closed loop.
pub(super) const CLIENTS: NumberRule = number_rule(Unit::Count, 1.0, MAX_ENTITIES).without_index();
/// Tasks whose results are read: each has a slot for its result.
pub(super) const COLLECTED: NumberRule = number_rule(Unit::Count, 1.0, 100_000.0).fixed();
/// The number of a task.
pub(super) const TASK: NumberRule = number_rule(Unit::Count, 0.0, 1e12);
pub(super) const TASKS: NumberRule = number_rule(Unit::Count, 1.0, 1e9).fixed();
/// Restarts of a task; the maximum stands for no limit.
pub(super) const RETRIES: NumberRule = number_rule(Unit::Count, 0.0, 1e6).without_index();
pub(super) const CHUNK: NumberRule = number_rule(Unit::Count, 1.0, 1e6).fixed();
pub(super) const CAPACITY: NumberRule = number_rule(Unit::Count, 1.0, 1e6).fixed();
/// Items in a queue: events have 16 bits for the depth.
pub(super) const QUEUE_CAPACITY: NumberRule = number_rule(Unit::Count, 0.0, 65_535.0).fixed();
/// The priority of an item: there is a list for each.
pub(super) const PRIORITY: NumberRule = number_rule(Unit::Count, 0.0, 7.0);
/// Requests that fit in a server.
pub(super) const SERVER_ROOM: NumberRule = number_rule(Unit::Count, 1.0, 65_535.0).fixed();
/// Bytes in a pipe: a page at least, and no more than the kernel allows without privileges and events have room for.
pub(super) const PIPE_CAPACITY: NumberRule = number_rule(Unit::Bytes, 4_096.0, 524_288.0).fixed();
/// A pipe's default capacity: that of the kernel.
pub(super) const DEFAULT_PIPE_CAPACITY: f64 = 65_536.0;
/// Bytes of a message.
pub(super) const MESSAGE: NumberRule = number_rule(Unit::Bytes, 1.0, 67_108_864.0);
/// The weight of a branch of a choice.
pub(super) const WEIGHT: NumberRule = number_rule(Unit::Count, 0.0, 1e6);
/// The number up to which primes are counted: the sieve has a bit for each number.
pub(super) const PRIMES: NumberRule = number_rule(Unit::Count, 2.0, 1e8);
/// Bytes that are hashed or written.
pub(super) const BYTES: NumberRule = number_rule(Unit::Bytes, 0.0, 1_073_741_824.0);
/// A share of a whole: "1/10", or "$failing/100" for a knob in per cent.
pub(super) const SHARE: NumberRule = number_rule(Unit::Count, 0.0, 1.0);
/// Requests that a server works on at once.
pub(super) const CONCURRENT_REQUESTS: NumberRule = number_rule(Unit::Count, 1.0, 1e6).without_index();
/// Permits of a semaphore.
pub(super) const PERMITS: NumberRule = number_rule(Unit::Count, 0.0, 1e6).fixed();
/// Permits that a worker takes at once.
pub(super) const AT_ONCE: NumberRule = number_rule(Unit::Count, 1.0, 64.0);
/// Results of other tasks that a task needs.
pub(super) const NEEDS: NumberRule = number_rule(Unit::Count, 0.0, 64.0).without_index();
/// Bytes sent with a task.
pub(super) const PAYLOAD: NumberRule = number_rule(Unit::Bytes, 0.0, 67_108_864.0).fixed();

impl Mistakes {
    /// Reports a mistake inside a formula. Points into the quotes if the text is written without escapes.
    pub(super) fn report_formula_error(&mut self, entry: &KdlEntry, text: &str, fault: FormulaError) {
        let whole = value_span(entry);
        let written = entry.format().map_or("", |format| format.value_repr.as_str());
        let span = match written.find(text).filter(|_| !text.is_empty()) {
            Some(offset) => {
                let start = whole.start + offset;
                start + fault.at.start..start + fault.at.end.max(fault.at.start + 1)
            }
            None => whole,
        };
        let mistake = self.error(span, fault.title);
        if let Some(help) = fault.help {
            mistake.help(help);
        }
    }
}

impl Checker {
    /// Reads the number in a property, or returns its default if there is no such property.
    pub(super) fn number_or(&mut self, node: &KdlNode, name: &str, want: NumberRule, default: f64) -> Option<Formula> {
        match prop(node, name) {
            Some(entry) => self.number(entry, want),
            None => Some(Formula { expr: Expr::Number(default), unit: want.unit, low: default, high: default }),
        }
    }

    /// Reads a number, which must have the wanted unit and be in the wanted range for all values of its knobs.
    pub(super) fn number(&mut self, entry: &KdlEntry, want: NumberRule) -> Option<Formula> {
        let formula = match entry.value() {
            KdlValue::String(text) => self.formula(entry, text, want)?,
            KdlValue::Integer(value) => constant(*value as f64),
            KdlValue::Float(value) => constant(*value),
            other => {
                let title = format!("expected {}, found {}", want.unit.describe(), value_kind(other));
                self.mistakes.error(value_span(entry), title);
                return None;
            }
        };
        if matches!(formula.expr, Expr::Number(value) if !value.is_finite()) {
            self.mistakes.error(value_span(entry), "this number is out of range").help(range_text(want));
            return None;
        }
        if formula.expr.needs_trace() && !self.has_trace {
            let title = "`service` is for tasks that replay a trace";
            self.mistakes.error(value_span(entry), title).help("feed the pool with batch trace=\"requests.csv\"");
            return None;
        }
        let fits = self.unit_fits(entry, &formula, want) && self.range_fits(entry, &formula, want);
        fits.then_some(formula)
    }

    fn formula(&mut self, entry: &KdlEntry, text: &str, want: NumberRule) -> Option<Formula> {
        let counters: Vec<(&str, usize)> = if text.contains("loaded") { self.counters() } else { Vec::new() };
        let names = FormulaNames { knobs: &self.scenario.knobs, counters: &counters };
        match formula::parse(text, names, want.index) {
            Ok(formula) => {
                for knob in formula.expr.knobs() {
                    self.use_knob(knob, want.live);
                }
                Some(formula)
            }
            Err(fault) => {
                self.mistakes.report_formula_error(entry, text, fault);
                None
            }
        }
    }

    /// Returns the names of all counters, with their positions among the resources.
    fn counters(&self) -> Vec<(&str, usize)> {
        let resources = self.scenario.resources.iter().enumerate();
        let counters = resources.filter(|(_, resource)| matches!(resource.spec, ResourceSpec::Counter { .. }));
        counters.map(|(at, resource)| (resource.name.as_str(), at)).collect()
    }

    fn unit_fits(&mut self, entry: &KdlEntry, formula: &Formula, want: NumberRule) -> bool {
        if formula.unit == want.unit {
            return true;
        }
        let title = format!("expected {}", want.unit.describe());
        let mistake = self.mistakes.error(value_span(entry), title);
        match &formula.expr {
            Expr::Number(value) if formula.unit == Unit::Count => {
                let unit = match want.unit {
                    Unit::Time => "ms",
                    Unit::Rate => "/s",
                    _ => "KiB",
                };
                mistake
                    .label("the unit is missing")
                    .help(format!("write it in quotes with its unit: \"{value}{unit}\""));
            }
            _ => {
                mistake.label(format!("this is {}", unit_noun(formula.unit)));
            }
        }
        false
    }

    fn range_fits(&mut self, entry: &KdlEntry, formula: &Formula, want: NumberRule) -> bool {
        let plain = matches!(formula.expr, Expr::Number(_) | Expr::Knob(_));
        let whole = !matches!(formula.expr, Expr::Number(value) if want.unit == Unit::Count && value.fract() != 0.0);
        // The value of a formula is clamped to the range, so it may leave the range for some values of its knobs.
        let inside = if plain {
            formula.low >= want.min && formula.high <= want.max
        } else {
            formula.high >= want.min && formula.low <= want.max
        };
        if inside && whole {
            return true;
        }
        let range = range_text(want);
        let title = match (&formula.expr, inside) {
            (_, true) => "expected a whole number".to_owned(),
            (Expr::Knob(knob), _) => {
                let knob = &self.scenario.knobs[knob.index()];
                format!("the knob `{}` can leave the range of this number", knob.name)
            }
            _ => "this number is out of range".to_owned(),
        };
        self.mistakes.error(value_span(entry), title).help(range);
        false
    }
}

fn range_text(want: NumberRule) -> String {
    format!(
        "it goes from {} to {}",
        quantity::format_quantity(want.min, want.unit),
        quantity::format_quantity(want.max, want.unit)
    )
}

fn constant(value: f64) -> Formula {
    Formula { expr: Expr::Number(value), unit: Unit::Count, low: value, high: value }
}

const fn unit_noun(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "a time",
        Unit::Count => "a bare number",
        Unit::Rate => "a rate",
        Unit::Bytes => "a size",
    }
}
