//! The first line: scenario, state and time of the run, knobs, and whether the picture is reliable.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::lateness::LATE_FROM;
use super::super::player::Player;
use super::super::run_view::{PlayState, RunView, moment_at_speed};
use super::super::theme::{Role, Theme};
use super::{text, unguarded_notice};
use crate::model::Severity;
use crate::recording::RecordingStatus;
use crate::trace::format::{compact_count, compact_counted, compact_duration, format_bytes};
use crate::trace::{RunEnd, Span, Stamp};

mod knobs;

pub(super) struct RunHeader<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    /// Whether no guardian would restore the terminal if this process were killed.
    pub(super) is_unguarded: bool,
    /// How far the recording of the run is.
    pub(super) recording: Option<&'a RecordingStatus>,
}

/// Columns beside the knobs from which there are notes on the cores and the cost of an event.
const FULL_NOTES_FROM: u16 = 36;

/// Columns of the note on how late frames are.
const LATE_WIDTH: u16 = 16;

/// Columns of the run's time.
const TIME_WIDTH: usize = 6;

impl Widget for RunHeader<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        let rest =
            if line.width >= 100 { text::put_line(buf, rest, "contend ", self.theme.faint_style()) } else { rest };
        let rest = text::put_line(buf, rest, &self.view.scenario.name, self.theme.strong_style());
        let rest = text::put_line(buf, rest, "  ", Style::new());
        let rest = self.draw_play_state(rest, buf);
        let spare = rest.width.saturating_sub(knobs::knobs_width(self.view, self.theme));
        let trust = self.reliability_notes(spare);
        let width: usize = trust.iter().map(|(t, _)| t.width() + 3).sum();
        let width = u16::try_from(width).unwrap_or(u16::MAX).min(rest.width);
        let mut right = Rect { x: rest.right() - width, width, ..rest };
        knobs::draw_knobs(self.view, self.theme, Rect { width: rest.width - width, ..rest }, buf);
        for (figure, style) in trust {
            right = text::put_line(buf, right, &figure, style);
            right = text::put_line(buf, right, "   ", Style::new());
        }
    }
}

