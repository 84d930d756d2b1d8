//! Values of the file with their positions, read as what an option needs.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::{Mistakes, suggest};

/// A key of a table with its value.
#[derive(Debug)]
pub(super) struct Field<'a, 'i> {
    pub(super) name: &'a str,
    pub(super) name_span: Range<usize>,
    pub(super) value: &'a Spanned<DeValue<'i>>,
}

/// Returns the fields of a table, in the order of the file.
pub(super) fn of_table<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Field<'a, 'i>> {
    let field = |(name, value): (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>)| Field {
        name: name.get_ref().as_ref(),
        name_span: name.span(),
        value,
    };
    let mut fields: Vec<_> = table.iter().map(field).collect();
    fields.sort_by_key(|field| field.name_span.start);
    fields
}

impl<'a, 'i> Field<'a, 'i> {
    pub(super) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Returns its fields, or none and a mistake.
    pub(super) fn table(&self, mistakes: &mut Mistakes) -> Vec<Field<'a, 'i>> {
        if let DeValue::Table(table) = self.value.get_ref() {
            return of_table(table);
        }
        let example = format!("write `[{}]` on a line of its own, and its options below", self.name);
        self.wrong_kind("a table", &example, mistakes);
        Vec::new()
    }

    pub(super) fn bool(&self, mistakes: &mut Mistakes) -> Option<bool> {
        let found = self.value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_kind("true or false", &format!("write `{} = true`", self.name), mistakes);
        }
        found
    }

    pub(super) fn text(&self, example: &str, mistakes: &mut Mistakes) -> Option<&'a str> {
        let found = self.value.get_ref().as_str();
        if found.is_none() {
            self.wrong_kind("a text", &format!("write `{} = {example}`", self.name), mistakes);
        }
        found
    }

    pub(super) fn integer(&self, range: std::ops::RangeInclusive<u32>, mistakes: &mut Mistakes) -> Option<u32> {
        let integer = self.value.get_ref().as_integer();
        let number = integer.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let fitting = number.and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
        if fitting.is_none() {
            let what = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong_kind(&what, &format!("write `{} = {}`", self.name, range.end()), mistakes);
        }
        fitting
    }

    /// Returns the texts of a list, or the only text, with their positions.
    pub(super) fn texts(&self, example: &str, mistakes: &mut Mistakes) -> Option<Vec<(&'a str, Range<usize>)>> {
        if let Some(text) = self.value.get_ref().as_str() {
            return Some(vec![(text, self.span())]);
        }
        let items = self.value.get_ref().as_array();
        let texts = items.map(|items| items.iter().map(|item| Some((item.get_ref().as_str()?, item.span()))).collect());
        let texts: Option<Vec<_>> = texts.flatten();
        if texts.is_none() {
            self.wrong_kind("a text, or a list of texts", &format!("write `{} = {example}`", self.name), mistakes);
        }
        texts
    }

    pub(super) fn wrong_kind(&self, expected: &str, help: &str, mistakes: &mut Mistakes) {
        let found = match self.value.get_ref().type_str() {
            "string" => "a text",
            "integer" => "a whole number",
            "float" => "a number with a fraction",
            "boolean" => "true or false",
            "datetime" => "a date",
            "array" => "a list",
            _ => "a table",
        };
        let same = expected.starts_with(found);
        let label = if same { "out of range".to_owned() } else { format!("this is {found}") };
        mistakes.error(self.span(), format!("`{}` must be {expected}", self.name)).label(label).help(help);
    }
}

/// Adds the mistake of a name that is not known, with the nearest or all that are.
pub(super) fn unknown_name(field: &Field<'_, '_>, what: &str, known: &[&str], mistakes: &mut Mistakes) {
    let help = match suggest(field.name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    mistakes.error(field.name_span.clone(), format!("no {what} is called `{}`", field.name)).help(help);
}
