//! The thread that reads what a program tells and what the system says about it, and sends everything to the model.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::processes::Processes;
use super::sampler::SystemSampler;
use super::thread_watch::ThreadWatch;
use super::{RunClock, note};
use contend_platform::{is_process_running, request_short_slices};
use contend_program::{Counts, FoldedCounts, LineServer, TraceDirectory, Translator};
use contend_trace::format::format_count;
use contend_trace::{Message, RunEnd, Span, Stamp};

/// Time between two readings. A ring of a busy thread is full after a few milliseconds.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const MAX_INTERVAL: Duration = Duration::from_millis(10);
/// With so many records in one reading, the next one is soon.
const MANY_RECORDS: u64 = 500;
/// Time between two looks, which prove a deadlock together.
const LOOK_INTERVAL: Span = Span::from_millis(40);
/// Time between two searches for files, and for processes that are gone.
const SEARCH_INTERVAL: Span = Span::from_millis(20);

/// Everything that the thread needs.
pub(super) struct ProgramReader {
    pub clock: RunClock,
    pub processes: Processes,
    /// How many nanoseconds a process may take to tell something before its threads are shown without it.
    pub grace: u64,
    /// The process that is expected to tell something, and when it is said that it has not.
    pub expected: Option<(u32, Span)>,
    pub traces: PathBuf,
    pub server: LineServer,
    pub messages: Sender<Message>,
    /// Delivers how the run ended, and the exit code, once the program is gone.
    pub run_end: Receiver<(Stamp, RunEnd, i64)>,
}

/// The times of the reader's next actions.
#[derive(Debug, Default)]
struct Due {
    look: Stamp,
    search: Stamp,
}

