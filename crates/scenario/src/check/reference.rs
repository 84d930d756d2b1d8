//! The reference of the language, generated from the tables that the checker reads files by.

use std::fmt::Write;

use super::expect::MEASURES;
use super::grammar::{
    ALTERNATIVES, ASK, BlockRule, GUESS, IfOmitted, NodeContext, NodeFamily, NodeRule, POOL, Parameter, SPIN, STEPS,
    TOP, ValueKind, WAYS,
};
use super::tour::grammar::{SCENE, TOUR, TOUR_TOP};
use crate::knob::Unit;
use crate::quantity;
use crate::suggest::{all_of, any_of};
use contend_trace::format::group_digits;
use contend_trace::{FindingId, State};

/// The part that is not in the tables: the file format, names, numbers and formulas.
const HEAD: &str = include_str!("reference/head.md");

/// Columns of a line of prose.
const PROSE_WIDTH: usize = 120;

/// The reference as Markdown: every node with its values, their ranges and defaults.
pub fn language_reference() -> String {
    let mut out = HEAD.to_owned();
    write_context("At the top of a file", TOP, &mut out);
    expectations(&mut out);
    write_context("In the block of `ask`", ASK, &mut out);
    write_context("In the block of `guess`", GUESS, &mut out);
    write_context("In the block of a pool", POOL, &mut out);
    write_context("Steps", STEPS, &mut out);
    write_context("In the block of `choose`", WAYS, &mut out);
    write_context("In the block of `select`", ALTERNATIVES, &mut out);
    write_context("In the block of `spin`", SPIN, &mut out);
    out.push_str(include_str!("reference/proof.md"));
    out
}

/// The reference of the language of tours as Markdown.
pub fn tour_reference() -> String {
    let mut out = include_str!("reference/tour.md").to_owned();
    write_context("At the top of a tour", TOUR_TOP, &mut out);
    write_context("In the block of `tour`", TOUR, &mut out);
    write_context("In the block of `scene`", SCENE, &mut out);
    out
}

fn write_context(title: &str, context: NodeContext, out: &mut String) {
    let _ = write!(out, "\n## {title}\n");
    for family in context.families {
        write_family(family, out);
    }
}

fn write_family(family: &NodeFamily, out: &mut String) {
    let _ = write!(out, "\n### {}\n", family.title);
    for rule in family.rules {
        write_node(rule, out);
    }
}

fn write_node(rule: &NodeRule, out: &mut String) {
    let _ = write!(out, "\n#### {}\n\n```kdl\n{}\n```\n\n", rule.word, rule.usage);
    write_prose(rule.help, out);
    if !rule.args.is_empty() || !rule.props.is_empty() {
        out.push_str("\n| value | meaning | allowed values | default |\n|---|---|---|---|\n");
    }
    for parameter in rule.args {
        let times = match parameter.max_count {
            1 => String::new(),
            usize::MAX => ", repeatable".to_owned(),
            most => format!(", up to {most}"),
        };
        write_parameter(&format!("*{}*{times}", parameter.name), parameter, out);
    }
    for parameter in rule.props {
        write_parameter(&format!("`{}=`", parameter.name), parameter, out);
    }
    if rule.any_knob {
        out.push_str("\nIts properties are names of knobs with their values.\n");
    }
    match rule.block {
        BlockRule::Forbidden => {}
        BlockRule::Optional => out.push_str("\nThe block is optional.\n"),
        BlockRule::Required => out.push_str("\nThe block is required.\n"),
    }
}

/// Writes a paragraph in lines of [`PROSE_WIDTH`].
fn write_prose(paragraph: &str, out: &mut String) {
    let mut column = 0;
    for word in paragraph.split(' ') {
        let width = word.chars().count();
        let is_first = column == 0;
        let fits = column + 1 + width <= PROSE_WIDTH;
        out.push_str(if is_first {
            ""
        } else if fits {
            " "
        } else {
            "\n"
        });
        out.push_str(word);
        column = if is_first || !fits { width } else { column + 1 + width };
    }
    out.push('\n');
}

fn write_parameter(name: &str, parameter: &Parameter, out: &mut String) {
    let unless = match parameter.if_omitted {
        IfOmitted::NotAllowed => "required".to_owned(),
        IfOmitted::SameAs(written) => format!("`{written}`"),
        IfOmitted::Means(words) => words.to_owned(),
    };
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {unless} |",
        parameter.help,
        allowed_values(parameter.value).replace('|', "\\|")
    );
}

/// The values that a parameter accepts, with their unit and range.
fn allowed_values(value: ValueKind) -> String {
    match value {
        ValueKind::Name => "a new name".to_owned(),
        ValueKind::NameOf(what) => format!("the name of {what}"),
        ValueKind::Text => "text".to_owned(),
        ValueKind::Words(words) => any_of(words()),
        ValueKind::Integer(min, max) => {
            let [min, max] = [min, max].map(|end| group_digits(&end.to_string()));
            format!("a literal whole number from {min} to {max}")
        }
        ValueKind::Boolean => "`#true` or `#false`".to_owned(),
        ValueKind::Special(words) => words.to_owned(),
        ValueKind::Number(want) => {
            let [min, max] = [want.min, want.max].map(|end| group_digits(&quantity::format_quantity(end, want.unit)));
            let knows = if want.index { "; knows `i` and `n`" } else { "" };
            let turned = if want.live { "" } else { "; turning a knob here restarts the run" };
            let noun = match want.unit {
                Unit::Time => "a time",
                Unit::Count if want.max <= 1.0 => "a share, written as a formula,",
                Unit::Count => "a whole number",
                Unit::Rate => "a rate",
                Unit::Bytes => "a size",
            };
            format!("{noun} from {min} to {max}{knows}{turned}")
        }
    }
}

/// Writes the expectations, the measures and the findings.
fn expectations(out: &mut String) {
    out.push_str(include_str!("reference/expect.md"));
    out.push_str("\n| measure | subject | meaning |\n|---|---|---|\n");
    for measure in MEASURES {
        let unit = if measure.metric.is_share() { " (in %)" } else { "" };
        let _ = writeln!(out, "| `{}` | {} | {}{unit} |", measure.word, measure.subject_kind.noun(), measure.help);
    }
    out.push_str("\n| finding, for `finding` and `no-finding` | what it reports |\n|---|---|\n");
    for id in FindingId::ALL {
        let _ = writeln!(out, "| `{}` | {} |", id.as_str(), id.meaning());
    }
    out.push('\n');
    write_prose(&format!("States for `share`: {}.", all_of(State::ALL.map(State::word))), out);
}
