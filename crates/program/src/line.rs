//! Lines of JSON: definitions, and events in the same form.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::definition::{Definition, HelloInfo, LaneInfo, ObjectInfo, ObjectKind};
use super::id::Id;
use super::kind::{Flags, Kind, NO_DEPTH};
use super::trace_record::{Counts, TraceEvent, TraceRecord};
use contend_trace::printable::mask_line;

/// The longest line that is read.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 10;

/// The longest name, in characters.
const MAX_NAME: usize = 120;
/// The longest id that is a text, in bytes.
const MAX_ID_BYTES: usize = 64;
/// The most ids that are texts.
const MAX_TEXT_IDS: usize = 1 << 20;

/// A line, with every field that any kind of line may have. Other fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    ev: Option<String>,
    pid: Value,
    ppid: Value,
    lang: Value,
    ver: Value,
    gil: Value,
    why: Value,
    argv: Value,
    id: Value,
    tid: Value,
    name: Value,
    target: Value,
    pool: Value,
    group: Value,
    service: Value,
    what: Value,
    site: Value,
    r#fn: Value,
    scope: Value,
    size: Value,
    of: Value,
    hook: Value,
    error: Value,
    n: Value,
    // events
    t: Value,
    l: Value,
    k: Option<String>,
    o: Value,
    c: Value,
    d: Value,
    arg: Value,
    tmo: Value,
    ok: Value,
    v: Value,
    from: Value,
    bytes: Value,
    lib: Value,
}

/// The ids that are texts. The same text is the same id, in every process.
#[derive(Debug, Default)]
pub(crate) struct TextIds(HashMap<String, u32>);

impl TextIds {
    fn id(&mut self, value: &Value) -> Id {
        match value {
            Value::Number(number) => number.as_u64().map_or(Id::None, Id::of),
            Value::String(text) if !text.is_empty() && text.len() <= MAX_ID_BYTES => {
                let next = self.0.len();
                match self.0.get(text) {
                    Some(known) => Id::Text(*known),
                    None if next < MAX_TEXT_IDS => {
                        self.0.insert(text.clone(), next as u32);
                        Id::Text(next as u32)
                    }
                    None => Id::None,
                }
            }
            _ => Id::None,
        }
    }
}

/// Reads a line. `pid` is the process that it comes from, if that is known; `now` the time of a line without one.
pub(crate) fn read_line(
    line: &[u8],
    pid: u32,
    now: u64,
    ids: &mut TextIds,
    counts: &mut Counts,
) -> Option<TraceRecord> {
    let parsed = serde_json::from_slice::<Line>(line).ok();
    let record = parsed.and_then(|line| match (&line.ev, &line.k) {
        (Some(ev), _) => definition(ev, &line, pid, now, ids, counts),
        (None, Some(word)) => event(word, &line, now, ids, counts),
        (None, None) => None,
    });
    counts.unknown_lines += u64::from(record.is_none());
    record
}

