//! Prints a program as a scenario, with random pauses between its steps.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::explorer::program::{Alternative, Kind, LimitedStep, Program, Step};

/// Returns the scenario. `None` if a program has no equivalent: a worker that gives up goes on behind a block, which
/// must have an end; and the world lets a worker that spawns or submits too often pass, to make all programs end.
pub fn scenario(program: &Program, rng: &mut Rng) -> Option<String> {
    if !has_few_lives_and_tasks(program) {
        return None;
    }
    let mut text = "title \"Random programs\"\nexpect deadlock\ncounter n\n".to_owned();
    let mutex = program.kinds.iter().position(|kind| *kind == Kind::Mutex).unwrap_or(0);
    let threads = thread_limit(program).filter(|_| rng.f64() < 0.7);
    if let Some((_, permits)) = threads {
        let _ = writeln!(text, "runtime threads=1 blocking-threads={permits}");
    }
    let declared = program
        .kinds
        .iter()
        .enumerate()
        .filter(|(on, _)| program.original(*on) == *on && threads.is_none_or(|(limit, _)| limit != *on));
    for (i, kind) in declared {
        let _ = match *kind {
            Kind::Mutex if program.processes && !program.robust => writeln!(text, "mutex r{i} kind=not-robust"),
            Kind::Mutex => writeln!(text, "mutex r{i}"),
            Kind::Rwlock(policy) => writeln!(text, "rwlock r{i} policy={}", policy.word()),
            Kind::Semaphore(permits) => writeln!(text, "semaphore r{i} permits={permits}"),
            Kind::Queue(capacity) if has_priorities(i) => {
                writeln!(text, "queue r{i} capacity={capacity} order=priority")
            }
            Kind::Queue(capacity) => writeln!(text, "queue r{i} capacity={capacity}"),
            Kind::Condition => writeln!(text, "condition r{i} of=r{mutex}"),
            Kind::Event => writeln!(text, "event r{i}"),
            Kind::Barrier(parties) => writeln!(text, "barrier r{i} parties={parties}"),
            Kind::WaitGroup => writeln!(text, "wait-group r{i}"),
            Kind::Latch(initial) => writeln!(text, "latch r{i} initial={initial}"),
        };
    }
    let (worker, workers) = match (program.processes, program.tasks) {
        (true, _) => ("process", "processes"),
        (false, true) => ("async", "async"),
        (false, false) => ("thread", "threads"),
    };
    let is_client = |w: usize| program.clients.is_some_and(|clients| clients.contains(w));
    for (w, steps) in program.workers.iter().enumerate().filter(|(w, _)| !is_client(*w)) {
        let head = if program.is_forked(w) { format!("process w{w} by=fork") } else { format!("{worker} w{w}") };
        let steps: Vec<Step> = steps.iter().map(|step| original_step(program, *step)).collect();
        let _ = write!(text, "{head} {{\n{}}}\n", block(&steps, threads, rng)?);
    }
    for (p, pool) in program.pools.iter().enumerate() {
        let crash = if pool.restarts { "restart" } else { "shrink" };
        let task = block(&pool.task, threads, rng)?;
        let head = format!("pool p{p} of={workers} workers={} queue=1 on-crash={crash}", pool.seats);
        let fed = program.clients.filter(|clients| clients.pool == p).map_or_else(String::new, |clients| {
            format!("clients count={} think=\"{}us\"\n", clients.count, rng.u32(..4_000))
        });
        let _ = write!(text, "{head} {{\n{fed}task {{\n{task}}}\n}}\n");
    }
    Some(text)
}

/// Returns a step with the original of the mutex that it uses.
fn original_step(program: &Program, step: Step) -> Step {
    match step {
        Step::Lock(on) => Step::Lock(program.original(on)),
        Step::TryLock(on) => Step::TryLock(program.original(on)),
        Step::Unlock(on) => Step::Unlock(program.original(on)),
        step => step,
    }
}

