//! The bodies of a batch of ops: column groups for `move` and `count`, canonical bytes for all others.
//!
//! Owns which body goes into which group. Must return every body with the canonical bytes it had.
//!
//! Movements and counts are frequent and alike, so each of their fields is a column. Ids and texts are written once, in a
//! dictionary, and named by index. A movement names a *route* (from, to, reason), and a line a *variant lot* (variant and lot),
//! because the same combinations return within a batch. All other bodies lie one after the other as canonical bytes.

use super::WireError;
use super::column::{self, Column};
use super::dictionary::{self, DictionaryWriter, Entries, TextWriter, Texts};
use super::pb::exchange as pb;
use crate::body::{Body, Cell, Cost, Count, Move, MovementLine};
use crate::ids::{Location, SessionId, VariantId};
use crate::limits::{BODY_BYTES, LINES};
use crate::op::{Kind, Op};

/// Location indices below this are virtual ones.
const VIRTUAL: u8 = 16;
/// Smallest number of canonical bytes of a line: 2 + 16 of the variant, 2 around it.
const LINE_BYTES: usize = 20;

/// The ids of all virtual locations, in the order of their indices.
fn virtual_locations() -> impl Iterator<Item = [u8; 16]> {
    (0..VIRTUAL).map(|last| (u128::from(last)).to_be_bytes())
}

/// Whether the columns can hold this op: its body is what its kind and version say.
pub(super) fn fits(op: &Op) -> bool {
    match &op.body {
        Body::Opaque(_) => !(op.version == 1 && (Kind::MOVE.0..=Kind::RECORD.0).contains(&op.kind.0)),
        Body::Move(movement) => op.body.kind() == (op.kind, op.version) && (1..=LINES).contains(&movement.lines.len()),
        _ => op.body.kind() == (op.kind, op.version),
    }
}

/// Collects the bodies of a batch, in order.
pub(super) struct BodyWriter {
    variants: DictionaryWriter<[u8; 16]>,
    locations: DictionaryWriter<[u8; 16]>,
    sessions: DictionaryWriter<[u8; 16]>,
    texts: TextWriter,
    variant_lots: DictionaryWriter<(i64, i64)>,
    routes: DictionaryWriter<(i64, i64, i64)>,
    costs: DictionaryWriter<(i64, i64)>,
    moves: MoveColumns,
    counts: CountColumns,
    lengths: Vec<i64>,
    others: Vec<u8>,
}

/// The columns of all movements: one value a movement up to `lines`, one value a line from there.
#[derive(Default)]
struct MoveColumns {
    route: Vec<i64>,
    reference: Vec<i64>,
    lines: Vec<i64>,
    variant_lot: Vec<i64>,
    quantity: Vec<i64>,
    entered: Vec<i64>,
    cost: Vec<i64>,
}

/// The columns of all counts: one value a count, but `off` only for counts with an expectation.
#[derive(Default)]
struct CountColumns {
    variant_lot: Vec<i64>,
    location: Vec<i64>,
    counted: Vec<i64>,
    session: Vec<i64>,
    expects: Vec<i64>,
    off: Vec<i64>,
}

