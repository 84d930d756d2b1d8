//! A process that was there before, as a source: its threads, their states and the interpreter's lock, seen from
//! outside, and what the tracer tells, if it could join. The process goes on when contend ends.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use thiserror::Error;

use super::environment::Directories;
use super::joining::{Answer, SentTracer};
use super::process_names::{command_words, process_name};
use super::processes::Processes;
use super::reader::ProgramReader;
use super::{MESSAGE_QUEUE_LEN, RunClock, note, program_title, spawn_named};
use crate::scratch_dir::ScratchDir;
use crate::source::{EventSource, Header, RunControl, ScenarioRun};
use contend_platform::limits::describe_io_error;
use contend_platform::{detect_machine, is_process_running, process_exists, process_start_time};
use contend_program::{LineServer, runtime_of};
use contend_scenario::Scenario;
use contend_trace::{Command, Message, Registry, RunEnd, Stamp};

/// The visible facts of a process.
const SEEN_FROM_OUTSIDE: &str = "seen from outside: threads, states, GIL; locks are not visible";
const JOINED: &str = "tracer joined; locks and queues made before it are not visible";
const JOINS_LATER: &str = "seen from outside; the tracer joins when the main thread runs Python code again";

/// How long the threads of a process that was joined may take to tell their names.
const JOINED_GRACE: u64 = 300_000_000;

/// Time between two looks whether the process is still there.
const END_INTERVAL: Duration = Duration::from_millis(20);

/// The reason why a process cannot be looked at.
#[derive(Debug, Error)]
pub enum AttachError {
    #[error("there is no process {0}, or /proc does not show it to you")]
    NoProcess(u32),
    #[error("process {0} has ended; only its parent's wait is left of it")]
    Ended(u32),
    #[error("process {0} is a thread of the kernel: it has no program to look at")]
    Kernel(u32),
    #[error("process {pid} belongs to {owner}: run `sudo contend attach {pid}`, or contend as that user")]
    OtherUser { pid: u32, owner: String },
    #[error(
        "the system does not let you look at process {0}, though it is yours (it may have privileges of its own): \
         run `sudo contend attach {0}`"
    )]
    Refused(u32),
    #[error("cannot follow the process: {}", describe_io_error(.0))]
    System(#[from] io::Error),
}

/// A process that is looked at. Dropping it ends the looks and takes the tracer out, and nothing else.
#[derive(Debug)]
pub struct AttachedRun {
    header: Header,
    clock: RunClock,
    messages: Receiver<Message>,
    /// When the looks end, in nanoseconds of the run's clock.
    limit: Arc<AtomicU64>,
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
    tracer: Option<Arc<SentTracer>>,
    _scratch: ScratchDir,
}

/// Returns what people call a process: its words in short, without an interpreter, and its number.
///
/// # Errors
/// If it is not there, or may not be looked at.
pub fn process_title(pid: u32) -> Result<String, AttachError> {
    check_permission(pid)?;
    let name = process_name(pid);
    let words = command_words(pid);
    let arguments = words.iter().skip_while(|word| !word.ends_with(&name)).skip(1);
    let words: Vec<OsString> = std::iter::once(&name).chain(arguments).map(Into::into).collect();
    Ok(format!("{}, process {pid}", program_title(&words)))
}

/// Returns the scenario that stands for a process with this title. It names the visible facts, on
/// screen and in reports.
fn attached_scenario(title: &str, seen: &str) -> Scenario {
    let mut scenario = Scenario::of_program(&format!("{title}: {seen}"));
    seen.clone_into(&mut scenario.about);
    scenario
}