/// Whether no worker lives or submits more often than the world allows.
fn has_few_lives_and_tasks(program: &Program) -> bool {
    let count = |steps: &[Step], wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
    let spawns = |steps: &Vec<Step>| count(steps, |step| matches!(step, Step::Spawn(_)));
    let submits = |steps: &Vec<Step>| count(steps, |step| matches!(step, Step::Submit(_)));
    let lives = 1 + program.workers.iter().map(spawns).sum::<usize>();
    let spawner_is_spawned =
        (0..program.workers.len()).any(|w| program.is_spawned(w) && spawns(&program.workers[w]) > 0);
    let in_tasks = program.pools.iter().any(|pool| submits(&pool.task) + spawns(&pool.task) > 0);
    let aborts = program.pools.iter().any(|pool| pool.task.contains(&Step::Abort));
    let tasks: usize = program.workers.iter().map(submits).sum();
    lives <= 3 && !spawner_is_spawned && !in_tasks && !aborts && lives * tasks <= 5
}

/// Returns a semaphore of tasks that the limit of the threads for `to-thread` can stand for, with its permits: each
/// block takes one permit without a time limit, and holds no other.
fn thread_limit(program: &Program) -> Option<(usize, u32)> {
    let takes_one = |on: usize| {
        let is_other = |step: &Step| match *step {
            Step::Acquire(of, permits) => of == on && permits != 1,
            Step::Limited(LimitedStep::Acquire(of, _)) => of == on,
            _ => *step == Step::Help,
        };
        !program.has_written(is_other) && program.all_steps().iter().all(|steps| deepest(steps, on) <= 1)
    };
    let limits = program.kinds.iter().enumerate().filter_map(|(on, kind)| match kind {
        Kind::Semaphore(permits) if *permits > 0 && program.is_scoped(on) => Some((on, *permits)),
        _ => None,
    });
    limits.filter(|_| program.tasks).find(|(on, _)| takes_one(*on))
}