impl BodyWriter {
    /// A writer without bodies; the empty text and the virtual locations are known.
    pub(super) fn new() -> Self {
        Self {
            variants: DictionaryWriter::new(),
            locations: DictionaryWriter::after(virtual_locations()),
            sessions: DictionaryWriter::new(),
            texts: dictionary::texts(),
            variant_lots: DictionaryWriter::new(),
            routes: DictionaryWriter::new(),
            costs: DictionaryWriter::new(),
            moves: MoveColumns::default(),
            counts: CountColumns::default(),
            lengths: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Adds the body of the next op to its group.
    pub(super) fn push(&mut self, body: &Body) {
        match body {
            Body::Move(body) => self.movement(body),
            Body::Count(body) => self.count(body),
            other => {
                let bytes = other.encode();
                self.lengths.push(bytes.len() as i64);
                self.others.extend_from_slice(&bytes);
            }
        }
    }

    /// The index of a pair of variant and lot.
    fn variant_lot(&mut self, variant: &VariantId, lot: &String) -> i64 {
        let variant_lot = (self.variants.name(&variant.0), self.texts.name(lot));
        self.variant_lots.name(&variant_lot)
    }

    /// Adds a movement: its route, reference and number of lines, then each line.
    fn movement(&mut self, movement: &Move) {
        let route = (
            self.locations.name(&movement.from.0),
            self.locations.name(&movement.to.0),
            self.texts.name(&movement.reason),
        );
        self.moves.route.push(self.routes.name(&route));
        self.moves.reference.push(self.texts.name(&movement.reference));
        self.moves.lines.push(movement.lines.len() as i64 - 1);
        for line in &movement.lines {
            let variant_lot = self.variant_lot(&line.variant, &line.lot);
            self.moves.variant_lot.push(variant_lot);
            self.moves.quantity.push(line.quantity);
            self.moves.entered.push(self.texts.name(&line.entered));
            let cost = line.unit_cost.as_ref().map_or(0, |cost| {
                let currency = self.texts.name(&cost.currency);
                self.costs.name(&(cost.amount, currency)) + 1
            });
            self.moves.cost.push(cost);
        }
    }

    /// Adds a count. The expectation is written as its difference to the count, which is small.
    fn count(&mut self, count: &Count) {
        let variant_lot = self.variant_lot(&count.cell.variant, &count.cell.lot);
        self.counts.variant_lot.push(variant_lot);
        self.counts.location.push(self.locations.name(&count.cell.location.0));
        self.counts.counted.push(count.counted);
        self.counts.session.push(count.session.map_or(0, |session| self.sessions.name(&session.0) + 1));
        self.counts.expects.push(i64::from(count.expected.is_some()));
        self.counts.off.extend(count.expected.map(|expected| count.counted.wrapping_sub(expected)));
    }

    /// Writes the collected bodies into the message.
    pub(super) fn finish(self, ops: &mut pb::OpColumns) {
        ops.moves = (!self.moves.route.is_empty()).then(|| self.move_columns());
        ops.counts = (!self.counts.variant_lot.is_empty()).then(|| self.count_columns());
        ops.dictionary = (ops.moves.is_some() || ops.counts.is_some()).then(|| self.dictionary());
        ops.others = (!self.lengths.is_empty())
            .then(|| pb::Others { length: column::write(&self.lengths), bodies: self.others });
    }

    /// The ids and texts that the bodies name.
    fn dictionary(&self) -> pb::Dictionary {
        let (text_bytes, texts, text_length) = dictionary::text_fields(&self.texts);
        pb::Dictionary {
            variants: self.variants.bytes(),
            locations: self.locations.bytes(),
            sessions: self.sessions.bytes(),
            text_bytes,
            texts,
            text_length,
            variant_lots: self.variant_lots.sent().len() as u32,
            variant_lot_variant: map(self.variant_lots.sent(), |variant_lot| variant_lot.0),
            variant_lot_lot: map(self.variant_lots.sent(), |variant_lot| variant_lot.1),
        }
    }

    /// The encoded columns of the movements, with their routes and costs.
    fn move_columns(&self) -> pb::Moves {
        let moves = &self.moves;
        let routes = self.routes.sent();
        let costs = self.costs.sent();
        pb::Moves {
            routes: routes.len() as u32,
            route_from: map(routes, |route| route.0),
            route_to: map(routes, |route| route.1),
            route_reason: map(routes, |route| route.2),
            costs: costs.len() as u32,
            cost_amount: map(costs, |cost| cost.0),
            cost_currency: map(costs, |cost| cost.1),
            route: column::write(&moves.route),
            reference: column::write(&moves.reference),
            lines: column::write(&moves.lines),
            variant_lot: column::write(&moves.variant_lot),
            quantity: column::write(&moves.quantity),
            entered: column::write(&moves.entered),
            cost: column::write(&moves.cost),
        }
    }

    /// The encoded columns of the counts.
    fn count_columns(&self) -> pb::Counts {
        let counts = &self.counts;
        pb::Counts {
            variant_lot: column::write(&counts.variant_lot),
            location: column::write(&counts.location),
            counted: column::write(&counts.counted),
            session: column::write(&counts.session),
            expects: column::write(&counts.expects),
            off: column::write(&counts.off),
        }
    }
}

/// The column of a value of each item.
fn map<T>(items: &[T], value: impl Fn(&T) -> i64) -> Vec<u8> {
    column::write(&items.iter().map(value).collect::<Vec<_>>())
}

/// How many ops of a batch have a body in each group.
#[derive(Default, Clone, Copy)]
pub(super) struct Groups {
    pub(super) moves: usize,
    pub(super) counts: usize,
    pub(super) others: usize,
}

impl Groups {
    /// Counts the bodies by kind and version.
    pub(super) fn of(forms: impl Iterator<Item = (Kind, u32)>) -> Self {
        forms.fold(Self::default(), |mut groups, form| {
            match form {
                (Kind::MOVE, 1) => groups.moves += 1,
                (Kind::COUNT, 1) => groups.counts += 1,
                _ => groups.others += 1,
            }
            groups
        })
    }
}

/// Returns the bodies of a batch, in order.
pub(super) struct BodyReader<'a> {
    texts: Texts<'a>,
    variant_lots: Entries<(VariantId, i64)>,
    locations: Entries<[u8; 16]>,
    sessions: Entries<[u8; 16]>,
    moves: MoveReader,
    counts: CountReader,
    lengths: Column,
    others: &'a [u8],
}

impl<'a> BodyReader<'a> {
    /// `budget` bounds the bodies of the batch together, bytes.
    pub(super) fn read(ops: &'a pb::OpColumns, groups: Groups, budget: usize) -> Result<Self, WireError> {
        static NONE: pb::Dictionary = EMPTY_DICTIONARY;
        let dictionary = ops.dictionary.as_ref().unwrap_or(&NONE);
        let mut texts = Texts::read(&dictionary.text_bytes, dictionary.texts, &dictionary.text_length, budget)?;
        let variants = dictionary::read_ids("variants", &[], &dictionary.variants)?;
        let virtuals: Vec<_> = virtual_locations().collect();
        let moves = MoveReader::read(ops.moves.as_ref(), groups.moves, &mut texts)?;
        let others = ops.others.as_ref();
        let reader = Self {
            variant_lots: variant_lots(dictionary, &variants)?,
            locations: dictionary::read_ids("locations", &virtuals, &dictionary.locations)?,
            sessions: dictionary::read_ids("sessions", &[], &dictionary.sessions)?,
            moves,
            counts: CountReader::read(ops.counts.as_ref(), groups.counts)?,
            lengths: Column::read("body length", others.map_or(&[], |others| others.length.as_slice()), groups.others)?,
            others: others.map_or(&[], |others| others.bodies.as_slice()),
            texts,
        };
        Ok(reader)
    }

