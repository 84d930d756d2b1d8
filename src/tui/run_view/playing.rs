//! A recorded run that is played: its moments, and the window over them.

use super::{RunView, Selection, Shown, Viewport, Zoom};
use crate::model::FindingSubject;
use crate::playback::Row;
use crate::trace::format::format_stamp;
use crate::trace::{KnobId, Notice, PoolId, Span, Stamp};
use crate::tui::axis::{TimeAxis, exact_moment};
use crate::tui::figures::{RunFigures, Totals};
use crate::tui::player::Player;

/// A place that a player can jump to from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum JumpTarget {
    Finding,
    Mark,
}

impl RunView {
    pub(in crate::tui) const fn player(&self) -> Option<&Player> {
        match &self.shown {
            Shown::Played(player) => Some(player),
            _ => None,
        }
    }

    const fn player_mut(&mut self) -> Option<&mut Player> {
        match &mut self.shown {
            Shown::Played(player) => Some(player),
            _ => None,
        }
    }

    /// Changes the player, and shows the moment at which it is then.
    fn with_player<T>(&mut self, change: impl FnOnce(&mut Player) -> T) -> Option<T> {
        let before = self.drawn_axis();
        let was = self.now;
        let player = self.player_mut()?;
        let changed = change(player);
        self.now = player.at();
        if self.now < was {
            self.forget_cells();
        }
        if self.now != was {
            self.cursor = None;
            self.settle_window(before);
        }
        self.refresh();
        Some(changed)
    }

    /// Goes from the cursor to the moment that the player shows. `before` is the axis as it was drawn.
    fn leave_cursor(&mut self, before: TimeAxis) {
        if self.cursor.take().is_some() {
            self.settle_window(before);
            self.refresh();
        }
    }

    /// Chooses the window of a recording whose end is shown: the whole run, its last turns, or those before a deadlock.
    pub(in crate::tui) fn fit_recording(&mut self) {
        let Some(player) = self.player() else { return };
        if !player.is_playing() {
            self.zoom = Zoom::Undecided;
            self.refresh();
        }
    }

    /// Keeps the window where it is, as long as the shown moment is in it.
    fn settle_window(&mut self, before: TimeAxis) {
        let is_inside = before.start() <= self.now && self.now < before.end;
        self.viewport = if is_inside { Viewport::Until(before.end) } else { Viewport::Follow };
    }

    /// Handles a frame that is due, with the wall clock at `wall`. Figures are captured a few times a second.
    pub(super) fn tick_player(&mut self, wall: Stamp) {
        let was = self.now;
        let Some(player) = self.player_mut() else { return };
        let moved = player.is_moving();
        player.tick(wall);
        let (now, stopped) = (player.at(), moved && !player.is_moving());
        self.now = now;
        if now < was {
            self.forget_cells();
        }
        if let Viewport::Until(end) = self.viewport
            && self.cursor.is_none()
            && now >= end
            && was < end
        {
            self.viewport = Viewport::Follow;
        }
        let is_due = wall.span_since(self.refreshed_at) >= super::FIGURES_INTERVAL || wall < self.refreshed_at;
        if stopped || is_due {
            self.refreshed_at = wall;
            self.refresh();
        }
    }

    /// Reads on in a large recording. Returns whether the picture changed.
    pub(in crate::tui) fn read_recording(&mut self) -> bool {
        let Some(player) = self.player_mut() else { return false };
        player.read_slice()
    }

    /// Takes the reason why the recording cannot be read on, which is shown once.
    pub(in crate::tui) fn take_player_failure(&mut self) -> Option<String> {
        self.player_mut()?.take_failure()
    }

    /// Plays from the cursor or from where the player is, or pauses.
    pub(in crate::tui) fn toggle_play(&mut self) {
        let (cursor, before) = (self.cursor, self.drawn_axis());
        let is_playing = self.with_player(|player| {
            if let Some(at) = cursor.filter(|_| !player.is_playing()) {
                player.show(at);
            }
            player.toggle_play();
            player.is_playing()
        });
        if is_playing == Some(true) {
            self.leave_cursor(before);
        }
    }

    pub(in crate::tui) fn change_speed(&mut self, faster: bool) {
        self.with_player(|player| player.change_speed(faster));
    }

    /// Shows a moment of the recording. Returns a sentence for the user if it has no such moment.
    pub(in crate::tui) fn jump_to(&mut self, at: Stamp) -> Option<String> {
        let limits = self.with_player(|player| {
            player.show(at);
            (player.begins_at(), player.end())
        });
        self.cursor = None;
        self.refresh();
        match limits? {
            (begin, _) if at < begin => Some(format!("The recording begins at {}", format_stamp(begin))),
            (_, end) if at > end => Some(format!("The recording ends at {}", format_stamp(end))),
            _ => None,
        }
    }

