//! Random steps, both as the program that the checker should return and as the KDL nodes that describe it.

use std::cell::OnceCell;

use contend::scenario::{
    Attempt, AttemptKind, Block, Branch, Choice, Compare, Expr, GroupMembers, LifeStep, Limit, MemberSelector, Operand,
    Question, QueueStep, RealWork, SelectPick, SignalStep, Step, Swap, SwapValue, Target, Template, TextExpr,
    TimeLimit, Unit,
};
use contend::trace::KnobId;
use proptest::prelude::*;

use crate::generated::layout::Node;

/// Number of mutexes and rwlocks. Each belongs to one block depth, so that no worker locks one twice.
const DEPTHS: usize = 4;

// Indexes of the resources.
const MUTEX: usize = 0;
const RWLOCK: usize = MUTEX + DEPTHS;
const SEMAPHORE: usize = RWLOCK + DEPTHS;
const COUNTER: usize = SEMAPHORE + 1;
const QUEUE: usize = COUNTER + 1;
const EVENT: usize = QUEUE + 1;
const BARRIER: usize = EVENT + 1;
const GROUP: usize = BARRIER + 1;

// Indexes of the knobs.
const SEATS: usize = 0;
const GAP: usize = 1;
const ORDER: usize = 2;

fn number(n: f64) -> Expr {
    Expr::Number(n)
}

fn op(left: Expr, sign: char, right: Expr) -> Expr {
    Expr::Op(Box::new(left), sign, Box::new(right))
}

/// Generates a formula without units.
fn counts() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        (0..100_u32).prop_map(|n| number(f64::from(n))),
        Just(Expr::Knob(KnobId::from(SEATS))),
        Just(Expr::WorkerIndex),
        Just(Expr::GroupSize),
    ];
    leaf.prop_recursive(3, 8, 2, combined).boxed()
}

/// Generates a formula of times.
fn times() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        (0..2_000_000_000_u32).prop_map(|n| number(f64::from(n))),
        Just(Expr::Knob(KnobId::from(GAP))),
        (1..1_000_u32).prop_map(|n| Expr::Exponential(Box::new(number(f64::from(n))))),
        (1..1_000_u32, 1_000..9_000_u32).prop_map(|(median, p99)| {
            let [median, p99] = [median, p99].map(|n| Box::new(number(f64::from(n))));
            Expr::Lognormal(median, p99)
        }),
        (1..1_000_u32, 1_000..9_000_u32, 0..=1_u32).prop_map(|(usual, rare, share)| {
            let [usual, rare, share] = [usual, rare, share].map(|n| Box::new(number(f64::from(n))));
            Expr::Bimodal { usual, rare, share }
        }),
    ];
    let factor = prop_oneof![(1..100_u32).prop_map(|n| number(f64::from(n))), Just(Expr::Knob(KnobId::from(SEATS)))];
    let leaf = prop_oneof![
        3 => leaf.clone(),
        1 => (leaf, prop::sample::select(vec!['*', '/']), factor).prop_map(|(left, sign, right)| op(left, sign, right)),
    ];
    leaf.prop_recursive(2, 6, 2, combined).boxed()
}

/// Combines two formulas of the same unit.
fn combined(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    let two = (inner.clone(), inner);
    prop_oneof![
        (two.clone(), prop::sample::select(vec!['+', '-', '%']))
            .prop_map(|((left, right), sign)| op(left, sign, right)),
        two.clone().prop_map(|(a, b)| Expr::Min(Box::new(a), Box::new(b))),
        two.clone().prop_map(|(a, b)| Expr::Max(Box::new(a), Box::new(b))),
        two.prop_map(|(a, b)| Expr::Random(Box::new(a), Box::new(b))),
    ]
}

/// Clamps formulas to the range that their position allows.
fn within(formulas: BoxedStrategy<Expr>, low: f64, high: f64) -> impl Strategy<Value = Expr> + Clone {
    formulas.prop_map(move |formula| {
        let capped = Expr::Min(Box::new(formula), Box::new(number(high)));
        Expr::Max(Box::new(number(low)), Box::new(capped))
    })
}

fn time() -> impl Strategy<Value = Expr> + Clone {
    within(times(), 0.0, 3_600e9)
}

fn count() -> impl Strategy<Value = Expr> + Clone {
    within(counts(), 0.0, 1e6)
}

