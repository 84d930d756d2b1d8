//! Declarations of resources, and the texts of a scenario.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::formula::Formula;
use super::names::NamedItem;
use super::node::{arg, args, entry_span, prop, props, span_of, value_span};
use super::number_rule::{
    DECLARED_COUNT, DEFAULT_PIPE_CAPACITY, MAX_ENTITIES, NumberRule, PERMITS, PIPE_CAPACITY, QUEUE_CAPACITY,
};
use crate::choice::Choice;
use crate::expr::{EvalContext, Expr};
use crate::knob::{Knob, KnobKind};
use crate::knob_values::SettingError;
use crate::program::{Category, MemoryOrder, QueueOrder, Resource, ResourceSpec, Suggestion};
use crate::sanitize::sanitize;
use contend_trace::format::group_digits;
use contend_trace::{CounterMemory, KnobId, LockKind, RwPolicy};

/// The groups of scenarios and their words.
pub(super) const CATEGORIES: [(&str, Category); 11] = [
    ("pools", Category::Pools),
    ("locks", Category::Locks),
    ("deadlocks", Category::Deadlocks),
    ("queues", Category::Queues),
    ("signals", Category::Signals),
    ("processes", Category::Processes),
    ("event-loops", Category::EventLoops),
    ("real-work", Category::RealWork),
    ("machine", Category::Machine),
    ("classics", Category::Classics),
    ("tuning", Category::Tuning),
];

