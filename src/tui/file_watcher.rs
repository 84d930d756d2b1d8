//! Watches a scenario file for saves, by polling.
//!
//! Editors write in many ways (in place, under another name first, twice in a row). What all of them leave is a file
//! that differs from before and then stays the same.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::scenario::Source;

/// Time between two polls. A changed file is read when it is unchanged at the next poll.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A file that is watched until this is dropped.
pub(super) struct FileWatcher {
    /// The new text, or why it cannot be read.
    pub(super) changes: Receiver<Result<Source, String>>,
    _stop: Sender<()>,
}

impl FileWatcher {
    /// Starts watching a scenario's file; `source` is its known text.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(super) fn start(source: &Source) -> io::Result<Self> {
        let (tell, texts) = bounded(1);
        let (stop, stopped) = bounded::<()>(0);
        let mut watcher = FilePoller::new(source);
        thread::Builder::new().name("saved".into()).spawn(move || {
            while stopped.recv_timeout(POLL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Some(news) = watcher.poll()
                    && tell.send(news).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self { changes: texts, _stop: stop })
    }
}

/// The metadata that tells one version of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

struct FilePoller {
    path: PathBuf,
    text: String,
    /// The version at the last poll; `None` if there was no file.
    last_stamp: Option<FileStamp>,
    /// Whether that version was read.
    is_read: bool,
}

impl FilePoller {
    fn new(source: &Source) -> Self {
        let path = source.path.clone().unwrap_or_default();
        Self { path, text: source.text.clone(), last_stamp: None, is_read: true }
    }

    /// Returns a text that differs from the last one, if there is one.
    fn poll(&mut self) -> Option<Result<Source, String>> {
        let mark = std::fs::metadata(&self.path).ok().map(|data| FileStamp {
            inode: data.ino(),
            size: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        });
        if mark != self.last_stamp {
            (self.last_stamp, self.is_read) = (mark, false);
            return None; // perhaps it is still being written
        }
        if std::mem::replace(&mut self.is_read, true) {
            return None;
        }
        match crate::catalogue::find(&self.path) {
            Ok(source) if source.text == self.text => None,
            Ok(source) => {
                self.text.clone_from(&source.text);
                Some(Ok(source))
            }
            Err(error) => Some(Err(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns a file and its poller.
    fn file(text: &str) -> (tempfile::TempDir, PathBuf, FilePoller) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("own.kdl");
        fs::write(&path, text).expect("it is written");
        let source = Source { name: "own".into(), path: Some(path.clone()), text: text.into() };
        let mut watcher = FilePoller::new(&source);
        assert!((0..3).all(|_| watcher.poll().is_none()), "nothing is new");
        (directory, path, watcher)
    }

    fn text(news: Option<Result<Source, String>>) -> Option<String> {
        news.map(|found| found.expect("it can be read").text)
    }

    #[test]
    fn changed_text_is_reported_once_when_stable() {
        let (_directory, path, mut watcher) = file("one");
        fs::write(&path, "two!").expect("it is written");
        assert_eq!(text(watcher.poll()), None, "it may still be being written");
        fs::write(&path, "three").expect("it is written");
        assert_eq!(text(watcher.poll()), None, "as it was");
        assert_eq!(text(watcher.poll()), Some("three".into()));
        assert_eq!(text(watcher.poll()), None, "once");
    }

    #[test]
    fn replaced_file_is_reported_as_a_change() {
        let (directory, path, mut watcher) = file("one");
        let other = directory.path().join("own.kdl.new");
        fs::write(&other, "two").expect("it is written");
        fs::rename(&path, directory.path().join("own.kdl~")).expect("it is moved away");
        assert_eq!(text(watcher.poll()), None);
        fs::rename(&other, &path).expect("it is replaced");
        assert_eq!((text(watcher.poll()), text(watcher.poll())), (None, Some("two".into())));
    }

    #[test]
    fn unchanged_text_is_not_reported() {
        let (_directory, path, mut watcher) = file("one");
        fs::remove_file(&path).expect("it is removed");
        fs::write(&path, "one").expect("it is written");
        assert!((0..3).all(|_| watcher.poll().is_none()));
    }

    #[test]
    fn missing_file_is_reported_once_and_may_come_back() {
        let (_directory, path, mut watcher) = file("one");
        fs::remove_file(&path).expect("it is removed");
        assert!(watcher.poll().is_none());
        let said = watcher.poll().expect("it is gone").expect_err("there is no text");
        assert!(said.contains("does not exist"), "{said}");
        assert!(watcher.poll().is_none());
        fs::write(&path, "two").expect("it is written");
        assert_eq!((text(watcher.poll()), text(watcher.poll())), (None, Some("two".into())));
    }
}
