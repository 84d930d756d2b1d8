//! A small HTTP server in a process of its own. Each request waits for its turn, takes the configured time, and
//! succeeds or fails.
//!
//! One thread serves all requests, because they only wait. The lane of the server shows whether it has requests; the
//! resource of the same name counts them, as a queue counts items. The server finishes a request even if its client is
//! gone, as most servers do.

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
use contend_scenario::{Expr, ResourceSpec, ServerSpec};
use contend_trace::{EventKind, ResourceId, State};

/// A response is sent in pieces of this size.
const CHUNK_BYTES: usize = 64 << 10;
static FILLER: [u8; CHUNK_BYTES] = [b'.'; CHUNK_BYTES];

/// How long to wait when no descriptor is left; the end of a request frees one.
const DESCRIPTOR_RETRY: Duration = Duration::from_millis(5);

/// A server that listens and does not respond yet.
#[derive(Debug)]
pub struct HttpServer {
    run: &'static RunContext,
    spec: &'static ServerSpec,
    id: ResourceId,
    listener: TcpListener,
}

impl HttpServer {
    /// Listens on a port that the system chooses, and publishes the port in the run memory.
    ///
    /// # Errors
    /// If the system provides no port, or the resource is not a server.
    pub fn bind(run: &'static RunContext, declaration: usize) -> io::Result<Self> {
        let ResourceSpec::Server(spec) = &run.scenario.resources[declaration].spec else {
            return Err(io::Error::other("the resource is not a server"));
        };
        let id = run.plan.array_member(declaration, 0.0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        run.memory.resource(id)[0].store(listener.local_addr()?.port().into(), Ordering::Release);
        Ok(Self { run, spec, id, listener })
    }

    /// Responds to requests until `end` is notified.
    ///
    /// # Errors
    /// If the system refuses the descriptors of an event loop.
    pub fn serve(self, recorder: Recorder<'static>, end: &Arc<Notify>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let server = Rc::new(ServerState {
                run: self.run,
                spec: self.spec,
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
    let service = service_fn(move |request| answer_request(Rc::clone(&server), request));
    // An error here is an error of the client too, which reports it.
    let _ = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer_request(
    server: Rc<ServerState>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let Some(request_guard) = RequestGuard::enter(Rc::clone(&server)) else {
        return Ok(make_response(StatusCode::SERVICE_UNAVAILABLE, ResponseBody { left: 0, _request: None }));
    };
    let permit = WorkPermit::wait(&server).await;
    let spec = server.spec;
    let nanos = server.eval_expr(&spec.latency) + server.eval_expr(&spec.jitter) * fastrand::f64();
    tokio::time::sleep(Duration::from_nanos(nanos as u64)).await;
    drop(permit);
    let status = if spec.missing_paths.iter().any(|path| path == request.uri().path()) {
        StatusCode::NOT_FOUND
    } else if fastrand::f64() < server.eval_expr(&spec.failure_rate) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let left = if status == StatusCode::OK { server.eval_expr(&spec.bytes).clamp(0.0, 1e12) as u64 } else { 0 };
    Ok(make_response(status, ResponseBody { left, _request: Some(request_guard) }))
}

fn make_response(status: StatusCode, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// The requests of a server.
#[derive(Debug)]
struct ServerState {
    run: &'static RunContext,
    spec: &'static ServerSpec,
    id: ResourceId,
    recorder: RefCell<Recorder<'static>>,
    active_requests: Cell<u32>,
    requests_in_work: Cell<u32>,
    /// Requests that wait for their turn, in order of arrival.
    waiting: RefCell<VecDeque<oneshot::Sender<WorkPermit>>>,
}

impl ServerState {
    fn eval_expr(&self, expr: &Expr) -> f64 {
        expr.eval(self.run).max(0.0)
    }

    fn wait_for_work(&self) {
        self.recorder.borrow_mut().block(State::Empty, None);
    }

    /// Records that a request arrived or left, and the state of the server after it.
    fn record_request(&self, has_arrived: bool, depth: u32) {
        let mut recorder = self.recorder.borrow_mut();
        let (at, queue) = (recorder.now(), self.id);
        if has_arrived && depth == 1 {
            recorder.write(at, EventKind::Resumed);
        }
        recorder
            .write(at, if has_arrived { EventKind::Put { queue, depth } } else { EventKind::Took { queue, depth } });
        let next = if depth == 0 { (State::Empty, None) } else { (State::Io, Some(queue)) };
        recorder.write(at, EventKind::Blocked { state: next.0, on: next.1 });
    }

    /// Admits waiting requests, up to the capacity.
    fn wake_next(self: &Rc<Self>) {
        let capacity = (self.eval_expr(&self.spec.capacity) as u32).max(1);
        while self.requests_in_work.get() < capacity {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return };
            if next.is_closed() {
                continue; // its connection was closed while it waited
            }
            self.requests_in_work.set(self.requests_in_work.get() + 1);
            let _ = next.send(WorkPermit(Rc::clone(self))); // cannot fail: it is open, and this thread is the only one
        }
    }
}

/// A request in the server, until dropped.
#[derive(Debug)]
struct RequestGuard(Rc<ServerState>);

impl RequestGuard {
    /// Admits a request; `None` if the server is full.
    fn enter(server: Rc<ServerState>) -> Option<Self> {
        let max_requests = server.run.plan.server_capacity(server.id);
        let active = server.active_requests.get() + 1;
        if active > max_requests {
            return None;
        }
        server.active_requests.set(active);
        server.record_request(true, active);
        Some(Self(server))
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let active = self.0.active_requests.get().saturating_sub(1);
        self.0.active_requests.set(active);
        self.0.record_request(false, active);
    }
}

/// A request that the server works on, until dropped.
#[derive(Debug)]
struct WorkPermit(Rc<ServerState>);

impl WorkPermit {
    /// Waits for a turn; `None` if the server ends first.
    async fn wait(server: &Rc<ServerState>) -> Option<Self> {
        let (sender, permit) = oneshot::channel();
        server.waiting.borrow_mut().push_back(sender);
        server.wake_next();
        permit.await.ok()
    }
}

impl Drop for WorkPermit {
    fn drop(&mut self) {
        self.0.requests_in_work.set(self.0.requests_in_work.get().saturating_sub(1));
        self.0.wake_next();
    }
}

/// The body of a response. The request leaves the server when the body is sent.
#[derive(Debug)]
struct ResponseBody {
    left: u64,
    _request: Option<RequestGuard>,
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
