//! Waiting for the first event of all sources.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, after, never};
use signal_hook::consts::SIGINT;

use super::EventLoop;
use super::open_recording::Opened;
use crate::scenario::Source;
use crate::trace::Message;
use crate::tui::backend::ScreenBackend;
use crate::tui::input::InputEvent;
use crate::tui::tune_view::TuneUpdate;

/// Delay before another attempt to draw a frame that the terminal had no room for.
const REDRAW_RETRY: Duration = Duration::from_millis(20);

/// The first event of all sources.
pub(super) enum LoopEvent {
    Input(Result<InputEvent, ()>),
    Signal(i32),
    Panicked(String),
    RunMessage(Result<Message, ()>),
    FileSaved(Result<Source, String>),
    TuneUpdate(Result<TuneUpdate, ()>),
    RecordingOpened(Opened),
    Frame,
    /// Nothing else happens, and there is idle work.
    Idle,
}

impl<S: ScreenBackend> EventLoop<'_, S> {
    pub(super) fn wait(&self) -> LoopEvent {
        let needs_frames = self.app.needs_ticks() || self.recording.is_writing_end();
        let left = needs_frames.then(|| self.frame_timer.time_left(Instant::now()));
        if left == Some(Duration::ZERO) {
            return LoopEvent::Frame;
        }
        let frames = left.map_or_else(|| self.redraw_retry_timer(), after);
        let closed = never();
        let messages = self.run.as_ref().filter(|_| self.is_run_open).map_or(&closed, |run| run.messages());
        let mut select = Select::new();
        let typed = select.recv(&self.sources.input_events);
        let signals = select.recv(&self.sources.signals);
        let panics = select.recv(&self.sources.panics);
        let run = select.recv(messages);
        let saved = select.recv(&self.sources.file_changes);
        let updates = select.recv(&self.tune_updates);
        let opened = select.recv(&self.opened_recording);
        select.recv(&frames);
        let first = if self.app.has_idle_work() {
            match select.try_select() {
                Ok(first) => first,
                Err(_) => return LoopEvent::Idle,
            }
        } else {
            select.select()
        };
        match first.index() {
            i if i == typed => LoopEvent::Input(first.recv(&self.sources.input_events).map_err(drop)),
            i if i == signals => first.recv(&self.sources.signals).map_or(LoopEvent::Signal(SIGINT), LoopEvent::Signal),
            i if i == panics => first
                .recv(&self.sources.panics)
                .map_or_else(|e| LoopEvent::Panicked(e.to_string()), LoopEvent::Panicked),
            i if i == saved => first
                .recv(&self.sources.file_changes)
                .map_or_else(|e| LoopEvent::Panicked(e.to_string()), LoopEvent::FileSaved),
            i if i == updates => LoopEvent::TuneUpdate(first.recv(&self.tune_updates).map_err(drop)),
            i if i == opened => {
                let read = first.recv(&self.opened_recording);
                LoopEvent::RecordingOpened(read.unwrap_or_else(|_| Err("The recording cannot be read".into())))
            }
            i if i == run => LoopEvent::RunMessage(first.recv(messages).map_err(drop)),
            _ => {
                let _ = first.recv(&frames);
                LoopEvent::Frame
            }
        }
    }

    /// Returns a timer for a picture that stands still: it is drawn again only if the terminal had no room for the last
    /// frame.
    fn redraw_retry_timer(&self) -> Receiver<Instant> {
        if self.app.is_dirty() { after(REDRAW_RETRY) } else { never() }
    }
}