fn target(resource: usize) -> impl Strategy<Value = Target> + Clone {
    prop::option::of(count()).prop_map(move |index| Target { resource, index })
}

/// Generates the steps of one worker.
pub(crate) fn steps() -> impl Strategy<Value = Block> {
    block(DEPTHS)
}

/// Generates blocks with at most this many levels of blocks inside. Each level is made once: it names the level inside
/// it some twenty times.
fn block(left: usize) -> BoxedStrategy<Block> {
    thread_local! {
        static LEVELS: [OnceCell<BoxedStrategy<Block>>; DEPTHS + 1] = const { [const { OnceCell::new() }; DEPTHS + 1] };
    }
    LEVELS.with(|levels| levels[left].get_or_init(|| make_block(left)).clone())
}

fn make_block(left: usize) -> BoxedStrategy<Block> {
    if left == 0 {
        return prop::collection::vec(simple_step(), 1..3).prop_map(Block::from).boxed();
    }
    let steps = prop::collection::vec(prop_oneof![2 => simple_step(), 1 => block_step(left - 1)], 1..4);
    steps.prop_map(Block::from).boxed()
}

fn simple_step() -> BoxedStrategy<Step> {
    let signals = prop_oneof![
        (target(EVENT), limit()).prop_map(|(target, limit)| SignalStep::Wait { target, limit }),
        target(EVENT).prop_map(SignalStep::Set),
        target(EVENT).prop_map(SignalStep::Clear),
        (target(BARRIER), limit()).prop_map(|(target, limit)| SignalStep::BarrierWait { target, limit }),
        (target(GROUP), within(counts(), 0.0, 1e7)).prop_map(|(target, count)| SignalStep::GroupAdd { target, count }),
        target(GROUP).prop_map(SignalStep::GroupDone),
        (target(GROUP), limit()).prop_map(|(target, limit)| SignalStep::Wait { target, limit }),
    ];
    let queues = prop_oneof![
        (target(QUEUE), limit(), prop::option::of(within(counts(), 0.0, 7.0)))
            .prop_map(|(target, limit, priority)| QueueStep::Put { target, limit, priority }),
        (target(QUEUE), limit()).prop_map(|(target, limit)| QueueStep::Take { target, limit }),
        target(QUEUE).prop_map(QueueStep::Close),
    ];
    let real = prop_oneof![
        within(counts(), 2.0, 1e8).prop_map(RealWork::Primes),
        (0..1_000_u32).prop_map(|bytes| RealWork::Hash(Some(number(f64::from(bytes))))),
    ];
    let life =
        prop_oneof![Just(MemberSelector::All), Just(MemberSelector::AnyIdle), count().prop_map(MemberSelector::At)]
            .prop_map(|which| LifeStep::Spawn(GroupMembers { group: 1, which }));
    prop_oneof![
        time().prop_map(Step::Compute),
        time().prop_map(Step::Sleep),
        time().prop_map(Step::Io),
        target(COUNTER).prop_map(Step::Load),
        (target(COUNTER), any::<i8>()).prop_map(|(target, n)| Step::Store { target, add: n.max(-127) }),
        (target(COUNTER), any::<i8>()).prop_map(|(target, n)| Step::Add { target, by: n.max(-127) }),
        (target(COUNTER), 1..9_i8, count()).prop_map(|(target, by, times)| Step::AddMany { target, by, times }),
        (target(COUNTER), prop_oneof![count(), Just(Expr::Loaded(COUNTER))])
            .prop_map(|(target, value)| Step::Assign { target, value }),
        prop::collection::vec(question(), 1..3).prop_map(Step::Spin),
        signals.prop_map(Step::Signal),
        queues.prop_map(Step::Queue),
        real.prop_map(Step::RealWork),
        life.prop_map(Step::Life),
        "[ -~äß🦀]{1,20}".prop_map(Step::Panic),
        "[a-z{][ -~äß🦀]{0,12}"
            .prop_map(|text| Step::Mark(TextExpr::Template(Template::parse(&text.replace('{', "{n}"))))),
        "[ -~äß🦀]{1,20}".prop_map(Step::Fail),
        Just(Step::Abort),
        any::<u8>().prop_map(Step::Exit),
    ]
    .boxed()
}

