//! The lock order lint: finds workers that could take locks in a cycle and wait for each other forever.
//!
//! The lint walks through the steps of each worker with its index, so that `lock fork at="i+1"` is a certain fork, and
//! does so for every value of the knobs that `when` tests. Each lock that a worker takes while it holds another one is
//! an edge. A cycle of edges of different workers is a warning, unless a common lock or the order of steps
//! (`step_order`) keeps the workers apart. There is no warning in a scenario that expects a deadlock.

mod lock_cycle;
mod lock_edge;
mod step_order;
mod sync_points;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use super::Checker;
use crate::expr::{EvalContext, Expr};
use crate::knob::KnobKind;
use crate::knob_match::is_same_knob_value;
use crate::program::{Block, ResourceSpec, Scenario, SignalStep, SourceSpan, Step, Target};
use contend_trace::KnobId;
use lock_cycle::LockCycle;
use lock_edge::{LockEdge, LockInstance};
use step_order::StepOrder;

/// Most workers of one group that the lint walks through.
const WORKERS: u32 = 32;
/// Most combinations of knobs.
const VARIANTS: usize = 32;
/// Most steps in one combination: the lint must not take longer than reading the file.
const STEPS: usize = 100_000;
/// Most cycles reported.
const SHOWN: usize = 3;

/// A combination of values of the knobs.
struct KnobCombination<'a> {
    scenario: &'a Scenario,
    numbers: Vec<f64>,
    /// The knobs that differ from their defaults, for messages.
    turned: Vec<String>,
}

/// The walk through the steps of one worker after the other.
struct WorkerWalk<'a> {
    variant: &'a KnobCombination<'a>,
    worker: usize,
    name: String,
    position: (u32, u32),
    /// The locks that the worker holds, and whether it shares each with other readers.
    held: Vec<(LockInstance, bool)>,
    steps: usize,
    /// The number of the outermost step, the depth inside it, and whether every worker gets to this point.
    at: usize,
    depth: usize,
    is_unconditional: bool,
    /// Whether the worker runs its steps for each of many tasks.
    repeats: bool,
    edges: Vec<LockEdge>,
    order: StepOrder,
    /// For each group: the number of workers before its first one.
    first_workers: Vec<usize>,
}

impl EvalContext for WorkerWalk<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        self.variant.numbers.get(knob.index()).copied().unwrap_or(0.0)
    }

    fn worker_position(&self) -> (u32, u32) {
        self.position
    }
}

impl Checker {
    pub(super) fn lint_lock_order(&mut self) {
        if self.expects_deadlock {
            return;
        }
        let mut reported: HashSet<Vec<Range<usize>>> = HashSet::new();
        let mut found: Vec<(LockCycle, bool, Vec<String>)> = Vec::new();
        for variant in knob_combinations(&self.scenario) {
            let (edges, order) = collect_edges(&variant);
            for cycle in lock_cycle::find_cycles(&edges, &order) {
                if found.len() < SHOWN && reported.insert(cycle.places()) {
                    let is_certain = cycle.edges.iter().all(|edge| order.is_unsynchronized(edge.worker));
                    found.push((cycle, is_certain, variant.turned.clone()));
                }
            }
        }
        for (cycle, is_certain, turned) in found {
            self.report(&cycle, is_certain, &turned);
        }
    }

    /// `is_certain`: only locks decide the order of these workers' steps.
    fn report(&mut self, cycle: &LockCycle, is_certain: bool, turned: &[String]) {
        let Some((first, rest)) = cycle.edges.split_first() else { return };
        let when = if turned.is_empty() { String::new() } else { format!(", with {}", turned.join(" ")) };
        let can = if is_certain { "can" } else { "may" };
        let title = format!("{} workers {can} wait for each other's locks forever{when}", cycle.edges.len());
        let says = |edge: &LockEdge| {
            let (from, to) = (self.lock_name(edge.from), self.lock_name(edge.to));
            format!("`{}` takes {to} while it holds {from}", edge.name)
        };
        let primary = says(first);
        let also: Vec<_> = rest.iter().map(|edge| (edge.span.clone(), says(edge))).collect();
        let mistake = self.mistakes.warning(first.span.clone(), title);
        mistake.label(primary);
        let mut shown = HashSet::from([first.span.clone()]);
        for (span, text) in also {
            if shown.len() < 4 && shown.insert(span.clone()) {
                mistake.add_related(span, text);
            }
        }
        mistake.help("take them in the same order everywhere; if this is intended, add: expect deadlock");
    }

