//! Shrinks a program with a wrong verdict.

use super::program::{Op, Program};
use super::trial::WrongVerdict;

/// Number of orders of moves and deliveries that each smaller program is tried in.
const ORDERS: u64 = 300;

/// Removes parts while the error persists, until nothing more can be removed. `wrong` returns the error of a program,
/// if any, when it runs in the order of a seed.
pub fn shrink(
    program: &Program,
    found: &WrongVerdict,
    wrong: impl Fn(&Program, u64) -> Option<WrongVerdict>,
) -> (Program, WrongVerdict) {
    let mut small = program.clone();
    let mut last = WrongVerdict { why: found.why.clone(), moves: found.moves.clone() };
    while let Some((smaller, how)) = smaller(&small)
        .into_iter()
        .find_map(|less| Some((less.clone(), (0..ORDERS).find_map(|seed| wrong(&less, seed))?)))
    {
        (small, last) = (smaller, how);
    }
    (small, last)
}

/// Returns the programs without one part: a worker, all of its steps, one step, or a block around other steps.
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

/// Returns the steps without one of them.
fn less(ops: &[Op]) -> Vec<Vec<Op>> {
    let mut all = Vec::new();
    for (i, op) in ops.iter().enumerate() {
        let around = |inner: &[Op]| [&ops[..i], inner, &ops[i + 1..]].concat();
        all.push(around(&[]));
        if let Op::Hold { on, mode, timed, body } = op {
            if !body.iter().any(waits) {
                all.push(around(body));
            }
            let held = |body| Op::Hold { on: *on, mode: *mode, timed: *timed, body };
            all.extend(less(body).into_iter().map(|body| around(&[held(body)])));
        }
    }
    all
}

/// Returns whether the steps wait for a condition, which needs the block around it.
fn waits(op: &Op) -> bool {
    match op {
        Op::Wait(_) => true,
        Op::Hold { body, .. } => body.iter().any(waits),
        _ => false,
    }
}