fn question() -> impl Strategy<Value = Question> {
    let numbers = prop::sample::select(vec![Expr::TaskNumber, Expr::WorkerIndex, Expr::GroupSize]);
    let asked = (
        prop_oneof![
            3 => prop_oneof![target(COUNTER), target(QUEUE)].prop_map(Operand::Resource),
            1 => numbers.prop_map(Operand::Number),
        ],
        prop::sample::select(vec![Compare::Above, Compare::Below, Compare::Equals]),
        count(),
    );
    asked.prop_map(|(operand, compare, value)| Question { operand, compare, value })
}

fn swap() -> impl Strategy<Value = Swap> {
    let new = prop_oneof![any::<i8>().prop_map(|n| SwapValue::Added(n.max(-127))), count().prop_map(SwapValue::Value)];
    (target(COUNTER), prop::option::of(count()), new).prop_map(|(target, expected, new)| Swap { target, expected, new })
}

fn block_step(left: usize) -> BoxedStrategy<Step> {
    let body = move || block(left);
    let (mutex, rwlock) = (MUTEX + left, RWLOCK + left);
    let branch = move || (0..100_u32, body()).prop_map(|(n, steps)| Branch { weight: number(f64::from(n + 1)), steps });
    let locks =
        prop_oneof![
            (target(mutex), body()).prop_map(|(target, body)| Step::Lock { target, body }),
            (target(rwlock), body(), limit()).prop_map(|(target, body, limit)| Step::ReadLock { target, body, limit }),
            (target(rwlock), body(), limit()).prop_map(|(target, body, limit)| Step::WriteLock { target, body, limit }),
            (target(SEMAPHORE), 1..9_u32, body(), limit()).prop_map(|(target, n, body, limit)| {
                Step::Acquire { target, permits: number(f64::from(n)), body, limit }
            }),
            (target(mutex), time(), body(), otherwise(left))
                .prop_map(|(target, timeout, body, otherwise)| Step::TryLock { target, timeout, body, otherwise }),
        ];
    let queues = prop_oneof![
        (target(QUEUE), body(), limit()).prop_map(|(target, body, limit)| QueueStep::ForEach { target, body, limit }),
        (target(QUEUE), time(), body(), otherwise(left))
            .prop_map(|(target, timeout, body, otherwise)| { QueueStep::TryPut { target, timeout, body, otherwise } }),
        (target(QUEUE), time(), body(), otherwise(left))
            .prop_map(|(target, timeout, body, otherwise)| { QueueStep::TryTake { target, timeout, body, otherwise } }),
    ];
    prop_oneof![
        3 => locks,
        1 => queues.prop_map(Step::Queue),
        1 => (count(), body()).prop_map(|(times, body)| Step::Repeat { times, body }),
        1 => body().prop_map(Step::Forever),
        1 => (question(), body()).prop_map(|(question, body)| Step::While { question, body }),
        1 => (question(), body(), otherwise(left)).prop_map(|(question, body, otherwise)| Step::If {
            question, body, otherwise,
        }),
        1 => (0..2_u8, body(), otherwise(left)).prop_map(|(position, body, otherwise)| Step::When {
            knob: KnobId::from(ORDER), value: f64::from(position), body, otherwise,
        }),
        1 => prop::collection::vec(branch(), 2..4).prop_map(Step::Choose),
        1 => select(left),
        1 => (swap(), block(0), prop::option::of(block(0))).prop_map(|(swap, body, otherwise)| {
            Step::Attempt(Box::new(Attempt { kind: AttemptKind::CompareAndSet(swap), body, otherwise }))
        }),
    ]
    .boxed()
}

fn otherwise(left: usize) -> BoxedStrategy<Block> {
    prop_oneof![Just(Block::default()), block(left.saturating_sub(1))].boxed()
}

