//! A number at a place of the language: its unit and the range it must lie in.

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::Checker;
use super::formula::{self, Fault, Formula};
use super::node::{kind_of, prop, value_span};
use crate::expr::Expr;
use crate::knob::Unit;
use crate::quantity;

/// What may stand somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub unit: Unit,
    pub min: f64,
    pub max: f64,
    /// Whether the worker's place, `i` and `n`, is known here.
    pub index: bool,
    /// Whether turning a knob takes effect here while the run goes on.
    pub live: bool,
}

const fn want(unit: Unit, min: f64, max: f64) -> Want {
    Want { unit, min, max, index: true, live: true }
}

impl Want {
    /// Known before the run starts, the same for its whole length.
    const fn fixed(self) -> Self {
        Self { index: false, live: false, ..self }
    }

    /// Known when the worker starts.
    const fn at_start(self) -> Self {
        Self { live: false, ..self }
    }

    pub(super) const fn whole(self) -> Self {
        Self { index: false, ..self }
    }
}

/// One hour, in nanoseconds.
pub(super) const HOUR: f64 = 3_600e9;
/// Most workers, and most resources, of a scenario.
pub(super) const MOST: f64 = 10_000.0;

/// How long a step takes.
pub(super) const TIME: Want = want(Unit::Time, 0.0, HOUR);
/// How many times steps are repeated.
pub(super) const TIMES: Want = want(Unit::Count, 0.0, 1e12);
/// Which of an array; wraps around at both ends.
pub(super) const PLACE: Want = want(Unit::Count, -1e12, 1e12);
/// What a counter's value or a queue's depth is compared with.
pub(super) const VALUE: Want = want(Unit::Count, -1e9, 1e9);
/// How many of a resource or a group.
pub(super) const HOW_MANY: Want = want(Unit::Count, 1.0, MOST).fixed();
/// How far a worker stands back for others: only this way is open to everyone.
pub(super) const NICE: Want = want(Unit::Count, 0.0, 19.0).at_start();
/// Which core a worker stays on; wraps around.
pub(super) const CORE: Want = want(Unit::Count, 0.0, 1e6).at_start();
/// How many times a counter is added to in one step: each is a nanosecond at least, and nobody is asked meanwhile.
pub(super) const ADDS: Want = want(Unit::Count, 0.0, 1e7);
/// How many workers a pool has.
pub(super) const POOL_SIZE: Want = want(Unit::Count, 1.0, MOST).whole();
pub(super) const RATE: Want = want(Unit::Rate, 0.1, 1e6).whole();
/// Tasks whose results somebody collects: each has a place where its result is kept.
pub(super) const COLLECTED: Want = want(Unit::Count, 1.0, 100_000.0).fixed();
/// Which task.
pub(super) const TASK: Want = want(Unit::Count, 0.0, 1e12);
pub(super) const TASKS: Want = want(Unit::Count, 1.0, 1e9).fixed();
/// How often a task is begun anew; the most is as good as for ever.
pub(super) const RETRIES: Want = want(Unit::Count, 0.0, 1e6).whole();
pub(super) const CHUNK: Want = want(Unit::Count, 1.0, 1e6).fixed();
pub(super) const CAPACITY: Want = want(Unit::Count, 1.0, 1e6).fixed();
/// Items in a queue: so many that each event can tell how many there are.
pub(super) const ROOM: Want = want(Unit::Count, 1.0, 65_535.0).fixed();
/// Bytes in a pipe, as the kernel gives them to everybody: a page at least, and so many that each event can tell how many
/// there are.
pub(super) const PIPE_ROOM: Want = want(Unit::Bytes, 4_096.0, 524_288.0).fixed();
/// A pipe's room unless it says otherwise: the kernel's own.
pub(super) const PIPE: f64 = 65_536.0;
/// Bytes of a message.
pub(super) const MESSAGE: Want = want(Unit::Bytes, 1.0, 67_108_864.0);
/// How likely one way of a choice is, beside the others.
pub(super) const WEIGHT: Want = want(Unit::Count, 0.0, 1e6);
/// Up to where primes are counted: the sieve takes a bit for each number.
pub(super) const PRIMES: Want = want(Unit::Count, 2.0, 1e8);
/// Bytes that are hashed or written.
pub(super) const BYTES: Want = want(Unit::Bytes, 0.0, 1_073_741_824.0);
/// A share of a whole: "1/10", or "$failing/100" of a knob that counts in the hundred.
pub(super) const SHARE: Want = want(Unit::Count, 0.0, 1.0);
/// Requests that a server works on at once.
pub(super) const AT_WORK: Want = want(Unit::Count, 1.0, 1e6).whole();
/// Permits of a semaphore, and of them that one worker takes at once.
pub(super) const PERMITS: Want = want(Unit::Count, 0.0, 1e6).fixed();
pub(super) const AT_ONCE: Want = want(Unit::Count, 1.0, 64.0);
/// Bytes that go with a task.
pub(super) const PAYLOAD: Want = want(Unit::Bytes, 0.0, 67_108_864.0).fixed();

