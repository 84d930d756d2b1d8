//! What workers do, step by step.

mod attempt;
mod choose;
mod life;
mod pipe;
mod pool;
mod question;
mod queue;
mod real_work;
mod signal;

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::grammar::STEPS;
use super::names::NamedItem;
use super::node::{arg, args, children, entry_span, prop, props, span_of};
use super::number_rule::{ADDS, ARRAY_INDEX, BYTES, TIME, TIMES};
use crate::expr::Expr;
use crate::program::{Block, LoopStep, ResourceSpec, Step, Target};
use crate::sanitize::sanitize;
use crate::suggest::any_of;

/// Longer side of a thumbnail, in pixels.
pub(super) const PIXELS: (i64, i64) = (1, 4_096);

/// Steps that `else` can follow.
const BEFORE_ELSE: [&str; 10] =
    ["when", "if", "try-lock", "try-put", "try-take", "join", "result", "http-get", "exec", "retry"];

/// What a counter can change by in one step.
pub(super) const DELTA: (i64, i64) = (-127, 127);

impl Checker {
    /// The steps of a block. A step with a mistake is left out: the scenario will not run anyway.
    pub(super) fn steps(&mut self, nodes: &[KdlNode]) -> Block {
        let mut steps = Block::default();
        // Whether the line before was a step that `else` can follow, if it could be read at all.
        let mut may_else = false;
        for node in nodes {
            let Some(shape) = self.node_rule(node, STEPS) else {
                may_else = BEFORE_ELSE.contains(&node.name().value());
                continue;
            };
            if shape.word == "else" {
                self.attach_else(node, may_else, &mut steps);
                may_else = false;
                continue;
            }
            let step = self.step(node, shape.word);
            may_else = BEFORE_ELSE.contains(&shape.word);
            if let Some(step) = step {
                steps.push(step, span_of(node).into());
            }
        }
        steps
    }

    /// `else` belongs to the step in front of it.
    fn attach_else(&mut self, node: &KdlNode, may_else: bool, before: &mut [Step]) {
        let steps = self.steps(children(node));
        match before.last_mut().and_then(Step::else_steps_mut) {
            Some(otherwise) if may_else => *otherwise = steps,
            _ if may_else => {}
            _ => {
                let help = format!("`else {{ ... }}` follows the block of {}", any_of(BEFORE_ELSE));
                self.mistakes.error(span_of(node), "this `else` belongs to nothing").help(help);
            }
        }
    }

    fn step(&mut self, node: &KdlNode, word: &str) -> Option<Step> {
        let first = arg(node, 0);
        match (word, first) {
            ("forever", _) => Some(Step::Forever(self.steps(children(node)))),
            ("when", _) => self.when(node),
            ("thumbnail", _) => self.thumbnail(node),
            ("choose", _) => self.choose(node),
            ("abort", _) => Some(Step::Abort),
            ("submit" | "result" | "shutdown", _) => self.on_pool(node, word),
            ("blocking", _) => Some(Step::Loop(LoopStep::Blocking(self.steps(children(node))))),
            ("to-thread", _) => Some(Step::Loop(LoopStep::ToThread(self.steps(children(node))))),
            ("yield", _) => Some(Step::Loop(LoopStep::Yield)),
            ("primes" | "hash" | "read-file" | "write-file" | "grayscale", _) => self.real(node, word),
            (_, None) => None, // said already: it needs a value
            ("compute", Some(time)) => self.number(time, TIME).map(|time| Step::Compute(time.expr)),
            ("sleep", Some(time)) => self.number(time, TIME).map(|time| Step::Sleep(time.expr)),
            ("io", Some(time)) => self.number(time, TIME).map(|time| Step::Io(time.expr)),
            ("repeat", Some(times)) => {
                let times = self.number(times, TIMES);
                let body = self.steps(children(node));
                Some(Step::Repeat { times: times?.expr, body })
            }
            ("allocate", Some(bytes)) => {
                let bytes = self.number(bytes, BYTES);
                let body = self.steps(children(node));
                Some(Step::Allocate { bytes: bytes?.expr, body })
            }
            ("http-get" | "exec" | "retry", Some(first)) => self.attempt(node, word, first),
            ("panic", Some(why)) => self.text(why).map(|why| Step::Panic(sanitize(why))),
            ("exit", Some(code)) => self.integer(code, 0, 255).map(|code| Step::Exit(code as u8)),
            ("load" | "store" | "add", Some(counter)) => self.on_counter(node, word, counter),
            ("put" | "take" | "try-put" | "try-take", Some(queue)) => self.on_queue(node, word, queue),
            ("send" | "receive", Some(pipe)) => self.on_pipe(node, word, pipe),
            ("close", Some(closed)) => self.close(node, closed),
            ("wait" | "notify" | "notify-all" | "set" | "clear" | "meet", Some(signal)) => {
                self.on_signal(node, word, signal)
            }
            ("spawn" | "join" | "run", Some(group)) => self.on_life(node, word, group),
            ("if" | "while", Some(tested)) => self.on_question(node, word, tested),
            ("acquire" | "release", Some(semaphore)) => self.on_semaphore(node, word, semaphore),
            ("read" | "write", Some(lock)) => self.on_rwlock(node, word, lock),
            (_, Some(lock)) => self.on_lock(node, word, lock),
        }
    }

