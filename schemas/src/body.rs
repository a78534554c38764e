//! Bodies of operations, and their canonical bytes.
//!
//! Owns the shapes and the one encoding that a hash covers. Must never check what a body means (`ledger::rules` does): only
//! its form is checked here.

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::ids::{Lane, Location, OpHash, OpRef, RecordId, ReplicaId, SessionId, VariantId};
use crate::op::Kind;
use crate::wire::pb::body as pb;

/// The bytes are not one canonical body of their kind: reject the op with `invalid_op`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not Protobuf, or not this message.
    #[error("the body cannot be decoded: {0}")]
    Undecodable(String),
    /// A required id, hash or message is missing, or an id or hash has another length.
    #[error("the body's {0} is missing or has a wrong length")]
    Field(&'static str),
    /// The bytes decode to a body whose canonical encoding differs: unknown fields, another order of fields, defaults written
    /// out.
    #[error("the body is not in its canonical form")]
    NotCanonical,
}

/// A cell: what a balance belongs to. Two ops concern the same stock if they name the same cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// Which variant.
    pub variant: VariantId,
    /// At which location.
    pub location: Location,
    /// Which lot: empty, `10:CODE` for a batch, or `21:SERIAL` for a serial.
    #[serde(default)]
    pub lot: String,
}

/// The cost of one base unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cost {
    /// In 1/10 000 of the currency's major unit.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// One line of a movement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MovementLine {
    /// Which variant.
    pub variant: VariantId,
    /// Which lot, as in [`Cell::lot`].
    #[serde(default)]
    pub lot: String,
    /// Quantity in thousandths of the variant's base unit, greater than 0.
    pub quantity: i64,
    /// What the person saw and entered, such as "3 x CASE of 12". Not used in any computation.
    #[serde(default)]
    pub entered: String,
    /// What one base unit cost, if known.
    #[serde(default)]
    pub unit_cost: Option<Cost>,
}

/// A movement: the quantities of its lines leave `from` and arrive at `to`. Its type follows from the two locations: a receipt
/// comes from [`Location::SUPPLIER`], a sale goes to [`Location::CUSTOMER`], an adjustment has [`Location::LOSS`] at one end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Move {
    /// Location that the quantities leave.
    pub from: Location,
    /// Location at which they arrive; not `from`.
    pub to: Location,
    /// At least one and at most [`crate::limits::LINES`] lines.
    pub lines: Vec<MovementLine>,
    /// Reason code from the tenant's list; may be empty.
    #[serde(default)]
    pub reason: String,
    /// Number of the document (order, delivery) that the movement belongs to; may be empty.
    #[serde(default)]
    pub reference: String,
}

/// An observation of one cell: so many were there. It does not set the balance; movements after it are added (design 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Count {
    /// The cell that was counted.
    pub cell: Cell,
    /// Quantity found, thousandths, 0 or more.
    pub counted: i64,
    /// The balance that the person was shown, thousandths; `None` in a blind count. Evidence only.
    #[serde(default)]
    pub expected: Option<i64>,
    /// The session to which it belongs; a count without one takes effect at once.
    #[serde(default)]
    pub session: Option<SessionId>,
}

/// The counts of one cell that a close names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClosePart {
    /// Which cell.
    pub cell: Cell,
    /// The counts of the session that name this cell.
    pub counts: Vec<OpRef>,
}

/// The end of a session: where the counts it names for a cell are exactly the live counts of its session, they take effect
/// together (design 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Close {
    /// Which session.
    pub session: SessionId,
    /// The counts of the session, by cell.
    pub parts: Vec<ClosePart>,
    /// Locations that were counted completely: where nothing was counted there was nothing.
    #[serde(default)]
    pub complete: Vec<Location>,
}

/// A void: the target never happened. Goods that came back are a movement, not a void.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Void {
    /// The op to void, of any kind; it may be a void.
    pub target: OpRef,
    /// Reason code or text; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// One change of one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordChange {
    /// Name of a collection of [`crate::collections`].
    pub collection: String,
    /// Which record.
    pub record: RecordId,
    /// One Automerge change chunk of type 1, uncompressed.
    #[serde(with = "hex_bytes")]
    pub change: Vec<u8>,
}

/// The content of an op.
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
    /// The body of a kind or version that this build does not know: the bytes as captured.
    #[serde(with = "hex_bytes")]
    Opaque(Vec<u8>),
}

impl Body {
    /// Kind and version of a body that this build creates; (0, 0) for opaque bytes, whose op states its own.
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

    /// The canonical bytes, which an op's hash covers.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Move(body) => to_pb::movement(body).encode_to_vec(),
            Self::Count(body) => to_pb::count(body).encode_to_vec(),
            Self::Close(body) => to_pb::close(body).encode_to_vec(),
            Self::Void(body) => to_pb::void(body).encode_to_vec(),
            Self::Record(body) => to_pb::record(body).encode_to_vec(),
            Self::Opaque(bytes) => bytes.clone(),
        }
    }

    /// Decodes the canonical bytes of a known kind and version; bytes of any other become [`Body::Opaque`].
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