impl Checker {
    /// The number in a property, or what it is when the property is not there.
    pub(super) fn number_or(&mut self, node: &KdlNode, name: &str, want: Want, default: f64) -> Option<Formula> {
        match prop(node, name) {
            Some(entry) => self.number(entry, want),
            None => Some(Formula { expr: Expr::Number(default), unit: want.unit, low: default, high: default }),
        }
    }

    /// The number of an entry, of the wanted unit and within the wanted range whatever its knobs are turned to.
    pub(super) fn number(&mut self, entry: &KdlEntry, want: Want) -> Option<Formula> {
        let formula = match entry.value() {
            KdlValue::String(text) => self.formula(entry, text, want)?,
            KdlValue::Integer(value) => constant(*value as f64),
            KdlValue::Float(value) => constant(*value),
            other => {
                let title = format!("expected {}, found {}", want.unit.wanted(), kind_of(other));
                self.mistakes.error(value_span(entry), title);
                return None;
            }
        };
        if matches!(formula.expr, Expr::Number(value) if !value.is_finite()) {
            self.mistakes.error(value_span(entry), "this number is out of range").help(range_of(want));
            return None;
        }
        let fits = self.unit_fits(entry, &formula, want) && self.range_fits(entry, &formula, want);
        fits.then_some(formula)
    }

    fn formula(&mut self, entry: &KdlEntry, text: &str, want: Want) -> Option<Formula> {
        match formula::parse(text, &self.scenario.knobs, want.index) {
            Ok(formula) => {
                for knob in formula.expr.knobs() {
                    self.use_knob(knob, want.live);
                }
                Some(formula)
            }
            Err(fault) => {
                self.fault(entry, text, fault);
                None
            }
        }
    }

    /// Points into the quotes, when the text stands there as it is.
    fn fault(&mut self, entry: &KdlEntry, text: &str, fault: Fault) {
        let whole = value_span(entry);
        let quotes = whole.len().saturating_sub(text.len());
        let span = match quotes {
            0 | 2 => {
                let start = whole.start + quotes / 2;
                start + fault.at.start..start + fault.at.end.max(fault.at.start + 1)
            }
            _ => whole,
        };
        let mistake = self.mistakes.error(span, fault.what);
        if let Some(help) = fault.help {
            mistake.help(help);
        }
    }

    fn unit_fits(&mut self, entry: &KdlEntry, formula: &Formula, want: Want) -> bool {
        if formula.unit == want.unit {
            return true;
        }
        let title = format!("expected {}", want.unit.wanted());
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
                mistake.label(format!("this is {}", kind(formula.unit)));
            }
        }
        false
    }

    fn range_fits(&mut self, entry: &KdlEntry, formula: &Formula, want: Want) -> bool {
        let plain = matches!(formula.expr, Expr::Number(_) | Expr::Knob(_));
        let whole = !matches!(formula.expr, Expr::Number(value) if want.unit == Unit::Count && value.fract() != 0.0);
        // A formula may leave the range at the ends of its knobs, where it is held in; a plain number may not.
        let inside = if plain {
            formula.low >= want.min && formula.high <= want.max
        } else {
            formula.high >= want.min && formula.low <= want.max
        };
        if inside && whole {
            return true;
        }
        let range = range_of(want);
        let title = match (&formula.expr, inside) {
            (_, true) => "expected a whole number".to_owned(),
            (Expr::Knob(knob), _) => {
                let knob = &self.scenario.knobs[knob.index()];
                format!("`{}` can be turned out of the range of this number", knob.name)
            }
            _ => "this number is out of range".to_owned(),
        };
        self.mistakes.error(value_span(entry), title).help(range);
        false
    }
}

fn range_of(want: Want) -> String {
    format!("it goes from {} to {}", quantity::show(want.min, want.unit), quantity::show(want.max, want.unit))
}

fn constant(value: f64) -> Formula {
    Formula { expr: Expr::Number(value), unit: Unit::Count, low: value, high: value }
}

const fn kind(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "a time",
        Unit::Count => "a bare number",
        Unit::Rate => "a rate",
        Unit::Bytes => "a size",
    }
}