    /// The next body of this form.
    pub(super) fn next(&mut self, kind: Kind, version: u32) -> Result<Body, WireError> {
        match (kind, version) {
            (Kind::MOVE, 1) => self.movement().map(Body::Move),
            (Kind::COUNT, 1) => self.count().map(Body::Count),
            _ => {
                let length = self.lengths.next_index()?;
                if length > BODY_BYTES {
                    return Err(WireError::TooLarge { limit: BODY_BYTES });
                }
                self.texts.spend(length)?;
                let (bytes, rest) = self.others.split_at_checked(length).ok_or(WireError::Columns("body length"))?;
                self.others = rest;
                Body::decode(kind, version, bytes).map_err(|_| WireError::Columns("bodies"))
            }
        }
    }

    /// Must be called after the last body: nothing may be left over.
    pub(super) fn finish(self) -> Result<(), WireError> {
        if self.others.is_empty() { Ok(()) } else { Err(WireError::Columns("bodies")) }
    }

    /// The variant and lot that the next value of a column names.
    fn variant_lot(&mut self, column: StockColumn) -> Result<(VariantId, String), WireError> {
        let column = match column {
            StockColumn::Lines => &mut self.moves.variant_lot,
            StockColumn::Counts => &mut self.counts.variant_lot,
        };
        let (variant, lot) = *self.variant_lots.get(column)?;
        Ok((variant, self.texts.at(lot)?))
    }

