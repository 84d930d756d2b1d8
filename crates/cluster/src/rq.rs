//! Python RQ: its workers, queues and jobs, by asking Redis ten times a second.
//!
//! RQ sends no events (rq/rq#717), and switching on Redis' own notifications would change somebody's configuration
//! and double its work. So this looks at the texts that RQ keeps, never at a job's pickled payload, and takes the
//! times from them: a job's start and end are as exact as the clock of its worker.

mod look;
mod poll;
mod state;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::wall::{Wall, monotonic};
use crate::{Address, Lines, WatchError};
use poll::Connection;
use state::State;

/// Ten looks a second: a look at 4 workers and 200 jobs takes Redis under a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Events wait for earlier ones that only the next looks find: a worker notes the time first and writes it afterwards.
const HELD: Duration = Duration::from_millis(250);
const HELD_LOOKS: usize = 5;
/// A connection that broke off is tried again for so long.
const RECONNECT: Duration = Duration::from_secs(10);

pub const LIMITS: [&str; 3] = [
    "Redis is asked ten times a second: jobs that leave no result (result_ttl=0) and end between two looks are missed, \
     and counted",
    "starts and ends are times of each worker's own clock",
    "of each queue the first 1,000 waiting jobs are known by name; the others are counted",
];

/// Looks at the queues until `must_stop`. A connection that breaks off is made again.
pub fn watch(address: &Address, lines: &mut Lines<impl Write>, must_stop: &dyn Fn() -> bool) -> Result<(), WatchError> {
    let mut state = State::new(lines)?;
    let mut connection = Connection::open(address).map_err(|error| cluster_error(address, &error))?;
    let mut reached = Instant::now();
    let mut begins = VecDeque::new();
    let mut wall = Wall::now();
    while !must_stop() {
        let began = Instant::now();
        begins.push_back(monotonic().saturating_sub(nanos(HELD)));
        wall.refresh();
        match connection.look(&state) {
            Ok(look) => {
                reached = Instant::now();
                state.take(&look, monotonic(), wall, lines)?;
                // On a busy machine looks are late: what counts is how many there were since.
                if begins.len() > HELD_LOOKS {
                    lines.flush(begins.pop_front().unwrap_or(0))?;
                }
            }
            Err(error) if reached.elapsed() > RECONNECT => return Err(cluster_error(address, &error)),
            Err(_) => {
                if let Ok(new) = Connection::open(address) {
                    connection = new;
                }
            }
        }
        thread::sleep(LOOK_EVERY.saturating_sub(began.elapsed()));
    }
    state.end(monotonic(), lines)?;
    Ok(lines.flush(u64::MAX)?)
}

fn cluster_error(address: &Address, error: &redis::RedisError) -> WatchError {
    WatchError::of_cluster(address, &error.to_string())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Shorthand for what writes lines.
type Written = io::Result<()>;
