//! A strict validator of JSON against the program's JSON Schemas: an undescribed member is an error.
//!
//! It supports the keywords that these schemas use, and reports any other keyword as an error.

use std::process::Command;

use serde_json::{Map, Value};

/// Keywords without a rule.
const ANNOTATIONS: [&str; 3] = ["$schema", "title", "description"];

/// Returns the schema that `contend schema NAME` prints.
pub fn load_schema(name: &str) -> Value {
    let printed = Command::new(env!("CARGO_BIN_EXE_contend")).args(["schema", name]).output().expect("it starts");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    serde_json::from_slice(&printed.stdout).expect("a schema is JSON")
}

/// Returns all violations in `value`, each with its path.
pub fn validation_errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        found.push(format!("{path}: the schema is not an object"));
        return;
    };
    for (keyword, rule) in keywords {
        match keyword.as_str() {
            "type" if !is_of_type(rule, value) => found.push(format!("{path}: {value} is not of type {rule}")),
            "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => {
                found.push(format!("{path}: {value} is none of {rule}"));
            }
            "minimum" => check_bound(value, rule, path, |value, least| value >= least, found),
            "maximum" => check_bound(value, rule, path, |value, most| value <= most, found),
            "minItems" => check_length(value, rule, path, |count, least| count >= least, found),
            "maxItems" => check_length(value, rule, path, |count, most| count <= most, found),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{path}[{at}]"), found);
                }
            }
            "required" => {
                let names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
                let absent = names.filter(|name| value.as_object().is_some_and(|members| !members.contains_key(*name)));
                found.extend(absent.map(|name| format!("{path}.{name} is missing")));
            }
            "type" | "enum" | "properties" | "additionalProperties" => {} // see `check_members` for the last two
            known if ANNOTATIONS.contains(&known) => {}
            unknown => found.push(format!("{path}: the schema uses `{unknown}`, which this check does not know")),
        }
    }
    if let Some(members) = value.as_object() {
        check_members(keywords, members, path, found);
    }
}

fn check_members(keywords: &Map<String, Value>, members: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    for (name, inner) in members {
        let path = format!("{path}.{name}");
        match (keywords.get("properties").and_then(|all| all.get(name)), keywords.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema)) => check(schema, inner, &path, found),
            (None, None) => found.push(format!("{path} is not described")),
        }
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |word: &str| match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match rule {
        Value::String(word) => is(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

fn check_bound(value: &Value, rule: &Value, path: &str, holds: fn(f64, f64) -> bool, found: &mut Vec<String>) {
    if let (Some(number), Some(limit)) = (value.as_f64(), rule.as_f64())
        && !holds(number, limit)
    {
        found.push(format!("{path}: {number} is beyond {limit}"));
    }
}

fn check_length(value: &Value, rule: &Value, path: &str, holds: fn(usize, usize) -> bool, found: &mut Vec<String>) {
    if let (Some(items), Some(limit)) = (value.as_array(), rule.as_u64())
        && !holds(items.len(), limit as usize)
    {
        found.push(format!("{path} has {} items, the limit is {limit}", items.len()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_schema_violation_is_found() {
        let schema = json!({
            "type": "object",
            "properties": {
                "count": { "type": "integer", "minimum": 0 },
                "kind": { "type": ["string", "null"], "enum": ["thread", null] },
                "pair": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
                "by_name": { "type": "object", "additionalProperties": { "type": "boolean" } },
            },
            "required": ["count"],
        });
        let right = json!({ "count": 1, "kind": null, "pair": [1, 2.5], "by_name": { "a": true } });
        assert_eq!(validation_errors(&schema, &right), [""; 0]);
        for (wrong, message) in [
            (json!({}), ".count is missing"),
            (json!({ "count": -1 }), "beyond 0"),
            (json!({ "count": 1.5 }), "not of type"),
            (json!({ "count": 1, "kind": "fibre" }), "none of"),
            (json!({ "count": 1, "pair": [1] }), "1 items"),
            (json!({ "count": 1, "pair": [1, null] }), ".pair[1]"),
            (json!({ "count": 1, "by_name": { "a": 1 } }), ".by_name.a"),
            (json!({ "count": 1, "more": 1 }), ".more is not described"),
        ] {
            let found = validation_errors(&schema, &wrong);
            assert!(found.len() == 1 && found[0].contains(message), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn unknown_schema_keyword_is_refused() {
        let found = validation_errors(&json!({ "pattern": "a" }), &json!("a"));
        assert!(found.len() == 1 && found[0].contains("`pattern`"), "{found:?}");
    }
}
