//! What is tuned, how far it is, and how long it may still take.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::super::tune::Sheet;
use super::super::guard;
use super::Scene;
use super::text;
use crate::tune::{Goal, Phase};

pub(super) struct Header<'a> {
    pub(super) scene: Scene<'a>,
    /// Whether nobody would give the terminal back if we were killed.
    pub(super) unguarded: bool,
}

impl Widget for Header<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Scene { sheet, theme } = self.scene;
        let rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        let time = time(sheet);
        let width = (time.len() as u16 + 1).min(rest.width);
        let (left, right) =
            (Rect { width: rest.width - width, ..rest }, Rect { x: rest.right() - width, width, ..rest });
        let left = guard::say(self.unguarded, theme, left, buf);
        let left = if line.width >= 100 { text::put(buf, left, "contend  ", theme.faint()) } else { left };
        let left = text::put(buf, left, "tune ", theme.faint());
        let left = text::put(buf, left, &sheet.tuned.scenario.name, theme.strong());
        let (low, high) = sheet.tuned.question.over;
        let knob = sheet.knob();
        let left =
            text::put(buf, left, &format!("  {} {}..{}", knob.name, knob.show(low), knob.show(high)), Style::new());
        let set = sheet.tuned.scenario.turned(&sheet.tuned.settings);
        let left = text::put(buf, left, &format!("  {set}"), Style::new());
        if let Some(others) = sheet.preflight.and_then(|seen| seen.others).filter(|_| line.width >= 100) {
            text::put(buf, left, &format!("  others keep {others:.2} cores busy"), theme.faint());
        }
        text::put(buf, right, &time, if sheet.over { theme.strong() } else { Style::new() });
    }
}

/// How long it took, or may still take.
fn time(sheet: &Sheet) -> String {
    if sheet.over {
        let took = sheet.tuning.elapsed.as_secs();
        return match sheet.tuning.cut {
            Some(_) => format!("ended after {took} s"),
            None => format!("done in {took} s"),
        };
    }
    let left = sheet.tuned.question.budget.saturating_sub(sheet.now);
    format!("{} s left at most", left.as_secs())
}

/// The phases with a mark before each: over, under way, still to come; and what is done now.
pub(super) struct Phases<'a> {
    pub(super) scene: Scene<'a>,
}

/// How many phases are shown. Several of the procedure's belong to the levels.
const STAGES: usize = 5;

/// The phases as they are shown.
const fn stages(sheet: &Sheet) -> [&'static str; STAGES] {
    match sheet.tuned.question.demands.goal {
        Goal::Most => ["preflight", "calibration", "levels", "confirmation", "open loop"],
        Goal::Arrivals(_) => ["preflight", "calibration", "levels", "arrivals", "long run"],
    }
}

/// Whether the question is what keeps up with arrivals.
const fn keeps_up(sheet: &Sheet) -> bool {
    matches!(sheet.tuned.question.demands.goal, Goal::Arrivals(_))
}

/// Which of the stages is under way.
fn stage(sheet: &Sheet) -> usize {
    match sheet.tuning.phase {
        None => 0,
        Some(Phase::Calibrating) => 1,
        Some(Phase::Sweeping | Phase::ClosingIn | Phase::Repeating) => 2,
        Some(Phase::Confirming) if keeps_up(sheet) => 4,
        Some(Phase::Arriving | Phase::Confirming) => 3,
        Some(Phase::OpenLoop) => 4,
        Some(Phase::Done) => STAGES,
    }
}

/// Whether a stage that is over was gone through.
fn was_done(sheet: &Sheet, at: usize) -> bool {
    match at {
        3 if keeps_up(sheet) => sheet.levels().iter().any(|level| !level.steady.is_empty()),
        4 if keeps_up(sheet) => sheet.tuning.long.is_some(),
        3 => !sheet.tuning.confirmed.levels().is_empty(),
        4 => !sheet.tuning.loaded.is_empty(),
        _ => !sheet.tuning.curve.levels().is_empty(),
    }
}

impl Widget for Phases<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Scene { sheet, theme } = self.scene;
        let (over, now, later, not) = if theme.unicode { ("✓", "▸", "·", "-") } else { ("x", ">", ".", "-") };
        let stage = stage(sheet);
        let line = text::line(area, 0);
        let mut rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        for (at, word) in stages(sheet).into_iter().enumerate() {
            let (mark, style) = match at.cmp(&stage) {
                std::cmp::Ordering::Less if stage == STAGES && !was_done(sheet, at) => (not, theme.faint()),
                std::cmp::Ordering::Less => (over, Style::new()),
                std::cmp::Ordering::Equal => (now, theme.strong()),
                std::cmp::Ordering::Greater => (later, theme.faint()),
            };
            rest = text::put(buf, rest, &format!("{mark} {word}"), style);
            rest = text::put(buf, rest, if area.width < 100 { "  " } else { "    " }, Style::new());
        }
        if !sheet.over {
            self.progress(rest, buf);
        }
        let below = text::line(area, 1);
        let below = Rect { x: below.x + below.width.min(1), width: below.width.saturating_sub(1), ..below };
        text::put(buf, below, &doing(sheet), theme.faint());
    }
}

impl Phases<'_> {
    /// How much of the time is used up.
    fn progress(&self, at: Rect, buf: &mut Buffer) {
        let Scene { sheet, theme } = self.scene;
        let cells = at.width.saturating_sub(1).min(30);
        let part = sheet.now.as_secs_f64() / sheet.tuned.question.budget.as_secs_f64().max(1e-9);
        let full = (part.clamp(0.0, 1.0) * f64::from(cells)) as usize;
        let (on, off) = if theme.unicode { ("█", "░") } else { ("#", ".") };
        let bar = on.repeat(full) + &off.repeat(usize::from(cells) - full);
        if cells >= 5 {
            text::put(buf, Rect { x: at.right() - cells - 1, width: cells, ..at }, &bar, theme.faint());
        }
    }
}

/// What goes on at this moment, in words.
fn doing(sheet: &Sheet) -> String {
    match (sheet.tuning.phase, sheet.tuning.trying) {
        _ if sheet.over => {
            sheet.tuning.cut.map_or_else(String::new, |cut| format!("it ended before it was done: {cut}"))
        }
        (None, _) => "looking how busy others keep this machine".to_owned(),
        (Some(phase), Some(level)) => format!("{}: {} now", phase.word(), sheet.subject().level(level)),
        (Some(phase), None) => phase.word().to_owned(),
    }
}