impl AttachedRun {
    /// Begins to look at a process. Call it from a thread that outlives the run.
    ///
    /// # Errors
    /// If it is not there or may not be looked at, or the system refuses something that this needs.
    pub fn start(pid: u32, title: &str) -> Result<Self, AttachError> {
        check_permission(pid)?;
        let born = process_start_time(pid);
        let scratch = ScratchDir::new(None)?;
        let directories = Directories::create(scratch.path())?;
        let server = LineServer::listen(&directories.socket)?;
        let clock = RunClock::start();
        let sent = SentTracer::send(pid, &directories);
        let answer = sent.as_ref().map_or(Answer::None, SentTracer::wait);
        let (sender, messages) = bounded(MESSAGE_QUEUE_LEN);
        for text in notes(pid, &sent, &answer) {
            let _ = sender.try_send(note(Stamp(0), text));
        }
        let seen = if answer == Answer::Joined { JOINED } else { seen_before_answer(&sent, &answer) };
        let machine = detect_machine();
        let registry = Registry { is_open: true, cores: Some(machine.usable_cores()), ..Registry::default() };
        let scenario = attached_scenario(title, seen);
        let run = ScenarioRun { settings: scenario.default_settings(), scenario: Arc::new(scenario) };
        let mut header = Header::new(&run.scenario.title, machine, registry);
        header.run = Some(run);
        let tracer = sent.ok().map(Arc::new);
        let (end_sender, run_end) = bounded(1);
        let reader = ProgramReader {
            clock,
            processes: Processes::Tree(pid),
            grace: if answer == Answer::Joined { JOINED_GRACE } else { 0 },
            expected: None,
            traces: directories.traces,
            server,
            messages: sender.clone(),
            run_end,
        };
        let (stop, stopped) = bounded(0);
        let limit = Arc::new(AtomicU64::new(u64::MAX));
        let last = Arc::clone(&limit);
        spawn_named("program", move || reader.run())?;
        let awaited = tracer.clone().filter(|_| answer == Answer::None).map(|tracer| (tracer, sender));
        let watch = spawn_named("watch", move || {
            let _ = end_sender.send(wait_for_end((pid, born), clock, &last, &stopped, awaited));
        })?;
        let (stop, watch) = (Some(stop), Some(watch));
        Ok(Self { header, clock, messages, limit, stop, watch, tracer, _scratch: scratch })
    }
}

/// Returns the visible facts of a process without a tracer.
fn seen_before_answer(sent: &Result<SentTracer, Option<String>>, answer: &Answer) -> &'static str {
    if sent.is_ok() && *answer == Answer::None { JOINS_LATER } else { SEEN_FROM_OUTSIDE }
}

/// Returns the note about the answer of a process.
fn describe_answer(answer: &Answer) -> Option<String> {
    match answer {
        Answer::None => None,
        Answer::Joined => Some(JOINED.to_owned()),
        Answer::Refused(reason) => Some(format!("the tracer cannot join: {reason}")),
    }
}

/// Waits until the process is gone, the time limit is reached or the looks are to end. Returns when and why. Tells
/// when a tracer joins that is awaited.
fn wait_for_end(
    (pid, born): (u32, Option<u64>),
    clock: RunClock,
    limit: &AtomicU64,
    stopped: &Receiver<()>,
    mut awaited: Option<(Arc<SentTracer>, Sender<Message>)>,
) -> (Stamp, RunEnd, i64) {
    loop {
        let said = awaited.as_ref().and_then(|(tracer, _)| describe_answer(&tracer.answer()));
        if let Some(said) = said
            && let Some((_, messages)) = awaited.take()
        {
            let _ = messages.try_send(note(clock.now(), said));
        }
        if stopped.recv_timeout(END_INTERVAL) != Err(RecvTimeoutError::Timeout) {
            return (clock.now(), RunEnd::Stopped, 0);
        }
        let now = clock.now();
        // Relaxed: a number without others to order.
        if now.0 >= limit.load(Ordering::Relaxed) {
            return (now, RunEnd::Time, 0);
        }
        // The number may belong to another process by now.
        if !is_process_running(pid) || process_start_time(pid) != born {
            return (now, RunEnd::Completed, 0);
        }
    }
}

/// Returns an error that names the cure if the process may not be looked at.
fn check_permission(pid: u32) -> Result<(), AttachError> {
    use std::os::unix::fs::MetadataExt;
    let directory = format!("/proc/{pid}");
    let Some(owner) = std::fs::metadata(&directory).ok().map(|data| data.uid()).filter(|_| process_exists(pid)) else {
        return Err(AttachError::NoProcess(pid));
    };
    if !is_process_running(pid) {
        return Err(AttachError::Ended(pid));
    }
    match std::fs::read(format!("{directory}/maps")) {
        Ok(maps) if maps.is_empty() => Err(AttachError::Kernel(pid)),
        Ok(_) => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => Err(AttachError::NoProcess(pid)),
        Err(_) if owner == rustix::process::geteuid().as_raw() => Err(AttachError::Refused(pid)),
        Err(_) => Err(AttachError::OtherUser { pid, owner: user_name(owner) }),
    }
}

