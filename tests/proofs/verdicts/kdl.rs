//! Prints a program as a scenario for `contend run`: sleeps between the steps reproduce the order of moves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::program::{Alternative, Kind, LockMode, Op, Program, ROOM};
use super::trial::WrongVerdict;

/// Milliseconds from one move to the next.
const MOVE: u64 = 20;

/// Returns the scenario, with the error as its description.
pub fn scenario(program: &Program, wrong: &WrongVerdict) -> String {
    let mut text = format!("title \"Random programs\"\nabout \"{}\"\n", wrong.why.replace(['"', '\\'], "'"));
    for (i, kind) in program.kinds.iter().enumerate() {
        let _ = match *kind {
            Kind::Mutex => writeln!(text, "mutex r{i}"),
            Kind::Semaphore(permits) => writeln!(text, "semaphore r{i} permits={permits}"),
            Kind::Rwlock(policy) => writeln!(text, "rwlock r{i} policy={}", policy.word()),
            Kind::Queue { .. } => writeln!(text, "queue r{i} capacity={ROOM}"),
            Kind::Condition { of, .. } => writeln!(text, "condition r{i} of=r{of}"),
            Kind::Rendezvous { .. } => writeln!(text, "queue r{i} capacity=0"),
            Kind::Event { .. } => writeln!(text, "event r{i}"),
            Kind::WaitGroup { .. } => writeln!(text, "wait-group r{i}"),
            Kind::Latch { initial, .. } => writeln!(text, "latch r{i} initial={initial}"),
        };
    }
    for (w, ops) in program.workers.iter().enumerate() {
        let mut teller = Teller { program, moves: Moves::of(wrong, w), pc: 0, free: 0, text: String::new() };
        teller.ops(ops, 1);
        if ops.is_empty() {
            teller.line(1, "compute \"1us\"");
        }
        let kind = if program.tasks { "async" } else { "thread" };
        let _ = write!(text, "{kind} w{w} {{\n{}}}\n", teller.text);
    }
    // Keeps self-deadlocks from being an error of the checker.
    text + "expect deadlock\n"
}

/// When a worker began and ended each of its steps, as positions in the order of all moves.
struct Moves(BTreeMap<usize, (u64, u64)>);

impl Moves {
    fn of(wrong: &WrongVerdict, worker: usize) -> Self {
        let mut moves = BTreeMap::new();
        for (at, (_, pc)) in wrong.moves.iter().enumerate().filter(|(_, (w, _))| *w == worker) {
            let at = at as u64;
            moves.entry(*pc).and_modify(|(_, end)| *end = at).or_insert((at, at));
        }
        Self(moves)
    }
}

struct Teller<'a> {
    program: &'a Program,
    moves: Moves,
    /// The next step, and the position from which the worker is free.
    pc: usize,
    free: u64,
    text: String,
}

impl Teller<'_> {
    fn ops(&mut self, ops: &[Op], depth: usize) {
        for op in ops {
            self.op(op, depth);
        }
    }

    fn op(&mut self, op: &Op, depth: usize) {
        match op {
            Op::Hold { on, mode, timed, body } => {
                let took = self.step(depth);
                let head = match (self.program.kinds[*on], mode) {
                    (_, LockMode::Permits(permits)) => format!("acquire r{on} permits={permits}"),
                    (Kind::Rwlock(_), LockMode::Shared) => format!("read r{on}"),
                    (Kind::Rwlock(_), _) => format!("write r{on}"),
                    _ if *timed => format!("try-lock r{on}"),
                    _ => format!("lock r{on}"),
                };
                let head = if *timed { format!("{head} timeout=\"{took}ms\"") } else { head };
                self.line(depth, &(head + " {"));
                self.ops(body, depth + 1);
                self.step(depth + 1);
                self.line(depth, "}");
            }
            Op::Keep(on) => self.plain(depth, &format!("lock r{on}")),
            Op::Put(on) => self.transfer(depth, "put", *on),
            Op::Take(on) => self.transfer(depth, "take", *on),
            Op::Wait(on) => {
                self.step(depth);
                let Kind::Condition { timed, .. } = self.program.kinds[*on] else { return };
                let took = self.skip(1);
                self.skip(1); // locks its mutex again
                self.line(
                    depth,
                    &if timed { format!("wait r{on} timeout=\"{took}ms\"") } else { format!("wait r{on}") },
                );
            }
            Op::Notify(on) => self.plain(depth, &format!("notify r{on}")),
            Op::NotifyAll(on) => self.plain(depth, &format!("notify-all r{on}")),
            Op::Join(worker) => self.plain(depth, &format!("join w{worker}")),
            Op::TryJoin(worker) => self.within(depth, &format!("join w{worker}"), true),
            Op::Await(on) => self.transfer(depth, "wait", *on),
            Op::Set(on) => self.plain(depth, &format!("set r{on}")),
            Op::Clear(on) => self.plain(depth, &format!("clear r{on}")),
            Op::Add(on) => self.plain(depth, &format!("add r{on}")),
            Op::Done(on) => self.plain(depth, &format!("done r{on}")),
            Op::Cancel(worker) => self.plain(depth, &format!("cancel w{worker}")),
            Op::Select { both, timed } => {
                let took = self.step(depth);
                let after = if *timed { format!("; after \"{took}ms\"") } else { String::new() };
                let [first, second] = both.map(alternative);
                self.line(depth, &format!("select pick=first {{ {first}; {second}{after} }}"));
            }
        }
    }

    fn transfer(&mut self, depth: usize, word: &str, on: usize) {
        let timed = self.program.kinds[on].is_timed();
        self.within(depth, &format!("{word} r{on}"), timed);
    }

    /// Writes a step with the time limit that it had.
    fn within(&mut self, depth: usize, line: &str, timed: bool) {
        let took = self.step(depth);
        let limit = if timed { format!(" timeout=\"{took}ms\"") } else { String::new() };
        self.line(depth, &format!("{line}{limit}"));
    }

    fn plain(&mut self, depth: usize, line: &str) {
        self.step(depth);
        self.line(depth, line);
    }

    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "    ".repeat(depth));
    }

    /// Sleeps until the next step began. Returns the milliseconds that the step took, 0 for a step that was not done.
    fn step(&mut self, depth: usize) -> u64 {
        let begun = self.moves.0.get(&self.pc).map(|(begin, _)| begin.saturating_sub(self.free));
        if let Some(sleep) = begun.filter(|moves| *moves > 0) {
            self.line(depth, &format!("sleep \"{}ms\"", sleep * MOVE));
        }
        self.skip(1)
    }

    /// Skips steps that are one step in the scenario. Returns the milliseconds that the last one took.
    fn skip(&mut self, steps: usize) -> u64 {
        let mut took = MOVE;
        for _ in 0..steps {
            if let Some((begin, end)) = self.moves.0.get(&self.pc) {
                (self.free, took) = (*end, (end - begin).max(1) * MOVE);
            }
            self.pc += 1;
        }
        took
    }
}

fn alternative(of: Alternative) -> String {
    match of {
        Alternative::Take(on) => format!("take r{on}"),
        Alternative::Put(on) => format!("put r{on}"),
        Alternative::Await(on) => format!("wait r{on}"),
        Alternative::Join(other) => format!("join w{other}"),
    }
}
