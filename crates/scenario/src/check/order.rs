//! The lock order lint: could workers take locks in a ring and wait for each other for ever?
//!
//! Each worker is walked through with its real index, so that `lock fork at="i+1"` is a real fork, for every value of
//! the knobs that `when` looks at. Every lock taken while another is held is an edge; a ring of edges of different
//! workers that neither a common lock nor an order in time (`order/phases.rs`) keeps apart is a warning. A scenario that
//! expects a deadlock is not warned of it.

mod marks;
mod phases;
mod ring;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use kdl::KdlNode;

use super::Checker;
use super::node::{children, span_of};
use super::steps::pairs;
use crate::expr::{Expr, Values};
use crate::knob::KnobKind;
use crate::program::{ResourceSpec, Scenario, SignalStep, Step, Target};
use contend_trace::KnobId;
use phases::Phases;
use ring::{Edge, Lock, Ring};

/// Workers of one group that are walked through.
const WORKERS: u32 = 32;
/// Values of the `when` knobs that are tried, all together.
const VARIANTS: usize = 32;
/// Steps looked at in one variant: a lint may not take longer than reading the file.
const STEPS: usize = 100_000;
/// Rings reported.
const SHOWN: usize = 3;

/// One way the knobs can stand.
struct Variant<'a> {
    scenario: &'a Scenario,
    numbers: Vec<f64>,
    /// What differs from the defaults, for messages.
    turned: Vec<String>,
}

/// A worker on its way through its steps.
struct Walk<'a> {
    variant: &'a Variant<'a>,
    worker: usize,
    name: String,
    place: (u32, u32),
    /// What it has, and whether only together with other readers.
    held: Vec<(Lock, bool)>,
    steps: usize,
    /// Which of its outermost steps it is at, how deep inside it, and whether nothing leads past it.
    at: usize,
    depth: usize,
    must: bool,
    /// Whether it does its steps again and again: a pool's.
    again: bool,
    edges: Vec<Edge>,
    phases: Phases,
    /// The worker before the first one of each group.
    firsts: Vec<usize>,
}

impl Values for Walk<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        self.variant.numbers.get(knob.index()).copied().unwrap_or(0.0)
    }

    fn place(&self) -> (u32, u32) {
        self.place
    }
}

impl Checker {
    pub(super) fn lint_order(&mut self, nodes: &[&KdlNode]) {
        if self.deadlock_is_meant {
            return;
        }
        let mut told: HashSet<Vec<Range<usize>>> = HashSet::new();
        let mut found: Vec<(Ring, bool, Vec<String>)> = Vec::new();
        for variant in variants(&self.scenario) {
            let (edges, phases) = edges(&variant, nodes);
            for ring in ring::find(&edges, &phases) {
                if found.len() < SHOWN && told.insert(ring.places()) {
                    let sure = ring.edges.iter().all(|edge| phases.is_alone(edge.worker));
                    found.push((ring, sure, variant.turned.clone()));
                }
            }
        }
        for (ring, sure, turned) in found {
            self.report(&ring, sure, &turned);
        }
    }

    /// `sure`: nothing but locks decides when these workers do what.
    fn report(&mut self, ring: &Ring, sure: bool, turned: &[String]) {
        let Some((first, rest)) = ring.edges.split_first() else { return };
        let when = if turned.is_empty() { String::new() } else { format!(", with {}", turned.join(" ")) };
        let can = if sure { "can" } else { "may" };
        let title = format!("{} workers {can} wait for each other's locks for ever{when}", ring.edges.len());
        let says = |edge: &Edge| {
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
                mistake.also(span, text);
            }
        }
        mistake.help("take them in the same order everywhere; if this is the point, say so: expect deadlock");
    }

    fn lock_name(&self, lock: Lock) -> String {
        let resource = &self.scenario.resources[lock.resource];
        match resource.count {
            Expr::Number(1.0) => resource.name.clone(),
            _ => format!("{}-{}", resource.name, lock.at + 1),
        }
    }
}

