//! Tables of comma-separated values, one file for each kind of data. Times are nanoseconds since the run began.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use super::item::{ExportCounts, Item};
use super::timeline::{declared_registry, for_each_item};
use crate::recording::Recording;
use crate::trace::Registry;

/// The files with their columns.
const TABLES: [(&str, &str); 9] = [
    ("states.csv", "worker,state,on,from_ns,to_ns"),
    ("holds.csv", "lock,worker,grant,from_ns,to_ns,after_grant"),
    ("tasks.csv", "pool,worker,number,ok,depth,from_ns,to_ns"),
    ("depths.csv", "queue,at_ns,depth"),
    ("counters.csv", "counter,at_ns,value"),
    ("cores.csv", "core,at_ns,load"),
    ("pool_sizes.csv", "pool,at_ns,workers"),
    ("moments.csv", "at_ns,name,detail"),
    ("marks.csv", "at_ns,text,worker"),
];

pub(super) fn write<R: Read + Seek>(recording: &mut Recording<R>, directory: &Path) -> io::Result<ExportCounts> {
    fs::create_dir_all(directory)?;
    let registry = declared_registry(recording)?;
    let mut files = Vec::new();
    for (name, columns) in TABLES {
        let mut file = BufWriter::new(File::create(directory.join(name))?);
        writeln!(file, "{columns}")?;
        files.push(file);
    }
    let counts = for_each_item(recording, |item| {
        let (table, row) = row_of(item, &registry);
        writeln!(files[table], "{row}")
    })?;
    files.iter_mut().try_for_each(BufWriter::flush)?;
    Ok(counts)
}

/// Returns the table of an item and its row.
fn row_of(item: &Item, registry: &Registry) -> (usize, String) {
    let worker = |id| quote(registry.worker_name(id));
    let resource = |id| quote(registry.resource_name(id));
    let pool = |id: crate::trace::PoolId| quote(registry.pool_name(id));
    match item {
        Item::State { worker: id, state, on, from, to } => {
            let on = on.map(resource).unwrap_or_default();
            (0, format!("{},{},{on},{},{}", worker(*id), state.word(), from.0, to.0))
        }
        Item::Hold { lock, worker: id, grant, from, to, after, .. } => {
            let after = after.map(|before| before.grant.number().to_string()).unwrap_or_default();
            (1, format!("{},{},{},{},{},{after}", resource(*lock), worker(*id), grant.number(), from.0, to.0))
        }
        Item::Task { pool: of, worker: id, number, ok, depth, from, to } => {
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            (2, format!("{},{},{number},{ok},{depth},{},{}", pool(*of), worker(*id), from.0, to.0))
        }
        Item::Depth { queue, at, depth } => (3, format!("{},{},{depth}", resource(*queue), at.0)),
        Item::Value { counter, at, value } => (4, format!("{},{},{value}", resource(*counter), at.0)),
        Item::CoreLoad { core, at, load } => (5, format!("{core},{},{load}", at.0)),
        Item::PoolSize { pool: of, at, workers } => (6, format!("{},{},{workers}", pool(*of), at.0)),
        Item::Mark { at, text, worker: by } => {
            (8, format!("{},{},{}", at.0, quote(text), by.map(worker).unwrap_or_default()))
        }
        Item::Moment { at, name, detail } => (7, format!("{},{},{}", at.0, quote(name), quote(detail))),
    }
}

/// Quotes a text where RFC 4180 asks for it.
fn quote(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_needed() {
        assert_eq!([quote("a-1"), quote("a,b"), quote("say \"x\"")], ["a-1", "\"a,b\"", "\"say \"\"x\"\"\""]);
    }
}
