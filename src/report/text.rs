//! The text report: a finished run for a person to read.

mod costs;
mod deadlock;
mod failures;
mod listing;
mod locks;
mod marks;
mod pools;
mod question;
mod resources;
mod transfers;
mod workers;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::model::Severity;
use crate::trace::Span;

use super::finding_options::{describe_muted, describe_thresholds};
use super::table::{Align, TextFormat, TextTable};
use super::{Judgement, Report, Verdict};
use crate::report::endings::describe_run_end;
use crate::trace::format::{format_count, format_counted, format_percent, format_rate};

/// Returns the whole report, with a newline at the end.
pub fn report_text(report: &Report<'_>, text_format: TextFormat) -> String {
    let mut out = String::new();
    write_header(report, text_format, &mut out);
    write_findings(report, text_format, &mut out);
    deadlock::write(report, text_format, &mut out);
    write_notes(report, text_format, &mut out);
    question::write(report, text_format, &mut out);
    write_expectations(report.verdicts, text_format, &mut out);
    failures::write(report, text_format, &mut out);
    marks::write(report, text_format, &mut out);
    workers::write(report, text_format, &mut out);
    failures::write_commands(report, text_format, &mut out);
    locks::write(report, text_format, &mut out);
    costs::write(report, text_format, &mut out);
    resources::write_queues(report, text_format, &mut out);
    pools::write(report, text_format, &mut out);
    resources::write_pipes(report, text_format, &mut out);
    transfers::write(report, text_format, &mut out);
    resources::write_counters(report, text_format, &mut out);
    resources::write_cores(report, text_format, &mut out);
    out
}

/// Writes what the source says about the picture, such as that a program has no tracer.
fn write_notes(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    if report.model.notes().is_empty() {
        return;
    }
    text_format.write_heading(out, "Notes");
    for note in report.model.notes() {
        out.push_str("  ");
        text_format.write_wrapped(out, note, 2, 4, Style::new());
    }
}

/// Returns the part of the report to read first: the header, the findings and the deadlocks.
pub fn brief_report_text(report: &Report<'_>, text_format: TextFormat) -> String {
    let mut out = String::new();
    write_header(report, text_format, &mut out);
    write_findings(report, text_format, &mut out);
    deadlock::write(report, text_format, &mut out);
    out
}

/// Least overrun of the time limit that the header mentions.
const MIN_SHOWN_OVERRUN: Span = Span::from_millis(100);

/// Width of the labels in the header.
const LABEL_WIDTH: usize = 11;

/// Width of the labels below a finding.
const FINDING_LABEL_WIDTH: usize = "evidence".len();

fn write_header(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let bold = Style::new().bold();
    out.push_str(&text_format.paint(&report.scenario.name, bold));
    out.push_str("  ");
    text_format.write_wrapped(out, &report.scenario.title, report.scenario.name.len() + 2, 2, Style::new());
    let took = report.ended_at.span_since(crate::trace::Stamp::default());
    let over = match (report.time_limit, report.overrun()) {
        (Some(limit), Some(over)) if over >= MIN_SHOWN_OVERRUN => format!(", {over} past its limit of {limit}"),
        _ => String::new(),
    };
    write_labelled_line(out, text_format, "ended", &format!("after {took}{over}: {}", describe_run_end(report.ended)));
    let knobs: Vec<String> = report
        .knob_values()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !knobs.is_empty() {
        write_labelled_line(out, text_format, "knobs", &knobs.join("  "));
    }
    write_labelled_line(out, text_format, "machine", &describe_machine(report));
    write_labelled_line(out, text_format, "events", &describe_events(report, took));
}

fn write_labelled_line(out: &mut String, text_format: TextFormat, label: &str, text: &str) {
    let label = format!("{label:LABEL_WIDTH$}");
    let _ = write!(out, "  {}", text_format.paint(&label, Style::new().dimmed()));
    text_format.write_wrapped(out, text, 2 + LABEL_WIDTH, 2 + LABEL_WIDTH, Style::new());
}

fn describe_machine(report: &Report<'_>) -> String {
    let machine = report.machine;
    let mut text = format_counted(machine.cores as u64, "core");
    if machine.usable != machine.cores {
        let _ = write!(text, ", {} usable", machine.usable);
    }
    match machine.quota {
        Some(quota) => drop(write!(text, ", quota {quota:.1} cores")),
        None => text.push_str(", no quota"),
    }
    if !report.model.has_ready_times() {
        text.push_str(", run-queue delay unknown");
    }
    if let Some(layout) = report.model.cores().layout() {
        if let Some(cores) = layout.physical_count().filter(|cores| *cores < machine.cores) {
            let _ = write!(text, ", {cores} physical");
        }
        if layout.is_virtual {
            text.push_str(", virtual machine");
        }
    }
    text + ", " + &machine.os
}

