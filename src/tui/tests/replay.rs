//! Runs that replay the messages of a test.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::scenario::{Scenario, Settings};
use crate::trace::{Command, Message, Registry, Stamp};
use crate::tui::run_handle::{RunHandle, RunStarter};

/// A scripted run: records commands, and receives messages from the test.
#[derive(Clone)]
pub(super) struct ReplayRun {
    registry: Arc<Registry>,
    pub(super) messages: Receiver<Message>,
    pub(super) feed: Rc<RefCell<Option<Sender<Message>>>>,
    pub(super) now: Rc<RefCell<Stamp>>,
    pub(super) commands: Rc<RefCell<Vec<Command>>>,
    /// The time limit that was set.
    pub(super) time_limit: Rc<RefCell<Option<Stamp>>>,
    pub(super) settings: Settings,
}

impl RunHandle for ReplayRun {
    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        *self.now.borrow()
    }

    fn end_at(&self, limit: Stamp) {
        *self.time_limit.borrow_mut() = Some(limit);
    }

    fn send_command(&self, command: Command) {
        self.commands.borrow_mut().push(command);
    }

    fn set_paused(&self, _: bool) {}
}

/// A starter of runs with the registry of one script; keeps every run it started.
pub(super) struct ReplayStarter {
    pub(super) registry: Arc<Registry>,
    pub(super) started: Rc<RefCell<Vec<ReplayRun>>>,
}

impl RunStarter for ReplayStarter {
    fn start_run(&self, _: &Scenario, settings: &Settings) -> Result<Box<dyn RunHandle>, String> {
        let (feed, messages) = unbounded();
        let run = ReplayRun {
            registry: Arc::clone(&self.registry),
            messages,
            feed: Rc::new(RefCell::new(Some(feed))),
            now: Rc::default(),
            commands: Rc::default(),
            time_limit: Rc::default(),
            settings: settings.clone(),
        };
        self.started.borrow_mut().push(run.clone());
        Ok(Box::new(run))
    }
}
