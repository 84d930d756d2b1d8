//! Whether a file was saved. It is looked at a few times a second: editors write in many ways (in place, under another
//! name first, twice in a row), and what all of them leave behind is a file that differs and then stands still.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::scenario::Source;

/// Time between two looks. A file that differs is read when it is the same at the next.
const PACE: Duration = Duration::from_millis(200);

/// A file that is looked at until this is dropped.
pub(super) struct Saved {
    /// The new text, or why there is none.
    pub(super) texts: Receiver<Result<Source, String>>,
    _stop: Sender<()>,
}

impl Saved {
    /// Looks at a scenario's file from now on; `source` is what is known of it.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(super) fn of(source: &Source) -> io::Result<Self> {
        let (tell, texts) = bounded(1);
        let (stop, stopped) = bounded::<()>(0);
        let mut watcher = Watcher::new(source);
        thread::Builder::new().name("saved".into()).spawn(move || {
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                if let Some(news) = watcher.look()
                    && tell.send(news).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self { texts, _stop: stop })
    }
}

/// What tells one state of a file from another, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

struct Watcher {
    path: PathBuf,
    text: String,
    /// As it was at the last look; `None` when it was not there.
    seen: Option<Mark>,
    /// It was read as it was then.
    read: bool,
}

impl Watcher {
    fn new(source: &Source) -> Self {
        let path = source.path.clone().unwrap_or_default();
        Self { path, text: source.text.clone(), seen: None, read: true }
    }

    /// What is new since the last look: a text that differs from the last one.
    fn look(&mut self) -> Option<Result<Source, String>> {
        let mark = std::fs::metadata(&self.path).ok().map(|data| Mark {
            inode: data.ino(),
            size: data.size(),
            written: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        });
        if mark != self.seen {
            (self.seen, self.read) = (mark, false);
            return None; // perhaps it is still being written
        }
        if std::mem::replace(&mut self.read, true) {
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

    /// A file, and the eyes on it.
    fn file(text: &str) -> (tempfile::TempDir, PathBuf, Watcher) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("own.kdl");
        fs::write(&path, text).expect("it is written");
        let source = Source { name: "own".into(), path: Some(path.clone()), text: text.into() };
        let mut watcher = Watcher::new(&source);
        assert!((0..3).all(|_| watcher.look().is_none()), "nothing is new");
        (directory, path, watcher)
    }

    fn text(news: Option<Result<Source, String>>) -> Option<String> {
        news.map(|found| found.expect("it can be read").text)
    }

    #[test]
    fn a_text_that_differs_is_told_once_it_stands_still() {
        let (_directory, path, mut watcher) = file("one");
        fs::write(&path, "two!").expect("it is written");
        assert_eq!(text(watcher.look()), None, "it may still be being written");
        fs::write(&path, "three").expect("it is written");
        assert_eq!(text(watcher.look()), None, "as it was");
        assert_eq!(text(watcher.look()), Some("three".into()));
        assert_eq!(text(watcher.look()), None, "once");
    }

    #[test]
    fn a_file_that_is_replaced_under_its_name_is_the_same_file() {
        let (directory, path, mut watcher) = file("one");
        let other = directory.path().join("own.kdl.new");
        fs::write(&other, "two").expect("it is written");
        fs::rename(&path, directory.path().join("own.kdl~")).expect("it is moved away");
        assert_eq!(text(watcher.look()), None);
        fs::rename(&other, &path).expect("it is replaced");
        assert_eq!((text(watcher.look()), text(watcher.look())), (None, Some("two".into())));
    }

    #[test]
    fn the_same_text_saved_again_is_no_news() {
        let (_directory, path, mut watcher) = file("one");
        fs::remove_file(&path).expect("it is removed");
        fs::write(&path, "one").expect("it is written");
        assert!((0..3).all(|_| watcher.look().is_none()));
    }

    #[test]
    fn a_file_that_is_gone_or_none_is_said_once_and_may_come_back() {
        let (_directory, path, mut watcher) = file("one");
        fs::remove_file(&path).expect("it is removed");
        assert!(watcher.look().is_none());
        let said = watcher.look().expect("it is gone").expect_err("there is no text");
        assert!(said.contains("does not exist"), "{said}");
        assert!(watcher.look().is_none());
        fs::write(&path, "two").expect("it is written");
        assert_eq!((text(watcher.look()), text(watcher.look())), (None, Some("two".into())));
    }
}