    fn on_lock(&mut self, node: &KdlNode, word: &str, lock: &KdlEntry) -> Option<Step> {
        let target = self.target(node, lock, "a mutex", |spec| matches!(spec, ResourceSpec::Mutex { .. }));
        let timeout = match (word, prop(node, "timeout")) {
            ("try-lock", Some(entry)) => self.number(entry, TIME).map(|timeout| timeout.expr),
            _ => Some(Expr::Number(0.0)),
        };
        let body = self.steps(children(node));
        let target = target?;
        Some(match word {
            "try-lock" => Step::TryLock { target, timeout: timeout?, body, otherwise: Block::default() },
            "unlock" => Step::BareUnlock(target),
            _ if node.children().is_some() => Step::Lock { target, body },
            _ => Step::BareLock(target),
        })
    }

    fn on_counter(&mut self, node: &KdlNode, word: &str, counter: &KdlEntry) -> Option<Step> {
        let target = self.target(node, counter, "a counter", |spec| matches!(spec, ResourceSpec::Counter { .. }));
        let mut delta = |name: &str, default: i64| match prop(node, name) {
            Some(entry) => self.integer(entry, DELTA.0, DELTA.1),
            None => Some(default),
        };
        match word {
            "load" => target.map(Step::Load),
            "store" => delta("add", 0).map(|add| add as i8).and_then(|add| Some(Step::Store { target: target?, add })),
            _ => {
                let by = delta("by", 1).map(|by| by as i8);
                let times = prop(node, "times").map(|entry| self.number(entry, ADDS));
                let (target, by) = (target?, by?);
                Some(match times {
                    Some(times) => Step::AddMany { target, by, times: times?.expr },
                    None => Step::Add { target, by },
                })
            }
        }
    }

    /// The resource that a step names, and which of its array.
    pub(super) fn target(
        &mut self,
        node: &KdlNode,
        entry: &KdlEntry,
        what: &str,
        wanted: fn(&ResourceSpec) -> bool,
    ) -> Option<Target> {
        let at = prop(node, "at").map(|entry| self.number(entry, ARRAY_INDEX));
        let thing = self.resolve(entry, what, |this, thing| match thing {
            NamedItem::Resource(at) => this.scenario.resources.get(at).is_some_and(|resource| wanted(&resource.spec)),
            _ => false,
        })?;
        let NamedItem::Resource(resource) = thing else { return None };
        let declared = &self.scenario.resources[resource];
        if let (Some(place), Expr::Number(1.0)) = (prop(node, "at"), &declared.count) {
            let title = format!("there is only one `{}`", declared.name);
            self.mistakes.error(entry_span(place), title).help("remove it, or declare several with count=5");
            return None;
        }
        match at {
            Some(at) => Some(Target { resource, index: Some(at?.expr) }),
            None => Some(Target { resource, index: None }),
        }
    }

    /// `when KNOB=VALUE { ... }`.
    fn when(&mut self, node: &KdlNode) -> Option<Step> {
        let body = self.steps(children(node));
        let conditions: Vec<_> = props(node).collect();
        let [(name, entry)] = conditions.as_slice() else {
            let title = match conditions.len() {
                0 => "`when` does not say when",
                _ => "`when` looks at one knob only",
            };
            let help = "write it like this: when order=same { ... }; two conditions are two `when`, one in the other";
            self.mistakes.error(span_of(node), title).help(help);
            return None;
        };
        let (knob, is) = self.knob_value(name, entry)?;
        self.use_knob(knob, true);
        Some(Step::When { knob, position: is, body, otherwise: Block::default() })
    }

    fn thumbnail(&mut self, node: &KdlNode) -> Option<Step> {
        let sizes: Vec<_> = args(node).map(|entry| self.integer(entry, PIXELS.0, PIXELS.1)).collect();
        let sizes: Option<Vec<u32>> = sizes.into_iter().map(|size| size.map(|size| size as u32)).collect();
        sizes.map(|sizes| Step::Thumbnail { sizes })
    }
}