fn describe_events(report: &Report<'_>, took: Span) -> String {
    let health = report.model.health();
    let mut text = format!("{} recorded, {} lost", format_count(health.events), format_count(health.lost));
    if health.ns_per_event > 0.0 {
        let _ = write!(text, ", {:.0} ns each", health.ns_per_event);
    }
    if took > Span::ZERO {
        let _ = write!(text, ", {}", format_rate(health.events as f64 / took.as_secs_f64()));
    }
    if health.clock_error > 0 {
        let _ = write!(text, ", clocks of other machines within {}", Span(health.clock_error));
    }
    if health.anomalies > 0 {
        let _ = write!(text, ", {} impossible", format_count(health.anomalies));
    }
    if health.undeclared > 0 {
        let what = if health.undeclared == 1 { "worker or resource" } else { "workers or resources" };
        let _ = write!(text, ", {} undeclared {what}", format_count(health.undeclared));
    }
    if health.recovered > 0 {
        let _ = write!(text, ", {} waits restored from wait slots", format_count(health.recovered));
    }
    if health.partially_recovered > 0 {
        let _ = write!(
            text,
            ", {} of them in part: a verdict may lack those workers",
            format_count(health.partially_recovered)
        );
    }
    if health.disagreements > 0 {
        let _ = write!(text, ", {} deadlocks or stalls contradicted by wait slots", format_count(health.disagreements));
    }
    text
}

fn write_findings(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    text_format.write_heading(out, "Findings");
    if report.findings.is_empty() {
        out.push_str(if report.muted.is_empty() { "  none\n" } else { "  none that is not muted\n" });
    }
    for finding in report.findings {
        let colour = match finding.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Note => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let title = format!("{} {}", finding.severity.label(), finding.id);
        let _ = write!(out, "  {}\n    ", text_format.paint(&title, style));
        text_format.write_wrapped(out, &finding.sentence, 4, 4, Style::new());
        // A section of its own lists the steps of a deadlock.
        let has_own_section = finding.id == "deadlock" && report.model.first_deadlock().is_some();
        let evidence = if has_own_section { "" } else { &finding.evidence };
        for (label, text) in [("evidence", evidence), ("fix", &finding.fix)] {
            if !text.is_empty() {
                let label = format!("{label:FINDING_LABEL_WIDTH$}");
                let indent = 4 + FINDING_LABEL_WIDTH + 2;
                let _ = write!(out, "    {}  ", text_format.paint(&label, Style::new().dimmed()));
                text_format.write_wrapped(out, text, indent, indent, Style::new());
            }
        }
    }
    let muted = describe_muted(&report.muted_ids());
    for line in muted.into_iter().chain(describe_thresholds(report.model.thresholds())) {
        out.push_str("  ");
        text_format.write_wrapped(out, &line, 2, 4, Style::new());
    }
}

fn write_expectations(verdicts: &[Verdict], text_format: TextFormat, out: &mut String) {
    if verdicts.is_empty() {
        return;
    }
    text_format.write_heading(out, "Expectations");
    let width = verdicts.iter().map(|verdict| verdict.judgement.label().len()).max().unwrap_or(0).max(8);
    for verdict in verdicts {
        let colour = match verdict.judgement {
            Judgement::Seen => AnsiColor::Green,
            Judgement::NotSeen => AnsiColor::Red,
            Judgement::NotJudged(_) => AnsiColor::Yellow,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let (word, indent) = (format!("{:width$}", verdict.judgement.label()), width + 4);
        let _ = write!(out, "  {}  ", text_format.paint(&word, style));
        text_format.write_wrapped(out, &verdict.text, indent, indent, Style::new());
        out.push_str(&" ".repeat(indent));
        text_format.write_wrapped(out, &verdict.evidence, indent, indent, Style::new().dimmed());
    }
}

/// Writes a table under a heading, or nothing if the table has no rows.
fn write_section(out: &mut String, text_format: TextFormat, title: &str, table: &TextTable) {
    if !table.is_empty() {
        text_format.write_heading(out, title);
        table.render(text_format, out);
    }
}

/// Returns a table with a column of names and columns of numbers.
fn number_table(columns: &[&'static str]) -> TextTable {
    let align = |(at, head): (usize, &&'static str)| (*head, if at == 0 { Align::Left } else { Align::Right });
    TextTable::new(&columns.iter().enumerate().map(align).collect::<Vec<_>>())
}

/// Returns a bar of `cells` characters, filled up to `share`.
fn share_bar(share: f64, cells: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * cells as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(cells - full))
}

/// Returns a share as a short bar and a number.
fn share_gauge(share: f64) -> String {
    const CELLS: usize = 6;
    format!("{} {:>6}", share_bar(share, CELLS), format_percent(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::BankFixture;

    #[test]
    fn report_text_matches_snapshot() {
        insta::assert_snapshot!(report_text(&BankFixture::new().report(), TextFormat::default()));
    }

    #[test]
    fn every_line_fits_into_the_width() {
        let bank = BankFixture::new();
        for width in [80, 100, 160] {
            for line in report_text(&bank.report(), TextFormat { width, colour: false }).lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn colour_adds_only_escape_codes() {
        let bank = BankFixture::new();
        let coloured = report_text(&bank.report(), TextFormat { width: 80, colour: true });
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            rest = &rest[rest.find('m').expect("a colour code ends in m") + 1..];
        }
        assert_eq!(plain + rest, report_text(&bank.report(), TextFormat::default()));
        assert!(coloured.contains('\u{1b}'));
    }
}