impl RunHeader<'_> {
    /// Draws the pill with the run's state and time, after the moment that is shown if it is not the newest.
    fn draw_play_state(&self, at: Rect, buf: &mut Buffer) -> Rect {
        if let Some(player) = self.view.player() {
            let rest = self.draw_moment(at, false, buf);
            return self.draw_player(player, rest, buf);
        }
        let is_live = self.view.play_state() == PlayState::Live;
        let rest = self.draw_moment(at, is_live, buf);
        if is_live && self.view.shows_part_of_run() {
            return rest;
        }
        let over = self.view.overrun();
        let (mark, word, style) = self.state_pill(over.is_some());
        let time = compact_duration(self.view.now.span_since(Stamp(0)));
        let rest = self.draw_pill(rest, &format!("{mark} {word} {time:<TIME_WIDTH$}"), style, buf);
        let Some((limit, over)) = over else { return rest };
        let loud = self.theme.severity_style(Severity::Warning);
        let words = format!("{} past its limit of {}  ", compact_duration(over), compact_duration(limit));
        text::put_line(buf, rest, &words, loud)
    }

    /// Returns mark, word and colour of the run's state.
    fn state_pill(&self, is_overdue: bool) -> (&'static str, String, Role) {
        let (theme, model) = (self.theme, self.view.shown_model());
        let (square, dot) = (theme.severity_mark(Severity::Error), theme.bullet());
        match self.view.play_state() {
            PlayState::Live if is_overdue => (dot, "ENDING".into(), Role::Warning),
            PlayState::Live if model.first_deadlock().is_some() => {
                let word = match self.view.shown_deadlocks().len() {
                    0 | 1 => "DEADLOCK".to_owned(),
                    n => format!("{n} DEADLOCKS"),
                };
                (square, word, Role::Error)
            }
            PlayState::Live if model.stall().is_some() => (square, "STUCK".into(), Role::Error),
            PlayState::Live => (dot, "LIVE".into(), Role::Good),
            PlayState::Frozen => (theme.pause_mark(), "FROZEN".into(), Role::Tab),
            PlayState::Recorded | PlayState::Played => (theme.pause_mark(), "RECORDED".into(), Role::Tab),
            PlayState::SlowMotion => (theme.play_mark(), "SLOW MOTION".into(), Role::Tab),
            PlayState::Ended(RunEnd::Crashed(_)) => (square, "CRASHED".into(), Role::Error),
            PlayState::Ended(how) => (square, how.word().to_uppercase(), Role::Tab),
        }
    }

    /// Draws a pill on its colour.
    fn draw_pill(&self, at: Rect, words: &str, colour: Role, buf: &mut Buffer) -> Rect {
        let rest = text::put_line(buf, at, &format!(" {words} "), self.theme.pill_style(colour));
        text::put_line(buf, rest, "  ", Style::new())
    }

    /// Draws whether a recording plays, its speed, and its moment: `▶ 0.1×  2.314 s of 5.000 s`.
    fn draw_player(&self, player: &Player, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.theme;
        let times = if theme.has_unicode { "×" } else { "x" };
        let factor = player.speed().factor();
        let mark = if player.is_playing() { theme.play_mark() } else { theme.pause_mark() };
        let words = match player.awaited_share() {
            Some(share) => format!("reading {:.0} %", share * 100.0),
            None => format!("{mark} {factor}{times}"),
        };
        let (now, end) = (moment_at_speed(self.view.now, factor), moment_at_speed(player.end(), 1.0));
        self.draw_pill(at, &format!("{words}  {now} of {end}"), Role::Tab, buf)
    }

    /// Draws which moment is shown, if it is not the newest.
    fn draw_moment(&self, at: Rect, is_live: bool, buf: &mut Buffer) -> Rect {
        if let Some((from, to)) = self.view.shown_range() {
            let length = compact_duration(to.span_since(from));
            let (from, to) = (self.view.format_moment(from), self.view.format_moment(to));
            return self.draw_pill(at, &format!("RANGE {from} to {to} ({length})"), Role::Tab, buf);
        }
        let Some(ago) = self.view.time_before_end() else { return at };
        let (then, axis) = (self.view.figures_time(), self.view.drawn_axis());
        let then = if axis.is_fine() { axis.format_moment(then) } else { compact_duration(then.span_since(Stamp(0))) };
        let back = if is_live { "ago" } else { "before" };
        self.draw_pill(at, &format!("AT {then}, {} {back}", compact_duration(ago)), Role::Tab, buf)
    }

    /// Returns `2 cores`; `1.5 of 2 cores` if a quota or affinity allows fewer; `1.5 cores` if the total is unknown.
    fn cores_text(&self) -> String {
        let (all, usable) = (self.view.shown_model().cores().online() as f64, self.view.shown_model().usable_cores());
        let of = if all > 0.0 && usable + 0.05 < all { format!(" of {all}") } else { String::new() };
        let tenths = (usable * 10.0).round();
        format!("{}{of} core{}", tenths / 10.0, if tenths as u64 == 10 && of.is_empty() { "" } else { "s" })
    }

    /// Returns the number of lost events, and as many other notes as have room beside the knobs.
    fn reliability_notes(&self, room: u16) -> Vec<(String, Style)> {
        let (health, plain) = (self.view.figures.health, self.theme.faint_style());
        let loud = |bad: bool| if bad { self.theme.severity_style(Severity::Warning) } else { plain };
        let mut shown = Vec::new();
        if let Some(status) = self.recording {
            let (text, bad) = match &status.failure {
                None => (format!("rec {}", format_bytes(status.bytes)), false),
                Some(_) => ("recording ended".to_owned(), true),
            };
            shown.push((text, loud(bad)));
        }
        shown.push((format!("{} lost", compact_count(health.lost)), loud(health.lost > 0)));
        if health.clock_error > 0 {
            shown.push((format!("{} clock error", compact_duration(Span(health.clock_error))), plain));
        }
        if health.anomalies > 0 {
            shown.push((compact_counted(health.anomalies, "anomaly"), loud(true)));
        }
        if health.undeclared > 0 {
            shown.push((format!("{} undeclared", compact_count(health.undeclared)), loud(true)));
        }
        if room >= FULL_NOTES_FROM {
            shown.insert(0, (self.cores_text(), plain));
            shown.push((format!("{:.0} ns/event", health.ns_per_event), plain));
        }
        let late = self.view.lateness_p99;
        if room >= FULL_NOTES_FROM + LATE_WIDTH || late > LATE_FROM {
            shown.push((format!("{:>6} late", compact_duration(late)), loud(late > LATE_FROM)));
        }
        if self.is_unguarded {
            shown.push((unguarded_notice::UNGUARDED_WORD.to_owned(), loud(true)));
        }
        shown
    }
}