fn user_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| contend_scenario::sanitize(name))
    });
    name.map_or_else(|| format!("user {uid}"), |name| format!("user {name}"))
}

/// Returns what has to be known about the picture of this process.
fn notes(pid: u32, sent: &Result<SentTracer, Option<String>>, answer: &Answer) -> Vec<String> {
    let mut notes = match (sent, answer) {
        (Ok(_), Answer::Joined) => vec![JOINED.to_owned()],
        _ => vec![seen_before_answer(sent, answer).to_owned()],
    };
    let refused = match sent {
        Err(reason) => reason.clone().and_then(|reason| describe_answer(&Answer::Refused(reason))),
        Ok(_) if matches!(answer, Answer::Refused(_)) => describe_answer(answer),
        Ok(_) => None,
    };
    notes.extend(refused);
    if std::fs::read(format!("/proc/{pid}/syscall")).is_err() {
        notes.push(format!(
            "GIL unknown, and waits for locks look like waits for signals: the system does not show system calls \
             (kernel.yama.ptrace_scope): run `sudo contend attach {pid}`"
        ));
        return notes;
    }
    match runtime_of(pid) {
        Some(runtime) if runtime.is_free_threaded => notes.push("free-threaded Python: it has no GIL".to_owned()),
        Some(_) => {}
        None => notes.push("no Python with known symbols: waits for the GIL are not recognized".to_owned()),
    }
    notes
}

impl EventSource for AttachedRun {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        self.clock.now()
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }
}

/// Only the looks can be ended; the process is left alone.
impl RunControl for AttachedRun {
    fn send_command(&self, command: Command) {
        if command == Command::Stop {
            self.limit.store(0, Ordering::Relaxed); // Relaxed: a number without others to order
        }
    }

    fn set_paused(&self, _: bool) {}

    fn end_at(&self, limit: Stamp) {
        self.limit.store(limit.0, Ordering::Relaxed); // as above
    }

    fn limit_end_wait(&self, _: Duration) {}
}

impl Drop for AttachedRun {
    fn drop(&mut self) {
        self.stop = None;
        let (_, never) = bounded(0);
        self.messages = never; // without a receiver, the thread that still sends gives up
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
        if let Some(tracer) = &self.tracer {
            tracer.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_that_cannot_be_looked_at_is_named_with_the_reason() {
        assert!(matches!(check_permission(u32::MAX), Err(AttachError::NoProcess(u32::MAX))));
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        let ended = || matches!(check_permission(child.id()), Err(AttachError::Ended(_)));
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while !ended() && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(ended(), "a child that nobody waits for yet");
        let _ = child.wait();
        assert!(check_permission(std::process::id()).is_ok());
        let title = process_title(std::process::id()).expect("this process");
        assert!(title.ends_with(&format!(", process {}", std::process::id())), "{title}");
        assert_eq!(user_name(0), "user root");
        assert_eq!(user_name(3_999_999_999), "user 3999999999");
    }

    #[test]
    fn looks_end_with_the_process_and_leave_another_alone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("it starts");
        let run = AttachedRun::start(child.id(), "sleep").expect("our own child");
        drop(run);
        assert!(is_process_running(child.id()), "it goes on");
        let run = AttachedRun::start(child.id(), "sleep").expect("our own child");
        child.kill().expect("our own child");
        let deadline = std::time::Instant::now() + Duration::from_mins(1);
        let is_end = |message: &Message| matches!(message, Message::Ended { reason: RunEnd::Completed, .. });
        let ended = std::iter::from_fn(|| run.messages().recv_deadline(deadline).ok()).any(|message| match &message {
            Message::Batch(batch) => batch.iter().any(is_end),
            other => is_end(other),
        });
        assert!(ended);
        let _ = child.wait();
    }
}
