//! The first line: scenario, state and time of the run, knobs, and whether the picture is reliable.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::lateness::LATE_FROM;
use super::super::player::Player;
use super::super::run_view::{PlayState, RunView, moment_at_speed};
use super::super::theme::Theme;
use super::{text, unguarded_notice};
use crate::model::Severity;
use crate::recording::RecordingStatus;
use crate::trace::format::{compact_count, compact_counted, compact_duration, format_bytes};
use crate::trace::{KnobId, RunEnd, Stamp, State};

pub(super) struct RunHeader<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    /// Whether no guardian would restore the terminal if this process were killed.
    pub(super) is_unguarded: bool,
    /// How far the recording of the run is.
    pub(super) recording: Option<&'a RecordingStatus>,
}

/// Columns for the run's state and its time.
const PLAY_STATE_WIDTH: usize = 14;

impl Widget for RunHeader<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        let rest =
            if line.width >= 100 { text::put_line(buf, rest, "contend  ", self.theme.faint_style()) } else { rest };
        let rest = text::put_line(buf, rest, &self.view.scenario.name, self.theme.strong_style());
        let rest = text::put_line(buf, rest, "  ", Style::new());
        let rest = self.draw_play_state(rest, buf);
        let trust = self.reliability_notes(rest.width);
        let width: usize = trust.iter().map(|(t, _)| t.width() + 3).sum();
        let width = u16::try_from(width).unwrap_or(u16::MAX).min(rest.width);
        let mut right = Rect { x: rest.right() - width, width, ..rest };
        self.draw_knobs(Rect { width: rest.width - width, ..rest }, buf);
        for (figure, style) in trust {
            right = text::put_line(buf, right, "   ", Style::new());
            right = text::put_line(buf, right, &figure, style);
        }
    }
}

