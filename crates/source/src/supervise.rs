//! Supervision of a runner process: the threads that read its output, send it commands, and make sure that nothing of
//! the run is left after its end.

use std::io::{self, BufRead, BufReader};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender};

use super::cpu_meter::RunProcesses;
use super::process_tag::ProcessTag;
use super::reader::Reader;
use super::reading_pace::ReadingPace;
use super::runner_handle::{EndOfRun, RunnerHandle};
use super::timebase::Timebase;
use contend_engine::{RunnerCommand, RunnerMessage, StartRequest};
use contend_platform::{
    Child, ChildPipes, END_SIGNAL, Exit, kill_adopted_group, kill_escaped_children, process_start_time,
};
use contend_scenario::sanitize;
use contend_trace::signal_name;
use contend_trace::{Message, Notice, Registry, RunEnd, RunMemory, Stamp, frame};

/// Everything that the supervision of a newly started runner needs.
#[derive(Debug)]
pub struct Supervision {
    pub run_memory: Arc<RunMemory>,
    pub registry: Arc<Registry>,
    pub timebase: Timebase,
    pub runner: Arc<RunnerHandle>,
    pub child: Child,
    pub pipes: ChildPipes,
    /// The tag of a run that has processes.
    pub process_tag: Option<ProcessTag>,
    /// The first message to the runner.
    pub start: StartRequest,
    /// The messages after that.
    pub commands: Receiver<RunnerCommand>,
    pub messages: Sender<Message>,
    /// Carries the end of the run from the thread that notices it to the reader.
    pub end_of_run: (Sender<EndOfRun>, Receiver<EndOfRun>),
    /// Dropped when nothing of the run is left.
    pub gone_signal: Sender<()>,
    pub pace: Arc<ReadingPace>,
}

impl Supervision {
    /// Starts the threads. The returned thread ends last, when nothing of the run is left.
    ///
    /// # Errors
    /// If the system refuses a thread. The runner is killed then.
    pub fn start(self) -> io::Result<JoinHandle<()>> {
        let pid = self.child.pid();
        self.spawn_threads().inspect_err(|_| {
            kill_adopted_group(pid);
        })
    }

    fn spawn_threads(self) -> io::Result<JoinHandle<()>> {
        let Self { run_memory, registry, timebase, runner, child, pipes, process_tag, .. } = self;
        let Self { start, commands, messages, pace, end_of_run: (end_sender, run_end), gone_signal, .. } = self;
        let exec = start.settings.allow_exec;
        let runner_pid = child.pid();
        let processes = if exec {
            RunProcesses::Session { runner: runner_pid }
        } else {
            RunProcesses::Known { runner: runner_pid }
        };
        let reader = Reader {
            run_memory: Arc::clone(&run_memory),
            registry,
            timebase: timebase.clone(),
            messages: messages.clone(),
            processes,
            runner: Arc::clone(&runner),
            pace,
            run_end,
        };
        spawn_named("rings", move || reader.run())?;
        if let Some(stdin) = pipes.stdin {
            spawn_named("commands", move || command_loop(stdin, &start, &commands))?;
        }
        let (frame_time, frame_out) = (timebase.clone(), messages.clone());
        let (line_time, line_out) = (timebase.clone(), messages);
        let read_frames = move |stdout| spawn_named("frames", move || frame_loop(stdout, &frame_time, &frame_out));
        let read_stderr = move |stderr| spawn_named("stderr", move || stderr_loop(stderr, &line_time, &line_out));
        let (frames, stderr) = (pipes.stdout.map(read_frames), pipes.stderr.map(read_stderr));
        let (frames, stderr) = (frames.transpose()?, stderr.transpose()?);
        spawn_named("watch", move || {
            let since = process_start_time(child.pid());
            let (at, reason) = wait_for_end(child, &runner, frames, stderr);
            if let (true, Some(since)) = (exec, since) {
                end_commands(&run_memory, since);
            }
            drop(process_tag);
            let at = at.unwrap_or_else(|| timebase.now());
            let _ = end_sender.send(EndOfRun { at, reason, is_gone: true });
            run_memory.reader_bell().ring();
            drop(gone_signal);
        })
    }
}

fn spawn_named<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).stack_size(256 << 10).spawn(body)
}

