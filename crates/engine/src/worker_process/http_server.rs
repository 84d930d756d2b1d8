//! A small HTTP server in a process of its own: each request waits for its turn, takes its time, and is answered or not.
//!
//! One thread serves all requests, as they do nothing but wait. Its lane says whether any are there; the resource of the
//! same name has them in it, as a queue has items. A request whose sender has gone away is worked on to its end, as most
//! servers do.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::{LocalSet, spawn_local};

use crate::context::RunContext;
use crate::recorder::Recorder;
use contend_scenario::{EvalContext, Expr, ResourceSpec, ServerSpec};
use contend_trace::{EventKind, KnobId, ResourceId, State};

/// An answer is sent in pieces of so many bytes.
const CHUNK_BYTES: usize = 64 << 10;
static FILLER: [u8; CHUNK_BYTES] = [b'.'; CHUNK_BYTES];

/// How long to wait for a descriptor when there is none left: one comes free when a request ends.
const DESCRIPTOR_RETRY: Duration = Duration::from_millis(5);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct HttpServer {
    run: &'static RunContext,
    serving: &'static ServerSpec,
    id: ResourceId,
    listener: TcpListener,
}

impl HttpServer {
    /// Listens on a port of the system's choice, and puts it where workers find it.
    ///
    /// # Errors
    /// If the system gives no port, or the resource is no server.
    pub fn bind(run: &'static RunContext, declaration: usize) -> io::Result<Self> {
        let ResourceSpec::Server(serving) = &run.scenario.resources[declaration].spec else {
            return Err(io::Error::other("this is no server"));
        };
        let id = run.plan.array_member(declaration, 0.0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        run.memory.resource(id)[0].store(listener.local_addr()?.port().into(), Ordering::Release);
        Ok(Self { run, serving, id, listener })
    }

    /// Answers until `end` is notified.
    ///
    /// # Errors
    /// If the system refuses what an event loop needs.
    pub fn serve(self, recorder: Recorder<'static>, end: &Arc<Notify>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let server = Rc::new(ServerState {
                run: self.run,
                serving: self.serving,
                id: self.id,
                recorder: RefCell::new(recorder),
                active_requests: Cell::new(0),
                requests_in_work: Cell::new(0),
                waiting: RefCell::default(),
            });
            server.wait_for_work();
            spawn_local(accept_connections(listener, server));
            end.notified().await;
            Ok(())
        })
    }
}

async fn accept_connections(listener: tokio::net::TcpListener, server: Rc<ServerState>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(spawn_local(serve_connection(stream, Rc::clone(&server)))),
            Err(_) => tokio::time::sleep(DESCRIPTOR_RETRY).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, server: Rc<ServerState>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| answer_request(Rc::clone(&server), request));
    // What goes wrong here went wrong on the other side, which says so itself.
    let _ = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer_request(
    server: Rc<ServerState>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let Some(visit) = RequestGuard::enter(Rc::clone(&server)) else {
        return Ok(make_response(StatusCode::SERVICE_UNAVAILABLE, ResponseBody { left: 0, _visit: None }));
    };
    let turn = WorkPermit::wait(&server).await;
    let serving = server.serving;
    let nanos = server.eval_expr(&serving.latency) + server.eval_expr(&serving.jitter) * fastrand::f64();
    tokio::time::sleep(Duration::from_nanos(nanos as u64)).await;
    drop(turn);
    let status = if serving.missing_paths.iter().any(|path| path == request.uri().path()) {
        StatusCode::NOT_FOUND
    } else if fastrand::f64() < server.eval_expr(&serving.failure_rate) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let left = if status == StatusCode::OK { server.eval_expr(&serving.bytes).clamp(0.0, 1e12) as u64 } else { 0 };
    Ok(make_response(status, ResponseBody { left, _visit: Some(visit) }))
}

fn make_response(status: StatusCode, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// Where requests are.
#[derive(Debug)]
struct ServerState {
    run: &'static RunContext,
    serving: &'static ServerSpec,
    id: ResourceId,
    recorder: RefCell<Recorder<'static>>,
    active_requests: Cell<u32>,
    requests_in_work: Cell<u32>,
    /// Requests that wait for their turn, in order.
    waiting: RefCell<VecDeque<oneshot::Sender<WorkPermit>>>,
}

impl EvalContext for ServerState {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn worker_position(&self) -> (u32, u32) {
        (0, 1)
    }
}

impl ServerState {
    fn eval_expr(&self, expr: &Expr) -> f64 {
        expr.eval(self).max(0.0)
    }

    fn wait_for_work(&self) {
        self.recorder.borrow_mut().block(State::Empty, None);
    }

    /// Records that a request came or went, and what that leaves to do.
    fn record_request(&self, came: bool, depth: u32) {
        let mut recorder = self.recorder.borrow_mut();
        let (at, queue) = (recorder.now(), self.id);
        if came && depth == 1 {
            recorder.write(at, EventKind::Resumed);
        }
        recorder.write(at, if came { EventKind::Put { queue, depth } } else { EventKind::Took { queue, depth } });
        let next = if depth == 0 { (State::Empty, None) } else { (State::Io, Some(queue)) };
        recorder.write(at, EventKind::Blocked { state: next.0, on: next.1 });
    }

    /// Lets in who waits, as far as there is room at work.
    fn wake_next(self: &Rc<Self>) {
        let most = (self.eval_expr(&self.serving.capacity) as u32).max(1);
        while self.requests_in_work.get() < most {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return };
            if next.is_closed() {
                continue; // its connection broke while it waited
            }
            self.requests_in_work.set(self.requests_in_work.get() + 1);
            let _ = next.send(WorkPermit(Rc::clone(self))); // it is open, and nothing runs beside us
        }
    }
}

/// A request in the house, until it is dropped.
#[derive(Debug)]
struct RequestGuard(Rc<ServerState>);

impl RequestGuard {
    /// `None` if the house is full.
    fn enter(server: Rc<ServerState>) -> Option<Self> {
        let room = server.run.plan.server_capacity(server.id);
        let inside = server.active_requests.get() + 1;
        if inside > room {
            return None;
        }
        server.active_requests.set(inside);
        server.record_request(true, inside);
        Some(Self(server))
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let inside = self.0.active_requests.get().saturating_sub(1);
        self.0.active_requests.set(inside);
        self.0.record_request(false, inside);
    }
}

/// A request that is worked on, until it is dropped.
#[derive(Debug)]
struct WorkPermit(Rc<ServerState>);

impl WorkPermit {
    /// `None` if the house closes before.
    async fn wait(server: &Rc<ServerState>) -> Option<Self> {
        let (call, called) = oneshot::channel();
        server.waiting.borrow_mut().push_back(call);
        server.wake_next();
        called.await.ok()
    }
}

impl Drop for WorkPermit {
    fn drop(&mut self) {
        self.0.requests_in_work.set(self.0.requests_in_work.get().saturating_sub(1));
        self.0.wake_next();
    }
}

/// So many bytes. The visit is over when they are sent.
#[derive(Debug)]
struct ResponseBody {
    left: u64,
    _visit: Option<RequestGuard>,
}

impl Body for ResponseBody {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = &FILLER[..self.left.min(CHUNK_BYTES as u64) as usize];
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
