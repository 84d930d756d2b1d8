//! The text of a comparison.

use std::collections::HashSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::change_text::{format_change, format_interval, format_value};
use super::comparison::{ComparedFigure, Comparison, Verdict};
use super::figures::{Figure, Section, Subject};
use super::findings::FindingChange;
use super::limit::Worsening;
use super::side::Side;
use crate::report::TextFormat;
use crate::report::table::{Align, TextCell, TextTable};
use crate::trace::format::format_counted;
use crate::tune::stats::mean;

/// Most subjects of a section that are listed.
const MAX_SUBJECTS: usize = 12;
/// Most files of a side that are named.
const MAX_FILES: usize = 6;
/// A state is left out if the workers spend less of their time in it than this, on both sides.
const MIN_STATE_SHARE: f64 = 0.005;

/// Returns the comparison as text, with a newline at the end. `worse` is what exceeds the limit of `--fail-if-worse`.
pub fn comparison_text(comparison: &Comparison, worse: Option<&[Worsening]>, text_format: TextFormat) -> String {
    let mut out = String::new();
    write_side(&mut out, "A", &comparison.a, text_format);
    write_side(&mut out, "B", &comparison.b, text_format);
    for difference in &comparison.setup {
        let text = format!("different {}: {} in A, {} in B", difference.what, difference.a, difference.b);
        write_note(&mut out, &text, text_format);
    }
    for side in [&comparison.a, &comparison.b] {
        write_doubts(&mut out, side, text_format);
    }
    write_summary(&mut out, comparison, text_format);
    for section in [Section::Run, Section::Pools, Section::Queues, Section::Workers, Section::Locks] {
        write_section(&mut out, comparison, section, text_format);
    }
    write_findings(&mut out, comparison, text_format);
    if let Some(worse) = worse {
        write_worse(&mut out, worse, text_format);
    }
    out
}

fn write_side(out: &mut String, label: &str, side: &Side, text_format: TextFormat) {
    let mut files: Vec<&str> = side.runs().iter().map(|(file, _)| file.as_str()).take(MAX_FILES).collect();
    if side.count() > MAX_FILES {
        files.push("…");
    }
    let runs = format_counted(side.count() as u64, "run");
    let text = format!("{runs} of {}: {}", side.first().scenario, files.join(", "));
    let _ = write!(out, "{}  ", text_format.paint(label, Style::new().bold()));
    text_format.write_wrapped(out, &text, 3, 3, Style::new());
}

fn write_note(out: &mut String, text: &str, text_format: TextFormat) {
    out.push_str("   ");
    text_format.write_wrapped(out, text, 3, 3, Style::new().fg_color(Some(AnsiColor::Yellow.into())));
}

/// Writes what makes the figures of a side doubtful.
fn write_doubts(out: &mut String, side: &Side, text_format: TextFormat) {
    let busy = side.runs().iter().filter_map(|(file, run)| Some((file, run.cpu.others?)));
    if let Some((file, others)) = busy.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, others)| *others >= 0.25) {
        let cores = crate::trace::format::format_amount(others, "core");
        write_note(out, &format!("other programs used {cores} during {file}: its times are too long"), text_format);
    }
    if let Some((file, run)) = side.runs().iter().find(|(_, run)| run.events.lost > 0) {
        let lost = format_counted(run.events.lost, "event");
        write_note(out, &format!("{file} lost {lost}: its counts are too low"), text_format);
    }
}

fn write_summary(out: &mut String, comparison: &Comparison, text_format: TextFormat) {
    out.push('\n');
    if !comparison.has_intervals() {
        let text = "One run of a side has no interval: a difference may be chance. Compare several runs of each side: \
                    contend diff A1 A2 A3 --with B1 B2 B3.";
        text_format.write_wrapped(out, text, 0, 0, Style::new());
        return;
    }
    let count = |is: &dyn Fn(Verdict) -> bool| comparison.figures.iter().filter(|one| is(one.verdict)).count();
    let text = format!(
        "{} better, {} worse, {} higher or lower; {} cannot be told apart (≈): the 95 % interval of the change \
         includes none. By chance alone, 1 of 20 figures seems to differ.",
        count(&|verdict| verdict == Verdict::Better),
        count(&|verdict| verdict == Verdict::Worse),
        count(&|verdict| matches!(verdict, Verdict::Higher | Verdict::Lower)),
        count(&|verdict| verdict == Verdict::NotToldApart),
    );
    text_format.write_wrapped(out, &text, 0, 0, Style::new());
}