impl ProgramReader {
    /// Reads until the program is gone and everything is read, or the receiver is gone.
    pub fn run(self) {
        request_short_slices();
        let Self { clock, processes, grace, mut expected, traces, mut server, messages, run_end } = self;
        let mut directory = TraceDirectory::new(traces);
        let mut translator = Translator::new(clock.origin);
        let mut threads = ThreadWatch::new(processes, grace);
        let mut system = SystemSampler::new(processes);
        let (mut due, mut interval, mut records) = (Due::default(), MIN_INTERVAL, Vec::new());
        let mut gone: BTreeSet<u32> = BTreeSet::new();
        loop {
            let end = match run_end.recv_timeout(interval) {
                Ok(end) => Some(end),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let (now, mark) = (clock.now(), RunClock::nanos());
            let is_search_due = now >= due.search || end.is_some();
            if is_search_due {
                due.search = now + SEARCH_INTERVAL;
                directory.find_files();
            }
            let before = directory.counts().events;
            server.read(mark, &mut records);
            directory.read(mark, &mut records);
            let read = directory.counts().events - before;
            threads.sample(mark, &translator, &mut records);
            translator.add(records.drain(..));
            let mut batch = translator.advance(mark);
            // Their last records were read after they were found to be gone.
            for pid in std::mem::take(&mut gone) {
                translator.end_process(pid, mark, None);
            }
            if is_search_due {
                gone.extend(translator.live_processes().filter(|pid| !is_process_running(*pid)));
                threads.find_untraced(mark, &mut translator);
            }
            if now >= due.look {
                due.look = now + LOOK_INTERVAL;
                translator.look(mark, |pid, tid| threads.moved(pid, tid));
            }
            batch.extend(translator.advance(mark));
            system.sample(clock, &translator, &mut threads, &mut batch);
            if let Some((pid, _)) = expected.take_if(|(_, deadline)| now.0 >= deadline.0) {
                batch.extend(missing_tracer(now, pid, &directory, &server));
            }
            if let Some((at, reason, code)) = &end {
                batch.extend(last_messages(&mut translator, (*at, reason.clone(), *code), &directory, &server));
            }
            if messages.send(Message::Batch(batch)).is_err() || end.is_some() {
                return;
            }
            interval = if read > MANY_RECORDS { MIN_INTERVAL } else { (interval * 3 / 2).min(MAX_INTERVAL) };
        }
    }
}

/// Says why nothing is known about a program but its threads, if it has recorded nothing.
fn missing_tracer(now: Stamp, pid: u32, directory: &TraceDirectory, server: &LineServer) -> Option<Message> {
    if directory.file_count() > 0 || server.counts() != Counts::default() {
        return None;
    }
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let isolating = words.split(|byte| *byte == 0).skip(1).take_while(|word| word.starts_with(b"-")).find_map(|word| {
        let letters = word.strip_prefix(b"-").filter(|letters| !letters.starts_with(b"-"))?;
        letters.iter().find(|letter| b"ISE".contains(letter)).map(|letter| char::from(*letter))
    });
    Some(match isolating {
        Some(letter) => note(now, format!("Python started with -{letter}: no tracer, only its threads are shown")),
        None => note(now, "The program has recorded nothing: no tracer, only its threads are shown"),
    })
}

/// Returns the messages at the end of the program.
fn last_messages(
    translator: &mut Translator,
    (at, reason, code): (Stamp, RunEnd, i64),
    directory: &TraceDirectory,
    server: &LineServer,
) -> Vec<Message> {
    let now = RunClock::nanos();
    translator.expect_no_definitions();
    let mut messages = translator.advance(now);
    let root = translator.root_process();
    for pid in translator.live_processes().collect::<Vec<_>>() {
        translator.end_process(pid, now, Some(code).filter(|_| Some(pid) == root));
    }
    translator.end_threads(now);
    messages.extend(translator.advance(now));
    messages.extend(describe_folded(&translator.folded_counts()).map(|text| note(at, text)));
    let mut counts = directory.counts();
    counts.add(server.counts());
    messages.extend(describe_losses(at, &counts).map(|text| note(at, text)));
    messages.push(Message::Ended { at, reason });
    messages
}

/// Counts the objects that are not shown because they belong to libraries.
fn describe_folded(folded: &FoldedCounts) -> Option<String> {
    let parts = [(folded.locks, ["lock or signal", "locks or signals"]), (folded.queues, ["queue", "queues"])];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, [one, more])| format!("{} {}", format_count(count), if count == 1 { one } else { more }))
        .collect();
    let (are, them) = if folded.locks + folded.queues == 1 { ("is", "it") } else { ("are", "them") };
    (!said.is_empty()).then(|| format!("{} of libraries {are} not shown: nobody waited for {them}", said.join(" and ")))
}

/// Says what could not be read or understood.
fn describe_losses(_at: Stamp, counts: &Counts) -> Option<String> {
    let parts = [
        (counts.lost, ["record was lost before it was read", "records were lost before they were read"]),
        (
            counts.unknown_kinds,
            [
                "record is of a kind that this version does not know",
                "records are of kinds that this version does not know",
            ],
        ),
        (counts.unknown_lines, ["line was not understood", "lines were not understood"]),
        (counts.refused_files, ["file is no ring of this version", "files are no rings of this version"]),
        (counts.lost_definitions, ["name did not fit", "names did not fit"]),
    ];
    let say = |(count, [one, many]): (u64, [&str; 2])| format!("{count} {}", if count == 1 { one } else { many });
    let records: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(say).collect();
    (!records.is_empty()).then(|| records.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_objects_agree_with_their_numbers() {
        let said = |locks, queues| describe_folded(&FoldedCounts { locks, queues });
        assert_eq!(said(0, 0), None);
        let one = "1 queue of libraries is not shown: nobody waited for it";
        assert_eq!(said(0, 1).as_deref(), Some(one));
        let some = "1 lock or signal and 1,200 queues of libraries are not shown: nobody waited for them";
        assert_eq!(said(1, 1_200).as_deref(), Some(some));
    }
}