    /// The next movement.
    fn movement(&mut self) -> Result<Move, WireError> {
        let (from, to, reason) = *self.moves.routes.get(&mut self.moves.route)?;
        let lines = self.moves.lines.next_index()?;
        Ok(Move {
            from: Location(*self.locations.at(from)?),
            to: Location(*self.locations.at(to)?),
            lines: (0..=lines).map(|_| self.line()).collect::<Result<_, _>>()?,
            reason: self.texts.at(reason)?,
            reference: self.texts.get(&mut self.moves.reference)?,
        })
    }

    /// The next line of the movement under way.
    fn line(&mut self) -> Result<MovementLine, WireError> {
        let (variant, lot) = self.variant_lot(StockColumn::Lines)?;
        let unit_cost = match self.moves.costs.get_optional(&mut self.moves.cost)? {
            Some(&(amount, currency)) => Some(Cost { amount, currency: self.texts.at(currency)? }),
            None => None,
        };
        Ok(MovementLine {
            variant,
            lot,
            quantity: self.moves.quantity.next()?,
            entered: self.texts.get(&mut self.moves.entered)?,
            unit_cost,
        })
    }

    /// The next count.
    fn count(&mut self) -> Result<Count, WireError> {
        let (variant, lot) = self.variant_lot(StockColumn::Counts)?;
        let location = Location(*self.locations.get(&mut self.counts.location)?);
        let counted = self.counts.counted.next()?;
        let session = self.sessions.get_optional(&mut self.counts.session)?.map(|id| SessionId(*id));
        let expected = match self.counts.expects.next()? {
            0 => None,
            1 => Some(counted.wrapping_sub(self.counts.off.next()?)),
            _ => return Err(WireError::Columns("expects")),
        };
        Ok(Count { cell: Cell { variant, location, lot }, counted, expected, session })
    }
}

/// Which group's column of variants with lot is read.
#[derive(Clone, Copy)]
enum StockColumn {
    Lines,
    Counts,
}

/// The dictionary of a message that has none: all indices are wrong but that of the empty text.
const EMPTY_DICTIONARY: pb::Dictionary = pb::Dictionary {
    variants: Vec::new(),
    locations: Vec::new(),
    sessions: Vec::new(),
    text_bytes: Vec::new(),
    texts: 0,
    text_length: Vec::new(),
    variant_lots: 0,
    variant_lot_variant: Vec::new(),
    variant_lot_lot: Vec::new(),
};

/// The pairs of variant and lot.
fn variant_lots(
    dictionary: &pb::Dictionary,
    variants: &Entries<[u8; 16]>,
) -> Result<Entries<(VariantId, i64)>, WireError> {
    let count = bounded("variant_lots", dictionary.variant_lots)?;
    let mut variant = Column::read("variant_lot_variant", &dictionary.variant_lot_variant, count)?;
    let mut lot = Column::read("variant_lot_lot", &dictionary.variant_lot_lot, count)?;
    let items = (0..count)
        .map(|_| Ok((VariantId(*variants.get(&mut variant)?), lot.next()?)))
        .collect::<Result<_, WireError>>()?;
    Ok(Entries::of("variant_lots", items))
}

/// Checks the number of entries of a dictionary: an upper bound that no batch reaches.
fn bounded(name: &'static str, count: u32) -> Result<usize, WireError> {
    const MAX_ENTRIES: u32 = 1 << 18;
    if count > MAX_ENTRIES { Err(WireError::Columns(name)) } else { Ok(count as usize) }
}

/// The columns of the movements, being read.
struct MoveReader {
    routes: Entries<(i64, i64, i64)>,
    costs: Entries<(i64, i64)>,
    route: Column,
    reference: Column,
    lines: Column,
    variant_lot: Column,
    quantity: Column,
    entered: Column,
    cost: Column,
}

impl MoveReader {
    /// Decodes the columns of `count` movements. The lines are paid for from the budget of `texts` before any is built.
    fn read(message: Option<&pb::Moves>, count: usize, texts: &mut Texts<'_>) -> Result<Self, WireError> {
        let none = pb::Moves::default();
        let message = message.unwrap_or(&none);
        let lines = Column::read("lines", &message.lines, count)?;
        let mut total = 0;
        for more in lines.rest() {
            let more = usize::try_from(*more).ok().filter(|more| *more < LINES);
            total += more.ok_or(WireError::Columns("lines"))? + 1;
        }
        texts.spend(total * LINE_BYTES)?;
        Ok(Self {
            routes: Self::routes(message)?,
            costs: Self::costs(message)?,
            route: Column::read("route", &message.route, count)?,
            reference: Column::read("reference", &message.reference, count)?,
            lines,
            variant_lot: Column::read("variant_lot", &message.variant_lot, total)?,
            quantity: Column::read("quantity", &message.quantity, total)?,
            entered: Column::read("entered", &message.entered, total)?,
            cost: Column::read("cost", &message.cost, total)?,
        })
    }

