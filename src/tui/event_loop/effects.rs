//! Performs effects: starts and ends runs, suspends the dashboard, opens the editor.

use std::path::Path;
use std::sync::Arc;

use signal_hook::consts::SIGINT;

use super::super::app::{AppEvent, Effect};
use super::super::backend::ScreenBackend;
use super::super::clipboard::{clip_text, copy_sequence};
use super::super::copied_text::{CopiedText, copied_text};
use super::EventLoop;
use super::open_recording::start_reading;
use crate::scenario::{Scenario, Settings};
use crate::source::RunControl;
use crate::trace::{Message, Notice, Stamp};

impl<S: ScreenBackend> EventLoop<'_, S> {
    /// Returns the controls of the run, if there is one that can be controlled.
    pub(super) fn control(&self) -> Option<&dyn RunControl> {
        self.run.as_ref()?.control()
    }

    pub(super) fn perform_effects(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::StartRun(scenario, settings) => self.start_run(scenario, settings),
                Effect::SendCommand(command) => {
                    if let Some(control) = self.control() {
                        control.send_command(command);
                    }
                }
                Effect::SetMark { at, text } => {
                    self.handle_message(Message::Notice { at, notice: Notice::Mark(text) });
                }
                Effect::StartSlowMotion => {
                    if let Some(tape) = self.recording.tape() {
                        self.update(AppEvent::TapeReady(Box::new(tape)));
                    }
                }
                Effect::FetchPastEvents => {
                    let tape = self.recording.tape().map(Box::new);
                    self.update(AppEvent::PastEventsReady(tape));
                }
                Effect::ToggleRecording => self.toggle_recording(),
                Effect::EndRun => self.end_run(),
                Effect::StopMeasuring => (self.stop_measuring)(),
                Effect::OpenEditor(path) => self.open_editor(&path),
                Effect::OpenRecording(path) => {
                    self.app.status_message = Some("Reading the recording…".into());
                    match start_reading(path) {
                        Ok(opened) => self.opened_recording = opened,
                        Err(why) => self.update(AppEvent::RecordingOpened(Err(why))),
                    }
                }
                Effect::Copy => self.copy(),
                Effect::Suspend => self.suspend(),
                Effect::Redraw => self.redraw(),
                Effect::Quit { interrupted: true } if self.interrupt_run() => {}
                Effect::Quit { interrupted } => self.quit(interrupted.then_some(SIGINT)),
            }
        }
    }

    /// Ends the previous run, then starts the next: two at once would contend with each other.
    fn start_run(&mut self, scenario: Arc<Scenario>, settings: Settings) {
        self.end_run();
        self.is_run_open = false;
        match self.starter.start_run(&scenario, &settings) {
            Ok(run) => {
                let registry = Arc::clone(&run.header().registry);
                if let Some(control) = run.control() {
                    // A little before the next frame is due, so that the messages are in it.
                    control.set_reading_interval(self.frame_timer.interval() * 19 / 20);
                    self.time_limit.into_iter().for_each(|limit| control.end_at(Stamp(0) + limit));
                }
                let recording = self.recording.begin(run.header(), &scenario.name, self.time_limit);
                (self.run, self.is_run_open) = (Some(run), true);
                self.update(AppEvent::RunStarted { scenario, settings, registry });
                if let Err(why) = recording {
                    self.app.status_message = Some(why);
                }
                self.restart_frame_timer();
            }
            Err(why) => self.update(AppEvent::StartFailed(why)),
        }
    }

    /// Passes Ctrl-C on to a program, which may end by itself. Returns whether it did.
    fn interrupt_run(&mut self) -> bool {
        let is_passed_on = self.control().is_some_and(RunControl::interrupt);
        if is_passed_on {
            self.app.status_message = Some("Sent Ctrl-C to the program; once more to quit".into());
            self.app.mark_dirty();
        }
        is_passed_on
    }

    /// Ends the run, and its recording before.
    fn end_run(&mut self) {
        self.finish_recording();
        self.run = None;
    }

    pub(super) fn finish_recording(&mut self) {
        let now = self.run_time();
        self.recording.finish(now);
    }

    fn toggle_recording(&mut self) {
        let response = self.recording.toggle_file(&self.directory);
        self.app.status_message = Some(response).filter(|response| !response.is_empty());
        self.update_recording_status();
    }

    /// Sends the text that the user wants to copy to the terminal.
    fn copy(&mut self) {
        let Some(CopiedText { what, text }) = copied_text(&self.app) else {
            self.app.status_message = Some("Nothing to copy here".into());
            return;
        };
        let kept = clip_text(&text);
        let is_in_tmux = std::env::var_os("TMUX").is_some_and(|socket| !socket.is_empty());
        self.backend.send_to_terminal(&copy_sequence(kept, is_in_tmux));
        let part = if kept.len() < text.len() { "the beginning of " } else { "" };
        self.app.status_message = Some(format!("Copied {part}{what}, if your terminal allows it (OSC 52)"));
    }

    fn open_editor(&mut self, path: &Path) {
        let edited = self.backend.open_editor(path);
        let source = edited.and_then(|()| crate::catalogue::find(path).map_err(|e| e.to_string()));
        self.update(AppEvent::EditorClosed(source));
        self.redraw();
        self.restart_frame_timer();
    }

    fn suspend(&mut self) {
        if let Some(control) = self.control() {
            control.set_paused(true);
        }
        let resumed = self.backend.suspend();
        if let Some(control) = self.control() {
            control.set_paused(false);
        }
        self.check_terminal(&resumed);
        self.redraw();
        self.restart_frame_timer();
    }
}