/// Generates a wait for the first of several alternatives.
fn select(left: usize) -> BoxedStrategy<Step> {
    let wait = prop_oneof![
        target(QUEUE).prop_map(|target| Step::Queue(QueueStep::Put { target, limit: None, priority: None })),
        target(QUEUE).prop_map(|target| Step::Queue(QueueStep::Take { target, limit: None })),
        target(EVENT).prop_map(|target| Step::Signal(SignalStep::Wait { target, limit: None })),
    ];
    let branch = |(wait, body): (Step, Block)| {
        let steps: Vec<Step> = std::iter::once(wait).chain(body.iter().cloned()).collect();
        Branch { weight: number(1.0), steps: Block::from(steps) }
    };
    let body = move || prop_oneof![Just(Block::default()), block(left)];
    let waits = prop::collection::vec((wait, body()).prop_map(branch), 2..4);
    let limit = prop::option::of((time().prop_map(Step::Sleep), body()).prop_map(branch));
    let pick = prop::sample::select(SelectPick::ALL.to_vec()).prop_map(Choice::Fixed);
    (pick, waits, limit)
        .prop_map(|(pick, mut branches, limit)| {
            branches.extend(limit);
            Step::Select { pick, branches }
        })
        .boxed()
}

/// Generates the time limit of a step that may have none.
fn limit() -> impl Strategy<Value = Limit> + Clone {
    let steps = prop::collection::vec(time().prop_map(Step::Sleep), 0..3);
    let limit = (time(), steps)
        .prop_map(|(timeout, otherwise)| Box::new(TimeLimit { timeout, otherwise: Block::from(otherwise) }));
    prop::option::weighted(0.3, limit)
}

/// Returns the declarations of knobs and resources, in the order of the indexes above.
fn declared() -> Vec<Node> {
    let knobs = [
        Node::new("knob").value("seats").value(3).set("min", 1).set("max", 9),
        Node::new("knob").value("gap").value("1ms").set("min", "0us").set("max", "1s"),
        Node::new("knob").value("order").value("same").set("of", "same opposite"),
    ];
    let resources = (0..=GROUP).map(|at| {
        let node = |word: &str| Node::new(word).value(name(at)).set("count", 5);
        match at {
            MUTEX..RWLOCK => node("mutex"),
            RWLOCK..SEMAPHORE => node("rwlock"),
            SEMAPHORE => node("semaphore").set("permits", 9),
            COUNTER => node("counter"),
            QUEUE => node("queue").set("capacity", 8),
            EVENT => node("event"),
            BARRIER => node("barrier").set("parties", 2),
            _ => node("wait-group"),
        }
    });
    knobs.into_iter().chain(resources).collect()
}

fn name(resource: usize) -> String {
    format!("r{resource}")
}

/// Returns the KDL nodes of a scenario whose workers do these steps.
pub(crate) fn nodes(steps: &[Step]) -> Vec<Node> {
    let helper = written(&[Step::Sleep(number(1e6))]);
    let workers = [
        Node::new("thread").value("w").set("count", 2).block(written(steps)),
        Node::new("thread").value("helper").block(helper),
    ];
    declared().into_iter().chain(workers).collect()
}

fn written(steps: &[Step]) -> Vec<Node> {
    steps.iter().flat_map(step).collect()
}