fn definition(
    ev: &str,
    line: &Line,
    pid: u32,
    now: u64,
    ids: &mut TextIds,
    counts: &mut Counts,
) -> Option<TraceRecord> {
    let pid = number(&line.pid).and_then(|pid| u32::try_from(pid).ok()).unwrap_or(pid);
    Some(TraceRecord::Definition(match ev {
        "hello" => Definition::Hello(HelloInfo {
            pid,
            parent: small(&line.ppid),
            language: text(&line.lang),
            version: text(&line.ver),
            has_gil: line.gil.as_bool(),
            why: text(&line.why),
            arguments: line.argv.as_array().into_iter().flatten().take(32).map(text).collect(),
        }),
        "obj" => Definition::Object(ObjectInfo {
            id: known(ids.id(&line.id))?,
            pid,
            kind: ObjectKind::from_word(line.what.as_str().unwrap_or_default()),
            name: text(&line.name),
            site: text(&line.site),
            function: text(&line.r#fn),
            is_of_library: line.scope.as_str() == Some("lib"),
            size: number(&line.size),
            of: ids.id(&line.of),
        }),
        "lane" => Definition::Lane(LaneInfo {
            id: known(ids.id(&line.id))?,
            pid,
            tid: small(&line.tid),
            name: text(&line.name),
            target: text(&line.target),
            pool: ids.id(&line.pool),
            is_of_library: line.scope.as_str() == Some("lib"),
            group: text(&line.group),
            is_service: line.service.as_bool().unwrap_or(false),
            is_silent: false,
        }),
        "name" => Definition::Name { id: known(ids.id(&line.id))?, name: text(&line.name), pool: ids.id(&line.pool) },
        "fault" => Definition::Fault { hook: text(&line.hook), error: text(&line.error) },
        "clock" => Definition::ClockError { nanos: number(&line.error)? },
        "bye" => Definition::Bye { pid },
        "drop" => {
            let count = number(&line.n).unwrap_or(1);
            counts.lost = counts.lost.saturating_add(count);
            return Some(TraceRecord::Lost { at: number(&line.t).unwrap_or(now), lane: ids.id(&line.l), count });
        }
        _ => return None,
    }))
}

fn event(word: &str, line: &Line, now: u64, ids: &mut TextIds, counts: &mut Counts) -> Option<TraceRecord> {
    let Some(kind) = Kind::from_word(word) else {
        counts.unknown_kinds += 1;
        return None;
    };
    counts.events += 1;
    let arg = [&line.c, &line.d, &line.arg, &line.n, &line.v, &line.bytes]
        .into_iter()
        .find_map(number)
        .unwrap_or(if kind.has_depth() || kind == Kind::Released { NO_DEPTH } else { 0 });
    let is_timed = line.tmo.as_bool().unwrap_or_else(|| line.tmo.as_f64().is_some_and(|tmo| tmo > 0.0));
    let flags = Flags::default()
        .with(Flags::OK, line.ok.as_bool().unwrap_or(true))
        .with(Flags::TIMED, is_timed)
        .with(Flags::LIBRARY, line.lib.as_bool().unwrap_or(false));
    // The pool of a task stands in `c`, and may be a text.
    let arg = match ids.id(&line.c) {
        Id::Text(text) if kind == Kind::Submit => TEXT_POOL | u64::from(text),
        _ => arg,
    };
    let object = ids.id(if kind == Kind::Fetched { &line.from } else { &line.o });
    let at = number(&line.t).unwrap_or(now);
    Some(TraceRecord::Event(TraceEvent { at, lane: known(ids.id(&line.l))?, kind, object, arg, flags }))
}

/// Marks the argument of a `submit` as the id of a pool that is a text.
const TEXT_POOL: u64 = 1 << 63 | 1 << 62 | 1 << 61;

/// Returns the pool that a `submit` names.
pub(crate) const fn pool_of_submit(arg: u64) -> Id {
    if arg & TEXT_POOL == TEXT_POOL { Id::Text((arg & 0xffff_ffff) as u32) } else { Id::of(arg) }
}

fn known(id: Id) -> Option<Id> {
    (id != Id::None).then_some(id)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_i64().map(i64::cast_unsigned))
}

fn small(value: &Value) -> u32 {
    number(value).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// Returns a text, safe to print on one line and not too long.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let end = text.char_indices().nth(MAX_NAME).map_or(text.len(), |(end, _)| end);
    let cut = &text[..end];
    let mut masked = mask_line(cut).into_owned();
    if end < text.len() {
        masked.push('…');
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Option<TraceRecord>, Counts) {
        let mut counts = Counts::default();
        (read_line(line.as_bytes(), 7, 99, &mut TextIds::default(), &mut counts), counts)
    }

    #[test]
    fn names_are_made_harmless_and_short() {
        let (record, _) = read(r#"{"ev":"obj","id":5,"what":"lock","name":"a\u001b]0;x\u0007\nb","site":"s.py:8"}"#);
        let Some(TraceRecord::Definition(Definition::Object(object))) = record else { panic!("{record:?}") };
        assert_eq!((object.name.as_str(), object.kind, object.pid), ("a?]0;x? b", ObjectKind::Lock, 7));
        let long = format!(r#"{{"ev":"lane","id":1,"name":"{}"}}"#, "n".repeat(9_000));
        let (Some(TraceRecord::Definition(Definition::Lane(lane))), _) = read(&long) else { panic!() };
        assert_eq!(lane.name.chars().count(), MAX_NAME + 1);
    }

    #[test]
    fn unknown_words_and_fields_are_counted_and_ignored() {
        assert_eq!(read(r#"{"k":"teleport","l":1,"o":2}"#).1.unknown_kinds, 1);
        assert_eq!(read(r#"{"ev":"weather"}"#).1.unknown_lines, 1);
        assert_eq!(read("{").1.unknown_lines, 1);
        let (record, counts) = read(r#"{"t":5,"l":"1.0.9","k":"wait","o":"1.0.3","tmo":0,"colour":"red"}"#);
        assert!(matches!(record, Some(TraceRecord::Event(TraceEvent { at: 5, kind: Kind::Wait, .. }))), "{record:?}");
        assert_eq!((counts.unknown_lines, counts.events), (0, 1));
    }

    #[test]
    fn pool_of_a_task_may_be_a_number_or_a_text() {
        let pool = |line| match read(line).0 {
            Some(TraceRecord::Event(event)) => pool_of_submit(event.arg),
            other => panic!("{other:?}"),
        };
        assert_eq!(pool(r#"{"l":1,"k":"submit","o":2,"c":9}"#), Id::Number(9));
        assert!(matches!(pool(r#"{"l":"a","k":"submit","o":"b","c":"p"}"#), Id::Text(_)));
    }
}