impl RunHeader<'_> {
    /// Draws the run's state, or which moment of it is shown. Word and time keep their columns while seconds pass.
    fn draw_play_state(&self, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.theme;
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
        let deadlocks = match self.view.shown_deadlocks().len() {
            0 | 1 => "deadlock".to_owned(),
            n => format!("{n} deadlocks"),
        };
        let (word, style) = match self.view.play_state() {
            PlayState::Live if over.is_some() => ("ending", theme.severity_style(Severity::Warning)),
            PlayState::Live if self.view.shown_model().first_deadlock().is_some() => {
                (deadlocks.as_str(), theme.state_style(State::Lock))
            }
            PlayState::Live if self.view.shown_model().stall().is_some() => ("stuck", theme.state_style(State::Signal)),
            PlayState::Live => ("live", theme.state_style(State::Running)),
            PlayState::Frozen => ("frozen", theme.selection_style()),
            PlayState::Recorded | PlayState::Played => ("recorded", theme.selection_style()),
            PlayState::SlowMotion => ("slow motion", theme.selection_style()),
            PlayState::Ended(RunEnd::Crashed(_)) => ("crashed", theme.state_style(State::Crashed)),
            PlayState::Ended(how) => (how.word(), theme.strong_style()),
        };
        let rest = text::put_line(buf, rest, word, style);
        let columns = PLAY_STATE_WIDTH.saturating_sub(word.width()).max(7);
        let rest = text::put_line(
            buf,
            rest,
            &format!(" {:<columns$}", compact_duration(self.view.now.span_since(Stamp(0)))),
            Style::new(),
        );
        let Some((limit, over)) = over else { return rest };
        let loud = theme.severity_style(Severity::Warning);
        text::put_line(
            buf,
            rest,
            &format!("{} past its limit of {}  ", compact_duration(over), compact_duration(limit)),
            loud,
        )
    }

    /// Draws whether a recording plays, its speed, and its moment: `▶ 0.1×  2.314 s of 5.000 s`.
    fn draw_player(&self, player: &Player, at: Rect, buf: &mut Buffer) -> Rect {
        let theme = self.theme;
        let (play, pause, times) = if theme.has_unicode { ("▶", "‖", "×") } else { (">", "||", "x") };
        let factor = player.speed().factor();
        let rest = if let Some(share) = player.awaited_share() {
            text::put_line(buf, at, &format!("reading {:.0} %", share * 100.0), theme.selection_style())
        } else {
            let mark = if player.is_playing() { play } else { pause };
            text::put_line(buf, at, &format!("{mark} {factor}{times}"), theme.selection_style())
        };
        let (now, end) = (moment_at_speed(self.view.now, factor), moment_at_speed(player.end(), 1.0));
        text::put_line(buf, rest, &format!("  {now} of {end}  "), Style::new())
    }

    /// Draws which moment is shown, if it is not the newest.
    fn draw_moment(&self, at: Rect, is_live: bool, buf: &mut Buffer) -> Rect {
        if let Some((from, to)) = self.view.shown_range() {
            let length = compact_duration(to.span_since(from));
            let (from, to) = (self.view.format_moment(from), self.view.format_moment(to));
            let words = format!("range {from} to {to} ({length})");
            let rest = text::put_line(buf, at, &words, self.theme.selection_style());
            return text::put_line(buf, rest, "  ", Style::new());
        }
        let Some(ago) = self.view.time_before_end() else { return at };
        let (then, axis) = (self.view.figures_time(), self.view.drawn_axis());
        let then = if axis.is_fine() { axis.format_moment(then) } else { compact_duration(then.span_since(Stamp(0))) };
        let back = if is_live { "ago" } else { "before" };
        let rest = text::put_line(
            buf,
            at,
            &format!("at {then}, {} {back}", compact_duration(ago)),
            self.theme.selection_style(),
        );
        text::put_line(buf, rest, if is_live { "  " } else { " " }, Style::new())
    }

    /// Draws the knobs with their values, the chosen one marked where it can be turned. If not all fit, those before the
    /// chosen one are left out first.
    fn draw_knobs(&self, at: Rect, buf: &mut Buffer) {
        let scenario = &self.view.scenario;
        let shown: Vec<String> = (0..scenario.knobs.len())
            .map(|i| {
                let arrow = if self.theme.has_unicode { "\u{2192}" } else { "->" };
                let (value, next) = self.view.knob_value(KnobId::from(i));
                let next = next.map(|next| format!("{arrow}{next}")).unwrap_or_default();
                format!("{} {value}{next}", scenario.knobs[i].name)
            })
            .collect();
        let fits = |from: usize| {
            let upto = self.view.knob.index().min(shown.len().saturating_sub(1));
            shown.iter().take(upto + 1).skip(from).map(|k| k.width() + 2).sum::<usize>() <= usize::from(at.width)
        };
        let first = (0..shown.len()).find(|from| fits(*from)).unwrap_or(self.view.knob.index());
        let mut rest = at;
        for (i, knob) in shown.iter().enumerate().skip(first) {
            if knob.width() > usize::from(rest.width) {
                text::put_line(buf, rest, self.theme.ellipsis(), self.theme.faint_style());
                break;
            }
            let chosen = self.view.knob.index() == i && self.view.has_control();
            rest = text::put_line(buf, rest, knob, if chosen { self.theme.selection_style() } else { Style::new() });
            rest = text::put_line(buf, rest, "  ", Style::new());
        }
    }

    /// Returns `2 cores`; `1.5 of 2 cores` if a quota or affinity allows fewer; `1.5 cores` if the total is unknown.
    fn cores_text(&self) -> String {
        let (all, usable) = (self.view.shown_model().cores().online() as f64, self.view.shown_model().usable_cores());
        let of = if all > 0.0 && usable + 0.05 < all { format!(" of {all}") } else { String::new() };
        let tenths = (usable * 10.0).round();
        format!("{}{of} core{}", tenths / 10.0, if tenths as u64 == 10 && of.is_empty() { "" } else { "s" })
    }

    /// Returns the number of lost events, and as many other notes as there is room for beside the knobs.
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
        shown.push((format!("lost {}", compact_count(health.lost)), loud(health.lost > 0)));
        if health.anomalies > 0 {
            shown.push((compact_counted(health.anomalies, "anomaly"), loud(true)));
        }
        if health.undeclared > 0 {
            shown.push((format!("{} undeclared", compact_count(health.undeclared)), loud(true)));
        }
        if room >= 72 {
            shown.insert(0, (self.cores_text(), plain));
            shown.push((format!("{:.0} ns/event", health.ns_per_event), plain));
        }
        let late = self.view.lateness_p99;
        if room >= 88 || late > LATE_FROM {
            shown.push((format!("{:>6} late", compact_duration(late)), loud(late > LATE_FROM)));
        }
        if self.is_unguarded {
            shown.push((unguarded_notice::UNGUARDED_WORD.to_owned(), loud(true)));
        }
        shown
    }
}