/// Returns the nodes of a step and of its `else`.
fn step(step: &Step) -> Vec<Node> {
    let time = |word: &str, time: &Expr| Node::new(word).value(formula(time, Unit::Time));
    let single = |node: Node| vec![node];
    match step {
        Step::Compute(duration) => single(time("compute", duration)),
        Step::Sleep(duration) => single(time("sleep", duration)),
        Step::Io(duration) => single(time("io", duration)),
        Step::Lock { target, body } => single(on("lock", target).block(written(body))),
        Step::ReadLock { target, body, limit } => limited(on("read", target).block(written(body)), limit),
        Step::WriteLock { target, body, limit } => limited(on("write", target).block(written(body)), limit),
        Step::Acquire { target, permits, body, limit } => {
            limited(on("acquire", target).set("permits", formula(permits, Unit::Count)).block(written(body)), limit)
        }
        Step::TryLock { target, timeout, body, otherwise } => {
            with_else(on("try-lock", target).set("timeout", formula(timeout, Unit::Time)), body, otherwise)
        }
        Step::Load(target) => single(on("load", target)),
        Step::Store { target, add } => single(on("store", target).set("add", i128::from(*add))),
        Step::Add { target, by } => single(on("add", target).set("by", i128::from(*by))),
        Step::AddMany { target, by, times } => {
            single(on("add", target).set("by", i128::from(*by)).set("times", formula(times, Unit::Count)))
        }
        Step::Assign { target, value } => single(on("set", target).set("to", formula(value, Unit::Count))),
        Step::Spin(questions) => {
            let until = questions.iter().map(|question| question_node("until", question)).collect();
            single(Node::new("spin").block(until))
        }
        Step::Attempt(attempt) => {
            let AttemptKind::CompareAndSet(swap) = &attempt.kind else { unreachable!("not generated") };
            let node = compare_and_set(swap).block(written(&attempt.body));
            let otherwise = attempt.otherwise.as_ref().map(|steps| Node::new("else").block(written(steps)));
            std::iter::once(node).chain(otherwise).collect()
        }
        Step::Queue(step) => queue(step),
        Step::Signal(step) => signal(step),
        Step::If { question, body, otherwise } => with_else(question_node("if", question), body, otherwise),
        Step::While { question, body } => single(question_node("while", question).block(written(body))),
        Step::Repeat { times, body } => {
            single(Node::new("repeat").value(formula(times, Unit::Count)).block(written(body)))
        }
        Step::Forever(body) => single(Node::new("forever").block(written(body))),
        Step::When { value, body, otherwise, .. } => {
            with_else(Node::new("when").set("order", if *value == 0.0 { "same" } else { "opposite" }), body, otherwise)
        }
        Step::Select { pick: Choice::Fixed(pick), branches } => {
            single(Node::new("select").set("pick", pick.word()).block(branches.iter().map(alternative).collect()))
        }
        Step::Choose(branches) => single(Node::new("choose").block(branches.iter().map(branch).collect())),
        Step::RealWork(RealWork::Primes(to)) => single(Node::new("primes").value(formula(to, Unit::Count))),
        Step::RealWork(RealWork::Hash(Some(bytes))) => single(Node::new("hash").value(formula(bytes, Unit::Bytes))),
        Step::Life(LifeStep::Spawn(GroupMembers { which, .. })) => {
            let spawn = Node::new("spawn").value("helper");
            single(match which {
                MemberSelector::All => spawn,
                MemberSelector::At(at) => with_index(spawn, Some(at)),
                MemberSelector::AnyIdle => spawn.set("any", true),
            })
        }
        Step::Mark(TextExpr::Template(text)) => single(Node::new("mark").value(text.to_source().as_str())),
        Step::Fail(message) => single(Node::new("fail").value(message.as_str())),
        Step::Panic(message) => single(Node::new("panic").value(message.as_str())),
        Step::Abort => single(Node::new("abort")),
        Step::Exit(code) => single(Node::new("exit").value(i128::from(*code))),
        other => unreachable!("{other:?} is not generated"),
    }
}

fn with_else(node: Node, body: &[Step], otherwise: &[Step]) -> Vec<Node> {
    let node = node.block(written(body));
    if otherwise.is_empty() { vec![node] } else { vec![node, Node::new("else").block(written(otherwise))] }
}

/// Returns a node with its time limit, and the `else` of that.
fn limited(node: Node, limit: &Limit) -> Vec<Node> {
    let Some(limit) = limit else { return vec![node] };
    let node = node.set("timeout", formula(&limit.timeout, Unit::Time));
    let otherwise = (!limit.otherwise.is_empty()).then(|| Node::new("else").block(written(&limit.otherwise)));
    std::iter::once(node).chain(otherwise).collect()
}

fn on(word: &str, target: &Target) -> Node {
    with_index(Node::new(word).value(name(target.resource)), target.index.as_ref())
}

fn with_index(node: Node, at: Option<&Expr>) -> Node {
    match at {
        Some(at) => node.set("at", formula(at, Unit::Count)),
        None => node,
    }
}

fn branch(branch: &Branch) -> Node {
    let Expr::Number(weight) = branch.weight else { unreachable!("a number") };
    Node::new("weight").value(weight as i128).block(written(&branch.steps))
}

/// Returns the line of an alternative: its wait, with the other steps as its block.
fn alternative(branch: &Branch) -> Node {
    let (wait, body) = branch.steps.split_first().expect("a wait");
    let node = match wait {
        Step::Queue(QueueStep::Put { target, .. }) => on("put", target),
        Step::Queue(QueueStep::Take { target, .. }) => on("take", target),
        Step::Signal(SignalStep::Wait { target, .. }) => on("wait", target),
        Step::Sleep(time) => Node::new("after").value(formula(time, Unit::Time)),
        other => unreachable!("{other:?} is no wait of a select"),
    };
    if body.is_empty() { node } else { node.block(written(body)) }
}