    /// Shows the first recorded moment.
    pub(in crate::tui) fn jump_to_start(&mut self) {
        self.jump_to(self.first_moment());
    }

    pub(in crate::tui) fn jump_to_end(&mut self) {
        self.with_player(|player| {
            player.pause();
            player.show(player.end());
        });
        self.follow();
    }

    /// Shows the next or previous event of the selected row. Returns a sentence for the user.
    pub(in crate::tui) fn step_event(&mut self, forward: bool) -> String {
        let (row, at) = (self.selected_row(), self.figures_time());
        let name = match row {
            Row::All => String::new(),
            Row::Worker(worker) => format!(" of {}", self.shown_model().registry().worker_name(worker)),
            Row::Resource(id) => format!(" of {}", self.shown_model().registry().resource_name(id)),
        };
        let before = self.drawn_axis();
        match self.with_player(|player| player.step(at, row, forward)).flatten() {
            Some(words) => {
                self.leave_cursor(before);
                format!("{}  {words}", exact_moment(self.now))
            }
            None if forward && self.player().is_some_and(Player::is_reading) => {
                format!("No later event{name} so far: the recording is still being read")
            }
            None => format!("No {} event{name}", if forward { "later" } else { "earlier" }),
        }
    }

    /// Shows the next or previous moment of a kind. Returns a sentence for the user.
    pub(in crate::tui) fn jump_beside(&mut self, target: JumpTarget, forward: bool) -> String {
        let at = self.figures_time();
        let Some(player) = self.player() else { return String::new() };
        let found = match target {
            JumpTarget::Finding => {
                let is_listed = |id: &str| !self.arrangement.is_muted(id);
                player.finding_beside(at, forward, is_listed).map(|(at, id)| (at, id.to_owned()))
            }
            JumpTarget::Mark => player.mark_beside(at, forward),
        };
        let Some((to, words)) = found else {
            let what = if target == JumpTarget::Finding { "finding" } else { "mark" };
            let so_far = if player.is_reading() { " so far: the recording is still being read" } else { "" };
            return format!("No {} {what}{so_far}", if forward { "later" } else { "earlier" });
        };
        let before = self.drawn_axis();
        self.with_player(|player| {
            player.pause();
            player.show(to);
        });
        self.leave_cursor(before);
        format!("{}  {words}", format_stamp(to))
    }

    /// Returns the row of which single events are stepped through.
    fn selected_row(&self) -> Row {
        let of_subject = |subject: FindingSubject| match subject.worst() {
            FindingSubject::Worker(worker) => Row::Worker(worker),
            FindingSubject::Resource(id) => Row::Resource(id),
            FindingSubject::Pool(id) => self.pool_row(id),
            _ => Row::All,
        };
        match self.selection {
            Some(Selection::Lane(worker)) => Row::Worker(worker),
            Some(Selection::Lock(id) | Selection::Queue(id)) => Row::Resource(id),
            Some(Selection::Finding(index)) => {
                self.figures.findings.get(index).and_then(|finding| finding.subject).map_or(Row::All, of_subject)
            }
            None => Row::All,
        }
    }

    fn pool_row(&self, pool: PoolId) -> Row {
        let pool = self.shown_model().registry().pools.get(pool.index());
        pool.map_or(Row::All, |pool| Row::Resource(pool.queue))
    }

    /// Captures the figures of a cursor in a recorded run: those of the run as it was then.
    pub(super) fn played_figures_at(&mut self, from: Stamp, at: Stamp) -> Option<RunFigures> {
        if at >= self.now {
            return None;
        }
        let model = self.player_mut()?.model_at(at)?;
        let shares = |worker| model.lane(worker).state_times(from, at, at);
        Some(RunFigures::capture(model, (from, at, at), Totals::capture(model, at), shares))
    }

    /// Takes over the turns of knobs in the part of a recording that has been read.
    pub(super) fn note_knob_changes(&mut self) {
        let Some(player) = self.player() else { return };
        let turned = player.notices().iter().filter_map(|(at, notice)| match notice {
            Notice::KnobSet { knob, value_text, .. } => Some((*at, *knob, value_text.clone())),
            _ => None,
        });
        self.knob_changes = turned.collect::<Vec<(Stamp, KnobId, String)>>();
        self.settings = self.settings_at(self.now);
    }

    /// Returns the first moment that the window can show.
    pub(in crate::tui) fn first_moment(&self) -> Stamp {
        self.player().map_or(Stamp(0), Player::begins_at)
    }

    /// Returns the last moment that the window can show.
    pub(super) fn last_moment(&self) -> Stamp {
        self.player().map_or(self.now, |player| player.end().max(self.now))
    }
}

/// Returns a moment with as many digits as this speed can tell.
pub(in crate::tui) fn moment_at_speed(at: Stamp, factor: f64) -> String {
    if factor < 0.1 {
        return exact_moment(at);
    }
    let millis = Span(at.0).0 / 1_000_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}