    /// The routes: indices of from, to and reason.
    fn routes(message: &pb::Moves) -> Result<Entries<(i64, i64, i64)>, WireError> {
        let count = bounded("routes", message.routes)?;
        let mut from = Column::read("route_from", &message.route_from, count)?;
        let mut to = Column::read("route_to", &message.route_to, count)?;
        let mut reason = Column::read("route_reason", &message.route_reason, count)?;
        let items = (0..count).map(|_| Ok((from.next()?, to.next()?, reason.next()?)));
        Ok(Entries::of("routes", items.collect::<Result<_, WireError>>()?))
    }

    /// The costs: amount and index of the currency.
    fn costs(message: &pb::Moves) -> Result<Entries<(i64, i64)>, WireError> {
        let count = bounded("costs", message.costs)?;
        let mut amount = Column::read("cost_amount", &message.cost_amount, count)?;
        let mut currency = Column::read("cost_currency", &message.cost_currency, count)?;
        let items = (0..count).map(|_| Ok((amount.next()?, currency.next()?)));
        Ok(Entries::of("costs", items.collect::<Result<_, WireError>>()?))
    }
}

/// The columns of the counts, being read.
struct CountReader {
    variant_lot: Column,
    location: Column,
    counted: Column,
    session: Column,
    expects: Column,
    off: Column,
}

impl CountReader {
    /// Decodes the columns of `count` counts.
    fn read(message: Option<&pb::Counts>, count: usize) -> Result<Self, WireError> {
        let none = pb::Counts::default();
        let message = message.unwrap_or(&none);
        let expects = Column::read("expects", &message.expects, count)?;
        let expectations = expects.rest().iter().filter(|value| **value == 1).count();
        Ok(Self {
            variant_lot: Column::read("variant_lot", &message.variant_lot, count)?,
            location: Column::read("location", &message.location, count)?,
            counted: Column::read("counted", &message.counted, count)?,
            session: Column::read("session", &message.session, count)?,
            expects,
            off: Column::read("off", &message.off, expectations)?,
        })
    }
}
