//! The verdict on one op that needs no history: known already, of another lane, against a rule, or new.

use std::collections::BTreeMap;

use stocksync_ledger::rules;
use stocksync_schemas::{Body, Code, OpHash, Outcome, ReplicaId, collections};

use super::Candidate;
use crate::op_log::{Judgement, Known};

/// What becomes of a pushed op.
pub(super) enum Fate {
    /// It gets the next position.
    New,
    /// It is answered and changes nothing.
    Answered(Outcome),
    /// It is refused for good, answered, and kept.
    Refused(Code, String),
}

/// A rejection with its code's own answer to whether the op may be accepted later.
pub(super) fn rejected(code: Code, text: &str) -> Outcome {
    Outcome::Rejected { code, retryable: code.retryable(), text: text.to_owned() }
}

/// Judges one op. `known` is what earlier exchanges made of its lane, `earlier` what this one has accepted of it.
pub(super) fn judge(
    replica: ReplicaId,
    candidate: &Candidate,
    known: &BTreeMap<u64, Known>,
    earlier: &BTreeMap<u64, (OpHash, stocksync_schemas::Acceptance)>,
) -> Fate {
    let op = &candidate.op;
    if op.lane.replica != replica {
        return Fate::Answered(plainly(Code::WrongLane));
    }
    if let Some(known) = known.get(&op.lane.seq) {
        return Fate::Answered(repeat(candidate, known));
    }
    if let Some((hash, acceptance)) = earlier.get(&op.lane.seq) {
        return Fate::Answered(if *hash == candidate.hash {
            Outcome::Duplicate(*acceptance)
        } else {
            plainly(Code::Fork)
        });
    }
    if i64::try_from(op.lane.seq).is_err() {
        return Fate::Answered(plainly(Code::InvalidOp));
    }
    if let Err(error) = rules::check(op) {
        return Fate::Refused(error.code(), error.to_string());
    }
    match &op.body {
        Body::Opaque(_) => Fate::Answered(plainly(Code::UpgradeServer)),
        // A collection of a later version is applied after the upgrade; what is known passes the guard first.
        Body::Record(it) if collections::find(&it.collection).is_none() => Fate::Answered(plainly(Code::UpgradeServer)),
        _ => match &candidate.flaw {
            Some(flaw) => Fate::Refused(flaw.code(), flaw.to_string()),
            None => Fate::New,
        },
    }
}

fn plainly(code: Code) -> Outcome {
    rejected(code, code.facts().2)
}

/// The answer that the op got before, or `fork` if it is not the same op.
fn repeat(candidate: &Candidate, known: &Known) -> Outcome {
    if known.hash != candidate.hash {
        return plainly(Code::Fork);
    }
    match &known.judgement {
        Judgement::Accepted(acceptance) => Outcome::Duplicate(*acceptance),
        Judgement::Rejected { code, text } => {
            // A code that a later build gave and this one does not know: still final.
            let code = Code::parse(code).unwrap_or(Code::InvalidOp);
            Outcome::Rejected { code, retryable: false, text: text.clone() }
        }
    }
}