    fn lock_name(&self, lock: LockInstance) -> String {
        let resource = &self.scenario.resources[lock.resource];
        match resource.count {
            Expr::Number(1.0) => resource.name.clone(),
            _ => format!("{}-{}", resource.name, lock.index + 1),
        }
    }
}

/// Returns all combinations of the knobs that `when` tests, with the values that make a difference.
fn knob_combinations(scenario: &Scenario) -> Vec<KnobCombination<'_>> {
    let mut looked_at: BTreeMap<KnobId, BTreeSet<u64>> = BTreeMap::new();
    let bodies = scenario.groups.iter().map(|group| &group.steps).chain(scenario.pools.iter().map(|pool| &pool.task));
    bodies.for_each(|steps| conditions(steps, &mut looked_at));
    let defaults: Vec<f64> = scenario.knobs.iter().map(super::super::knob::Knob::default_value).collect();
    let mut variants = vec![KnobCombination { scenario, numbers: defaults.clone(), turned: Vec::new() }];
    for (id, values) in looked_at {
        let Some(knob) = scenario.knobs.get(id.index()) else { continue };
        let mut values: Vec<f64> = values.into_iter().map(f64::from_bits).collect();
        if let KnobKind::Choice { words: of, .. } = &knob.kind {
            values = (0..of.len()).map(|at| at as f64).collect();
        }
        values.retain(|value| !is_same_knob_value(*value, defaults[id.index()]));
        for at in 0..variants.len() {
            for value in &values {
                if variants.len() == VARIANTS {
                    return variants;
                }
                let (mut numbers, mut turned) = (variants[at].numbers.clone(), variants[at].turned.clone());
                numbers[id.index()] = *value;
                turned.push(format!("{}={}", knob.name, knob.format_value(*value)));
                variants.push(KnobCombination { scenario, numbers, turned });
            }
        }
    }
    variants
}

fn conditions(steps: &[Step], found: &mut BTreeMap<KnobId, BTreeSet<u64>>) {
    for step in steps {
        match step {
            Step::When { knob, value, body, otherwise } => {
                found.entry(*knob).or_default().insert(value.to_bits());
                conditions(body, found);
                conditions(otherwise, found);
            }
            _ => step.bodies().for_each(|body| conditions(body, found)),
        }
    }
}

/// Returns an edge for each lock that a worker takes while it holds another one, and the known order of steps.
fn collect_edges(variant: &KnobCombination<'_>) -> (Vec<LockEdge>, StepOrder) {
    let scenario = variant.scenario;
    let mut walk = WorkerWalk::new(variant);
    for group in &scenario.groups {
        let count = walk.number(&group.count).max(1);
        walk.group(&group.name, count, &group.steps);
    }
    for pool in &scenario.pools {
        let count = walk.number(&pool.workers).max(pool.max_workers.min(2));
        walk.repeats = true;
        walk.group(&pool.name, count, &pool.task);
    }
    (walk.edges, walk.order)
}

impl<'a> WorkerWalk<'a> {
    fn new(variant: &'a KnobCombination<'a>) -> Self {
        let mut walk = Self {
            variant,
            worker: 0,
            name: String::new(),
            position: (0, 1),
            held: Vec::new(),
            steps: 0,
            at: 0,
            depth: 0,
            is_unconditional: true,
            repeats: false,
            edges: Vec::new(),
            order: StepOrder::default(),
            first_workers: Vec::new(),
        };
        walk.number_workers();
        walk
    }

    fn number(&self, expr: &Expr) -> u32 {
        expr.eval(self).clamp(0.0, 1e6) as u32
    }

    fn group(&mut self, name: &str, count: u32, steps: &Block) {
        for at in 0..count.min(WORKERS) {
            self.position = (at, count);
            self.worker += 1;
            (self.at, self.depth, self.is_unconditional) = (0, 0, true);
            if self.repeats {
                self.order.repeats(self.worker);
            }
            self.name = if count == 1 { name.to_owned() } else { format!("{name}-{}", at + 1) };
            self.held.clear();
            self.walk(steps);
        }
    }

