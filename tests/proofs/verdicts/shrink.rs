//! Makes a program at which something is wrong as small as it can be.

use super::program::{Op, Program};
use super::trial::Wrong;

/// Orders of moves and deliveries that a smaller program is tried in.
const ORDERS: u64 = 300;

/// Takes away what is not needed for something to be wrong, until nothing more can go. `wrong` says what is wrong with a
/// program, if anything is, when it runs in the order of a seed.
pub fn shrink(program: &Program, found: &Wrong, wrong: impl Fn(&Program, u64) -> Option<Wrong>) -> (Program, Wrong) {
    let mut small = program.clone();
    let mut last = Wrong { why: found.why.clone(), moves: found.moves.clone() };
    while let Some((smaller, how)) = smaller(&small)
        .into_iter()
        .find_map(|less| Some((less.clone(), (0..ORDERS).find_map(|seed| wrong(&less, seed))?)))
    {
        (small, last) = (smaller, how);
    }
    (small, last)
}

/// The programs that lack one thing: a worker, all that it does, one step of it, or a block around other steps.
fn smaller(program: &Program) -> Vec<Program> {
    let mut all: Vec<Program> = (0..program.workers.len()).filter_map(|w| program.without(w)).collect();
    for w in 0..program.workers.len() {
        if !program.workers[w].is_empty() {
            all.push(with(program, w, Vec::new()));
        }
    }
    for (w, ops) in program.workers.iter().enumerate() {
        all.extend(less(ops).into_iter().map(|ops| with(program, w, ops)));
    }
    all
}

fn with(program: &Program, worker: usize, ops: Vec<Op>) -> Program {
    let mut other = program.clone();
    other.workers[worker] = ops;
    other
}

/// The same steps without one of them.
fn less(ops: &[Op]) -> Vec<Vec<Op>> {
    let mut all = Vec::new();
    for (i, op) in ops.iter().enumerate() {
        let around = |inner: &[Op]| [&ops[..i], inner, &ops[i + 1..]].concat();
        all.push(around(&[]));
        if let Op::Hold { on, way, timed, body } = op {
            if !body.iter().any(waits) {
                all.push(around(body));
            }
            let held = |body| Op::Hold { on: *on, way: *way, timed: *timed, body };
            all.extend(less(body).into_iter().map(|body| around(&[held(body)])));
        }
    }
    all
}

/// Whether it waits for a condition, for which it needs the block around it.
fn waits(op: &Op) -> bool {
    match op {
        Op::Wait(_) => true,
        Op::Hold { body, .. } => body.iter().any(waits),
        _ => false,
    }
}