/// Every way the knobs that `when` looks at can stand, as far as it makes a difference.
fn variants(scenario: &Scenario) -> Vec<Variant<'_>> {
    let mut looked_at: BTreeMap<KnobId, BTreeSet<u64>> = BTreeMap::new();
    let bodies = scenario.workers.iter().map(|group| &group.steps).chain(scenario.pools.iter().map(|pool| &pool.task));
    bodies.for_each(|steps| conditions(steps, &mut looked_at));
    let defaults: Vec<f64> = scenario.knobs.iter().map(super::super::knob::Knob::default).collect();
    let mut variants = vec![Variant { scenario, numbers: defaults.clone(), turned: Vec::new() }];
    for (id, values) in looked_at {
        let Some(knob) = scenario.knobs.get(id.index()) else { continue };
        let mut values: Vec<f64> = values.into_iter().map(f64::from_bits).collect();
        if let KnobKind::Choice { of, .. } = &knob.kind {
            values = (0..of.len()).map(|at| at as f64).collect();
        }
        values.retain(|value| !same(*value, defaults[id.index()]));
        for at in 0..variants.len() {
            for value in &values {
                if variants.len() == VARIANTS {
                    return variants;
                }
                let (mut numbers, mut turned) = (variants[at].numbers.clone(), variants[at].turned.clone());
                numbers[id.index()] = *value;
                turned.push(format!("{}={}", knob.name, knob.show(*value)));
                variants.push(Variant { scenario, numbers, turned });
            }
        }
    }
    variants
}

/// Whether two settings of a knob are the same: both come from the same few values, so no margin is needed.
fn same(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq()
}

fn conditions(steps: &[Step], found: &mut BTreeMap<KnobId, BTreeSet<u64>>) {
    for step in steps {
        match step {
            Step::When { knob, is, body, otherwise } => {
                found.entry(*knob).or_default().insert(is.to_bits());
                conditions(body, found);
                conditions(otherwise, found);
            }
            _ => step.bodies().for_each(|body| conditions(body, found)),
        }
    }
}

/// Every lock that some worker takes while it holds another; and what is known of when.
fn edges(variant: &Variant<'_>, nodes: &[&KdlNode]) -> (Vec<Edge>, Phases) {
    let scenario = variant.scenario;
    let mut walk = Walk::new(variant);
    for (node, group) in super::named(nodes, &["thread", "process", "async"]).zip(&scenario.workers) {
        let count = walk.number(&group.count).max(1);
        walk.group(&group.name, count, children(node), &group.steps);
    }
    for (node, pool) in super::named(nodes, &["pool"]).zip(&scenario.pools) {
        let count = walk.number(&pool.workers).max(pool.most.min(2));
        let task = children(node).iter().find(|child| child.name().value() == "task").map(children);
        walk.again = true;
        walk.group(&pool.name, count, task.unwrap_or_default(), &pool.task);
    }
    (walk.edges, walk.phases)
}

impl<'a> Walk<'a> {
    fn new(variant: &'a Variant<'a>) -> Self {
        let mut walk = Self {
            variant,
            worker: 0,
            name: String::new(),
            place: (0, 1),
            held: Vec::new(),
            steps: 0,
            at: 0,
            depth: 0,
            must: true,
            again: false,
            edges: Vec::new(),
            phases: Phases::default(),
            firsts: Vec::new(),
        };
        walk.declare();
        walk
    }

    fn number(&self, expr: &Expr) -> u32 {
        expr.eval(self).clamp(0.0, 1e6) as u32
    }

    fn group(&mut self, name: &str, count: u32, nodes: &[KdlNode], steps: &[Step]) {
        for at in 0..count.min(WORKERS) {
            self.place = (at, count);
            self.worker += 1;
            (self.at, self.depth, self.must) = (0, 0, true);
            if self.again {
                self.phases.repeats(self.worker);
            }
            self.name = if count == 1 { name.to_owned() } else { format!("{name}-{}", at + 1) };
            self.held.clear();
            self.walk(nodes, steps);
        }
    }

