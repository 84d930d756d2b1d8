//! Ray, by the state API of its dashboard (`ray[default]`): tasks, workers and nodes, by asking.
//!
//! An answer lists all tasks that Ray remembers and costs the more the more there are: 2 s at 4,800. So a slow cluster
//! is asked less often.

mod answers;
mod state;

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{Endpoint, Http};
use crate::wall::{Wall, monotonic};
use crate::{Address, Lines, WatchError};
use answers::{List, Node, Task, Worker};
use state::State;

const ASK_EVERY: Duration = Duration::from_secs(1);
/// Pauses between two looks are at least so many times as long as a look: the dashboard must not be busy with us.
const BUSY: u32 = 5;
/// A dashboard that does not answer is asked again for so long.
const RECONNECT: Duration = Duration::from_secs(10);
/// How often it is looked whether to stop.
const NAP: Duration = Duration::from_millis(50);

const TASKS: &str = "/api/v0/tasks?detail=1&limit=10000";
const WORKERS: &str = "/api/v0/workers?detail=1&limit=10000";
const NODES: &str = "/api/v0/nodes?detail=1&limit=10000";

pub const LIMITS: [&str; 4] = [
    "Ray is asked once a second, less often when it answers slowly: what happens is shown up to some seconds late",
    "states shorter than the poll are missed, but each task that has ended has all its times",
    "times are in milliseconds of each worker's own clock",
    "of more than 10,000 tasks that Ray remembers, the others are not shown; Ray itself forgets old ones",
];

/// Ray's answers at one moment.
struct Look {
    nodes: List<Node>,
    workers: List<Worker>,
    tasks: List<Task>,
}

/// Looks at the cluster until `must_stop`.
pub fn watch(address: &Address, lines: &mut Lines<impl Write>, must_stop: &dyn Fn() -> bool) -> Result<(), WatchError> {
    let http = Http::new(Endpoint::new(address));
    let failed = |reason: &str| WatchError::of_cluster(address, reason);
    let ask = || -> Result<Look, String> {
        Ok(Look { nodes: http.get(NODES)?, workers: http.get(WORKERS)?, tasks: http.get(TASKS)? })
    };
    let mut began = Instant::now();
    let mut look = ask().map_err(|reason| failed(&reason))?;
    let mut state = State::new(lines, monotonic())?;
    let mut reached = Instant::now();
    let mut wall = Wall::now();
    loop {
        wall.refresh();
        state.take_nodes(&look.nodes);
        state.take_workers(&look.workers, monotonic(), lines)?;
        state.take_tasks(&look.tasks, monotonic(), wall, lines)?;
        lines.flush(u64::MAX)?;
        let mut pause = ASK_EVERY.max(began.elapsed() * BUSY);
        look = loop {
            if !sleep_unless(pause, must_stop) {
                state.end(monotonic(), lines)?;
                return Ok(lines.flush(u64::MAX)?);
            }
            began = Instant::now();
            match ask() {
                Ok(look) => break look,
                Err(reason) if reached.elapsed() > RECONNECT => return Err(failed(&reason)),
                Err(_) => pause = ASK_EVERY,
            }
        };
        reached = Instant::now();
    }
}

/// Sleeps, unless it must stop. Returns whether it may go on.
fn sleep_unless(time: Duration, must_stop: &dyn Fn() -> bool) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if must_stop() {
            return false;
        }
        thread::sleep(NAP);
    }
    !must_stop()
}
