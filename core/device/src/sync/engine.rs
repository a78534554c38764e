//! The decisions of a sync, without clock, database or network: an event in, what to do next out.
//!
//! Owns when to pull before pushing, what to send, and what an answer means. The same code runs on the phone and in the
//! simulation.

use stocksync_schemas::exchange::PROTOCOL;
use stocksync_schemas::{Code, ExchangeRequest, ExchangeResponse, LogPoint, PushedOp, ReplicaId, limits};

/// What the tables held when they were read for the next exchange.
#[derive(Debug, Clone)]
pub struct Local {
    /// This database's lane.
    pub replica: ReplicaId,
    /// Applied up to here.
    pub cursor: LogPoint,
    /// Newest log point of an own accepted op.
    pub acknowledged: LogPoint,
    /// All own ops up to this seq have a final verdict.
    pub final_seq: u64,
    /// Highest own seq.
    pub captured_seq: u64,
    /// An exchange was made in this boot: times can be reckoned.
    pub exchanged_this_boot: bool,
    /// Ops to send, in order.
    pub ops: Vec<PushedOp>,
    /// Older log points, newest first, where they were asked for.
    pub points: Vec<LogPoint>,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The tables were read as asked.
    Read(Box<Local>),
    /// The server answered.
    Answered(Box<ExchangeResponse>),
    /// The server could not read the columns.
    ColumnsRefused,
    /// The answer was applied, or the tail forgotten.
    Kept,
    /// The deadline passed, or the app cancelled.
    Stop,
}

/// What to do next.
#[derive(Debug)]
pub enum Effect {
    /// Read the tables: ops after this seq (none at all where it is `None`), and log points if asked.
    Read {
        /// Send ops after this seq.
        ops_after: Option<u64>,
        /// Whether older log points are wanted.
        points: bool,
    },
    /// Send this, as columns or as rows.
    Send {
        /// The request.
        request: Box<ExchangeRequest>,
        /// One op at a time instead of columns.
        as_rows: bool,
    },
    /// Apply this answer in one transaction.
    Apply(Box<ExchangeResponse>),
    /// Forget what lies past this point in one transaction.
    Forget(LogPoint),
    /// The sync is over: whether both sides know the same.
    Done {
        /// Nothing more to send or to fetch.
        complete: bool,
    },
    /// The answer contradicts the protocol: apply nothing of it.
    Refuse(&'static str),
}

/// One sync.
#[derive(Debug, Default)]
pub struct Engine {
    sent_up_to: u64,
    pulled_first: bool,
    more: bool,
    tail_lost: bool,
    tails_lost: u32,
    as_rows: bool,
    sent: Option<Box<ExchangeRequest>>,
    waiting: bool,
}

/// Lost tails in one sync beyond which something else is wrong.
const MAX_TAILS: u32 = 8;

impl Engine {
    /// A sync that has not begun, and what it does first.
    #[must_use]
    pub fn start(exchanged_this_boot: bool) -> (Self, Effect) {
        let engine = Self { pulled_first: exchanged_this_boot, more: true, ..Self::default() };
        let first = engine.read();
        (engine, first)
    }

    fn read(&self) -> Effect {
        Effect::Read { ops_after: self.pulled_first.then_some(self.sent_up_to), points: self.tail_lost }
    }

    /// Takes what happened; answers what to do next.
    pub fn handle(&mut self, event: Event) -> Effect {
        match event {
            Event::Stop => Effect::Done { complete: false },
            Event::Read(local) => self.send(*local),
            Event::ColumnsRefused if !self.as_rows => {
                self.as_rows = true;
                match self.sent.clone() {
                    Some(request) => Effect::Send { request, as_rows: true },
                    None => Effect::Refuse("columns refused before anything was sent"),
                }
            }
            Event::ColumnsRefused => Effect::Refuse("rows were refused as columns"),
            Event::Answered(response) => self.answered(response),
            Event::Kept => self.read(),
        }
    }

    fn send(&mut self, local: Local) -> Effect {
        let nothing_to_send = local.ops.is_empty();
        if nothing_to_send && !self.more && self.pulled_first {
            return Effect::Done { complete: !self.waiting };
        }
        let request = Box::new(ExchangeRequest {
            protocol: PROTOCOL,
            replica: local.replica,
            cursor: local.cursor,
            acknowledged: local.acknowledged,
            final_seq: local.final_seq,
            captured_seq: local.captured_seq,
            pull_limit: u32::try_from(limits::PULL_OPS).unwrap_or(u32::MAX),
            points: local.points,
            ops: local.ops,
        });
        self.sent = Some(request.clone());
        Effect::Send { request, as_rows: self.as_rows }
    }

    fn answered(&mut self, response: Box<ExchangeResponse>) -> Effect {
        let Some(sent) = self.sent.take() else { return Effect::Refuse("an answer to nothing") };
        if let Some(common) = response.lost_tail {
            return self.tail_was_lost(common);
        }
        if response.cursor.position < sent.cursor.position {
            return Effect::Refuse("the cursor went back");
        }
        if response.more && response.cursor.position == sent.cursor.position {
            return Effect::Refuse("there is more, and nothing came");
        }
        let first_pull = !self.pulled_first;
        self.pulled_first = true;
        self.tail_lost = false;
        self.more = response.more;
        if !first_pull {
            self.sent_up_to = sent.ops.last().map_or(self.sent_up_to, |pushed| pushed.op.lane.seq);
        }
        self.waiting |= response
            .verdicts
            .iter()
            .any(|verdict| matches!(verdict.verdict, stocksync_schemas::Verdict::Rejected { retryable: true, .. }));
        Effect::Apply(response)
    }

    /// The first time the server is shown older points; then what lies past the newest shared one is forgotten.
    fn tail_was_lost(&mut self, common: LogPoint) -> Effect {
        self.tails_lost += 1;
        if self.tails_lost > MAX_TAILS {
            return Effect::Refuse("the server loses its tail again and again");
        }
        if !self.tail_lost {
            self.tail_lost = true;
            return self.read();
        }
        self.tail_lost = false;
        self.sent_up_to = 0;
        self.more = true;
        Effect::Forget(common)
    }
}

/// Whether a refusal of the whole request means that columns should be sent as rows.
#[must_use]
pub fn is_columns(code: Code) -> bool {
    code == Code::ColumnsInvalid
}
