//! Generates random scenarios with pools: each is finite, and every task must be accounted for.

use std::fmt::Write as _;

use fastrand::Rng;

/// Returns the scenario of a seed.
pub fn scenario(seed: u64) -> String {
    let mut dice = Rng::with_seed(seed);
    let pools = dice.usize(1..=2);
    let others = dice.bool(); // processes or event loop tasks: they cannot share a pool
    let mut text = format!("title \"random {seed}\"\n");
    for pool in 0..pools {
        text += &self::pool(&mut dice, pool, pools, others);
    }
    for worker in 0..dice.usize(1..=2) {
        text += &submitter(&mut dice, worker, pools, others);
    }
    text
}

fn pick<'a>(dice: &mut Rng, of: &[&'a str]) -> &'a str {
    of[dice.usize(..of.len())]
}

fn pool(dice: &mut Rng, at: usize, pools: usize, processes: bool) -> String {
    let of = pick(dice, &["threads", if processes { "processes" } else { "async" }]);
    let (workers, queue) = (dice.u32(1..=3), dice.u32(1..=4));
    let policy = pick(dice, &["block", "reject", "caller-runs"]);
    let crash = pick(dice, &["restart", "shrink", "fail-all", "lose"]);
    let batch = dice.bool();
    let schedule = if batch { pick(dice, &["shared", "split", "steal"]) } else { "shared" };
    let mut text = format!(
        "pool p{at} of={of} workers={workers} queue={queue} policy={policy} on-crash={crash} retries=1 \
            schedule={schedule} {{\n"
    );
    if batch {
        let (count, chunk) = (dice.u32(1..=12), dice.u32(1..=3));
        let results = pick(
            dice,
            &["", "results=ordered timeout=\"2s\"", "results=as-completed timeout=\"2s\"", "results=ignored"],
        );
        let _ = writeln!(text, "    batch count={count} chunk={chunk} {results}");
    }
    text += "    task {\n";
    for _ in 0..dice.usize(1..=4) {
        let _ = writeln!(text, "        {}", task_step(dice, of, pools));
    }
    text + "    }\n}\n"
}

/// Generates a step that submits only to tasks of a higher number, so that the run ends.
fn task_step(dice: &mut Rng, of: &str, pools: usize) -> String {
    let to = dice.usize(..pools);
    let nth = dice.u32(..12);
    match dice.u32(..8) {
        0 | 1 => format!("sleep \"{}ms\"", dice.u32(1..=3)),
        2 => "compute \"200us\"".into(),
        3 | 4 => format!("if task below={} {{ submit p{to} task=\"task + 3\" }}", dice.u32(3..=9)),
        5 => format!("if task equals={nth} {{ panic \"on purpose\" }}"),
        6 if of == "processes" => format!("if task equals={nth} {{ {} }}", pick(dice, &["abort", "exit 0", "exit 3"])),
        _ => format!("if task below={nth} {{ sleep \"1ms\" }}"),
    }
}

fn submitter(dice: &mut Rng, at: usize, pools: usize, processes: bool) -> String {
    let kind = pick(dice, &["thread", if processes { "process" } else { "async" }]);
    let mut text = format!("{kind} s{at} {{\n");
    for pool in 0..if at == 0 { pools } else { 0 } {
        let _ = writeln!(text, "    submit p{pool} task={}", dice.u32(..12)); // each pool has a feed
    }
    for _ in 0..dice.usize(1..=8) {
        let to = dice.usize(..pools);
        let step = match dice.u32(..8) {
            0..=4 => format!("submit p{to} task={}", dice.u32(..12)),
            5 => format!("sleep \"{}ms\"", dice.u32(1..=4)),
            6 if dice.bool() => format!("shutdown p{to} how={}", pick(dice, &["drain", "cancel", "abandon"])),
            _ => "compute \"100us\"".into(),
        };
        let _ = writeln!(text, "    {step}");
    }
    text + "}\n"
}
