//! Bodies of operations, and their canonical bytes.
//!
//! Owns the shapes and the one encoding a hash covers. Must never judge a body's sense (that is `ledger::rules`): only its
//! form is read here.

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::ids::{Lane, Location, OpHash, OpRef, RecordId, ReplicaId, SessionId, VariantId};
use crate::op::Kind;
use crate::wire::pb::body as pb;

/// Bytes that are not one canonical body of their kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not Protobuf, or not of this message.
    #[error("the body cannot be decoded: {0}")]
    Undecodable(String),
    /// An id, hash or message that must be there is missing or has another length.
    #[error("the body's {0} is missing or has a wrong length")]
    Field(&'static str),
    /// Decodes, but to a body whose own encoding differs: unknown fields, another order, defaults written out.
    #[error("the body is not in its canonical form")]
    NotCanonical,
}

/// What a balance belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The thing.
    pub variant: VariantId,
    /// The place.
    pub location: Location,
    /// Empty, `10:CODE` or `21:SERIAL`.
    #[serde(default)]
    pub lot: String,
}

/// A price for one base unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cost {
    /// In 1/10 000 of the currency's major unit.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// One line of a movement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// What moves.
    pub variant: VariantId,
    /// Of which lot.
    #[serde(default)]
    pub lot: String,
    /// How much, thousandths of the base unit, > 0.
    pub quantity: i64,
    /// What the person saw: "3 x CASE of 12".
    #[serde(default)]
    pub entered: String,
    /// What one base unit cost, where known.
    #[serde(default)]
    pub unit_cost: Option<Cost>,
}

/// Quantity leaves `from` and arrives at `to`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Move {
    /// Where it leaves.
    pub from: Location,
    /// Where it arrives; not `from`.
    pub to: Location,
    /// What; at least one line.
    pub lines: Vec<Line>,
    /// Reason code of the tenant's list.
    #[serde(default)]
    pub reason: String,
    /// A document's number.
    #[serde(default)]
    pub reference: String,
}

/// "This many were here": an observation of one cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Count {
    /// What was counted.
    pub cell: Cell,
    /// How much was there, thousandths, >= 0.
    pub counted: i64,
    /// The expectation the person was shown, thousandths; none in a blind count.
    #[serde(default)]
    pub expected: Option<i64>,
    /// The session it belongs to; none if it stands alone.
    #[serde(default)]
    pub session: Option<SessionId>,
}

/// The counts of one cell that a close names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClosePart {
    /// Which cell.
    pub cell: Cell,
    /// The counts of the session that name it.
    pub counts: Vec<OpRef>,
}

/// A session acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Close {
    /// Which session.
    pub session: SessionId,
    /// Its counts, by cell.
    pub parts: Vec<ClosePart>,
    /// Locations it covered completely.
    #[serde(default)]
    pub complete: Vec<Location>,
}

/// The target never happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Void {
    /// Which op.
    pub target: OpRef,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// One change to one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordChange {
    /// Collection of `schemas::collections`.
    pub collection: String,
    /// Which record.
    pub record: RecordId,
    /// One Automerge change chunk (type 1).
    #[serde(with = "hex_bytes")]
    pub change: Vec<u8>,
}

/// What an op says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Kind 1.
    Move(Move),
    /// Kind 2.
    Count(Count),
    /// Kind 3.
    Close(Close),
    /// Kind 4.
    Void(Void),
    /// Kind 5.
    Record(RecordChange),
    /// A kind or version that this build does not know: the bytes captured.
    #[serde(with = "hex_bytes")]
    Opaque(Vec<u8>),
}

impl Body {
    /// Kind and version of a body made by this build; (0, 0) for opaque bytes, whose op carries its own.
    #[must_use]
    pub fn kind(&self) -> (Kind, u32) {
        match self {
            Self::Move(_) => (Kind::MOVE, 1),
            Self::Count(_) => (Kind::COUNT, 1),
            Self::Close(_) => (Kind::CLOSE, 1),
            Self::Void(_) => (Kind::VOID, 1),
            Self::Record(_) => (Kind::RECORD, 1),
            Self::Opaque(_) => (Kind(0), 0),
        }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Move(it) => to_pb::movement(it).encode_to_vec(),
            Self::Count(it) => to_pb::count(it).encode_to_vec(),
            Self::Close(it) => to_pb::close(it).encode_to_vec(),
            Self::Void(it) => to_pb::void(it).encode_to_vec(),
            Self::Record(it) => to_pb::record(it).encode_to_vec(),
            Self::Opaque(bytes) => bytes.clone(),
        }
    }

    /// Reads the canonical bytes of a known kind and version; keeps those of any other as they are.
    ///
    /// # Errors
    /// [`BodyError`] where kind and version are known and `bytes` are not one canonical body of it.
    pub fn decode(kind: Kind, version: u32, bytes: &[u8]) -> Result<Self, BodyError> {
        let body = match (kind, version) {
            (Kind::MOVE, 1) => Self::Move(from_pb::movement(read(bytes)?)?),
            (Kind::COUNT, 1) => Self::Count(from_pb::count(read(bytes)?)?),
            (Kind::CLOSE, 1) => Self::Close(from_pb::close(read(bytes)?)?),
            (Kind::VOID, 1) => Self::Void(from_pb::void(read(bytes)?)?),
            (Kind::RECORD, 1) => Self::Record(from_pb::record(read(bytes)?)?),
            _ => return Ok(Self::Opaque(bytes.to_vec())),
        };
        if body.encode() == bytes { Ok(body) } else { Err(BodyError::NotCanonical) }
    }
}

fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, BodyError> {
    M::decode(bytes).map_err(|error| BodyError::Undecodable(error.to_string()))
}

/// Domain to Protobuf.
mod to_pb {
    use super::*;

    pub(super) fn reference(it: &OpRef) -> pb::Ref {
        pb::Ref { replica: it.lane.replica.0.to_vec(), seq: it.lane.seq, hash: it.hash.0.to_vec() }
    }

    pub(super) fn cell(it: &Cell) -> pb::Cell {
        pb::Cell { variant: it.variant.0.to_vec(), location: it.location.0.to_vec(), lot: it.lot.clone() }
    }

    pub(super) fn movement(it: &Move) -> pb::Move {
        pb::Move {
            from: it.from.0.to_vec(),
            to: it.to.0.to_vec(),
            lines: it.lines.iter().map(line).collect(),
            reason: it.reason.clone(),
            reference: it.reference.clone(),
        }
    }

    fn line(it: &Line) -> pb::r#move::Line {
        pb::r#move::Line {
            variant: it.variant.0.to_vec(),
            lot: it.lot.clone(),
            quantity: it.quantity,
            entered: it.entered.clone(),
            unit_cost: it
                .unit_cost
                .as_ref()
                .map(|cost| pb::Cost { amount: cost.amount, currency: cost.currency.clone() }),
        }
    }

    pub(super) fn count(it: &Count) -> pb::Count {
        pb::Count {
            cell: Some(cell(&it.cell)),
            counted: it.counted,
            expected: it.expected,
            session: it.session.map(|id| id.0.to_vec()).unwrap_or_default(),
        }
    }

    pub(super) fn close(it: &Close) -> pb::Close {
        let part = |part: &ClosePart| pb::close::Part {
            cell: Some(cell(&part.cell)),
            counts: part.counts.iter().map(reference).collect(),
        };
        pb::Close {
            session: it.session.0.to_vec(),
            parts: it.parts.iter().map(part).collect(),
            complete: it.complete.iter().map(|location| location.0.to_vec()).collect(),
        }
    }

    pub(super) fn void(it: &Void) -> pb::Void {
        pb::Void { target: Some(reference(&it.target)), reason: it.reason.clone() }
    }

    pub(super) fn record(it: &RecordChange) -> pb::Record {
        pb::Record { collection: it.collection.clone(), record: it.record.0.to_vec(), change: it.change.clone() }
    }
}

/// Protobuf to domain.
mod from_pb {
    use super::*;

    fn reference(it: pb::Ref) -> Result<OpRef, BodyError> {
        Ok(OpRef {
            lane: Lane { replica: ReplicaId::from_slice(&it.replica).ok_or(BodyError::Field("replica"))?, seq: it.seq },
            hash: OpHash::from_slice(&it.hash).ok_or(BodyError::Field("hash"))?,
        })
    }

    fn variant(bytes: &[u8]) -> Result<VariantId, BodyError> {
        VariantId::from_slice(bytes).ok_or(BodyError::Field("variant"))
    }

    fn location(bytes: &[u8]) -> Result<Location, BodyError> {
        Location::from_slice(bytes).ok_or(BodyError::Field("location"))
    }

    fn session(bytes: &[u8]) -> Result<SessionId, BodyError> {
        SessionId::from_slice(bytes).ok_or(BodyError::Field("session"))
    }

    fn cell(it: Option<pb::Cell>) -> Result<Cell, BodyError> {
        let it = it.ok_or(BodyError::Field("cell"))?;
        Ok(Cell { variant: variant(&it.variant)?, location: location(&it.location)?, lot: it.lot })
    }

    pub(super) fn movement(it: pb::Move) -> Result<Move, BodyError> {
        let line = |it: pb::r#move::Line| {
            Ok(Line {
                variant: variant(&it.variant)?,
                lot: it.lot,
                quantity: it.quantity,
                entered: it.entered,
                unit_cost: it.unit_cost.map(|cost| Cost { amount: cost.amount, currency: cost.currency }),
            })
        };
        Ok(Move {
            from: location(&it.from)?,
            to: location(&it.to)?,
            lines: it.lines.into_iter().map(line).collect::<Result<_, _>>()?,
            reason: it.reason,
            reference: it.reference,
        })
    }

    pub(super) fn count(it: pb::Count) -> Result<Count, BodyError> {
        Ok(Count {
            cell: cell(it.cell)?,
            counted: it.counted,
            expected: it.expected,
            session: if it.session.is_empty() { None } else { Some(session(&it.session)?) },
        })
    }

    pub(super) fn close(it: pb::Close) -> Result<Close, BodyError> {
        let part = |it: pb::close::Part| {
            Ok(ClosePart {
                cell: cell(it.cell)?,
                counts: it.counts.into_iter().map(reference).collect::<Result<_, _>>()?,
            })
        };
        Ok(Close {
            session: session(&it.session)?,
            parts: it.parts.into_iter().map(part).collect::<Result<_, _>>()?,
            complete: it.complete.iter().map(|bytes| location(bytes)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn void(it: pb::Void) -> Result<Void, BodyError> {
        Ok(Void { target: reference(it.target.ok_or(BodyError::Field("target"))?)?, reason: it.reason })
    }

    pub(super) fn record(it: pb::Record) -> Result<RecordChange, BodyError> {
        Ok(RecordChange {
            collection: it.collection,
            record: RecordId::from_slice(&it.record).ok_or(BodyError::Field("record"))?,
            change: it.change,
        })
    }
}

/// Bytes as hexadecimal in the JSON form.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::ids::to_hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::ids::bytes_from_hex(&text).ok_or_else(|| D::Error::custom("not bytes in hexadecimal"))
    }
}
