//! `[themes.NAME]`: colours of the user's own.

use toml::de::{DeTable, DeValue};

use super::Config;
use super::fields::{self, Field, unknown_name};
use crate::scenario::{Mistakes, suggest};
use crate::tui::{Depth, OwnTheme, ThemeColour, ThemeName, Themes};

/// Fields of a theme that are no colours.
const BASE: &str = "base";
const WORKERS: &str = "workers";

pub(super) fn read(field: &Field<'_, '_>, config: &mut Config, mistakes: &mut Mistakes) {
    for own in field.table(mistakes) {
        if ThemeName::from_name(own.name).is_some() || own.name == "auto" {
            let title = format!("`{}` is a theme of contend", own.name);
            mistakes.error(own.name_span.clone(), title).help("give yours another name, and this one as its base");
            continue;
        }
        config.own_themes.push(read_theme(&own, mistakes));
    }
}

fn read_theme(own: &Field<'_, '_>, mistakes: &mut Mistakes) -> OwnTheme {
    let fields = own.table(mistakes);
    let base = fields.iter().find(|field| field.name == BASE);
    let base = base.and_then(|base| read_base(base, mistakes)).unwrap_or(ThemeName::Dark);
    let mut theme = OwnTheme::based_on(own.name, base);
    let mut known = vec![BASE, WORKERS];
    known.extend(OwnTheme::colour_names());
    for field in &fields {
        match field.name {
            BASE => {}
            WORKERS => read_workers(field, &mut theme, mistakes),
            name if known.contains(&name) => {
                let colour =
                    field.text("\"#5fb877\"", mistakes).and_then(|text| read_colour(text, field.span(), mistakes));
                if let Some(colour) = colour {
                    theme.set(name, colour);
                }
            }
            _ => unknown_name(field, "colour of a theme", &known, mistakes),
        }
    }
    theme
}

fn read_base(field: &Field<'_, '_>, mistakes: &mut Mistakes) -> Option<ThemeName> {
    let text = field.text("\"dark\"", mistakes)?;
    let found = ThemeName::from_name(text).filter(|theme| *theme != ThemeName::Mono);
    if found.is_none() {
        let coloured = ThemeName::ALL.iter().filter(|theme| **theme != ThemeName::Mono).map(|theme| theme.name());
        let names: Vec<&str> = coloured.collect();
        let help = match suggest(text, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        mistakes.error(field.span(), "`base` must be a theme of contend with colours").help(help);
    }
    found
}

fn read_workers(field: &Field<'_, '_>, theme: &mut OwnTheme, mistakes: &mut Mistakes) {
    let Some(texts) = field.texts("[\"#e5c07b\", \"#61afef\"]", mistakes) else { return };
    if texts.is_empty() {
        mistakes.error(field.span(), "`workers` has no colour").help("name at least one, or leave the line out");
    }
    let colours: Vec<ThemeColour> =
        texts.into_iter().filter_map(|(text, span)| read_colour(text, span, mistakes)).collect();
    theme.set_workers(&colours);
}

fn read_colour(text: &str, span: std::ops::Range<usize>, mistakes: &mut Mistakes) -> Option<ThemeColour> {
    let colour = ThemeColour::parse(text);
    if colour.is_none() {
        mistakes.error(span, format!("`{text}` is no colour")).help(
            "write it as \"#5fb877\", as a name such as \"green\" or \"light-blue\", or as a number from 0 to 255",
        );
    }
    colour
}

/// Adds a mistake if the chosen theme is none of contend's and none of the file's.
pub(super) fn check_chosen(table: &DeTable<'_>, config: &mut Config, mistakes: &mut Mistakes) {
    let Some(name) = config.theme.clone() else { return };
    let own: Vec<&str> = config.own_themes.iter().map(OwnTheme::name).collect();
    let names: Vec<&str> = Themes::new(Depth::None, true).names().into_iter().chain(own).chain(["auto"]).collect();
    let field = fields::of_table(table).into_iter().find(|field| field.name == "theme");
    let Some(field) = field.filter(|field| matches!(field.value.get_ref(), DeValue::String(_))) else { return };
    if !names.contains(&name.as_str()) {
        let help = match suggest(&name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}; add your own as `[themes.NAME]`", names.join(", ")),
        };
        mistakes.error(field.span(), format!("no theme is called `{name}`")).help(help);
    }
}
