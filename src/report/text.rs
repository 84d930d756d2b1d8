//! The report as a text that one likes to read.

mod deadlock;
mod failures;
mod pools;
mod resources;
mod workers;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::model::Severity;
use crate::trace::Span;

use super::table::{Align, Look, Table};
use super::words::{count, ended, percent, rate};
use super::{Report, Verdict};

/// The whole report, with a newline at the end.
pub fn text(report: &Report<'_>, look: Look) -> String {
    let mut out = String::new();
    head(report, look, &mut out);
    findings(report, look, &mut out);
    deadlock::write(report, look, &mut out);
    expectations(report.verdicts, look, &mut out);
    failures::write(report, look, &mut out);
    workers::write(report, look, &mut out);
    failures::commands(report, look, &mut out);
    resources::locks(report, look, &mut out);
    resources::queues(report, look, &mut out);
    pools::write(report, look, &mut out);
    resources::pipes(report, look, &mut out);
    resources::counters(report, look, &mut out);
    resources::cores(report, look, &mut out);
    out
}

/// What one wants to know first: how it ended, and what was wrong.
pub fn brief(report: &Report<'_>, look: Look) -> String {
    let mut out = String::new();
    head(report, look, &mut out);
    findings(report, look, &mut out);
    deadlock::write(report, look, &mut out);
    out
}

/// From here on a run went on for longer than it was to.
const NOTABLE: Span = Span::millis(100);

/// Width of the labels of the head.
const LABEL: usize = 11;

fn head(report: &Report<'_>, look: Look, out: &mut String) {
    let bold = Style::new().bold();
    out.push_str(&look.paint(&report.scenario.name, bold));
    out.push_str("  ");
    look.wrap(out, &report.scenario.title, report.scenario.name.len() + 2, 2, Style::new());
    let took = report.at.since(crate::trace::Stamp::default());
    let over = match (report.limit, report.over_limit()) {
        (Some(limit), Some(over)) if over >= NOTABLE => format!(", {over} past its limit of {limit}"),
        _ => String::new(),
    };
    line(out, look, "ended", &format!("after {took}{over}: {}", ended(report.ended)));
    let knobs: Vec<String> =
        report.params().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={value}")).collect();
    if !knobs.is_empty() {
        line(out, look, "knobs", &knobs.join("  "));
    }
    line(out, look, "machine", &machine(report));
    line(out, look, "events", &events(report, took));
}

fn line(out: &mut String, look: Look, label: &str, text: &str) {
    let label = format!("{label:LABEL$}");
    let _ = write!(out, "  {}", look.paint(&label, Style::new().dimmed()));
    look.wrap(out, text, 2 + LABEL, 2 + LABEL, Style::new());
}

fn machine(report: &Report<'_>) -> String {
    let machine = report.machine;
    let mut text = super::words::many(machine.cores as u64, "core");
    if machine.usable != machine.cores {
        let _ = write!(text, ", {} usable", machine.usable);
    }
    match machine.quota {
        Some(quota) => drop(write!(text, ", quota {quota:.1} cores")),
        None => text.push_str(", no quota"),
    }
    if !report.model.sees_ready() {
        text.push_str(", waits for a core are not told");
    }
    text + ", " + &machine.os
}

fn events(report: &Report<'_>, took: Span) -> String {
    let health = report.model.health();
    let mut text = format!("{} recorded, {} lost", count(health.events), count(health.lost));
    if health.ns_each > 0.0 {
        let _ = write!(text, ", {:.0} ns each", health.ns_each);
    }
    if took > Span::ZERO {
        let _ = write!(text, ", {}", rate(health.events as f64 / took.secs()));
    }
    if health.anomalies > 0 {
        let _ = write!(text, ", {} where they cannot be", count(health.anomalies));
    }
    if health.recovered > 0 {
        let _ = write!(text, ", {} made up for by what workers say they wait for", count(health.recovered));
    }
    if health.in_part > 0 {
        let _ = write!(text, ", {} of them in part: a verdict may lack those workers", count(health.in_part));
    }
    if health.disagreements > 0 {
        let _ = write!(text, ", {} that what workers say denies", count(health.disagreements));
    }
    text
}

fn findings(report: &Report<'_>, look: Look, out: &mut String) {
    look.heading(out, "Findings");
    if report.findings.is_empty() {
        out.push_str("  nothing stands out\n");
    }
    for finding in report.findings {
        let colour = match finding.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Note => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let title = format!("{} {}", finding.severity.word(), finding.id);
        let _ = write!(out, "  {}\n    ", look.paint(&title, style));
        look.wrap(out, &finding.sentence, 4, 4, Style::new());
        // A deadlock is told step by step under a heading of its own.
        let told = finding.id == "deadlock" && report.model.deadlock().is_some();
        let evidence = if told { "" } else { &finding.evidence };
        for (label, text) in [("seen", evidence), ("cure", &finding.cure)] {
            if !text.is_empty() {
                let _ = write!(out, "    {}  ", look.paint(label, Style::new().dimmed()));
                look.wrap(out, text, 10, 10, Style::new());
            }
        }
    }
}

fn expectations(verdicts: &[Verdict], look: Look, out: &mut String) {
    if verdicts.is_empty() {
        return;
    }
    look.heading(out, "Expectations");
    for verdict in verdicts {
        let (word, colour) = if verdict.seen { ("seen    ", AnsiColor::Green) } else { ("not seen", AnsiColor::Red) };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let _ = write!(out, "  {}  ", look.paint(word, style));
        look.wrap(out, &verdict.text, 12, 12, Style::new());
        out.push_str(&" ".repeat(12));
        look.wrap(out, &verdict.evidence, 12, 12, Style::new().dimmed());
    }
}

/// Writes a table under a heading; nothing when it has no rows.
fn section(out: &mut String, look: Look, title: &str, table: &Table) {
    if !table.is_empty() {
        look.heading(out, title);
        table.render(look, out);
    }
}

/// A column of names and columns of numbers.
fn numbers(columns: &[&'static str]) -> Table {
    let align = |(at, head): (usize, &&'static str)| (*head, if at == 0 { Align::Left } else { Align::Right });
    Table::new(&columns.iter().enumerate().map(align).collect::<Vec<_>>())
}

/// A bar of `cells` characters, filled up to `share`.
fn bar(share: f64, cells: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * cells as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(cells - full))
}

/// A share as a short bar and a figure.
fn gauge(share: f64) -> String {
    const CELLS: usize = 6;
    format!("{} {:>6}", bar(share, CELLS), percent(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Bank;

    #[test]
    fn a_run_reads_well() {
        insta::assert_snapshot!(text(&Bank::new().report(), Look::default()));
    }

    #[test]
    fn every_line_fits_whatever_the_width() {
        let bank = Bank::new();
        for width in [80, 100, 160] {
            for line in text(&bank.report(), Look { width, colour: false }).lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn colour_adds_nothing_but_escape_codes() {
        let bank = Bank::new();
        let coloured = text(&bank.report(), Look { width: 80, colour: true });
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            rest = &rest[rest.find('m').expect("a colour code ends in m") + 1..];
        }
        assert_eq!(plain + rest, text(&bank.report(), Look::default()));
        assert!(coloured.contains('\u{1b}'));
    }
}
