//! The verdict on one op that needs no history: known already, of another lane, against a rule, or new.

use std::collections::BTreeMap;

use stocksync_ledger::rules;
use stocksync_schemas::{Body, Code, OpHash, ReplicaId, Verdict, collections};

use super::IncomingOp;
use crate::op_log::{Judgement, Known};

/// What becomes of a pushed op.
pub(super) enum Decision {
    /// It gets the next position.
    Accept,
    /// It is answered and changes nothing.
    Answer(Verdict),
    /// It is refused for good, answered, and kept.
    Reject(Code, String),
}

/// A rejection with its code's own answer to whether the op may be accepted later.
pub(super) fn rejected(code: Code, text: &str) -> Verdict {
    Verdict::Rejected { code, retryable: code.retryable(), text: text.to_owned() }
}

/// Judges one op. `known` is what earlier exchanges made of its lane, `earlier` what this one has accepted of it.
pub(super) fn judge(
    replica: ReplicaId,
    incoming: &IncomingOp,
    known: &BTreeMap<u64, Known>,
    earlier: &BTreeMap<u64, (OpHash, stocksync_schemas::Acceptance)>,
) -> Decision {
    let op = &incoming.op;
    if op.lane.replica != replica {
        return Decision::Answer(plainly(Code::WrongLane));
    }
    if let Some(known) = known.get(&op.lane.seq) {
        return Decision::Answer(repeat(incoming, known));
    }
    if let Some((hash, acceptance)) = earlier.get(&op.lane.seq) {
        return Decision::Answer(if *hash == incoming.hash {
            Verdict::Duplicate(*acceptance)
        } else {
            plainly(Code::Fork)
        });
    }
    if i64::try_from(op.lane.seq).is_err() {
        return Decision::Answer(plainly(Code::InvalidOp));
    }
    if let Err(error) = rules::check(op) {
        return Decision::Reject(error.code(), error.to_string());
    }
    match &op.body {
        Body::Opaque(_) => Decision::Answer(plainly(Code::UpgradeServer)),
        // A collection of a later version is applied after the upgrade; what is known passes the guard first.
        Body::Record(it) if collections::find(&it.collection).is_none() => {
            Decision::Answer(plainly(Code::UpgradeServer))
        }
        _ => match &incoming.flaw {
            Some(flaw) => Decision::Reject(flaw.code(), flaw.to_string()),
            None => Decision::Accept,
        },
    }
}

fn plainly(code: Code) -> Verdict {
    rejected(code, code.facts().2)
}

/// The answer that the op got before, or `fork` if it is not the same op.
fn repeat(incoming: &IncomingOp, known: &Known) -> Verdict {
    if known.hash != incoming.hash {
        return plainly(Code::Fork);
    }
    match &known.judgement {
        Judgement::Accepted(acceptance) => Verdict::Duplicate(*acceptance),
        Judgement::Rejected { code, text } => {
            // A code that a later build gave and this one does not know: still final.
            let code = Code::parse(code).unwrap_or(Code::InvalidOp);
            Verdict::Rejected { code, retryable: false, text: text.clone() }
        }
    }
}
