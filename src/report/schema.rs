//! Generates the JSON Schemas of the program's outputs, from the types that are printed and from the documents that
//! describe them. A field added to a type needs a row in the document, and nothing else.
//!
//! After an intended change, `UPDATE_DOCS=1 cargo test --lib schema` rewrites the schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The source of a schema: a document with rows of `member` and meaning.
pub(crate) struct SchemaSource {
    /// The file name without its extension, which is also the command's argument.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) document: &'static str,
    /// Maps a path to the member that describes it.
    pub(crate) path_of_row: fn(&str) -> String,
}

/// Checks that the published schema of `T` matches its type and its document.
pub(crate) fn assert_schema_is_current<T: JsonSchema>(of: &SchemaSource) {
    let text = serde_json::to_string_pretty(&generate::<T>(of)).expect("it is JSON") + "\n";
    let path = format!("{}/docs/schema/{}.json", env!("CARGO_MANIFEST_DIR"), of.name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).expect("written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{path} is stale; UPDATE_DOCS=1 cargo test --lib schema writes it");
}

/// Generates the schema of `T`.
pub(crate) fn generate<T: JsonSchema>(of: &SchemaSource) -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let rows = meaning_by_member(of.document);
    let mut walk = SchemaWalker { source: of, rows: &rows, used: BTreeSet::new(), missing: Vec::new() };
    walk.describe_object(&mut schema, "");
    assert!(walk.missing.is_empty(), "printed, but not in the document: {:?}", walk.missing);
    let unused: Vec<_> = rows.keys().filter(|row| !walk.used.contains(*row)).collect();
    assert!(unused.is_empty(), "in the document, but never printed: {unused:?}");
    let members = schema.as_object_mut().expect("an object");
    members.insert("title".to_owned(), json!(of.title));
    schema
}

/// Returns the meaning of each member. A row without a meaning means the same as the row of that name above it.
fn meaning_by_member(document: &str) -> BTreeMap<String, String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once("` |"))
        .map(|(member, meaning)| (member.to_owned(), meaning.trim().trim_end_matches('|').trim().to_owned()))
        .collect()
}

struct SchemaWalker<'a> {
    source: &'a SchemaSource,
    rows: &'a BTreeMap<String, String>,
    used: BTreeSet<String>,
    missing: Vec<String>,
}

impl SchemaWalker<'_> {
    fn describe_object(&mut self, schema: &mut Value, path: &str) {
        let Some(members) = schema.as_object_mut() else { return };
        members.remove("title");
        members.remove("description");
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            for (name, inner) in properties {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                self.describe_member(inner, &path);
            }
        }
    }

    fn describe_member(&mut self, schema: &mut Value, path: &str) {
        let path = (self.source.path_of_row)(path);
        // A nullable object is `anyOf` two schemas.
        let inner = match schema.get_mut("anyOf").and_then(|any| any.get_mut(0)) {
            Some(inner) => inner,
            None => &mut *schema,
        };
        let Some(members) = inner.as_object_mut() else { return };
        members.remove("format");
        members.remove("title");
        members.remove("description");
        let described = if members.contains_key("properties") {
            self.describe_object(inner, &path);
            path.clone()
        } else if let Some(items) = members.get_mut("items") {
            let path = (self.source.path_of_row)(&format!("{path}[]"));
            let described = self.rows.contains_key(&path);
            if items.get("properties").is_some() {
                self.describe_object(items, &path);
            } else {
                remove_format(items);
                self.require_row(&path);
            }
            if described { path } else { String::new() }
        } else if members.contains_key("additionalProperties") {
            self.describe_map(members, &path);
            path.clone()
        } else {
            self.require_row(&path);
            path.clone()
        };
        self.add_description(schema, &described);
    }

    /// Describes a map: a row with a lower-case name is a fixed member, another row stands for any name.
    fn describe_map(&mut self, members: &mut Map<String, Value>, path: &str) {
        let Some(mut each) = members.remove("additionalProperties") else { return };
        remove_format(&mut each);
        let under = format!("{path}.");
        let rows = self.rows;
        let names = rows.keys().filter_map(|row| row.strip_prefix(&under)).filter(|name| !name.contains('.'));
        let (fixed, any): (Vec<&str>, Vec<&str>) = names.partition(|name| name.chars().all(|c| !c.is_uppercase()));
        if let Some(name) = any.first() {
            let mut each = each.clone();
            self.add_description(&mut each, &format!("{under}{name}"));
            members.insert("additionalProperties".to_owned(), each);
        }
        if !fixed.is_empty() {
            let mut properties = Map::new();
            for name in &fixed {
                let mut each = each.clone();
                self.add_description(&mut each, &format!("{under}{name}"));
                properties.insert((*name).to_owned(), each);
            }
            members.insert("properties".to_owned(), Value::Object(properties));
            members.insert("required".to_owned(), json!(fixed));
        }
        if fixed.is_empty() && any.is_empty() {
            self.missing.push(under);
        }
    }

    fn require_row(&mut self, path: &str) {
        if !self.rows.contains_key(path) {
            self.missing.push(path.to_owned());
        }
    }

    fn add_description(&mut self, schema: &mut Value, path: &str) {
        let Some(meaning) = self.rows.get(path) else { return };
        self.used.insert(path.to_owned());
        self.require_documented_words(schema, path, meaning);
        if let (Some(members), false) = (schema.as_object_mut(), meaning.is_empty()) {
            members.insert("description".to_owned(), json!(meaning));
        }
    }

    /// Requires that a member's row names all its possible words, or none of them: then the row says where they are.
    fn require_documented_words(&mut self, schema: &Value, path: &str, meaning: &str) {
        let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let is_named = |word: &&str| meaning.contains(&format!("`{word}`"));
        let (named, unnamed): (Vec<&str>, Vec<&str>) = words.partition(is_named);
        if !named.is_empty() {
            self.missing.extend(unnamed.iter().map(|word| format!("{path}: `{word}`")));
        }
    }
}

/// Removes formats that are not part of the standard, such as `uint64`.
fn remove_format(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.remove("format");
    }
}
