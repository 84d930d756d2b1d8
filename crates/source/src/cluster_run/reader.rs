//! The threads of a run on a cluster: one gives the driver its job and requests, one reads what it tells, one its
//! output, and one waits for its end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::clock::ClusterClock;
use super::driver::{Driver, DriverRequest, Job};
use super::lines::{DriverLine, MAX_LINE_BYTES, read_line, safe_text};
use super::samples::ClusterSampler;
use super::translate::Translator;
use crate::process_tag::ProcessTag;
use crate::program::handle::EndedByUs;
use crate::program::output::forward_output;
use crate::program::spawn_named;
use contend_platform::{Child, kill_escaped_children, process_start_time, request_short_slices};
use contend_trace::{Message, Notice, Registry, RunEnd, Stamp};

/// How long the driver may take to connect.
const CONNECT_PATIENCE: Duration = Duration::from_mins(1);
const CONNECT_INTERVAL: Duration = Duration::from_millis(5);
/// How long the driver may take to end its cluster before both are killed.
const END_PATIENCE: Duration = Duration::from_secs(3);
/// The most lines between two batches.
const MAX_LINES: usize = 4_096;

/// Everything that the threads need.
pub struct DriverReader {
    pub clock: ClusterClock,
    pub registry: Arc<Registry>,
    pub driver: Arc<Driver>,
    pub messages: Sender<Message>,
    pub requests: Receiver<DriverRequest>,
    pub job: Job,
}

impl DriverReader {
    /// Starts the threads. The returned one ends last, when nothing of the cluster is left.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(
        self,
        mut child: Child,
        output: File,
        listener: UnixListener,
        tag: ProcessTag,
    ) -> io::Result<JoinHandle<()>> {
        let Self { clock, registry, driver, messages, requests, job } = self;
        let (gone, is_gone) = bounded::<()>(0);
        let (log, log_clock) = (messages.clone(), clock.clone());
        let output = spawn_named("output", move || forward_output(output, || log_clock.now(), &log, None))?;
        let (of_reader, gone_for_reader) = (Arc::clone(&driver), is_gone.clone());
        let reader = spawn_named("driver", move || {
            let from = connect(&listener, &of_reader, &gone_for_reader)?;
            let to = from.try_clone().ok()?;
            let _ = spawn_named("requests", move || send_requests(to, &job, &requests));
            Lines { clock: &clock, driver: &of_reader, out: &messages }.read(from, &registry);
            Some(())
        })?;
        let pid = child.pid();
        let killer = Arc::clone(&driver);
        spawn_named("end", move || kill_late(&killer, &is_gone))?;
        spawn_named("watch", move || {
            let since = process_start_time(pid);
            child.wait_unreaped();
            driver.reap(|| child.wait());
            if let Some(since) = since {
                kill_escaped_children(since);
            }
            drop(gone);
            drop(tag);
            let _ = output.join();
            let _ = reader.join();
        })
    }
}

/// Waits for the driver to connect; `None` if it is gone before.
fn connect(listener: &UnixListener, driver: &Driver, gone: &Receiver<()>) -> Option<UnixStream> {
    listener.set_nonblocking(true).ok()?;
    let until = Instant::now() + CONNECT_PATIENCE;
    while Instant::now() < until {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).ok()?;
            driver.connected(stream.try_clone().ok()?);
            return Some(stream);
        }
        if gone.recv_timeout(CONNECT_INTERVAL) == Err(RecvTimeoutError::Disconnected) {
            return None;
        }
    }
    driver.kill();
    None
}

/// Sends the job, then requests, until the run is dropped.
fn send_requests(mut to: UnixStream, job: &Job, requests: &Receiver<DriverRequest>) {
    let mut sent = to.write_all(job.to_line().as_bytes());
    while sent.is_ok()
        && let Ok(request) = requests.recv()
    {
        sent = serde_json::to_string(&request)
            .map_err(io::Error::other)
            .and_then(|line| to.write_all(format!("{line}\n").as_bytes()));
    }
}

/// Kills a driver that was asked to end and does not.
fn kill_late(driver: &Driver, gone: &Receiver<()>) {
    while gone.recv_timeout(CONNECT_INTERVAL * 10) == Err(RecvTimeoutError::Timeout) {
        if driver.ended_by_us().is_some() {
            if gone.recv_timeout(END_PATIENCE) == Err(RecvTimeoutError::Timeout) {
                driver.kill();
            }
            return;
        }
    }
}

/// Reads the lines of the driver and sends messages.
struct Lines<'a> {
    clock: &'a ClusterClock,
    driver: &'a Driver,
    out: &'a Sender<Message>,
}

impl Lines<'_> {
    fn read(&self, from: UnixStream, registry: &Registry) {
        request_short_slices();
        let mut from = BufReader::new(from);
        let mut translator = Translator::new(registry, self.clock.clone());
        let mut sampler: Option<ClusterSampler> = None;
        let mut end = None;
        let (mut line, mut count) = (Vec::new(), 0);
        while end.is_none() {
            line.clear();
            let read = (&mut from).take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line);
            if !read.is_ok_and(|n| n > 0) {
                break;
            }
            if let Some(limit) = self.driver.time_limit() {
                translator.end_at(limit);
            }
            let read = read_line(&line);
            let is_mark = matches!(read, Some(DriverLine::Mark { .. }));
            match read {
                None => translator.unknown_lines += 1,
                Some(DriverLine::Ready { t, pids }) => {
                    self.clock.start_at(t);
                    self.driver.set_processes(pids.clone());
                    sampler = Some(ClusterSampler::new(pids));
                }
                Some(DriverLine::Done { t }) => {
                    translator.end_lives(t);
                    end = Some((self.clock.stamp(t), RunEnd::Completed));
                }
                Some(DriverLine::Failed { why }) => {
                    end = Some((self.clock.now(), RunEnd::Crashed(safe_text(&why))));
                }
                Some(line) => translator.apply(line),
            }
            count += 1;
            if is_mark || end.is_some() || count >= MAX_LINES {
                count = 0;
                if let Some(sampler) = sampler.as_mut().filter(|_| is_mark) {
                    sampler.sample(self.clock, &mut translator);
                }
                if self.out.send(Message::Batch(translator.take_messages())).is_err() {
                    return self.driver.stop();
                }
            }
        }
        self.send_end(translator, end);
    }

    fn send_end(&self, mut translator: Translator, end: Option<(Stamp, RunEnd)>) {
        let (at, reason) = match (self.driver.ended_by_us(), end) {
            (Some(EndedByUs::TimeUp(limit)), _) => (limit, RunEnd::Time),
            (_, Some(end)) => end,
            (Some(EndedByUs::Stopped), None) => (self.clock.now(), RunEnd::Stopped),
            (None, None) => (self.clock.now(), RunEnd::Crashed("the driver of Dask has ended".to_owned())),
        };
        if translator.unknown_lines > 0 {
            let text = format!("{} lines of the driver of Dask were not understood", translator.unknown_lines);
            translator.add_message(Message::Notice { at, notice: Notice::Note(text) });
        }
        translator.add_message(Message::Watermark(at));
        translator.add_message(Message::Ended { at, reason });
        let _ = self.out.send(Message::Batch(translator.take_messages()));
    }
}
