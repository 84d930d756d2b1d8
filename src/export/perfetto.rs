//! A trace for Perfetto (`ui.perfetto.dev`), in its protobuf form.
//!
//! The messages below have the fields that are used here, with the numbers of `perfetto/trace/trace_packet.proto`,
//! `track_event/track_event.proto` and `track_event/track_descriptor.proto` of the Perfetto project.

use std::collections::HashSet;
use std::io::{self, Read, Seek, Write};

use prost::Message as _;

use super::item::{ExportCounts, Item};
use super::timeline::{declared_registry, for_each_item};
use crate::recording::Recording;
use crate::trace::{Grant, Registry, ResourceId, Stamp};

/// The sequence of packets that this program writes.
const SEQUENCE: u32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
pub struct PerfettoTrace {
    #[prost(message, repeated, tag = "1")]
    pub packet: Vec<TracePacket>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TracePacket {
    #[prost(uint64, optional, tag = "8")]
    pub timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "10")]
    pub trusted_packet_sequence_id: Option<u32>,
    #[prost(message, optional, tag = "11")]
    pub track_event: Option<TrackEvent>,
    #[prost(message, optional, tag = "60")]
    pub track_descriptor: Option<TrackDescriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TrackEvent {
    #[prost(message, repeated, tag = "4")]
    pub debug_annotations: Vec<DebugAnnotation>,
    #[prost(enumeration = "EventType", optional, tag = "9")]
    pub r#type: Option<i32>,
    #[prost(uint64, optional, tag = "11")]
    pub track_uuid: Option<u64>,
    #[prost(string, optional, tag = "23")]
    pub name: Option<String>,
    #[prost(int64, optional, tag = "30")]
    pub counter_value: Option<i64>,
    #[prost(double, optional, tag = "44")]
    pub double_counter_value: Option<f64>,
    #[prost(fixed64, repeated, packed = "false", tag = "47")]
    pub flow_ids: Vec<u64>,
    #[prost(fixed64, repeated, packed = "false", tag = "48")]
    pub terminating_flow_ids: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum EventType {
    Unspecified = 0,
    SliceBegin = 1,
    SliceEnd = 2,
    Instant = 3,
    Counter = 4,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct DebugAnnotation {
    #[prost(string, optional, tag = "6")]
    pub string_value: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub name: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TrackDescriptor {
    #[prost(uint64, optional, tag = "1")]
    pub uuid: Option<u64>,
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    #[prost(uint64, optional, tag = "5")]
    pub parent_uuid: Option<u64>,
    #[prost(message, optional, tag = "8")]
    pub counter: Option<CounterDescriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct CounterDescriptor {
    #[prost(string, optional, tag = "6")]
    pub unit_name: Option<String>,
}

/// A track: the kind in the upper bits of its id, an index and a slot below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Track {
    /// The parent of all tracks of a kind.
    Group(u8),
    Worker(usize),
    Task(usize),
    Lock(ResourceId, usize),
    Depth(ResourceId),
    Value(ResourceId),
    Core(usize),
    PoolSize(usize),
    Moments,
}

/// Names of the groups of tracks, by number.
const GROUPS: [&str; 5] = ["workers", "tasks", "locks", "queues and counters", "cores"];

impl Track {
    fn uuid(self) -> u64 {
        let id = |kind: u64, index: usize, slot: usize| 1 + (kind << 48 | (index as u64) << 16 | slot as u64);
        match self {
            Self::Group(number) => id(1, usize::from(number), 0),
            Self::Worker(index) => id(2, index, 0),
            Self::Task(index) => id(3, index, 0),
            Self::Lock(lock, slot) => id(4, lock.index(), slot),
            Self::Depth(queue) => id(5, queue.index(), 0),
            Self::Value(counter) => id(6, counter.index(), 0),
            Self::Core(core) => id(7, core, 0),
            Self::PoolSize(pool) => id(8, pool, 0),
            Self::Moments => id(9, 0, 0),
        }
    }

    fn name(self, registry: &Registry) -> String {
        match self {
            Self::Group(number) => GROUPS[usize::from(number)].to_owned(),
            Self::Worker(index) | Self::Task(index) => registry.worker_name(index.into()).to_owned(),
            Self::Lock(lock, 0) => registry.resource_name(lock).to_owned(),
            Self::Lock(lock, slot) => format!("{} ({})", registry.resource_name(lock), slot + 1),
            Self::Depth(resource) | Self::Value(resource) => registry.resource_name(resource).to_owned(),
            Self::Core(core) => format!("core {core}"),
            Self::PoolSize(pool) => format!("{} workers", registry.pool_name(pool.into())),
            Self::Moments => "findings and notes".to_owned(),
        }
    }

    const fn group(self) -> Option<Self> {
        Some(Self::Group(match self {
            Self::Worker(_) => 0,
            Self::Task(_) => 1,
            Self::Lock(..) => 2,
            Self::Depth(_) | Self::Value(_) | Self::PoolSize(_) => 3,
            Self::Core(_) => 4,
            Self::Group(_) | Self::Moments => return None,
        }))
    }

    const fn is_counter(self) -> bool {
        matches!(self, Self::Depth(_) | Self::Value(_) | Self::Core(_) | Self::PoolSize(_))
    }
}

pub(super) fn write<R: Read + Seek>(recording: &mut Recording<R>, out: impl Write) -> io::Result<ExportCounts> {
    let registry = declared_registry(recording)?;
    let mut writer = PacketWriter { out, registry: &registry, described: HashSet::new() };
    // In the order of the dashboard, whatever comes first.
    for worker in 0..registry.workers.len() {
        writer.describe(Track::Worker(worker))?;
    }
    let counts = for_each_item(recording, |item| writer.write_item(item))?;
    writer.out.flush()?;
    Ok(counts)
}

struct PacketWriter<'a, W> {
    out: W,
    registry: &'a Registry,
    described: HashSet<Track>,
}

impl<W: Write> PacketWriter<'_, W> {
    fn write_item(&mut self, item: &Item) -> io::Result<()> {
        let registry = self.registry;
        match item {
            Item::State { worker, state, on, from, to } => {
                let on = on.map(|on| annotation("on", registry.resource_name(on)));
                let event = TrackEvent { debug_annotations: on.into_iter().collect(), ..named(state.word()) };
                self.write_slice(Track::Worker(worker.index()), event, *from, *to)
            }
            Item::Hold { lock, slot, worker, grant, from, to, after } => {
                let event = TrackEvent {
                    flow_ids: vec![flow_id(*lock, *grant)],
                    terminating_flow_ids: after.iter().map(|before| flow_id(*lock, before.grant)).collect(),
                    ..named(registry.worker_name(*worker))
                };
                self.write_slice(Track::Lock(*lock, *slot), event, *from, *to)
            }
            Item::Task { pool, worker, number, ok, from, to, .. } => {
                let pool = registry.pool_name(*pool);
                let name = number.map_or_else(|| pool.to_owned(), |number| format!("{pool} {number}"));
                let result = annotation("result", if *ok { "ok" } else { "failed or cut off" });
                let event = TrackEvent { debug_annotations: vec![result], ..named(&name) };
                self.write_slice(Track::Task(worker.index()), event, *from, *to)
            }
            Item::Depth { queue, at, depth } => self.write_value(Track::Depth(*queue), *at, *depth as i64),
            Item::Value { counter, at, value } => self.write_value(Track::Value(*counter), *at, *value),
            Item::PoolSize { pool, at, workers } => {
                self.write_value(Track::PoolSize(pool.index()), *at, i64::from(*workers))
            }
            Item::CoreLoad { core, at, load } => {
                let event = TrackEvent { double_counter_value: Some(f64::from(*load)), ..TrackEvent::default() };
                self.write_event(Track::Core(*core), EventType::Counter, event, *at)
            }
            Item::Mark { at, text, worker } => {
                let track = worker.map_or(Track::Moments, |worker| Track::Worker(worker.index()));
                self.write_event(track, EventType::Instant, named(&format!("mark: {text}")), *at)
            }
            Item::Moment { at, name, detail } => {
                let event = TrackEvent { debug_annotations: vec![annotation("detail", detail)], ..named(name) };
                self.write_event(Track::Moments, EventType::Instant, event, *at)
            }
        }
    }

    fn write_slice(&mut self, track: Track, event: TrackEvent, from: Stamp, to: Stamp) -> io::Result<()> {
        self.write_event(track, EventType::SliceBegin, event, from)?;
        self.write_event(track, EventType::SliceEnd, TrackEvent::default(), to)
    }

    fn write_value(&mut self, track: Track, at: Stamp, value: i64) -> io::Result<()> {
        let event = TrackEvent { counter_value: Some(value), ..TrackEvent::default() };
        self.write_event(track, EventType::Counter, event, at)
    }

    fn write_event(&mut self, track: Track, kind: EventType, event: TrackEvent, at: Stamp) -> io::Result<()> {
        self.describe(track)?;
        let event = TrackEvent { r#type: Some(kind as i32), track_uuid: Some(track.uuid()), ..event };
        self.write_packet(TracePacket { timestamp: Some(at.0), track_event: Some(event), ..TracePacket::default() })
    }

    /// Writes the description of a track before its first event.
    fn describe(&mut self, track: Track) -> io::Result<()> {
        if !self.described.insert(track) {
            return Ok(());
        }
        let parent = track.group();
        if let Some(parent) = parent {
            self.describe(parent)?;
        }
        let descriptor = TrackDescriptor {
            uuid: Some(track.uuid()),
            name: Some(track.name(self.registry)),
            parent_uuid: parent.map(Track::uuid),
            counter: track.is_counter().then(CounterDescriptor::default),
        };
        self.write_packet(TracePacket { track_descriptor: Some(descriptor), ..TracePacket::default() })
    }

    /// Writes a packet as an element of [`PerfettoTrace`], of which there may be any number one after the other.
    fn write_packet(&mut self, packet: TracePacket) -> io::Result<()> {
        let packet = TracePacket { trusted_packet_sequence_id: Some(SEQUENCE), ..packet };
        self.out.write_all(&PerfettoTrace { packet: vec![packet] }.encode_to_vec())
    }
}

fn named(name: &str) -> TrackEvent {
    TrackEvent { name: Some(name.to_owned()), ..TrackEvent::default() }
}

fn annotation(name: &str, value: &str) -> DebugAnnotation {
    DebugAnnotation { name: Some(name.to_owned()), string_value: Some(value.to_owned()) }
}

/// Returns the id of the flow that begins with this hold.
fn flow_id(lock: ResourceId, grant: Grant) -> u64 {
    (lock.index() as u64 + 1) << 40 | grant.number()
}
