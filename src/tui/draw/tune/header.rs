//! The head of a tuning's screen: the scenario and its knob, its progress, and how long it may still take.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::theme::Role;
use super::super::super::tune_view::TuneView;
use super::super::unguarded_notice;
use super::TuneScene;
use super::marks::is_arrivals_goal;
use super::text;
use crate::tune::{Goal, Phase};

pub(super) struct TuneHeader<'a> {
    pub(super) scene: TuneScene<'a>,
    /// Whether no guardian would restore the terminal if this process were killed.
    pub(super) is_unguarded: bool,
}

impl Widget for TuneHeader<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        let time = format!(" {} ", time_text(tune_view));
        let width = (time.len() as u16).min(rest.width);
        let (left, right) = (
            Rect { width: rest.width.saturating_sub(width + 1), ..rest },
            Rect { x: rest.right() - width, width, ..rest },
        );
        let left = unguarded_notice::draw_notice(self.is_unguarded, theme, left, buf);
        let left = if line.width >= 100 { text::put_line(buf, left, "contend  ", theme.faint_style()) } else { left };
        let left = text::put_line(buf, left, "tune ", theme.faint_style());
        let left = text::put_line(buf, left, &tune_view.setup.scenario.name, theme.strong_style());
        let (low, high) = tune_view.setup.question.range;
        let knob = tune_view.knob();
        let left = text::put_line(
            buf,
            left,
            &format!("  {} {}..{}", knob.name, knob.format_value(low), knob.format_value(high)),
            Style::new(),
        );
        let set = tune_view.setup.scenario.changed_knobs_text(&tune_view.setup.settings);
        let left = text::put_line(buf, left, &format!("  {set}"), Style::new());
        if let Some(others) = tune_view.preflight.and_then(|seen| seen.others_cores).filter(|_| line.width >= 100) {
            text::put_line(buf, left, &format!("  other programs use {others:.1} cores"), theme.faint_style());
        }
        let role = match (tune_view.is_over, tune_view.tuning.stop_reason) {
            (false, _) => Role::Note,
            (true, Some(_)) => Role::Warning,
            (true, None) => Role::Good,
        };
        text::put_line(buf, right, &time, theme.pill_style(role));
    }
}

/// Returns how long the tuning took, or may still take.
fn time_text(tune_view: &TuneView) -> String {
    if tune_view.is_over {
        let took = tune_view.tuning.elapsed.as_secs();
        return match tune_view.tuning.stop_reason {
            Some(_) => format!("ended after {took} s"),
            None => format!("done in {took} s"),
        };
    }
    let left = tune_view.setup.question.budget.saturating_sub(tune_view.elapsed);
    format!("at most {} s left", left.as_secs())
}

/// The stages, each marked as done, current or still to come, and the current activity.
pub(super) struct PhaseBar<'a> {
    pub(super) scene: TuneScene<'a>,
}

/// Number of stages shown. Several phases of the procedure belong to the stage "levels".
const STAGE_COUNT: usize = 5;

/// Returns the names of the stages.
const fn stage_names(tune_view: &TuneView) -> [&'static str; STAGE_COUNT] {
    match tune_view.setup.question.demands.goal {
        Goal::MaxThroughput => ["preflight", "calibration", "levels", "confirmation", "open loop"],
        Goal::Arrivals(_) => ["preflight", "calibration", "levels", "arrivals", "long run"],
    }
}

/// Returns the current stage.
fn current_stage(tune_view: &TuneView) -> usize {
    match tune_view.tuning.phase {
        None => 0,
        Some(Phase::Calibrating) => 1,
        Some(Phase::Sweeping | Phase::ClosingIn | Phase::Repeating) => 2,
        Some(Phase::Confirming) if is_arrivals_goal(tune_view) => 4,
        Some(Phase::Arriving | Phase::Confirming) => 3,
        Some(Phase::OpenLoop) => 4,
        Some(Phase::Done) => STAGE_COUNT,
    }
}

/// Whether a stage that is over took place.
fn was_stage_done(tune_view: &TuneView, at: usize) -> bool {
    match at {
        3 if is_arrivals_goal(tune_view) => {
            tune_view.levels().iter().any(|level| !level.arrival_repetitions.is_empty())
        }
        4 if is_arrivals_goal(tune_view) => tune_view.tuning.long_run.is_some(),
        3 => !tune_view.tuning.confirmation.levels().is_empty(),
        4 => !tune_view.tuning.open_loop.is_empty(),
        _ => !tune_view.tuning.curve.levels().is_empty(),
    }
}

impl Widget for PhaseBar<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let (over, now, later, not) = if theme.has_unicode { ("✓", "▸", "·", "-") } else { ("x", ">", ".", "-") };
        let stage = current_stage(tune_view);
        let line = text::nth_line(area, 0);
        let mut rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        for (at, word) in stage_names(tune_view).into_iter().enumerate() {
            let (mark, style) = match at.cmp(&stage) {
                std::cmp::Ordering::Less if stage == STAGE_COUNT && !was_stage_done(tune_view, at) => {
                    (not, theme.faint_style())
                }
                std::cmp::Ordering::Less => (over, Style::new()),
                std::cmp::Ordering::Equal => (now, theme.strong_style()),
                std::cmp::Ordering::Greater => (later, theme.faint_style()),
            };
            rest = text::put_line(buf, rest, &format!("{mark} {word}"), style);
            rest = text::put_line(buf, rest, if area.width < 100 { "  " } else { "    " }, Style::new());
        }
        if !tune_view.is_over {
            self.draw_progress(rest, buf);
        }
        let below = text::nth_line(area, 1);
        let below = Rect { x: below.x + below.width.min(1), width: below.width.saturating_sub(1), ..below };
        text::put_line(buf, below, &activity_text(tune_view), theme.faint_style());
    }
}

impl PhaseBar<'_> {
    /// Draws how much of the time is used up.
    fn draw_progress(&self, at: Rect, buf: &mut Buffer) {
        let TuneScene { tune_view, theme } = self.scene;
        let cells = at.width.saturating_sub(1).min(30);
        let part = tune_view.elapsed.as_secs_f64() / tune_view.setup.question.budget.as_secs_f64().max(1e-9);
        let full = (part.clamp(0.0, 1.0) * f64::from(cells)) as usize;
        let (on, off) = if theme.has_unicode { ("█", "░") } else { ("#", ".") };
        let bar = on.repeat(full) + &off.repeat(usize::from(cells) - full);
        if cells >= 5 {
            text::put_line(buf, Rect { x: at.right() - cells - 1, width: cells, ..at }, &bar, theme.faint_style());
        }
    }
}

/// Returns the current activity in words.
fn activity_text(tune_view: &TuneView) -> String {
    match (tune_view.tuning.phase, tune_view.tuning.current_level) {
        _ if tune_view.is_over => {
            tune_view.tuning.stop_reason.map_or_else(String::new, |cut| format!("Ended early: {cut}"))
        }
        (None, _) => "Checking how busy other programs keep this machine".to_owned(),
        (Some(phase), Some(level)) => format!("{}: {} now", phase.word(), tune_view.subject().level_name(level)),
        (Some(phase), None) => phase.word().to_owned(),
    }
}
