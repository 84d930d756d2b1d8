//! One look at Redis: three rounds of commands that only read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::{RedisResult, pipe};

use super::look::{JobLook, Look, QueueLook, WorkerLook};
use super::state::State;
use crate::Address;

/// Waiting jobs of a queue that are asked for by name.
const WAITING_LIMIT: isize = 1000;
/// Of the jobs that have ended, the newest.
const ENDED_LIMIT: isize = 300;
/// Workers and queues that are looked at.
const NAMES_LIMIT: usize = 2000;
const TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that only ever reads.
pub struct Connection(redis::Connection);

impl Connection {
    pub fn open(address: &Address) -> RedisResult<Self> {
        let client = redis::Client::open(address.secret_url())?;
        let connection = client.get_connection_with_timeout(TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        connection.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self(connection))
    }

    /// Looks at everything that is new to `state` or can have changed.
    pub fn look(&mut self, state: &State) -> RedisResult<Look> {
        let mut look = self.names()?;
        self.contents(&mut look)?;
        self.jobs(&mut look, state)?;
        Ok(look)
    }

    fn names(&mut self) -> RedisResult<Look> {
        let (workers, queues): (BTreeSet<String>, BTreeSet<String>) =
            pipe().cmd("SMEMBERS").arg("rq:workers").cmd("SMEMBERS").arg("rq:queues").query(&mut self.0)?;
        let names = |keys: BTreeSet<String>, prefix: &str| -> Vec<String> {
            keys.iter().filter_map(|key| key.strip_prefix(prefix)).take(NAMES_LIMIT).map(str::to_owned).collect()
        };
        Ok(Look {
            workers: names(workers, "rq:worker:").into_iter().map(|name| (name, WorkerLook::default())).collect(),
            queues: names(queues, "rq:queue:").into_iter().map(|name| (name, QueueLook::default())).collect(),
            jobs: BTreeMap::new(),
        })
    }

    fn contents(&mut self, look: &mut Look) -> RedisResult<()> {
        let mut pipe = pipe();
        for name in look.workers.keys() {
            pipe.cmd("HMGET").arg(format!("rq:worker:{name}"));
            pipe.arg(&["hostname", "pid", "successful_job_count", "failed_job_count", "queues"]);
        }
        for name in look.queues.keys() {
            pipe.cmd("LLEN").arg(format!("rq:queue:{name}"));
            pipe.cmd("LRANGE").arg(format!("rq:queue:{name}")).arg(0).arg(WAITING_LIMIT - 1);
            pipe.cmd("ZRANGE").arg(format!("rq:wip:{name}")).arg(0).arg(WAITING_LIMIT - 1);
            pipe.cmd("ZREVRANGE").arg(format!("rq:finished:{name}")).arg(0).arg(ENDED_LIMIT - 1);
            pipe.cmd("ZREVRANGE").arg(format!("rq:failed:{name}")).arg(0).arg(ENDED_LIMIT - 1);
        }
        if look.workers.is_empty() && look.queues.is_empty() {
            return Ok(());
        }
        let answers: Vec<redis::Value> = pipe.query(&mut self.0)?;
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(redis::Value::Nil);
        for worker in look.workers.values_mut() {
            let mut fields = texts(next())?.into_iter();
            let mut field = || fields.next().unwrap_or_default();
            *worker = WorkerLook { host: field(), pid: field(), succeeded: field(), failed: field(), queues: field() };
        }
        for queue in look.queues.values_mut() {
            queue.depth = redis::from_redis_value(next()).unwrap_or(0);
            queue.waiting = texts(next())?;
            // Since RQ 2, a running job is `job:execution`.
            queue.running = texts(next())?.iter().map(|id| id.split(':').next().unwrap_or(id).to_owned()).collect();
            queue.ended = texts(next())?;
            queue.ended.extend(texts(next())?);
        }
        Ok(())
    }

    fn jobs(&mut self, look: &mut Look, state: &State) -> RedisResult<()> {
        let wanted = state.wanted(look);
        if wanted.is_empty() {
            return Ok(());
        }
        let mut pipe = pipe();
        for id in &wanted {
            pipe.cmd("HMGET").arg(format!("rq:job:{id}"));
            pipe.arg(&["origin", "status", "worker_name", "description", "enqueued_at", "started_at", "ended_at"]);
        }
        let answers: Vec<redis::Value> = pipe.query(&mut self.0)?;
        for (id, answer) in wanted.into_iter().zip(answers) {
            let mut fields = texts(answer)?.into_iter();
            let mut field = || fields.next().unwrap_or_default();
            let job = JobLook {
                queue: field(),
                status: field(),
                worker: field(),
                description: field(),
                enqueued: field(),
                started: field(),
                ended: field(),
            };
            look.jobs.insert(id, job);
        }
        Ok(())
    }
}

/// Texts of an answer; an absent value, or one that is no text, is an empty one.
fn texts(answer: redis::Value) -> RedisResult<Vec<String>> {
    let texts: Vec<Option<Vec<u8>>> = redis::from_redis_value(answer)?;
    Ok(texts.into_iter().map(|text| String::from_utf8_lossy(&text.unwrap_or_default()).into_owned()).collect())
}