    fn walk(&mut self, nodes: &[KdlNode], steps: &[Step]) {
        for pair in pairs(nodes, steps) {
            self.steps += 1;
            if self.steps > STEPS {
                return;
            }
            let outside = self.go_into(pair.step);
            let body = children(pair.node);
            match pair.step {
                Step::Lock { target, body: steps }
                | Step::Write { target, body: steps }
                | Step::Read { target, body: steps } => {
                    let lock = self.take(target, Some(pair.node));
                    self.walk(body, steps);
                    self.give_back(lock);
                }
                Step::TryLock { target, body: steps, otherwise, .. } => {
                    // Giving up ends the wait: no edge leads to it.
                    let lock = self.take(target, None);
                    self.walk(body, steps);
                    self.give_back(lock);
                    self.walk(pair.otherwise, otherwise);
                }
                Step::Take(target) => drop(self.take(target, Some(pair.node))),
                Step::Release(target) => {
                    let lock = self.lock(target);
                    self.give_back(lock);
                }
                Step::When { knob, is, body: steps, otherwise } => {
                    if same(self.knob(*knob), *is) {
                        self.walk(body, steps);
                    } else {
                        self.walk(pair.otherwise, otherwise);
                    }
                }
                Step::Signal(SignalStep::Wait { target, .. }) => self.wait(target, pair.node),
                Step::Choose(ways) => {
                    // Each way on its own; what one of them keeps is seen where the check of the flow warns of it.
                    let before = self.held.clone();
                    for (node, way) in body.iter().zip(ways) {
                        self.held.clone_from(&before);
                        self.walk(children(node), &way.steps);
                    }
                }
                step => {
                    for (nodes, steps) in [body, pair.otherwise].into_iter().zip(step.bodies()) {
                        self.walk(nodes, steps);
                    }
                }
            }
            (self.depth, self.must) = outside;
        }
    }

    fn lock(&self, target: &Target) -> Lock {
        let count = f64::from(self.number(&self.variant.scenario.resources[target.resource].count).max(1));
        let at = target.at.as_ref().map_or(0.0, |at| at.eval(self).floor().rem_euclid(count));
        Lock { resource: target.resource, at: at as u32 }
    }

    fn take(&mut self, target: &Target, waits: Option<&KdlNode>) -> Lock {
        let lock = self.lock(target);
        let shared = waits.is_some_and(|node| node.name().value() == "read");
        if let Some(node) = waits {
            for (from, from_shared) in self.held.iter().filter(|(held, _)| *held != lock) {
                // What is held together with others keeps nobody apart.
                let others = self.held.iter().filter(|(guard, shared)| !shared && guard != from && *guard != lock);
                let edge = Edge {
                    from: *from,
                    to: lock,
                    shared: (*from_shared, shared),
                    worker: self.worker,
                    at: self.at,
                    name: self.name.clone(),
                    guards: others.map(|(guard, _)| *guard).collect(),
                    span: span_of(node),
                };
                ring::add(&mut self.edges, edge);
            }
        }
        self.held.push((lock, shared));
        lock
    }

    /// A wait for a condition gives its mutex back, and takes it again while everything else is still held.
    fn wait(&mut self, target: &Target, node: &KdlNode) {
        if let ResourceSpec::Condition { of } = self.variant.scenario.resources[target.resource].spec {
            let mutex = Target { resource: of, at: target.at.clone() };
            let lock = self.lock(&mutex);
            self.give_back(lock);
            self.take(&mutex, Some(node));
        }
    }

    fn give_back(&mut self, lock: Lock) {
        if let Some(at) = self.held.iter().rposition(|(held, _)| *held == lock) {
            self.held.remove(at);
        }
    }
}
