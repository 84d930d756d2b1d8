//! Single members of the JSON report.

use serde_json::Value;

use super::sections::section;
use crate::report::Report;
use crate::scenario::{PathSegment, ReportPath};

/// Returns the member at a path.
///
/// # Errors
///
/// Says what the report of this run lacks, such as an element of a list.
pub(in crate::report) fn report_member(report: &Report<'_>, path: &ReportPath) -> Result<Value, String> {
    let mut segments = path.segments.iter();
    let Some(PathSegment::Member(first)) = segments.next() else { return Err("the path is empty".to_owned()) };
    let mut value = section(report, first).map_err(|error| error.to_string())?;
    for segment in segments {
        let next = match (segment, value) {
            (PathSegment::Length, Value::Array(list)) => Some(list.len().into()),
            (PathSegment::Member(name), Value::Object(mut members)) => members.remove(name),
            (PathSegment::Index(at), Value::Array(list)) => list.into_iter().nth(*at),
            (PathSegment::Named(name), Value::Array(list)) => list.into_iter().find(|element| is_named(element, name)),
            (PathSegment::Member(_), Value::Null) => Some(Value::Null),
            _ => None,
        };
        value = next.ok_or_else(|| match segment {
            PathSegment::Member(name) => format!("{path}: there is no `{name}`"),
            PathSegment::Index(at) => format!("{path}: the list has no element {at}"),
            PathSegment::Named(name) => format!("{path}: the list has no `{name}`"),
            PathSegment::Length => format!("{path} is no list"),
        })?;
    }
    Ok(value)
}

fn is_named(element: &Value, name: &str) -> bool {
    ["name", "id"].into_iter().any(|key| element.get(key).and_then(Value::as_str) == Some(name))
}
