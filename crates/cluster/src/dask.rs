//! Dask, by its scheduler's dashboard: the stream of finished tasks, and counts once a second.
//!
//! The stream, `/eventstream`, and the counts need neither bokeh nor Python here. The scheduler gives the stream to one
//! viewer at a time and sends finished tasks only: failed ones and those that run are known by their number.

mod answers;
mod state;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::http::{Endpoint, Http};
use crate::wall::{Wall, monotonic};
use crate::web_socket::WebSocket;
use crate::{Address, Lines, WatchError};
use answers::{Counts, Identity, StreamMessage};
use state::State;

/// Counts of a scheduler with 10,000 tasks take it about 3 ms.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A scheduler that does not answer is asked again for so long.
const RECONNECT: Duration = Duration::from_secs(10);
/// Before a stream that broke off is opened again.
const REOPEN: Duration = Duration::from_millis(500);
/// How long a message is waited for before anything else is looked at.
const LISTEN: Duration = Duration::from_millis(50);
/// The most messages between two looks at the clock.
const BURST: usize = 1_000;

const STREAM: &str = "/eventstream";
const IDENTITY: &str = "/json/identity.json";
const COUNTS: &str = "/json/counts.json";

pub const LIMITS: [&str; 6] = [
    "finished tasks only: a task appears when it has ended, from its start on; those that run are counted",
    "failed tasks are counted once a second; the worker that they failed on is unknown",
    "when tasks were submitted is inferred from counts, once a second: waits for a worker are that exact",
    "transfers between workers are shown without their bytes",
    "one viewer only: a second viewer of /eventstream takes the stream over; the first one sees no more tasks",
    "while it is watched, the scheduler has one plugin more, `websocket`; it ends with the view",
];

/// Looks at the cluster until `must_stop`. A stream that breaks off is opened again.
pub fn watch(address: &Address, lines: &mut Lines<impl Write>, must_stop: &dyn Fn() -> bool) -> Result<(), WatchError> {
    let endpoint = Endpoint::new(address);
    let http = Http::new(endpoint.clone());
    let failed = |reason: &str| WatchError::of_cluster(address, reason);
    let counts: Counts = http.get(COUNTS).map_err(|reason| failed(&reason))?;
    if counts.workers.is_none() {
        return Err(failed("there is no scheduler of Dask"));
    }
    let open = || WebSocket::open(&endpoint, STREAM).map_err(|error| error.to_string());
    let mut stream = Some(open().map_err(|reason| failed(&reason))?);
    let mut state = State::new(lines, monotonic())?;
    let mut wall = Wall::now();
    let (mut asked, mut reached) = (None::<Instant>, Instant::now());
    while !must_stop() {
        let heard = match &mut stream {
            Some(open) => listen(open, &mut state, wall, lines)?,
            None => Err("the stream of events is closed".to_owned()),
        };
        let answered = if asked.is_none_or(|at| at.elapsed() >= ASK_EVERY) {
            asked = Some(Instant::now());
            wall.refresh();
            ask(&http, &mut state, lines)?
        } else {
            Ok(())
        };
        if heard.is_err() {
            // The scheduler names its plugin for the stream always the same: the old one must be gone before a new one.
            drop(stream.take());
            std::thread::sleep(REOPEN);
            stream = open().ok();
        }
        match heard.and(answered) {
            Ok(()) => reached = Instant::now(),
            Err(reason) if reached.elapsed() > RECONNECT => return Err(failed(&reason)),
            Err(_) => {}
        }
        lines.flush(u64::MAX)?;
    }
    drop(stream);
    state.end(monotonic(), lines)?;
    Ok(lines.flush(u64::MAX)?)
}

/// What came of a request: a reason in words if the cluster gave no answer.
type Outcome = Result<(), String>;

/// Takes the messages that are there.
fn listen(stream: &mut WebSocket, state: &mut State, wall: Wall, lines: &mut Lines<impl Write>) -> io::Result<Outcome> {
    let until = Instant::now() + LISTEN;
    for _ in 0..BURST {
        let message = match stream.next(until) {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let now = monotonic();
        match serde_json::from_slice::<StreamMessage>(&message) {
            Ok(message) => state.take_message(&message, now, wall, lines)?,
            Err(_) => state.lose(1),
        }
    }
    state.lose(std::mem::take(&mut stream.skipped));
    state.tell_lost(monotonic(), lines)?;
    Ok(Ok(()))
}

fn ask(http: &Http, state: &mut State, lines: &mut Lines<impl Write>) -> io::Result<Outcome> {
    let counts = match http.get::<Counts>(COUNTS) {
        Ok(counts) => counts,
        Err(reason) => return Ok(Err(reason)),
    };
    let now = monotonic();
    // The scheduler fails to write it (status 500) while a worker's figures have keys that JSON cannot have, which is
    // so after many a task. It adds names and threads; the stream names the workers too.
    if let Ok(identity) = http.get::<Identity>(IDENTITY)
        && identity.is_scheduler()
    {
        state.take_identity(&identity, now, lines)?;
    }
    state.take_counts(&counts, now, lines)?;
    Ok(Ok(()))
}