/// Sends the start request, then commands. When the run is dropped, it ends and closes the runner's standard input,
/// which ends the runner.
fn command_loop(mut stdin: ChildStdin, start: &StartRequest, commands: &Receiver<RunnerCommand>) {
    let mut sent = frame::send(&mut stdin, start);
    while sent.is_ok()
        && let Ok(command) = commands.recv()
    {
        sent = frame::send(&mut stdin, &command);
    }
}

/// The runner's last message about its own end.
#[derive(Debug)]
enum LastReport {
    Finished,
    Failed(String),
    Nothing,
}

/// Forwards the runner's notices until its output closes. Returns what it reported about its end.
fn frame_loop(stdout: ChildStdout, timebase: &Timebase, out: &Sender<Message>) -> LastReport {
    let mut from = BufReader::new(stdout);
    let mut last = LastReport::Nothing;
    loop {
        match frame::receive::<RunnerMessage>(&mut from) {
            Ok(Some(RunnerMessage::Notice { ticks, notice })) => {
                let _ = out.send(Message::Notice { at: timebase.stamp(ticks), notice: sanitize_notice(notice) });
            }
            Ok(Some(RunnerMessage::Finished { .. })) => last = LastReport::Finished,
            Ok(Some(RunnerMessage::Failed(why))) => last = LastReport::Failed(sanitize(&why)),
            Ok(Some(RunnerMessage::Started { .. })) => {}
            Ok(None) => return last,
            Err(e) => return LastReport::Failed(format!("cannot read the runner's messages: {e}")),
        }
    }
}

/// Sanitizes all text of a notice, which comes from outside of this process.
fn sanitize_notice(notice: Notice) -> Notice {
    match notice {
        Notice::TaskFailed { worker, message } => Notice::TaskFailed { worker, message: sanitize(&message) },
        Notice::Note(text) => Notice::Note(sanitize(&text)),
        Notice::Stderr(text) => Notice::Stderr(sanitize(&text)),
        other => other,
    }
}

/// Forwards each line of the runner's standard error as a notice.
fn stderr_loop(stderr: ChildStderr, timebase: &Timebase, out: &Sender<Message>) {
    const LONGEST_LINE: u64 = 4096;
    let mut from = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut from, LONGEST_LINE).read_until(b'\n', &mut line);
        if !read.is_ok_and(|n| n > 0) {
            return;
        }
        let text = sanitize(String::from_utf8_lossy(&line).trim_end());
        let _ = out.send(Message::Notice { at: timebase.now(), notice: Notice::Stderr(text) });
    }
}

/// Kills what commands of the run left behind when the runner was killed. Each command is a process group of its own.
fn end_commands(run_memory: &RunMemory, since: u64) {
    let rings = (0..run_memory.size().workers).map(|worker| run_memory.ring(worker.into()));
    for group in rings.filter_map(contend_trace::Ring::command_group) {
        kill_adopted_group(group);
    }
    kill_escaped_children(since);
}

/// Waits for the runner's end, kills the rest of its process group, and returns how the run ended. Without a time, it
/// ended when nothing of it was left.
fn wait_for_end(
    mut child: Child,
    runner: &RunnerHandle,
    frames: Option<JoinHandle<LastReport>>,
    stderr: Option<JoinHandle<()>>,
) -> (Option<Stamp>, RunEnd) {
    child.wait_unreaped();
    let reap = |group: Option<u32>| {
        let exit = child.wait();
        group.map(kill_adopted_group);
        exit
    };
    let (exit, by_us) = runner.reap(reap, |exit| matches!(exit, Exit::Signal(END_SIGNAL)));
    let last_report = frames.map_or(LastReport::Nothing, |f| f.join().unwrap_or(LastReport::Nothing));
    stderr.map(JoinHandle::join);
    let reason = match (by_us, last_report, exit) {
        // A killed run does nothing more, however long it takes until all its processes are gone.
        (Some((at, reason)), ..) => return (Some(at), reason),
        (None, LastReport::Failed(why), _) => RunEnd::Crashed(why),
        (None, LastReport::Finished, _) => RunEnd::Completed,
        (None, _, Exit::Signal(signal)) => RunEnd::Crashed(format!("the runner was killed by {}", signal_name(signal))),
        (None, _, Exit::Code(code)) => RunEnd::Crashed(format!("the runner exited with code {code}")),
    };
    (None, reason)
}