/// Returns how many blocks of a semaphore are open at once.
fn deepest(steps: &[Step], on: usize) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for step in steps {
        match step.plain() {
            Step::Acquire(of, _) if of == on => depth += 1,
            Step::Return(of) if of == on => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether the items of a queue have priorities, which change no more than their order.
const fn has_priorities(queue: usize) -> bool {
    queue.is_multiple_of(2)
}

/// Returns a step that waits for no other worker.
fn pause(rng: &mut Rng) -> String {
    match rng.u32(..10) {
        0 => "add n".to_owned(),
        1 => "set n to=2".to_owned(),
        2 => "load n; compare-and-set n add=1 { compute \"1us\" } else { compute \"1us\" }".to_owned(),
        3 => "spin { until n above=-1 }".to_owned(),
        _ => format!("sleep \"{}us\"", rng.u32(1..3_000)),
    }
}

/// Returns which steps begin a block that ends, by position.
fn closed_blocks(steps: &[Step]) -> Vec<bool> {
    let mut closed = vec![false; steps.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step.plain() {
            Step::Lock(_) if at > 0 && matches!(steps[at - 1], Step::Stay { .. }) => {}
            Step::Lock(on) | Step::TryLock(on) | Step::Read(on) | Step::Write(on) | Step::Acquire(on, _) => {
                open.push((at, on));
            }
            Step::Unlock(on) | Step::Leave(on) | Step::Return(on) => {
                while let Some((at, of)) = open.pop() {
                    if of == on {
                        closed[at] = true;
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    if steps.last() == Some(&Step::Abort) {
        // The process ends with it.
        for (at, _) in open {
            closed[at] = true;
        }
    }
    closed
}

fn alternative(of: Alternative) -> String {
    match of {
        Alternative::Take(on) => format!("take r{on}"),
        Alternative::Put(on) => format!("put r{on}"),
        Alternative::Await(on) => format!("wait r{on}"),
        Alternative::Join(other) => format!("join w{other}"),
    }
}

/// Returns the lines of a worker's steps.
fn block(steps: &[Step], threads: Option<(usize, u32)>, rng: &mut Rng) -> Option<String> {
    let closed = closed_blocks(steps);
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut rest = steps.iter().enumerate();
    while let Some((at, step)) = rest.next() {
        if rng.f64() < 0.4 {
            let _ = writeln!(text, "{}", pause(rng));
        }
        let limit = format!(" timeout=\"{}us\"", rng.u32(1..4_000));
        let limit = if matches!(step, Step::Limited(_)) { limit.as_str() } else { "" };
        let short = format!("{}us", rng.u32(1..4_000));
        let line = match *step {
            Step::Limited(LimitedStep::Pass(on)) => format!("acquire r{on}{limit}"),
            Step::Limited(LimitedStep::Result) => format!("result{limit}"),
            _ => match step.plain() {
                Step::Lock(on) if !closed[at] => format!("lock r{on}"),
                Step::Lock(on) => format!("lock r{on} {{"),
                Step::TryLock(on) if closed[at] => format!("try-lock r{on} timeout=\"{short}\" {{"),
                Step::Read(on) if closed[at] => format!("read r{on}{limit} {{"),
                Step::Write(on) if closed[at] => format!("write r{on}{limit} {{"),
                Step::Acquire(on, _) if closed[at] && threads.is_some_and(|(limit, _)| limit == on) => {
                    "to-thread {".to_owned()
                }
                Step::Acquire(on, n) if closed[at] => format!("acquire r{on} permits={n}{limit} {{"),
                Step::TryLock(_)
                | Step::Read(_)
                | Step::Write(_)
                | Step::Acquire(..)
                | Step::Close(_)
                | Step::Stay { .. }
                | Step::Limited(_) => return None,
                Step::Unlock(_) | Step::Leave(_) | Step::Return(_) => "}".to_owned(),
                Step::Pass(on) => format!("acquire r{on}"),
                Step::Post(on) => format!("release r{on}"),
                Step::Put(on) if has_priorities(on) => format!("put r{on} priority={}{limit}", rng.u32(..3)),
                Step::Put(on) => format!("put r{on}{limit}"),
                Step::Take(on) => format!("take r{on}{limit}"),
                Step::Come { on, .. } => {
                    let ((_, Step::Stay { timed, .. }), (_, Step::Lock(_))) = (rest.next()?, rest.next()?) else {
                        return None;
                    };
                    if *timed { format!("wait r{on} timeout=\"{short}\"") } else { format!("wait r{on}") }
                }
                Step::Notify(on) => format!("notify r{on}"),
                Step::NotifyAll(on) => format!("notify-all r{on}"),
                Step::Set(on) => format!("set r{on}"),
                Step::Clear(on) => format!("clear r{on}"),
                Step::Await { on, timed: true } => format!("wait r{on} timeout=\"{short}\""),
                Step::Await { on, .. } => format!("wait r{on}"),
                Step::Meet(on) => format!("meet r{on}{limit}"),
                Step::Add(on, n) => format!("add r{on} by={n}"),
                Step::Done(on) => format!("done r{on}"),
                Step::Select { first, second, timed } => {
                    let after = if timed { format!("; after \"{short}\"") } else { String::new() };
                    format!("select pick=first {{ {}; {}{after} }}", alternative(first), alternative(second))
                }
                Step::Spawn(other) => format!("spawn w{other}"),
                Step::Cancel(other) => format!("cancel w{other}"),
                Step::Kill(other) => format!("cancel w{other} how=kill"),
                Step::DropTasks(pool) => format!("cancel p{pool}"),
                Step::ShutdownNow(pool) => format!("shutdown p{pool} how=cancel"),
                Step::Discard(pool) => format!("shutdown p{pool} how=discard"),
                Step::Join(other) => format!("join w{other}{limit}"),
                Step::Submit(pool) => format!("submit p{pool}"),
                Step::Result => "result".to_owned(),
                Step::Help => "result help=#true".to_owned(),
                Step::Shutdown(pool) => format!("shutdown p{pool}"),
                Step::Abort => "abort".to_owned(),
            },
        };
        depth = depth + usize::from(line.ends_with('{')) - usize::from(line == "}");
        let _ = writeln!(text, "{line}");
        if line.ends_with('{') {
            let _ = writeln!(text, "compute \"1us\""); // a block has a step
        }
    }
    text.push_str(&"}\n".repeat(depth));
    if text.is_empty() {
        text.push_str("compute \"1us\"\n");
    }
    Some(text)
}