impl Checker {
    /// Reads the resources, and declares the names of groups and pools.
    pub(super) fn declare(&mut self, nodes: &[&KdlNode]) {
        let (mut groups, mut pools) = (0, 0);
        for node in nodes {
            let word = node.name().value();
            let (item, spec) = match word {
                "mutex" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.mutex(node))),
                "semaphore" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.semaphore(node))),
                "rwlock" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.rwlock(node))),
                "counter" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.counter(node))),
                "queue" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.queue(node))),
                "pipe" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.pipe(node))),
                // Its mutex may be declared further down: see `conditions`.
                "condition" => {
                    (NamedItem::Resource(self.scenario.resources.len()), Some(ResourceSpec::Condition { mutex: 0 }))
                }
                "event" => (NamedItem::Resource(self.scenario.resources.len()), Some(ResourceSpec::Event)),
                "server" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.server(node))),
                "wait-group" => (NamedItem::Resource(self.scenario.resources.len()), Some(ResourceSpec::WaitGroup)),
                "latch" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.latch(node))),
                "barrier" => (NamedItem::Resource(self.scenario.resources.len()), Some(self.barrier(node))),
                "thread" | "process" | "async" => (NamedItem::Workers(groups), None),
                "pool" => (NamedItem::Pool(pools), None),
                _ => continue,
            };
            match item {
                NamedItem::Workers(_) => groups += 1,
                NamedItem::Pool(_) => pools += 1,
                NamedItem::Resource(_) => {}
            }
            let name = arg(node, 0).and_then(|entry| self.declare_name(entry, item)).unwrap_or_default();
            if let Some(spec) = spec {
                let count = self.number_or(node, "count", DECLARED_COUNT, 1.0);
                let count = count.map_or(Expr::Number(1.0), |count| count.expr);
                self.scenario.resources.push(Resource { name, count, spec });
            }
        }
        self.check_numbered_names();
        self.conditions(nodes);
    }

    /// Resolves the mutex of each condition.
    fn conditions(&mut self, nodes: &[&KdlNode]) {
        for node in super::nodes_named(nodes, &["condition"]) {
            let Some(entry) = prop(node, "of") else {
                let title = "this condition has no mutex";
                self.mistakes.error(span_of(node), title).help("add of=account, where `account` is a mutex");
                continue;
            };
            let is_mutex = |this: &Self, item| match item {
                NamedItem::Resource(at) => matches!(this.scenario.resources[at].spec, ResourceSpec::Mutex { .. }),
                _ => false,
            };
            let mutex = self.resolve(entry, "a mutex", is_mutex);
            let own = arg(node, 0).and_then(|name| self.names.find(name.value().as_string()?));
            if let (Some(NamedItem::Resource(of)), Some(NamedItem::Resource(own))) = (mutex, own) {
                self.scenario.resources[own].spec = ResourceSpec::Condition { mutex: of };
            }
        }
    }

    fn queue(&mut self, node: &KdlNode) -> ResourceSpec {
        let capacity = self.required_number(node, "capacity", QUEUE_CAPACITY);
        let orders = QueueOrder::ALL.map(|order| (order.word(), order));
        let order = prop(node, "order").and_then(|entry| self.choice(entry, ("order", "order of a queue"), &orders));
        if let (Expr::Number(0.0), Some(Choice::Fixed(QueueOrder::Priority)), Some(entry)) =
            (&capacity, &order, prop(node, "order"))
        {
            let title = "a queue without room has no order: no item is ever in it";
            self.mistakes.error(entry_span(entry), title).help("remove it, or give the queue room");
        }
        ResourceSpec::Queue { capacity, order: order.unwrap_or(Choice::Fixed(QueueOrder::Fifo)) }
    }

    fn pipe(&mut self, node: &KdlNode) -> ResourceSpec {
        let capacity = self.number_or(node, "capacity", PIPE_CAPACITY, DEFAULT_PIPE_CAPACITY);
        ResourceSpec::Pipe { capacity: capacity.map_or(Expr::Number(DEFAULT_PIPE_CAPACITY), |capacity| capacity.expr) }
    }

    fn barrier(&mut self, node: &KdlNode) -> ResourceSpec {
        ResourceSpec::Barrier { parties: self.required_number(node, "parties", DECLARED_COUNT) }
    }

    fn latch(&mut self, node: &KdlNode) -> ResourceSpec {
        ResourceSpec::Latch { initial: self.required_number(node, "initial", DECLARED_COUNT) }
    }

    /// Reads a required number in a property.
    fn required_number(&mut self, node: &KdlNode, name: &'static str, want: NumberRule) -> Expr {
        if prop(node, name).is_none() {
            let title = format!("this {} has no `{name}`", node.name().value());
            self.mistakes.error(span_of(node), title).help(format!("add {name}=4"));
        }
        self.number_or(node, name, want, 1.0).map_or(Expr::Number(1.0), |number| number.expr)
    }

    fn mutex(&mut self, node: &KdlNode) -> ResourceSpec {
        let kinds = LockKind::NAMED.map(|kind| (kind.word(), kind));
        let kind = prop(node, "kind").and_then(|entry| self.choice(entry, ("kind", "kind of mutex"), &kinds));
        ResourceSpec::Mutex { kind: kind.unwrap_or(Choice::Fixed(LockKind::Std)) }
    }

    fn semaphore(&mut self, node: &KdlNode) -> ResourceSpec {
        if prop(node, "permits").is_none() {
            let mistake = self.mistakes.error(span_of(node), "this semaphore has no number of permits");
            mistake.help("add permits=4, or permits=0 for a signal that others give");
        }
        let permits = self.number_or(node, "permits", PERMITS, 1.0);
        ResourceSpec::Semaphore { permits: permits.map_or(Expr::Number(1.0), |permits| permits.expr) }
    }

    fn rwlock(&mut self, node: &KdlNode) -> ResourceSpec {
        let policies = RwPolicy::ALL.map(|policy| (policy.word(), policy));
        let policy = prop(node, "policy");
        let policy = policy.and_then(|entry| self.choice(entry, ("policy", "policy of an rwlock"), &policies));
        ResourceSpec::Rwlock { policy: policy.unwrap_or(Choice::Fixed(RwPolicy::Fair)) }
    }

    /// Reads one of some words, or a knob that chooses one of them. For messages: the property, and what its words are.
    pub(super) fn choice<T: Copy>(
        &mut self,
        entry: &KdlEntry,
        (property, what): (&str, &str),
        of: &[(&'static str, T)],
    ) -> Option<Choice<T>> {
        let known: Vec<&str> = of.iter().map(|(word, _)| *word).collect();
        let text = self.text(entry)?;
        let Some(name) = text.strip_prefix('$') else {
            return self.word(entry, &known).map(|at| Choice::Fixed(of[at].1));
        };
        let id = self.knob_reference(entry, name, &format!("a knob for the {property}"))?;
        self.use_knob(id, false);
        let KnobKind::Choice { words, .. } = &self.scenario.knobs[id.index()].kind else {
            let help = format!("such as: knob {name} {} of=\"{}\"", known[0], known.join(" "));
            self.mistakes.error(value_span(entry), format!("the knob `{name}` is not a choice of words")).help(help);
            return None;
        };
        let find = |word: &String| of.iter().find(|(known, _)| known == word).map(|(_, value)| *value);
        let values: Vec<Option<T>> = words.iter().map(find).collect();
        if let Some(at) = values.iter().position(Option::is_none) {
            let title = format!("`{}` of the knob `{name}` is not a {what}", words[at]);
            let help = format!("known for the {property}: {}", known.join(" "));
            self.mistakes.error(value_span(entry), title).help(help);
            return None;
        }
        Some(Choice::Knob(id, values.into_iter().flatten().collect()))
    }

    fn counter(&mut self, node: &KdlNode) -> ResourceSpec {
        let initial = prop(node, "initial").and_then(|entry| self.integer(entry, -1_000_000_000, 1_000_000_000));
        let packed = prop(node, "packed").and_then(|entry| self.yes_or_no(entry));
        let memories = CounterMemory::ALL.map(|memory| (memory.word(), memory));
        let memory = prop(node, "in").and_then(|entry| self.choice(entry, ("memory", "memory"), &memories));
        let memory = memory.unwrap_or(Choice::Fixed(CounterMemory::Shared));
        let orders = MemoryOrder::ALL.map(|order| (order.word(), order));
        let order = prop(node, "order").and_then(|entry| self.choice(entry, ("order", "memory order"), &orders));
        let order = order.unwrap_or(Choice::Fixed(MemoryOrder::Relaxed));
        ResourceSpec::Counter { initial: initial.unwrap_or(0), packed: packed.unwrap_or(false), memory, order }
    }

    /// Reads the title and the other texts.
    pub(super) fn scenario_texts(&mut self, nodes: &[&KdlNode]) {
        if let Some(title) = self.single_text(nodes, "title") {
            self.scenario.title = title;
        }
        if let Some(about) = self.single_text(nodes, "about") {
            self.scenario.about = about;
        }
        for node in super::nodes_named(nodes, &["group"]).take(1) {
            let words = CATEGORIES.map(|(word, _)| word);
            if let Some(at) = arg(node, 0).and_then(|entry| self.word(entry, &words)) {
                self.scenario.category = CATEGORIES[at].1;
            }
        }
        for entry in super::nodes_named(nodes, &["watch"]).flat_map(args) {
            let text = self.text(entry).map(sanitize);
            self.scenario.watch.extend(text);
        }
        for node in super::nodes_named(nodes, &["try"]) {
            self.suggestion(node);
        }
    }

    /// Reads the text of a node that must not be repeated.
    pub(super) fn single_text(&mut self, nodes: &[&KdlNode], word: &'static str) -> Option<String> {
        let mut found = nodes.iter().copied().filter(|node| node.name().value() == word);
        let first = found.next()?;
        for again in found {
            let mistake = self.mistakes.error(span_of(again), format!("there are two `{word}`"));
            mistake.add_related(span_of(first), "the first is here").help("remove one");
        }
        arg(first, 0).and_then(|entry| self.text(entry)).map(sanitize)
    }

    fn suggestion(&mut self, node: &KdlNode) {
        let set: Vec<_> = props(node).filter_map(|(name, entry)| self.knob_value(name, entry)).collect();
        if args(node).count() > 1 && !set.is_empty() {
            let title = "it is not clear which of these texts the knobs belong to";
            self.mistakes.error(span_of(node), title).help("write one `try` for each text");
        }
        for entry in args(node) {
            if let Some(text) = self.text(entry).map(sanitize) {
                self.scenario.suggestions.push(Suggestion { text, set: set.clone() });
            }
        }
    }

    /// Reads `knob=value`; the knob must accept the value.
    pub(super) fn knob_value(&mut self, name: &str, entry: &KdlEntry) -> Option<(KnobId, f64)> {
        let shown = entry.value().to_string();
        let text = entry.value().as_string().unwrap_or(&shown);
        let found = self.knob_setting(name, text);
        found.map_err(|error| self.mistakes.error(entry_span(entry), error.to_string())).ok()
    }

    /// Finds a knob and parses a value for it, without marking it as used. Free text has no value that could be
    /// compared.
    pub(super) fn knob_setting(&self, name: &str, text: &str) -> Result<(KnobId, f64), SettingError> {
        let (id, knob) = self
            .scenario
            .knob(name)
            .ok_or_else(|| crate::knob_values::unknown_knob(name, self.scenario.knobs.iter()))?;
        match knob.kind {
            KnobKind::Text { .. } => Err(SettingError::FreeText { knob: knob.name.clone() }),
            _ => Ok((id, knob.parse(text)?)),
        }
    }

    /// Checks the limits that concern the whole scenario rather than one line.
    pub(super) fn check_totals(&mut self) {
        let most = |expr: &Expr| self.max_value(expr);
        let resources: f64 = self.scenario.resources.iter().map(|resource| most(&resource.count)).sum();
        let pools: f64 = self.scenario.pools.iter().map(|pool| f64::from(pool.max_workers) + 1.0).sum();
        let workers: f64 = self.scenario.groups.iter().map(|group| most(&group.count)).sum::<f64>() + pools;
        for (what, count) in [("workers", workers), ("resources", resources)] {
            if count > MAX_ENTITIES {
                let title = format!(
                    "this scenario can have {} {what}; at most 10,000 are allowed",
                    group_digits(&count.to_string())
                );
                self.mistakes.error(0..0, title).help("make some `count` smaller, or the `max` of its knob");
            }
        }
        // With an error, a group may exist but have been skipped.
        if self.mistakes.count_errors() == 0 && self.scenario.groups.is_empty() && self.scenario.pools.is_empty() {
            let help = "add a `thread`, a `process` or a `pool` with steps";
            self.mistakes.error(0..0, "this scenario has no workers").help(help);
        }
    }

    /// Returns the largest value of a count, with its knobs at either end of their ranges.
    fn max_value(&self, expr: &Expr) -> f64 {
        let ends = [
            RangeEnds { knobs: &self.scenario.knobs, high: false },
            RangeEnds { knobs: &self.scenario.knobs, high: true },
        ];
        let values = ends.map(|ends| expr.eval(&ends));
        values[0].max(values[1]).clamp(1.0, MAX_ENTITIES * 10.0)
    }
}

/// All knobs at the low or at the high end of their ranges.
struct RangeEnds<'a> {
    knobs: &'a [Knob],
    high: bool,
}

impl EvalContext for RangeEnds<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        match self.knobs.get(knob.index()).map(|knob| &knob.kind) {
            Some(KnobKind::Number { min, max, .. }) => {
                if self.high {
                    *max
                } else {
                    *min
                }
            }
            _ => 0.0,
        }
    }
}

/// Returns the largest size of a pool, in workers.
pub(super) fn max_pool_workers(size: &Formula) -> u32 {
    size.high.clamp(1.0, MAX_ENTITIES) as u32
}
