//! A program that records how its threads contend for a mutex, and prints what it recorded.
//!
//! Four tellers book payments to one account. Each records its life, its waits for the account's mutex, its holds, and
//! its pauses. The main thread reads the events while the tellers run, and adds up the time by state.
//!
//! ```sh
//! cargo run -p contend-trace --example bank
//! ```
#![allow(clippy::print_stdout, reason = "the output of the example")]

use std::io;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use contend_trace::{
    Event, EventKind, ExitKind, LockKind, Registry, ResourceId, ResourceKind, Span, Stamp, State, Trace, WorkerId,
    WorkerKind, WorkerWriter,
};

const TELLERS: usize = 4;
const PAYMENTS: usize = 50;
/// How long a teller works on a payment while it holds the mutex.
const WORK: Duration = Duration::from_micros(300);
/// How long a teller sleeps after a payment.
const PAUSE: Duration = Duration::from_micros(500);

/// An account, and the id of its mutex in the registry.
struct Account {
    balance: Mutex<usize>,
    id: ResourceId,
}

impl Account {
    /// Changes the balance while holding the mutex. Records the wait and the hold.
    fn change(&self, trace: &Trace, writer: &mut WorkerWriter<'_>, change: impl FnOnce(&mut usize)) {
        let mut balance = match self.balance.try_lock() {
            Ok(balance) => balance,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => {
                writer.wait_for_lock(self.id); // before the wait, so that a deadlock would show
                self.balance.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        writer.acquired(self.id, trace.next_grant(self.id)); // inside the lock
        change(&mut balance);
        let released_at = writer.now(); // inside the lock
        drop(balance);
        writer.released_at(released_at, self.id); // after the release
    }
}

/// Books all payments of one teller, on its own thread.
fn run_teller(trace: &Trace, worker: WorkerId, account: &Account) {
    let mut writer = trace.writer(worker).expect("each teller has one writer");
    writer.begin_life();
    for _ in 0..PAYMENTS {
        account.change(trace, &mut writer, |balance| {
            work_for(WORK);
            *balance += 1;
        });
        writer.block(State::Sleep, None);
        thread::sleep(PAUSE);
        writer.resume();
    }
    writer.end_life(ExitKind::Finished);
}

/// Uses the CPU for some time.
fn work_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// What the events of one worker add up to.
#[derive(Clone)]
struct Totals {
    state: State,
    since: Stamp,
    time: [Span; State::ALL.len()],
    acquired: usize,
    waited: usize,
}

impl Totals {
    const NEW: Self =
        Self { state: State::Done, since: Stamp(0), time: [Span::ZERO; State::ALL.len()], acquired: 0, waited: 0 };

    fn add(&mut self, event: &Event) {
        self.time[self.state.index()] += event.at.span_since(self.since);
        self.since = event.at;
        self.state = match event.kind {
            EventKind::LockWait { .. } => State::Lock,
            EventKind::Blocked { state, .. } => state,
            EventKind::LifeEnded(_) => State::Done,
            _ => State::Running, // any other event shows that the worker runs
        };
        self.acquired += usize::from(matches!(event.kind, EventKind::Acquired { .. }));
        self.waited += usize::from(matches!(event.kind, EventKind::LockWait { .. }));
    }

    fn time_in(&self, state: State) -> Span {
        self.time[state.index()]
    }
}

fn main() -> io::Result<()> {
    let mut registry = Registry::default();
    let tellers: Vec<WorkerId> =
        (1..=TELLERS).map(|n| registry.add_worker(format!("teller {n}"), WorkerKind::Thread)).collect();
    let id = registry.add_resource("account", ResourceKind::Mutex { kind: LockKind::Std });
    let trace = Trace::create(registry)?;
    let account = Account { balance: Mutex::new(0), id };

    let mut totals = vec![Totals::NEW; TELLERS];
    let mut reader = trace.reader();
    thread::scope(|scope| {
        let threads: Vec<_> = tellers
            .iter()
            .map(|&teller| {
                let (trace, account) = (&trace, &account);
                scope.spawn(move || run_teller(trace, teller, account))
            })
            .collect();
        while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
            reader.drain(|event| totals[event.worker.index()].add(&event));
            thread::sleep(Duration::from_millis(5));
        }
    });
    reader.drain(|event| totals[event.worker.index()].add(&event));

    println!("{:10} {:>8} {:>8} {:>10} {:>10} {:>10}", "", "acquired", "waited", "running", "lock", "sleep");
    for (teller, totals) in tellers.iter().zip(&totals) {
        let [running, lock, sleep] = [State::Running, State::Lock, State::Sleep].map(|state| totals.time_in(state));
        let name = trace.registry().worker_name(*teller);
        println!("{name:10} {:8} {:8} {running:>10} {lock:>10} {sleep:>10}", totals.acquired, totals.waited);
    }

    assert_eq!(trace.lost_events(), 0, "the reader kept up with the tellers");
    assert!(totals.iter().all(|totals| totals.acquired == PAYMENTS && totals.state == State::Done));
    assert_eq!(*account.balance.lock().unwrap_or_else(PoisonError::into_inner), TELLERS * PAYMENTS);
    Ok(())
}

#[test]
fn every_payment_is_recorded() {
    main().expect("shared memory");
}