fn question_node(word: &str, question: &Question) -> Node {
    let compare = match question.compare {
        Compare::Above => "above",
        Compare::Below => "below",
        Compare::Equals => "equals",
    };
    let node = match &question.operand {
        Operand::Resource(target) => on(word, target),
        Operand::Number(number) => Node::new(word).value(formula(number, Unit::Count)),
    };
    node.set(compare, formula(&question.value, Unit::Count))
}

fn compare_and_set(swap: &Swap) -> Node {
    let node = on("compare-and-set", &swap.target);
    let node = match &swap.expected {
        Some(expected) => node.set("from", formula(expected, Unit::Count)),
        None => node,
    };
    match &swap.new {
        SwapValue::Added(by) => node.set("add", i128::from(*by)),
        SwapValue::Value(value) => node.set("to", formula(value, Unit::Count)),
    }
}

fn queue(step: &QueueStep) -> Vec<Node> {
    match step {
        QueueStep::Put { target, limit, priority } => {
            let put = on("put", target);
            let put = match priority {
                Some(priority) => put.set("priority", formula(priority, Unit::Count)),
                None => put,
            };
            limited(put, limit)
        }
        QueueStep::Take { target, limit } => limited(on("take", target), limit),
        QueueStep::Close(target) => vec![on("close", target)],
        QueueStep::ForEach { target, body, limit } => limited(on("take", target).block(written(body)), limit),
        QueueStep::TryPut { target, timeout, body, otherwise } => {
            with_else(on("try-put", target).set("timeout", formula(timeout, Unit::Time)), body, otherwise)
        }
        QueueStep::TryTake { target, timeout, body, otherwise } => {
            with_else(on("try-take", target).set("timeout", formula(timeout, Unit::Time)), body, otherwise)
        }
    }
}

fn signal(step: &SignalStep) -> Vec<Node> {
    match step {
        SignalStep::Wait { target, limit } => limited(on("wait", target), limit),
        SignalStep::Notify(target) => vec![on("notify", target)],
        SignalStep::NotifyAll(target) => vec![on("notify-all", target)],
        SignalStep::Set(target) => vec![on("set", target)],
        SignalStep::Clear(target) => vec![on("clear", target)],
        SignalStep::BarrierWait { target, limit } => limited(on("meet", target), limit),
        SignalStep::GroupAdd { target, count } => vec![on("add", target).set("times", formula(count, Unit::Count))],
        SignalStep::GroupDone(target) => vec![on("done", target)],
    }
}

/// Formats a formula with all parentheses.
fn formula(expr: &Expr, unit: Unit) -> String {
    let two = |name: &str, a: &Expr, b: &Expr| format!("{name}({}, {})", formula(a, unit), formula(b, unit));
    match expr {
        Expr::Number(n) => match unit {
            Unit::Time => format!("{n}ns"),
            Unit::Bytes => format!("{n}B"),
            Unit::Rate => format!("{n}/s"),
            Unit::Count => n.to_string(),
        },
        Expr::Knob(knob) => ["$seats", "$gap"][knob.index()].to_owned(),
        Expr::WorkerIndex => "i".to_owned(),
        Expr::GroupSize => "n".to_owned(),
        Expr::TaskNumber => "task".to_owned(),
        Expr::RecordedDuration => "service".to_owned(),
        Expr::Op(left, sign @ ('*' | '/'), right) => {
            format!("({} {sign} {})", formula(left, unit), formula(right, Unit::Count))
        }
        Expr::Op(left, sign, right) => format!("({} {sign} {})", formula(left, unit), formula(right, unit)),
        Expr::Min(a, b) => two("min", a, b),
        Expr::Max(a, b) => two("max", a, b),
        Expr::Random(a, b) => two("random", a, b),
        Expr::Loaded(counter) => format!("loaded({})", name(*counter)),
        Expr::Exponential(mean) => format!("exponential({})", formula(mean, unit)),
        Expr::Lognormal(median, p99) => two("lognormal", median, p99),
        Expr::Bimodal { usual, rare, share } => {
            format!("bimodal({}, {}, {})", formula(usual, unit), formula(rare, unit), formula(share, Unit::Count))
        }
    }
}