fn write_section(out: &mut String, comparison: &Comparison, section: Section, text_format: TextFormat) {
    let of_section = |one: &&ComparedFigure| one.subject.section == section && is_shown(one);
    let figures: Vec<&ComparedFigure> = comparison.figures.iter().filter(of_section).collect();
    let listed = listed_subjects(&figures);
    let columns = [("", Align::Left), ("A", Align::Right), ("B", Align::Right), ("change", Align::Right)];
    let more: &[(&str, Align)] =
        if comparison.has_intervals() { &[("95 % interval", Align::Right), ("", Align::Left)] } else { &[] };
    let mut table = TextTable::new(&[&columns[..], more].concat());
    for figure in figures.iter().filter(|figure| listed.contains(&figure.subject)) {
        table.push_row(figure_row(figure));
    }
    if table.is_empty() {
        return;
    }
    let title = match section {
        Section::Run => "Runs",
        Section::Pools => "Pools",
        Section::Queues => "Queues",
        Section::Workers => "Workers' time by state",
        Section::Locks => "Locks",
    };
    text_format.write_heading(out, title);
    table.render(text_format, out);
    let subjects: HashSet<&Subject> = figures.iter().map(|figure| &figure.subject).collect();
    if subjects.len() > listed.len() {
        let _ = writeln!(out, "  … and {} more; --json has all", subjects.len() - listed.len());
    }
}

/// Whether a figure is worth a line: not a state that hardly occurs, nor failures if there are none.
fn is_shown(one: &ComparedFigure) -> bool {
    let least = match one.figure {
        Figure::State(_) => MIN_STATE_SHARE,
        Figure::Failed => f64::MIN_POSITIVE,
        _ => return true,
    };
    one.a.iter().chain(&one.b).any(|value| *value >= least)
}

/// Returns the subjects to list: those with differences first.
fn listed_subjects<'a>(figures: &[&'a ComparedFigure]) -> HashSet<&'a Subject> {
    let mut listed = HashSet::new();
    let differ = figures.iter().filter(|figure| figure.verdict.is_told_apart());
    for figure in differ.chain(figures) {
        if listed.len() < MAX_SUBJECTS {
            listed.insert(&figure.subject);
        }
    }
    listed
}

fn figure_row(one: &ComparedFigure) -> Vec<TextCell> {
    let name = format!("{} {}", one.subject.name, one.figure.label());
    let value = |values: &[f64]| match values {
        [] => "-".to_owned(),
        values => format_value(one.figure.unit(), mean(values)),
    };
    let (word, style) = match one.verdict {
        Verdict::Better => ("better", Style::new().fg_color(Some(AnsiColor::Green.into()))),
        Verdict::Worse => ("worse", Style::new().fg_color(Some(AnsiColor::Red.into()))),
        Verdict::NotToldApart => ("≈", Style::new().dimmed()),
        Verdict::NoInterval => ("", Style::new()),
        other => (other.word(), Style::new()),
    };
    vec![
        name.trim().into(),
        value(&one.a).into(),
        value(&one.b).into(),
        format_change(one).unwrap_or_else(|| "-".to_owned()).into(),
        format_interval(one).unwrap_or_default().into(),
        TextCell::styled(word, style),
    ]
}

fn write_findings(out: &mut String, comparison: &Comparison, text_format: TextFormat) {
    text_format.write_heading(out, "Findings");
    if comparison.findings.is_empty() {
        out.push_str("  none on either side\n");
    }
    let (a, b) = (comparison.a.count(), comparison.b.count());
    for finding in &comparison.findings {
        let style = match finding.change {
            FindingChange::New => Style::new().fg_color(Some(AnsiColor::Red.into())),
            FindingChange::Gone => Style::new().fg_color(Some(AnsiColor::Green.into())),
            FindingChange::Sometimes | FindingChange::Same => Style::new().dimmed(),
        };
        let word = text_format.paint(&format!("{:9}", finding.change.word()), style);
        let counts = match finding.change {
            FindingChange::Sometimes => {
                format!(
                    " (in {} of {} of A, {} of {b} of B)",
                    finding.a_runs,
                    format_counted(a as u64, "run"),
                    finding.b_runs
                )
            }
            _ => String::new(),
        };
        let _ = writeln!(out, "  {word}  {} {}{counts}", finding.severity, finding.id);
        if finding.change != FindingChange::Same {
            out.push_str(&" ".repeat(13));
            text_format.write_wrapped(out, &finding.sentence, 13, 13, Style::new());
        }
    }
}

fn write_worse(out: &mut String, worse: &[Worsening], text_format: TextFormat) {
    text_format.write_heading(out, "Worse than the limit");
    if worse.is_empty() {
        out.push_str("  nothing\n");
    }
    for one in worse {
        let _ = writeln!(out, "  {}: {}", one.what, one.how);
    }
}