    fn walk(&mut self, block: &Block) {
        for (step, span) in block.with_spans() {
            self.steps += 1;
            if self.steps > STEPS {
                return;
            }
            let outside = self.go_into(step);
            match step {
                Step::Lock { target, body }
                | Step::WriteLock { target, body, limit: None }
                | Step::ReadLock { target, body, limit: None } => {
                    let is_shared = matches!(step, Step::ReadLock { .. });
                    let lock = self.take(target, is_shared, Some(span));
                    self.walk(body);
                    self.give_back(lock);
                }
                Step::TryLock { target, body, otherwise, .. } => {
                    // Giving up ends the wait, so there is no edge to this lock.
                    let lock = self.take(target, false, None);
                    self.walk(body);
                    self.give_back(lock);
                    self.walk(otherwise);
                }
                Step::WriteLock { target, body, limit: Some(limit) }
                | Step::ReadLock { target, body, limit: Some(limit) } => {
                    let lock = self.take(target, matches!(step, Step::ReadLock { .. }), None);
                    self.walk(body);
                    self.give_back(lock);
                    self.walk(&limit.otherwise);
                }
                Step::BareLock(target) => drop(self.take(target, false, Some(span))),
                Step::BareUnlock(target) => {
                    let lock = self.lock(target);
                    self.give_back(lock);
                }
                Step::When { knob, value, body, otherwise } => {
                    self.walk(if self.knob_equals(*knob, *value) { body } else { otherwise });
                }
                Step::Signal(SignalStep::Wait { target, .. }) => self.wait(target, span),
                Step::Choose(ways) | Step::Select { branches: ways, .. } => {
                    // Each branch starts with the same locks. A lock that a branch keeps is reported by the lock flow.
                    let before = self.held.clone();
                    for way in ways {
                        self.held.clone_from(&before);
                        self.walk(&way.steps);
                    }
                }
                step => step.bodies().for_each(|body| self.walk(body)),
            }
            (self.depth, self.is_unconditional) = outside;
        }
    }

    fn lock(&self, target: &Target) -> LockInstance {
        let count = f64::from(self.number(&self.variant.scenario.resources[target.resource].count).max(1));
        let at = target.index.as_ref().map_or(0.0, |at| at.eval(self).floor().rem_euclid(count));
        LockInstance { resource: target.resource, index: at as u32 }
    }

    /// Takes a lock. `waits` is the place of the step, if the worker waits for the lock without a limit.
    fn take(&mut self, target: &Target, is_shared: bool, waits: Option<SourceSpan>) -> LockInstance {
        let lock = self.lock(target);
        if let Some(span) = waits {
            for (from, from_shared) in self.held.iter().filter(|(held, _)| *held != lock) {
                // A shared lock does not keep workers apart.
                let others = self.held.iter().filter(|(guard, shared)| !shared && guard != from && *guard != lock);
                let edge = LockEdge {
                    from: *from,
                    to: lock,
                    shared: (*from_shared, is_shared),
                    worker: self.worker,
                    at: self.at,
                    name: self.name.clone(),
                    guards: others.map(|(guard, _)| *guard).collect(),
                    span: span.range(),
                };
                lock_cycle::add_edge(&mut self.edges, edge);
            }
        }
        self.held.push((lock, is_shared));
        lock
    }

    /// Waits for a condition: returns its mutex, and takes it again while the other locks are still held.
    fn wait(&mut self, target: &Target, span: SourceSpan) {
        if let ResourceSpec::Condition { mutex: of } = self.variant.scenario.resources[target.resource].spec {
            let mutex = Target { resource: of, index: target.index.clone() };
            let lock = self.lock(&mutex);
            self.give_back(lock);
            self.take(&mutex, false, Some(span));
        }
    }

    fn give_back(&mut self, lock: LockInstance) {
        if let Some(at) = self.held.iter().rposition(|(held, _)| *held == lock) {
            self.held.remove(at);
        }
    }
}