/// The Protobuf message in `bytes`; unknown fields are skipped here and noticed by the comparison in [`Body::decode`].
fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, BodyError> {
    M::decode(bytes).map_err(|error| BodyError::Undecodable(error.to_string()))
}

/// Domain to Protobuf.
mod to_pb {
    use super::*;

    pub(super) fn reference(op: &OpRef) -> pb::Ref {
        pb::Ref { replica: op.lane.replica.0.to_vec(), seq: op.lane.seq, hash: op.hash.0.to_vec() }
    }

    pub(super) fn cell(cell: &Cell) -> pb::Cell {
        pb::Cell { variant: cell.variant.0.to_vec(), location: cell.location.0.to_vec(), lot: cell.lot.clone() }
    }

    pub(super) fn movement(movement: &Move) -> pb::Move {
        pb::Move {
            from: movement.from.0.to_vec(),
            to: movement.to.0.to_vec(),
            lines: movement.lines.iter().map(line).collect(),
            reason: movement.reason.clone(),
            reference: movement.reference.clone(),
        }
    }

    fn line(line: &MovementLine) -> pb::r#move::Line {
        pb::r#move::Line {
            variant: line.variant.0.to_vec(),
            lot: line.lot.clone(),
            quantity: line.quantity,
            entered: line.entered.clone(),
            unit_cost: line
                .unit_cost
                .as_ref()
                .map(|cost| pb::Cost { amount: cost.amount, currency: cost.currency.clone() }),
        }
    }

    pub(super) fn count(count: &Count) -> pb::Count {
        pb::Count {
            cell: Some(cell(&count.cell)),
            counted: count.counted,
            expected: count.expected,
            session: count.session.map(|id| id.0.to_vec()).unwrap_or_default(),
        }
    }

    pub(super) fn close(close: &Close) -> pb::Close {
        let part = |part: &ClosePart| pb::close::Part {
            cell: Some(cell(&part.cell)),
            counts: part.counts.iter().map(reference).collect(),
        };
        pb::Close {
            session: close.session.0.to_vec(),
            parts: close.parts.iter().map(part).collect(),
            complete: close.complete.iter().map(|location| location.0.to_vec()).collect(),
        }
    }

    pub(super) fn void(void: &Void) -> pb::Void {
        pb::Void { target: Some(reference(&void.target)), reason: void.reason.clone() }
    }

    pub(super) fn record(record: &RecordChange) -> pb::Record {
        pb::Record {
            collection: record.collection.clone(),
            record: record.record.0.to_vec(),
            change: record.change.clone(),
        }
    }
}

/// Protobuf to domain.
mod from_pb {
    use super::*;

    fn reference(message: pb::Ref) -> Result<OpRef, BodyError> {
        Ok(OpRef {
            lane: Lane {
                replica: ReplicaId::from_slice(&message.replica).ok_or(BodyError::Field("replica"))?,
                seq: message.seq,
            },
            hash: OpHash::from_slice(&message.hash).ok_or(BodyError::Field("hash"))?,
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

    fn cell(message: Option<pb::Cell>) -> Result<Cell, BodyError> {
        let message = message.ok_or(BodyError::Field("cell"))?;
        Ok(Cell { variant: variant(&message.variant)?, location: location(&message.location)?, lot: message.lot })
    }

    pub(super) fn movement(message: pb::Move) -> Result<Move, BodyError> {
        let line = |message: pb::r#move::Line| {
            Ok(MovementLine {
                variant: variant(&message.variant)?,
                lot: message.lot,
                quantity: message.quantity,
                entered: message.entered,
                unit_cost: message.unit_cost.map(|cost| Cost { amount: cost.amount, currency: cost.currency }),
            })
        };
        Ok(Move {
            from: location(&message.from)?,
            to: location(&message.to)?,
            lines: message.lines.into_iter().map(line).collect::<Result<_, _>>()?,
            reason: message.reason,
            reference: message.reference,
        })
    }

    pub(super) fn count(message: pb::Count) -> Result<Count, BodyError> {
        Ok(Count {
            cell: cell(message.cell)?,
            counted: message.counted,
            expected: message.expected,
            session: if message.session.is_empty() { None } else { Some(session(&message.session)?) },
        })
    }

    pub(super) fn close(message: pb::Close) -> Result<Close, BodyError> {
        let part = |message: pb::close::Part| {
            Ok(ClosePart {
                cell: cell(message.cell)?,
                counts: message.counts.into_iter().map(reference).collect::<Result<_, _>>()?,
            })
        };
        Ok(Close {
            session: session(&message.session)?,
            parts: message.parts.into_iter().map(part).collect::<Result<_, _>>()?,
            complete: message.complete.iter().map(|bytes| location(bytes)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn void(message: pb::Void) -> Result<Void, BodyError> {
        Ok(Void { target: reference(message.target.ok_or(BodyError::Field("target"))?)?, reason: message.reason })
    }

    pub(super) fn record(message: pb::Record) -> Result<RecordChange, BodyError> {
        Ok(RecordChange {
            collection: message.collection,
            record: RecordId::from_slice(&message.record).ok_or(BodyError::Field("record"))?,
            change: message.change,
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
